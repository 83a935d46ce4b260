# The course, as commands.  `make` lists them.

VENV ?= .venv
BUILD ?= build
PYTHON ?=
CHAPTER ?=
NAME ?=
REPOSITORY ?=
WORKERS ?= 2
SELECT ?=
TORCH_PYTHON ?= $(abspath $(BUILD))/torch/$(bin)/python
export PYTHON VENV SELECT TORCH_PYTHON
export PYTHONNOUSERSITE = 1
export KERAS_BACKEND = tensorflow
unexport MPLBACKEND PYTHONHOME PYTHONPATH

bin = $(if $(filter Windows_NT,$(OS)),Scripts,bin)
python = "$(VENV)/$(bin)/python"
chapter = $(if $(CHAPTER),--chapter $(CHAPTER))
# Two files at a time, each in one process from its first test to its last; notebooks take longest and so start first.
pytest = $(python) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --nbval-lax \
	$(if $(wildcard $(SELECT)),@$(SELECT),notebooks tests)
# Make the environment, for the Python that suits the stack $(1); nothing to do is done in no time.
set_up = python=$$(sh requirements/find_python.sh $(1)) && "$$python" requirements/make_venv.py "$(VENV)" "$(BUILD)"

.DEFAULT_GOAL := help
.PHONY: help setup setup-current course lab test test-current test-latest affected notebooks exercises checkpoints book slides torch bench bench-current lint locks audit coverage mutants clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=, VENV=$(VENV), BUILD=$(BUILD) choose the interpreter and the two folders that are written"
	@echo "  SELECT= names a file that lists what \`make test\` runs, as .ci/run writes it; without it everything runs"
	@echo "  WORKERS=$(WORKERS) is how many test files run at a time; 0: one after another, in one process"

setup:  ## Make the environment (.venv), once
	@$(call set_up,any)

setup-current: VENV = .venv-current
setup-current:  ## Make the environment of the current stack (.venv-current), once
	@$(call set_up,current)

course: setup  ## Run every chapter, or CHAPTER=02, and write pages to build/index.html
	@$(python) -m aigc_tf.course --build "$(BUILD)" $(chapter)

lab: setup  ## Open the course in JupyterLab
	@$(python) -m jupyterlab notebooks

test: setup  ## Lint, then test the package and every notebook
	@$(python) -m ruff check .
	@$(pytest)

test-current: VENV = .venv-current
test-current: setup-current  ## The same on the current stack
	@$(python) -m ruff check .
	@$(pytest) --ignore=tests/test_book.py

test-latest: VENV = .venv-latest
test-latest:  ## The same on the newest packages there are, whatever the locks say (needs a network)
	@python=$$(sh requirements/find_python.sh current) && "$$python" requirements/make_latest.py "$(VENV)"
	@$(pytest) --ignore=tests/test_book.py

affected:  ## Show which notebooks and tests .ci/run would run for the tree as it stands
	@python=$$(sh requirements/find_python.sh any) && "$$python" aigc_tf/course/selection.py

notebooks: setup  ## Run every notebook, or CHAPTER=02, and store it with its outputs
	@$(python) -m aigc_tf.course --build "$(BUILD)" --in-place $(chapter)

exercises: setup  ## Write the learners' notebooks from the solutions
	@$(python) -m aigc_tf.course.learners

book: setup  ## Build the course as a site, build/book/index.html (REPOSITORY=OWNER/NAME: links to Colab and Binder)
	@$(python) book/make_book.py --build "$(BUILD)" --repository "$(REPOSITORY)"

slides: setup  ## Make slides from the chapters, build/slides
	@$(python) book/make_book.py --build "$(BUILD)" --slides

checkpoints: setup  ## Train the checkpoints again, all or NAME=vae
	@$(python) -m aigc_tf.recipes $(NAME)

studies: setup  ## Train again what chapters compare, all or NAME=transformer_scales
	@$(python) -m aigc_tf.studies $(NAME)

torch:  ## PyTorch, to measure beside, in an environment of its own
	@test -x "$(TORCH_PYTHON)" || { python=$$(sh requirements/find_python.sh classic) && "$$python" -m venv "$(BUILD)/torch" \
		&& "$(TORCH_PYTHON)" -m pip install --quiet torch==2.13.0 numpy; }

bench: setup torch  ## Measure speed and memory beside peers: half an hour, on idle cores (benchmarks/README.md)
	@for script in vae_step gan_step lstm_step diffusion_step transformer_step translation_step lstm_layer \
		minutes sampling growth; do \
		$(python) benchmarks/$$script.py || exit 1; done
	@$(python) benchmarks/summary.py

bench-current: VENV = .venv-current
bench-current: setup-current torch  ## The same on the current stack, steps and samples alone: a quarter of an hour
	@for script in vae_step gan_step lstm_step diffusion_step transformer_step translation_step lstm_layer sampling; do \
		$(python) benchmarks/$$script.py || exit 1; done
	@$(python) benchmarks/summary.py

lint: setup  ## Check the style of package, tests and notebooks
	@$(python) -m ruff check .

locks:  ## Resolve requirements/*.txt again from pyproject.toml (needs uv)
	@python3 requirements/make_locks.py

audit: setup  ## Ask the registry for known vulnerabilities of the locked packages (requirements/AUDIT.md)
	@$(python) -m venv "$(BUILD)/audit" && "$(BUILD)/audit/$(bin)/python" -m pip install --quiet pip-audit
	@for lock in requirements/*.txt; do \
		"$(BUILD)/audit/$(bin)/pip-audit" --strict --disable-pip --require-hashes -r $$lock || exit 1; done

coverage: setup setup-current  ## Which lines of the package do its tests run, notebooks apart?  Half an hour
	@$(python) -m pytest -n $(WORKERS) --dist loadfile --cov --cov-fail-under=0 --cov-report= tests
	@EAGERLY=1 $(python) -m pytest --cov --cov-append --cov-fail-under=0 --cov-report= tests/test_contract.py tests/test_lstm.py \
		-k "every_epoch or generate or likel or stream"
	@".venv-current/$(bin)/python" -m pytest --cov --cov-append --cov-fail-under=0 --cov-report= tests/test_addons.py
	@$(python) -m coverage report

mutants: setup  ## Change every formula of the losses, metrics and decoding: does a test notice?  Half an hour (CONTRIBUTING.md)
	@$(python) -m pip install --quiet --target "$(abspath $(BUILD))/mutmut" --upgrade mutmut
	@PYTHONPATH="$(abspath $(BUILD))/mutmut" $(python) -m mutmut run --max-children $(WORKERS) $(NAME)

clean:  ## Delete what the commands above wrote, environments apart
	rm -rf "$(BUILD)" mutants .pytest_cache .ruff_cache .hypothesis
	find aigc_tf tests requirements notebooks -name __pycache__ -prune -exec rm -rf {} +
