"""Benchmarks: the clock, contenders that do the work, LSTM layers that are equal, and texts that only quote records."""

import ast
import functools
import importlib
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from aigc_tf.text import Vocabulary

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
README = BENCHMARKS.parent / "README.md"
RUNS = ("benchmarks/*.py",)
READS = ("README.md", "benchmarks", "book/reader.md")


@pytest.fixture()
def script(monkeypatch):
    """A function that imports a benchmark by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture()
def clock(script, monkeypatch):
    """A clock that contenders move: clock(seconds)."""
    now = [0.0]
    monkeypatch.setattr(script("timing").time, "perf_counter", lambda: now[0])

    def pass_seconds(seconds):
        now[0] += seconds

    return pass_seconds


# ---- the clock ----


def test_contenders_take_turns_and_the_first_round_is_left_out(script):
    order = []

    def contender(name):
        order.append(name)
        return {"step": len(order)}

    found = script("timing").interleaved({name: functools.partial(contender, name) for name in "ab"}, rounds=2)
    assert order == list("ababab")
    assert found == {"a": {"step": [3, 5]}, "b": {"step": [4, 6]}}


def test_a_step_is_a_part_of_the_work(script, clock):
    assert script("timing").timed(10, lambda: clock(20))() == {"step": 2.0}


def test_a_step_by_fit_is_one_inside_the_epoch(script, clock):
    def fit(callbacks):
        laps, = callbacks
        laps.set_params({"steps": 60})
        laps.on_epoch_begin(0)
        clock(5)  # before the first step
        for last in (19, 39, 59):  # of twenty steps each
            clock(20 * 2)
            laps.on_train_batch_end(last)
        clock(7)  # the tuner

    assert script("timing").timed_fit(fit)() == {"step": 2.0, "start": 5.0, "end": 7.0}


def test_fit_itself_reports_its_steps(script):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=2)
    laps = script("timing").Laps()
    model.fit(np.ones((7, 1)), np.ones((7, 1)), batch_size=1, verbose=0, callbacks=[laps])
    assert [steps for steps, _ in laps.laps] == [2, 4, 6, 7]


# ---- contenders ----


@pytest.mark.parametrize("name", ["ours", "keras_example", "eager_loop"])
def test_every_contender_trains_the_vae(script, name):
    vae_step = script("vae_step")
    images = np.tile(np.eye(28, dtype="uint8")[..., None] * 255, (16 * vae_step.BATCH_SIZE, 1, 1, 1))
    model, train = getattr(vae_step, name)(images)
    train()
    test = (images[:50] / 255).astype("float32")
    losses = model.compute_losses(test)["loss"] if name == "ours" else model.losses_of(test)[0]
    assert np.mean(losses) < 0.6 * 28 * 28 * np.log(2), f"{name} does not learn"


def test_a_step_of_the_vae_takes_the_flops_of_its_products(script):
    forward = 784 * 512 + 512 * 384 + 384 * 80 + 40 * 384 + 384 * 512 + 512 * 784
    assert script("vae_step").step_gflop() == pytest.approx(2 * 128 * (3 * forward - 784 * 512) / 1e9)


def test_the_keras_examples_way_trains_the_diffusion_model(script):
    diffusion_step = script("diffusion_step")
    images = np.zeros((2 * diffusion_step.BATCH_SIZE, 8, 8, 1), "uint8")
    config = {"image_shape": (8, 8, 1), "widths": (8, 8), "num_classes": 10, "ema_decay": 0.5}
    model, fit = diffusion_step.keras_example(config, images, np.arange(len(images)) % 10)
    model.run_eagerly = True  # a few steps are done before the graph is made
    losses = fit(epochs=8).history["noise_loss"]
    assert losses[-1] < 0.95 * np.sqrt(2 / np.pi), "no better than a guess of 0"


def test_a_step_of_the_diffusion_model_takes_the_flops_of_its_layers(script):
    def block(places, inputs, shortcut=0):
        return places * 8 * (9 * inputs + 9 * 8 + shortcut * inputs) + 2 * 16 * 8  # convolutions; scale and shift

    diffusion_step = script("diffusion_step")
    network = diffusion_step.Diffusion((8, 8, 1), widths=(8, 8), num_classes=10).network
    blocks = block(16, 8) + 2 * block(4, 8) + block(4, 16, shortcut=1) + block(16, 16, shortcut=1)
    others = 16 * 16 + 2 * (4 * 4 * 8 * 8) + 16 * 4 * 8  # the condition's second layer; down1 and up1; out
    first = (64 + 10) * 16 + 16 * 4 * 8  # time and label; down0
    expected = 2 * 64 * (3 * (blocks + others) + 2 * first) / 1e9
    assert diffusion_step.step_gflop(network) == pytest.approx(expected)


@pytest.fixture()
def small_translator(script):
    """A function: (work, config, sources, targets) of one of chapter 8's works, made in no time."""

    def make(work, side=8):
        config = {**script("translation_step").CONFIGS[work], "widths": (8, 8), "discriminator_widths": (8, 8)}
        shapes = {"pix2pix": {"source_shape": (side, side, 1), "target_shape": (side, side, 3)},
                  "CycleGAN": {"image_shape": (side, side, 3)}}[work]
        targets = np.tile(np.eye(side, dtype="uint8")[..., None] * 255, (8, 1, 1, 3))
        return work, {**config, **shapes}, targets[..., :1] if work == "pix2pix" else 255 - targets, targets

    return make


def test_the_keras_examples_way_trains_the_cyclegan(script, small_translator):
    model, fit = script("translation_step").keras_example(*small_translator("CycleGAN")[1:])
    model.run_eagerly = True  # a few steps are done before the graph is made
    history = fit(epochs=10).history
    for name in ("G_loss", "F_loss", "D_X_loss", "D_Y_loss"):
        assert history[name][-1] < 0.9 * history[name][0], f"{name} does not fall"


@pytest.mark.parametrize("work", ["pix2pix", "CycleGAN"])
def test_pytorchs_translators_equal_ours(script, small_translator, work):
    if not script("pytorch").INSTALLED:
        pytest.skip("PyTorch is not installed for benchmarks (benchmarks/pytorch.py says how)")
    ours, pytorchs = script("translation_step").losses_with_same_weights(*small_translator(work))
    assert abs(ours[0] - {"pix2pix": 2 * np.log(2), "CycleGAN": 1.0}[work]) > 1e-3, "the weights say nothing"
    np.testing.assert_allclose(pytorchs, ours, rtol=1e-4)


@pytest.mark.parametrize("work, sources, seen, passes, players", [
    ("pix2pix", 1, 4, 1, 1), ("CycleGAN", 3, 3, 3, 2),  # what a discriminator sees; passes of a generator, of 2 fakes
])
def test_a_step_of_a_translator_takes_the_flops_of_its_convolutions(
    script, small_translator, work, sources, seen, passes, players
):
    translation_step, (_, config, *_) = script("translation_step"), small_translator(work)
    first, judged_first = (4 * 4) * 16 * sources * 8, (4 * 4) * 16 * seen * 8  # places, kernel, channels
    generator = first + (2 * 2) * 16 * 8 * 8 + (4 * 4) * 9 * 8 * 8 + (8 * 8) * 9 * (16 * 4 + (4 + sources) * 3)
    discriminator = judged_first + (4 * 4) * 16 * (8 * 8 + 8)
    of_drawings = {1: 1, 3: 2}[passes]
    expected = players * (3 * passes * generator - of_drawings * first + 8 * discriminator - 2 * judged_first)
    model = translation_step.MODELS[work](**config)
    assert translation_step.step_gflop(work, model) == pytest.approx(2 * 4 * expected / 1e9)


@pytest.fixture()
def small_transformer():
    """(vocabulary, numbers, config) of a text that repeats itself, and of a Transformer that is made in no time."""
    vocabulary = Vocabulary("abcde")
    config = {"num_layers": 2, "width": 16, "num_heads": 2, "context": 8}
    return vocabulary, vocabulary.encode("abcde" * 20), config


def test_the_keras_examples_way_trains_a_transformer(script, small_transformer):
    model, fit = script("transformer_step").keras_example(*small_transformer)
    model.run_eagerly = True  # a few steps are done before the graph is made
    losses = fit(epochs=8).history["loss"]
    assert losses[-1] < 0.7 * np.log(5), "no better than a guess"


def test_the_keras_examples_transformer_is_as_large_as_ours(script, small_transformer):
    vocabulary, _, config = small_transformer
    example, _ = script("transformer_step").keras_example(*small_transformer)
    width, blocks = config["width"], config["num_layers"]
    biases, gains, positions = blocks * 9 * width + len(vocabulary), blocks * 4 * width, config["context"] * width
    ours = script("transformer_step").TransformerLanguageModel(vocabulary.tokens, **config)
    count, = script("pytorch").count_weights(ours)
    assert script("pytorch").count_weights(example) == [count + biases + gains + positions]


def test_pytorchs_transformer_equals_ours(script, small_transformer):
    if not script("pytorch").INSTALLED:
        pytest.skip("PyTorch is not installed for benchmarks (benchmarks/pytorch.py says how)")
    expected, *losses = script("transformer_step").losses_with_same_weights(*small_transformer)
    assert abs(expected - np.log(5)) > 1e-3, "the weights say nothing"
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-4)


def test_a_step_of_the_transformer_takes_the_flops_of_its_products(script, small_transformer):
    model = script("transformer_step").TransformerLanguageModel("abcde", **small_transformer[2])
    places, batch_size = 8, 8
    matrices = sum(np.prod(weight.shape) for weight in model.trainable_variables) - 5 * 16  # no product: the embedding
    seen = sum(range(1, places + 1))  # pairs of places, of which one may look at the other
    expected = 2 * 3 * batch_size * (matrices * places + 2 * (16 * seen + 16 * seen)) / 1e9  # in two blocks
    assert script("transformer_step").step_gflop(5, small_transformer[2]) == pytest.approx(expected)


def test_no_point_of_growth_is_measured_twice(script):
    growth = script("growth")
    points = [json.dumps(growth.completed(point), sort_keys=True) for point in growth.POINTS]
    assert len(set(points)) == len(points)


@pytest.mark.parametrize("kind", ["VAE", "GAN", "Diffusion", "Pix2Pix", "CycleGAN", "LSTM", "Transformer"])
def test_pytorchs_programs_learn(script, kind):
    pytorch = script("pytorch")
    if not pytorch.INSTALLED:
        pytest.skip("PyTorch is not installed for benchmarks (benchmarks/pytorch.py says how)")
    images = np.tile(np.eye(28, dtype="uint8")[..., None] * 255, (64, 1, 1, 1))
    translation = {"sources": images, "widths": [8, 8], "discriminator_widths": [8, 8], "learning_rate": 1e-3,
                   "beta_1": 0.5}
    arguments = {
        "VAE": {"images": images, "test": (images[:9] / 255).astype("float32")},
        "GAN": {"images": images, "architecture": "dcgan", "learning_rate": 1e-3, "beta_1": 0.5},
        "Diffusion": {"images": images, "labels": np.arange(len(images)) % 10, "widths": [8, 8], "num_classes": 10,
                      "label_dropout": 0.1, "ema_decay": 0.5, "learning_rate": 1e-3},
        "Pix2Pix": {**translation, "targets": images.repeat(3, axis=-1), "dropout": 0.3, "l1_weight": 10.0,
                    "ema_decay": 0.5},
        "CycleGAN": {**translation, "targets": 255 - images, "cycle_weight": 10.0, "identity_weight": 5.0,
                     "pool_size": 20},
        "LSTM": {"numbers": np.arange(500) % 5, "test": np.arange(500) % 5, "num_tokens": 5, "units": 8,
                 "embedding_dim": 4, "length": 4, "learning_rate": 0.01},
        "Transformer": {"numbers": np.arange(500) % 5, "num_tokens": 5, "num_layers": 1, "width": 8, "num_heads": 2,
                        "context": 4, "learning_rate": 0.01},
    }[kind]
    program = pytorch.Program(kind, seed=0, batch_size=16, **arguments)
    assert len(program("train_and_keep", looks=[1, 20])["seconds"]) == 2

    def measure(look):
        program("recall", look=look)
        if kind == "GAN":  # the images are dark, the first samples half bright
            return program("generate", latents=np.random.default_rng(0).standard_normal((9, 64), "float32")).mean()
        return program("quality")

    assert measure(1) < measure(0)
    program.close()


# ---- the LSTM's layers ----

LAYERS = ["loop", "loop, gates by XLA", "loop, gates' gradient by hand", "sequence's gradient by hand",
          "TensorFlow's BlockLSTM", "PyTorch"]


@pytest.fixture(scope="module")
def layer_results():
    """A function: outputs and gradients of a contender by its name, on one layer and one draw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        lstm_layer, pytorch = (importlib.import_module(name) for name in ("lstm_layer", "pytorch"))
    keras.utils.set_random_seed(0)
    arrays, layer = lstm_layer.draws(batch=3, time=5, features=4, units=6), lstm_layer.build_layer(4, 6)
    layer.set_weights([weight + 0.3 * np.random.standard_normal(weight.shape) for weight in layer.get_weights()])

    @functools.cache
    def compute(name):
        if name == "PyTorch":
            if not pytorch.INSTALLED:
                pytest.skip("PyTorch is not installed for benchmarks (benchmarks/pytorch.py says how)")
            return lstm_layer.pytorch_program(layer, arrays)("results")
        return lstm_layer.results(layer, lstm_layer.contenders(layer)[name], *arrays)()

    assert set(lstm_layer.contenders(layer)) | {"PyTorch"} == {"Keras's layer", *LAYERS}
    return compute


@pytest.mark.parametrize("name", LAYERS)
def test_every_lstm_layer_equals_kerass(layer_results, name):
    for values, expected in zip(layer_results(name), layer_results("Keras's layer"), strict=True):
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=2e-6)


# ---- minutes to a quality ----


def test_weights_are_kept_at_each_look_and_the_last_ends_the_training(script):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    fit = functools.partial(model.fit, np.ones((4, 1)), np.ones((4, 1)), batch_size=1, verbose=0)
    training = script("minutes").train(fit, model, [1, 3, 6], lambda: model.get_weights()[0][0, 0])
    assert 0 < training.begin == training.seconds[0] < training.seconds[1] < training.seconds[2]
    qualities = [training.quality(look) for look in range(3)]
    assert qualities == sorted(qualities)
    assert qualities[0] == pytest.approx(0.02)  # one step of rate 0.01 and gradient −2


def test_the_first_look_that_reaches_the_goal_counts(script):
    minutes = script("minutes")
    training = minutes.Training(begin=7, seconds=[60, 120, 180, 240], quality=[9, 5, 3, 1].__getitem__)
    found = minutes.first_reached(training, 3, range(100, 401, 100))
    assert found == {"minutes": 3.0, "seconds_to_begin": 7, "steps": 300, "quality": 3, "reached": True}
    assert not minutes.first_reached(training, 3, [100, 200])["reached"]


# ---- messages and records ----


def test_messages_hold_arrays(script, tmp_path):
    messages, stream = script("messages"), io.StringIO()
    messages.send(stream, ["train", {"images": np.arange(6).reshape(2, 3), "seed": 0}], tmp_path)
    stream.seek(0)
    method, arguments = messages.receive(stream)
    assert (method, arguments["seed"], arguments["images"].tolist()) == ("train", 0, [[0, 1, 2], [3, 4, 5]])
    assert not list(tmp_path.iterdir())
    with pytest.raises(EOFError, match="has ended"):
        messages.receive(stream)


def test_a_record_replaces_its_stack_alone(script, tmp_path):
    results = script("results")
    (tmp_path / "step.json").write_text(json.dumps({"another": 1, results.NAME: 2}))
    results.store("benchmarks/step.py", {"milliseconds": {"ours": [1.5, 2.5]}}, tmp_path)
    text = (tmp_path / "step.json").read_text()
    assert json.loads(text) == {"another": 1, results.NAME: {"milliseconds": {"ours": [1.5, 2.5]}}}
    assert '"ours": [ 1.5, 2.5 ]' in text


def test_only_a_difference_that_all_rounds_show_is_one(script):
    records = script("records")
    assert records.ratios({"a": [1.0, 4.0], "b": [2.0, 2.0]}, "a", "b") == [0.5, 2.0]
    assert [records.verdict(values) for values in ([0.8, 0.9], [1.1, 1.2], [0.9, 1.1])] == [
        "faster", "slower", "no difference",
    ]
    row = {"a": {"minutes": [1, 2], "reached": [True, True]}, "b": {"minutes": [3, 4], "reached": [True, True]}}
    assert records.order(row, "b", "a") == "a before b"
    row["a"]["reached"][0] = False
    assert records.order(row, "a", "b") == "a and b overlap"


# ---- what the pages say ----


@pytest.fixture()
def stacks(script):
    """{stack: made-up records}, of a classic stack on which all was measured, and a current one with steps alone."""
    records, limits = script("records"), script("limits")
    steps = {name: [number + 1.0, number + 1.25, number + 2.0] for number, name in enumerate(records.CONTENDERS)}
    around = {name: [3.0, 4.0, 5.0] for name in (records.OURS, records.FUSED, records.KERAS)}
    rates = {f"{name}, {library}": 100.0 for name in limits.NAMES for library in ("TensorFlow", "PyTorch")}
    part = {
        "milliseconds": {**steps, "one compiled loop": [2.0]}, "milliseconds_before_an_epoch": around,
        "milliseconds_after_an_epoch": around, "milliseconds_of_parts": {"whole step": [1.0]}, "gflop": 0.05,
        "gflop_per_second": rates,
    }
    transformer = {**part, "milliseconds": {**steps, records.MUON: [4.5, 4.5, 4.5]}}
    pix2pix = {what: {name: found for name, found in rows.items() if name != records.KERAS} if what != "gflop" else rows
               for what, rows in part.items()}
    machine = {"date": "2026-01-01", "cores": 2, "processor": "x", "memory_gib": 1, "tensorflow": "t", "keras": "k"}
    layers = {"Keras's layer": [4.0, 4.0], "loop": [2.0, 3.0], "PyTorch": [1.0, 1.0]}
    reached = {
        "minutes": [1.5, 2.5, 3.5], "seconds_to_begin": [6.0, 7.0, 8.0], "steps": [1, 2, 3], "quality": [9.0] * 3,
        "reached": [True, True, False],
    }
    growth = script("growth")
    points = [{**growth.completed(point), "milliseconds": [7.0], "memory_mb": [70]} for point in growth.POINTS]
    current = {
        "vae_step": {"machine": machine, "VAE": part},
        "gan_step": {"dense GAN": part, "DCGAN": part},
        "lstm_step": {"gflop_per_second": rates, "batch 64": {"milliseconds": steps, "gflop": 0.05}},
        "diffusion_step": {"diffusion U-Net": part},
        "transformer_step": {"Transformer": transformer, "per_second": {"one text": steps, "20 texts": steps}},
        "translation_step": {"pix2pix": pix2pix, "CycleGAN": part},
        "lstm_layer": {"work": "", "machine": machine, "batch 64, 256 units": {"milliseconds": layers}},
    }
    goal = {"target": 105.0, "steps_between_looks": 48, records.FUSED: reached, records.TORCH: reached}
    sampling = {"per_second": {"VAE": {"ours: generate": [1000, 2000, 3000]}}}
    classic = {
        **current, "minutes": {"work": "", "VAE: −ELBO in nats": goal}, "sampling": sampling,
        "growth": {"points": points},
    }
    return {"classic": classic, "current": current}


def test_a_table_has_medians_and_ratios_round_by_round(script, stacks):
    table = script("tables").step_table(stacks["classic"])
    assert "| VAE, batch 128 | 1.2 | 2.2 · 1.80 (1.50–2.00) |" in table
    assert table.splitlines()[2].endswith("| 0.5 · 0.40 |")  # the limit: 0.05 GFLOP at 100 a second


def test_a_goal_that_a_seed_missed_is_said(script, stacks):
    row = script("tables").quality_table(stacks["classic"]).splitlines()[-1]
    assert row == "| VAE: −ELBO in nats, 105 | " + " | ".join(["2.50 (1.50–3.50), 2 of 3 seeds reach it"] * 2) + " |"


def test_the_text_compares_both_stacks_with_pytorch(script, stacks):
    text = script("summary").page(stacks)
    assert "| VAE, batch 128 | 0.43 (0.40–0.50): faster | 0.43 (0.40–0.50): faster |" in text
    assert "VAE: ours with FusedAdam and PyTorch overlap" in text


def test_every_table_and_the_picture_can_be_made(script, stacks):
    summary = script("summary")
    page = summary.page(stacks)
    assert page.count("\n| VAE, batch 128 |") == page.count("\n| diffusion U-Net, batch 64 |") == 3
    assert page.count("\n| Transformer, 8 × 256 characters |") == 3 and page.count("\n| 20 texts | 1 |") == 2
    assert page.count("\n| pix2pix, batch 4 |") == page.count("\n| CycleGAN, batch 4 |") == 3
    assert page.count("| VAE, files | 16 | 7.0 | 70 |") == 1
    summary.picture(stacks["classic"]).clear()


def test_a_work_that_was_not_measured_is_in_no_table(script, stacks):
    for found in stacks.values():
        del found["diffusion_step"], found["transformer_step"], found["translation_step"]
    page = script("summary").page(stacks)
    assert not re.search("diffusion|Transformer|pix2pix|CycleGAN", page)


def test_nothing_measured_is_said(script):
    assert "Nothing has been measured" in script("summary").page({"classic": {}, "current": {}})


def test_the_page_of_all_tables_is_up_to_date(script):
    summary = script("summary")
    stacks = {stack: summary.records(stack) for stack in summary.STACKS}
    found = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert found == summary.page(stacks), "run python benchmarks/summary.py"


@pytest.mark.parametrize("module", ["prose", "records", "summary", "tables"])
def test_no_measured_number_is_typed_into_the_text(module):
    """What writes the text holds no decimal number in a string: each one comes from a record."""
    tree = ast.parse((BENCHMARKS / f"{module}.py").read_text(encoding="utf-8"))
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [text for text in strings if re.search(r"\d[.,]\d|\d ?(%|ms|MB|times|GFLOP)", text)]


def test_the_course_s_readme_types_no_speed():
    found = re.findall(r".*\d (?:ms|GFLOP/s|milliseconds)\b.*", README.read_text(encoding="utf-8"))
    assert not found, "say it in benchmarks/prose.py"


@pytest.mark.parametrize("stack", ["classic", "current"])
def test_the_readers_guide_says_what_varies(script, stack):
    record = json.loads((BENCHMARKS / "what_varies.json").read_text())[stack]
    guide = (BENCHMARKS.parent / "book" / "reader.md").read_text(encoding="utf-8")
    assert script("what_varies").table(record) in guide, "put what_varies.table anew into the reader's guide"
