"""Two devices, a browser for tests that need one, EAGERLY=1, and at the end of a run minutes and what passed."""

import importlib.util
import os
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.append(str(CHECKOUT / "aigc_tf" / "course"))
import selection  # noqa: E402  (without the package: the process that hands out tests needs no TensorFlow)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(autouse=True)
def no_figure_left_open():
    """The test that leaves a figure in pyplot fails, not one that counts them later in the same process."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = pyplot.get_fignums() if pyplot else []
    for number in figures:
        pyplot.close(number)
    assert not figures, f"this test left figure {figures} open in pyplot"


@pytest.fixture(scope="session")
def strategy():
    """One model on the two devices."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture(scope="module")  # no longer: while playwright runs, asyncio.run does not
def browser():
    """A headless Chromium, driven by playwright's sync API. Without one tests skip, but where CI=true they fail."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = [f"a browser ({', '.join(BROWSERS)})"] if program is None else []
    missing += [] if importlib.util.find_spec("playwright") else ["the package playwright"]
    if missing:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"this test needs {' and '.join(missing)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def pytest_configure(config):
    stack = selection.stack_here(CHECKOUT)
    if stack and config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(selection.Recorder(CHECKOUT, stack, config.args))
    if config.getoption("dist", "no") == "no":  # it runs tests itself, and does not only hand them out
        import aigc_tf  # noqa: F401, I001  (first, so that TensorFlow starts quietly)
        import tensorflow as tf

        processor, *_ = tf.config.list_physical_devices("CPU")  # two devices to share a batch, before TensorFlow starts
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    if os.environ.get("EAGERLY"):  # for coverage, which does not see what runs in graphs
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)


def pytest_terminal_summary(terminalreporter):
    seconds = defaultdict(float)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        name = getattr(report, "nodeid", "").split("::")[0]
        if name.endswith(".ipynb"):
            seconds[name] += getattr(report, "duration", 0)
    if seconds:
        terminalreporter.section("minutes per notebook")
    for name in sorted(seconds):
        terminalreporter.write_line(f"{seconds[name] / 60:7.1f}  {name}")
