import copy
import json
import os
import re
import string
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial

import keras
import nbformat
import numpy as np
import pytest
from IPython.display import Pretty
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from aigc_tf import canvas, checkpoints, data, widgets
from aigc_tf.course import runner as course
from aigc_tf.course.pages import chapter_page
from aigc_tf.gan import GAN
from aigc_tf.text.lstm import LSTMLanguageModel
from aigc_tf.text.ngram import NGramModel
from aigc_tf.transformer import TransformerLanguageModel
from aigc_tf.vae import VAE

SMALL = {"generator_widths": (8,), "discriminator_widths": (8,)}
TINY = {"num_layers": 1, "width": 32, "num_heads": 1, "context": 128, "zero_outputs": False, "embedding_stddev": 0.1}
CHARACTERS = string.ascii_letters + " ,.:\n$"


@pytest.fixture(scope="module")
def models():
    """A small untrained model for each playground."""
    keras.utils.set_random_seed(0)
    return {
        widgets.explore_plane: VAE(latent_dim=2, hidden_units=(8,)),
        widgets.make_digits: GAN(num_classes=10, **SMALL),
        widgets.interpolate: GAN(**SMALL),
        widgets.play_text: LSTMLanguageModel("HAMLET: abc\n", units=(8,), embedding_dim=4),
        widgets.talk: TransformerLanguageModel(CHARACTERS, **TINY),
    }


MOVES = [
    (widgets.explore_plane, "first", -1.5),
    (widgets.explore_plane, "second", 3.0),
    (widgets.make_digits, "digit", 7),
    (widgets.make_digits, "seed", 1),
    (widgets.interpolate, "start", 5),
    (widgets.interpolate, "end", 5),
    (widgets.interpolate, "position", 1.0),
    (widgets.play_text, "prompt", "ab"),
    (widgets.play_text, "temperature", 0.2),
    (widgets.play_text, "top_p", 0.1),
    (widgets.play_text, "seed", 3),
    (widgets.play_text, "length", 20),
    (widgets.talk, "speaker", "LEAR"),
    (widgets.talk, "listener", "GONERIL"),
    (widgets.talk, "length", "long"),
    (widgets.talk, "word", "nunnery"),
    (widgets.talk, "temperature", 0.2),
    (widgets.talk, "seed", 3),
]


@pytest.mark.parametrize("build, name, value", MOVES)
def test_moving_a_control_changes_what_is_shown_and_moving_it_back_restores_it(models, build, name, value):
    playground = build(models[build])
    control, shown = playground.controls[name], bytes_of(playground)
    before, control.value = control.value, value
    assert bytes_of(playground) != shown
    control.value = before
    assert bytes_of(playground) == shown


def bytes_of(playground):
    shown = playground.screen.value
    return shown if isinstance(shown, str) else bytes(shown)


@pytest.mark.parametrize("build, wrong, checkpoint", [
    (widgets.explore_plane, VAE(latent_dim=40, hidden_units=(8,)), "vae_plane"),
    (widgets.explore_plane, VAE(latent_dim=2, hidden_units=(8,), num_classes=3), "vae_plane"),
    (widgets.explore_plane, NGramModel(2), "vae_plane"),
    (widgets.make_digits, GAN(**SMALL), "conditional_gan"),
    (widgets.make_digits, NGramModel(2), "conditional_gan"),
    (widgets.interpolate, GAN(num_classes=3, **SMALL), "dcgan"),
    (widgets.interpolate, NGramModel(2), "dcgan"),
    (widgets.play_text, GAN(**SMALL), "lstm_shakespeare"),
    (widgets.talk, GAN(**SMALL), "gpt_characters"),
    (widgets.talk, LSTMLanguageModel("abc$", units=(8,), embedding_dim=4), "gpt_characters"),
    (widgets.talk, TransformerLanguageModel("abc", **TINY), "gpt_characters"),  # "$" ends answers
    (widgets.talk, TransformerLanguageModel(["<unk>", "$"], unit="word", **TINY), "gpt_characters"),
])
def test_model_of_another_kind_is_an_error_that_names_a_checkpoint(build, wrong, checkpoint):
    with pytest.raises(ValueError, match=rf"needs .*{checkpoint}.* Received: {type(wrong).__name__}"):
        build(wrong)


def test_error_in_the_prompt_is_shown_and_the_next_prompt_is_written_again(models):
    playground = widgets.play_text(models[widgets.play_text])
    prompt = playground.controls["prompt"]
    prompt.value = "<ü>"
    assert 'role="alert"' in playground.caption.value and "does not know [&#x27;&lt;&#x27;" in playground.caption.value
    prompt.value = "abc"
    assert "alert" not in playground.caption.value and ">abc" in playground.screen.value


def test_text_that_is_written_cannot_become_markup():
    model = LSTMLanguageModel("<b>", units=(8,), embedding_dim=4)
    assert "<b>" not in widgets.play_text(model, prompt="<b>").screen.value


class Parrot:
    """Says the same to every instruction, and counts them."""

    window, unit, tokens = 256, "character", CHARACTERS

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def generate(self, prompts, length, **options):
        self.asked += 1
        return [prompt + self.answer for prompt in prompts]


@pytest.mark.parametrize("answer, shown, found", [
    ("HAMLET to OPHELIA:\nI did love you once.$", "HAMLET to OPHELIA:\nI did love you once.",
     "speaker met, listener met, length met, word met."),
    ("HAMLET to ROMEO:\nGet thee to a", "HAMLET to ROMEO:\nGet thee to a",
     "speaker met, listener NOT met, length NOT met, word NOT met."),
])
def test_answer_is_shown_without_its_end_and_what_a_program_found_met(answer, shown, found):
    made, caption = widgets.talk(Parrot(answer)).make_now()
    assert made == shown and caption.endswith(found)


def test_word_in_capitals_is_asked_for_in_lower_case():
    playground = widgets.talk(Parrot("HAMLET to OPHELIA:\nNot death.$"))
    playground.controls["word"].value = "Death"
    assert "word met" in playground.caption.value


@pytest.mark.parametrize("name, value", [("speaker", ""), ("listener", "A, B"), ("word", "to be")])
def test_demand_that_no_instruction_can_hold_is_an_error_before_anything_is_written(name, value):
    parrot = Parrot("$")
    playground = widgets.talk(parrot)
    asked, playground.controls[name].value = parrot.asked, value
    assert 'role="alert"' in playground.caption.value and "NAME to NAME" in playground.caption.value
    assert parrot.asked == asked


def test_way_between_latents_keeps_their_length_and_meets_both_ends():
    start, end = np.array([3.0, 0.0, 0.0]), np.array([0.0, 3.0, 0.0])
    np.testing.assert_allclose(widgets.spherical(start, end, 0.0), start, atol=1e-12)
    np.testing.assert_allclose(widgets.spherical(start, end, 1 / 3), [3 * np.cos(np.pi / 6), 1.5, 0.0])
    np.testing.assert_allclose(widgets.spherical(start, end, 1.0), end, atol=1e-12)


def test_way_from_a_latent_to_itself_stays_there():
    latent = np.float32([0.1, 0.2, 0.7])
    np.testing.assert_allclose(widgets.spherical(latent, latent, 0.3), latent, rtol=1e-6)


def test_frame_is_around_the_tile_of_the_position(models):
    playground = widgets.explore_plane(models[widgets.explore_plane])
    playground.controls["first"].value, playground.controls["second"].value = 3.0, -3.0
    pixels = np.asarray(playground.make_now()[0])
    colour = [int(widgets.plots.VERMILION[at:at + 2], 16) for at in (1, 3, 5)]
    rows, columns = np.nonzero((pixels == colour).all(axis=-1))
    assert (rows.min(), columns.min()) == (14 * 29, 14 * 29)  # the last tile of 28 pixels and a line, both ways


@pytest.mark.parametrize("build, name", [
    (widgets.explore_plane, "vae_plane"),
    (widgets.make_digits, "conditional_gan"),
    (widgets.interpolate, "dcgan"),
    (widgets.play_text, "lstm_shakespeare"),
    (widgets.talk, "gpt_characters"),
])
def test_missing_checkpoint_is_said_on_the_page(monkeypatch, tmp_path, build, name):
    monkeypatch.setattr(widgets.checkpoints, "load", partial(checkpoints.load, folder=tmp_path))
    note = build()
    assert isinstance(note, Pretty) and f"No checkpoint is called '{name}'" in note.data


# ---- paper to draw on ----


def measure(digit):
    """A function of a digit, as `draw_digit` takes: how many columns its ink has."""
    columns = int((digit[0, ..., 0].max(axis=0) > 0.5).sum())
    return str(digit.shape), f"Ink in {columns} columns."


def send(pad, event, *points):
    """What a browser sends of a mouse (at one point) or of fingers."""
    places = [{"x": x, "y": y} for x, y in points]
    content = {"touches": places} if event.startswith("touch") else places[0]
    pad.paper._handle_custom_msg({"event": event, **content}, [])


def press(pad, name):
    {button.description: button for button in pad.children[1].children}[name].click()


def draw_one(pad):
    """A 1 is drawn with the mouse, in two pieces: down a straight line of 160 pixels."""
    send(pad, "mouse_down", (140, 60))
    send(pad, "mouse_move", (140, 140))
    send(pad, "mouse_move", (140, 220))
    send(pad, "mouse_up", (140, 220))


ONE = (((140, 60), (140, 140), (140, 220)),)


def test_still_is_made_of_the_sample():
    sample = data.digit_from_array(data.draw_strokes(canvas.SAMPLE))
    playground = widgets.draw_digit(measure)
    assert (playground.still, playground.still_caption) == measure(sample)


def test_sample_is_recognised_as_the_2_that_it_is():
    sample = data.digit_from_array(data.draw_strokes(canvas.SAMPLE))
    assert checkpoints.load("digit_classifier")(sample).numpy().argmax() == 2


def test_drawn_digit_reaches_the_function_when_it_is_used_and_not_before():
    playground = widgets.draw_digit(measure)
    pad, before = playground.controls["strokes"], playground.caption.value
    draw_one(pad)
    assert playground.caption.value == before
    press(pad, "Use this digit")
    assert "Ink in 3 columns." in playground.caption.value  # a pen of 24 on a line of 160: 20 pixels by 2.6


def test_empty_paper_is_said_and_the_next_digit_is_used_again():
    playground = widgets.draw_digit(measure)
    pad = playground.controls["strokes"]
    press(pad, "Clear")
    press(pad, "Use this digit")
    assert 'role="alert"' in playground.caption.value and "ink" in playground.caption.value
    draw_one(pad)
    press(pad, "Use this digit")
    assert "Ink in 3 columns." in playground.caption.value


def test_mouse_draws_only_while_it_is_pressed():
    pad = canvas.DrawingPad()
    send(pad, "mouse_move", (1, 1))
    draw_one(pad)
    send(pad, "mouse_move", (2, 2))
    press(pad, "Use this digit")
    assert pad.value == ONE


def test_stroke_ends_where_the_mouse_leaves_the_paper():
    pad = canvas.DrawingPad()
    send(pad, "mouse_down", (140, 60))
    send(pad, "mouse_out", (281, 60))
    send(pad, "mouse_move", (200, 60))
    press(pad, "Use this digit")
    assert pad.value == (((140, 60),),)


def test_finger_draws_as_the_mouse_does():
    pad = canvas.DrawingPad()
    send(pad, "touch_start", (140, 60))
    send(pad, "touch_move", (140, 140), (9, 9))  # a second finger does not count
    send(pad, "touch_move", (140, 220))
    send(pad, "touch_end")
    send(pad, "touch_move", (150, 220))
    press(pad, "Use this digit")
    assert pad.value == ONE


def test_first_stroke_clears_the_sample_and_the_second_clears_nothing():
    pad = canvas.DrawingPad()
    draw_one(pad)
    draw_one(pad)
    press(pad, "Use this digit")
    assert pad.value == ONE + ONE


def test_clear_takes_all_strokes_away():
    pad = canvas.DrawingPad()
    draw_one(pad)
    press(pad, "Clear")
    press(pad, "Use this digit")
    assert pad.value == ()


def test_paper_is_drawn_anew_in_a_page_that_is_opened_again(monkeypatch):
    pad, lines = canvas.DrawingPad(), []
    draw_one(pad)
    monkeypatch.setattr(pad.paper, "stroke_line", lambda *line: lines.append(line))
    pad.paper._handle_custom_msg({"event": "client_ready"}, [])
    assert lines == [(140, 60, 140, 140), (140, 140, 140, 220)]


def test_missing_ipycanvas_is_said_on_the_page(monkeypatch):
    monkeypatch.delitem(sys.modules, "aigc_tf.canvas")
    monkeypatch.delattr("aigc_tf.canvas")
    monkeypatch.setitem(sys.modules, "ipycanvas", None)
    note = widgets.draw_digit(measure)
    assert isinstance(note, Pretty) and "ipycanvas" in note.data


def darkness(outline):
    """A function of an outline, as `draw_outline` takes: how many of its rows hold a line."""
    return str(outline.shape), f"Lines in {int((outline[0, ..., 0].min(axis=1) < 0.5).sum())} rows."


def test_outline_is_black_on_white_and_small():
    outlines = []
    widgets.draw_outline(lambda outline: (outlines.append(outline) or "seen", "seen"))
    (outline, *_) = outlines
    assert (outline.shape, outline.dtype) == ((1, 32, 32, 1), np.float32)
    assert outline.min() < 0.3 and np.median(outline) == outline.max() == 1


def test_drawn_outline_reaches_the_function_when_it_is_used_and_not_before():
    playground = widgets.draw_outline(darkness)
    pad, before = playground.controls["strokes"], playground.caption.value
    draw_one(pad)
    assert playground.caption.value == before
    press(pad, "Use this drawing")
    assert "Lines in 18 rows." in playground.caption.value  # a pen of 8 on a line of 160: 168 pixels, rows of 8.75
    press(pad, "Clear")
    press(pad, "Use this drawing")
    assert "Lines in 0 rows." in playground.caption.value


# ---- in a notebook ----

CELLS = [
    "from aigc_tf import widgets\nfrom aigc_tf.text.lstm import LSTMLanguageModel\nfrom aigc_tf.vae import VAE",
    "import keras\nkeras.utils.set_random_seed(0)",
    "widgets.explore_plane(VAE(latent_dim=2, hidden_units=(8,)))",
    "widgets.play_text(LSTMLanguageModel('HAMLET: abc\\n', units=(8,), embedding_dim=4))",
    "def measure(digit):\n"
    "    return str(digit.shape), f'Ink in {int((digit[0, ..., 0].max(axis=0) > 0.5).sum())} columns.'\n"
    "widgets.draw_digit(measure)",
]


@pytest.fixture(scope="module")
def executed():
    """A notebook with three playgrounds, as a kernel leaves it."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, kernel_name="python3", store_widget_state=False).execute()
    return notebook


def test_still_picture_says_what_it_shows(executed):
    still, _ = executed.cells[2].outputs
    assert still.metadata["image/png"]["alt"].startswith("Left, a plane of decoded digits with a frame at")


def test_still_text_begins_with_the_prompt(executed):
    still, _ = executed.cells[3].outputs
    caption, text = still.data["text/plain"].split("\n\n", 1)
    assert caption.startswith("Written with temperature 0.80") and text.startswith("HAMLET:")


def test_page_of_a_notebook_says_where_the_sliders_are(executed):
    page = chapter_page(executed)
    assert (page.count(widgets.WITHOUT_KERNEL), page.count(widgets.DRAW_WITHOUT_KERNEL)) == (2, 1)


@contextmanager
def jupyterlab(folder, notebook, disabled=()):
    """A JupyterLab of its own, with a notebook in it: yields the notebook's address."""
    nbformat.write(notebook, folder / "tiny.ipynb")
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps({"disabledExtensions": dict.fromkeys(disabled, True)}))
    places = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "data", "runtime")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=secret",
               "--LabApp.expose_app_in_browser=True"]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, env={**os.environ, **places, "IPYTHONDIR": str(folder / "ipython")},
                                  stdout=log, stderr=subprocess.STDOUT)
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/lab", (folder / "log").read_text())):
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{found[1]}/lab/tree/tiny.ipynb?token=secret"
    finally:
        server.terminate()
        server.wait()


def open_in_jupyterlab(browser, address):
    """The page of a notebook in JupyterLab, not yet run, and the list that its console's errors go to."""
    page, errors = browser.new_page(viewport={"width": 1200, "height": 3000}), []  # what is out of view is not drawn
    page.set_default_timeout(240_000)
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.locator(".jp-OutputArea-output", has_text=widgets.WITHOUT_KERNEL).nth(1).wait_for()
    return page, errors


RUN_ALL = """async () => {
    const context = window.jupyterapp.shell.currentWidget.sessionContext;
    await context.ready;
    await context.session.kernel.info;
    await window.jupyterapp.commands.execute("notebook:run-all-cells");
}"""


def run_all(page):
    page.evaluate(RUN_ALL)
    page.locator(".jp-OutputArea-output", has_text="the end").wait_for()


@pytest.fixture(scope="module")
def running(browser, executed, tmp_path_factory):
    """The notebook in JupyterLab after all of its cells ran, and the errors of the console."""
    with jupyterlab(tmp_path_factory.mktemp("lab"), unfinished(executed)) as address:
        page, errors = open_in_jupyterlab(browser, address)
        run_all(page)
        yield page, errors
        page.close()


def unfinished(notebook):
    """The same notebook with one more cell, which has not been run."""
    cells = [*course.normalise(copy.deepcopy(notebook)).cells, new_code_cell("print('the', 'end')")]
    return new_notebook(cells=cells, metadata=notebook.metadata)


PICTURE = """async () => {
    const image = document.querySelector("img.widget-image");
    const bytes = await (await fetch(image.src)).arrayBuffer();
    return [image.src, image.naturalWidth, Array.from(new Uint8Array(bytes)).join()];
}"""


def test_moving_a_slider_in_jupyterlab_changes_the_picture(running):
    page, _ = running
    address, width, picture = page.evaluate(PICTURE)
    page.locator(".noUi-handle").first.press("ArrowRight")
    page.locator("[role=status]", has_text="first latent 0.1").wait_for()
    page.wait_for_function("address => document.querySelector('img.widget-image').src != address", arg=address)
    _, new_width, new_picture = page.evaluate(PICTURE)
    assert new_picture != picture and new_width == width > 0


def test_unknown_character_in_jupyterlab_is_answered_in_words(running):
    page, _ = running
    prompt = page.locator(".widget-text input")
    prompt.fill("ü")
    prompt.press("Enter")
    message = page.locator("[role=alert]", has_text="The vocabulary does not know ['ü']")
    message.wait_for()
    prompt.fill("abc")
    prompt.press("Enter")
    page.locator(".widget-html pre", has_text=re.compile("^abc")).wait_for()
    message.wait_for(state="detached")


PIXEL = "canvas => Array.from(canvas.getContext('2d').getImageData(140, 100, 1, 1).data)"
BLACK, WHITE = [0, 0, 0, 255], [255, 255, 255, 255]


def wait_for_pixel(page, colour):
    """Waits until the paper has this colour at (140, 100)."""
    found = f"({PIXEL})(document.querySelector('canvas'))"
    page.wait_for_function(f"colour => {found}.join() === colour.join()", arg=colour)


def test_digit_drawn_in_jupyterlab_appears_is_used_and_is_cleared(running):
    page, _ = running
    paper = page.locator("canvas")
    paper.scroll_into_view_if_needed()
    wait_for_pixel(page, WHITE)  # beside the sample's strokes
    box = paper.bounding_box()

    def place(x, y):
        page.mouse.move(box["x"] + x, box["y"] + y)

    place(140, 60)
    page.mouse.down()
    for y in range(80, 221, 20):
        place(140, y)
    page.mouse.up()
    wait_for_pixel(page, BLACK)
    page.get_by_role("button", name="Use this digit").click()
    page.locator("[role=status]", has_text="Ink in 3 columns.").wait_for()
    page.get_by_role("button", name="Clear").click()
    wait_for_pixel(page, WHITE)


def test_still_picture_stays_in_jupyterlab_beside_the_controls(running):
    assert running[0].locator(".jp-RenderedImage img").count() == 1


def test_console_of_jupyterlab_has_no_error(running):
    assert not running[1]


def test_jupyterlab_without_the_extension_says_so_and_runs_on(browser, executed, tmp_path):
    with jupyterlab(tmp_path, unfinished(executed), disabled=["@jupyter-widgets/jupyterlab-manager"]) as address:
        page, _ = open_in_jupyterlab(browser, address)
        run_all(page)
        assert page.locator(".jp-OutputArea-output", has_text=widgets.WITHOUT_KERNEL).count() == 2
        assert page.locator(".jp-RenderedImage img").count() == 1 and not page.locator(".jupyter-widgets").count()
        page.close()
