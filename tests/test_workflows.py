"""The workflows for GitHub run what is run here, may do no more than read, and use actions that cannot be changed."""

import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
PATHS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
TARGETS = re.findall(r"^([\w-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.M)

each_workflow = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def commands(path):
    """What the steps of a workflow run."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


def test_changes_are_tested_by_ci_run_and_newer_packages_every_week():
    assert {path.stem: commands(path) for path in PATHS} == {"ci": [".ci/run"], "latest": ["make test-latest"]}


@each_workflow
def test_a_command_is_a_target_of_the_makefile_or_a_script_that_can_be_run(path):
    for command in commands(path):
        program, *arguments = command.split()
        if program == "make":
            assert arguments[0] in TARGETS, f"the Makefile has no target {arguments[0]}"
        else:
            assert (CHECKOUT / program).stat().st_mode & 0o111, f"{program} cannot be run"


@each_workflow
def test_it_may_only_read(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())


@each_workflow
def test_actions_are_pinned_by_hash_with_their_version_beside_it(path):
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", action), action


@each_workflow
def test_a_run_ends(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())


def test_the_pythons_are_those_of_the_stacks():
    text = (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"^ +(3\.\d+)$", text, re.M) == ["3.12", "3.11"]  # the last one is `python3`
