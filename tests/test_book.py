"""The book as a reader meets it: built once, then every page opened from a folder, in a browser as wide as a phone."""

import importlib
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import numpy as np
import pytest

from aigc_tf import checkpoints
from aigc_tf.finetuning import AdaptedTransformer
from aigc_tf.transformer import TransformerLanguageModel

CHECKOUT = Path(__file__).resolve().parent.parent
READS = ("README.md", "aigc_tf", "benchmarks", "book/*.*", "book/static", "data/checkpoints/*.json", "notebooks")
PHONE, DESK = {"width": 390, "height": 800}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A folder with the book and the slides."""
    folder = tmp_path_factory.mktemp("build")
    for kind in ([], ["--slides"]):
        command = [sys.executable, CHECKOUT / "book" / "make_book.py", "--build", folder, *kind]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(build):
    return sorted(path for path in (build / "book").rglob("*.html") if "_static" not in path.parts)


class Visit:
    """A page in the browser, and what went wrong on it."""

    def __init__(self, page):
        self.page, self.problems = page, []
        page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith("http") and self.problems.append(f"asks {asked.url}"))
        page.on("requestfailed", lambda request: self.problems.append(f"not found: {request.url}"))

    def open(self, path, wait="load"):
        self.problems.clear()
        self.page.goto(path.as_uri(), wait_until=wait)
        return self.page


@pytest.fixture(scope="module")
def visit(browser):
    context = browser.new_context(viewport=PHONE)
    yield Visit(context.new_page())
    context.close()


# ---- every page, visited once ----

LOOK = """() => {
    const main = [...document.querySelectorAll('main')].at(-1);
    const size = (element) => element.getBoundingClientRect();
    return {
        width: document.documentElement.scrollWidth,
        images: [...main.querySelectorAll('img')].map((image) => ({
            alt: image.alt.trim(), there: image.naturalWidth > 0, fits: size(image).width <= window.innerWidth})),
        formulas: [...main.querySelectorAll('math')].map((formula) => size(formula).height),
        prose: [...main.querySelectorAll('p, li')].map((element) => element.innerText),
    };
}"""


@pytest.fixture(scope="module")
def seen(build, pages, visit):
    """What a browser as wide as a phone finds on each page, by the page's path."""
    found = {}
    for path in pages:
        page = visit.open(path)
        found[path.relative_to(build / "book").as_posix()] = page.evaluate(LOOK) | {"problems": list(visit.problems)}
    return found


def test_every_page_renders_without_an_error_and_without_a_network(seen):
    assert len(seen) > 50
    assert {name: page["problems"] for name, page in seen.items() if page["problems"]} == {}


def test_no_page_is_wider_than_a_phone(seen):
    assert {name: page["width"] for name, page in seen.items() if page["width"] > PHONE["width"]} == {}


def test_pictures_are_there_with_alternative_text_and_fit(seen):
    assert sum(len(page["images"]) for page in seen.values()) > 50
    wrong = {name: [image for image in page["images"] if not all(image.values())] for name, page in seen.items()}
    assert {name: images for name, images in wrong.items() if images} == {}


def test_equations_are_typeset(seen):
    formulas = [height for page in seen.values() for height in page["formulas"]]
    assert len(formulas) > 100
    assert min(formulas) > 4  # pixels
    raw = re.compile(r"\$[^$]*\\[a-z]+|\\(frac|sum|mathbb|text)\b")
    left = {name: [text for text in page["prose"] if raw.search(text)] for name, page in seen.items()}
    assert {name: texts for name, texts in left.items() if texts} == {}


class Links(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


def test_no_internal_link_is_broken(pages):
    parsed = {path.resolve(): Links(path) for path in pages}
    broken = []
    for path, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            missing = parts.fragment and target in parsed and unquote(parts.fragment) not in parsed[target].ids
            if not target.exists() or missing:
                broken.append(f"{path.name}: {link}")
    assert broken == []


# ---- what a reader does ----


def test_search_finds_a_word(build, visit):
    page = visit.open(build / "book" / "index.html")
    page.goto((build / "book" / "search.html").as_uri() + "?q=reparameterization")
    page.wait_for_selector("#search-results li")
    assert "Variational" in page.inner_text("#search-results")


def test_the_page_turns_dark(build, browser):
    def background(scheme):
        page = browser.new_page(viewport=DESK, color_scheme=scheme)
        page.goto((build / "book" / "index.html").as_uri())
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.close()
        return sum(int(value) for value in re.findall(r"\d+", colour)[:3])

    assert background("dark") < 200 < 600 < background("light")


def test_chapters_follow_one_another(build, visit):
    page = visit.open(build / "book" / "notebooks" / "01_autoencoder.html")
    assert "02_variational_autoencoder" in page.get_attribute("a.right-next", "href")


def test_an_answer_unfolds(build, visit):
    page = visit.open(build / "book" / "notebooks" / "02_variational_autoencoder.html")
    answer = page.locator("details").first
    assert not answer.locator("p").first.is_visible()
    answer.locator("summary").click()
    assert answer.locator("p").first.is_visible()


# ---- the explorer ----


@pytest.fixture(scope="module")
def export_models():
    """The module that writes the models for the explorer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(CHECKOUT / "book"))
        return importlib.import_module("export_models")


@pytest.fixture(scope="module")
def denoiser(export_models):
    """The name of the diffusion model that the explorer shows, and the model."""
    (name,) = export_models.DENOISERS
    return name, checkpoints.load(name)


@pytest.fixture(scope="module")
def explorer(build, browser):
    page = browser.new_page(viewport=DESK)
    page.goto((build / "book" / "explorer.html").as_uri())
    page.wait_for_function("document.querySelectorAll('.explorer[data-ready]').length === 5", timeout=60_000)
    yield page
    page.close()


def wait_for_message(page, section, words):
    page.wait_for_function(f"document.querySelector('{section} [role=status]').textContent.includes('{words}')")


@pytest.mark.parametrize("latents", [[0.0, 0.0], [-1.3, 2.2], [3.0, 3.0]])
def test_the_browser_decodes_the_plane_as_python_does(explorer, latents):
    expected = checkpoints.load("vae_plane").decode(np.array([latents], "float32"))
    found = explorer.evaluate("(latents) => explorer.decode(explorer.models.vae_plane, latents)", latents)
    np.testing.assert_allclose(found, np.asarray(expected).ravel(), atol=1e-3)


@pytest.mark.parametrize("label", [0, 7])
def test_the_browser_decodes_a_class_as_python_does(explorer, label):
    model = checkpoints.load("conditional_vae")
    latents = np.random.default_rng(label).normal(size=(1, model.latent_dim)).astype("float32")
    expected = model.decode(latents, labels=[label])
    arguments = [latents[0].tolist(), label]
    found = explorer.evaluate("([z, label]) => explorer.decode(explorer.models.conditional_vae, z, label)", arguments)
    np.testing.assert_allclose(found, np.asarray(expected).ravel(), atol=1e-3)


@pytest.mark.parametrize("time, label", [(1.0, 3), (0.35, 8)])
def test_the_browser_sees_the_way_back_as_python_does(explorer, denoiser, time, label):
    name, model = denoiser
    noisy = np.random.default_rng(label).normal(size=(1, *model.image_shape)).astype("float32")
    expected = model.look(np.eye(10, dtype="float32")[[label]])(noisy, time).velocity
    script = "([name, noisy, time, label]) => explorer.velocity(explorer.models[name], noisy, time, label)"
    found = explorer.evaluate(script, [name, noisy.ravel().tolist(), time, label])
    np.testing.assert_allclose(found, np.asarray(expected).ravel(), atol=1e-3)


def test_the_browser_walks_out_of_the_noise_as_python_does(explorer, denoiser):
    name, model = denoiser
    noise = np.random.default_rng(0).normal(size=(1, *model.image_shape)).astype("float32")
    expected = model.decode(noise, [5], steps=2, sampler="euler", guidance=1.0)
    script = "([name, noise]) => [...explorer.walk(explorer.models[name], noise, 5, 2)]"
    start, _, found = explorer.evaluate(script, [name, noise.ravel().tolist()])
    np.testing.assert_allclose(start, np.clip(0.5 * (noise + 1), 0, 1).ravel(), atol=1e-3)
    np.testing.assert_allclose(found, np.asarray(expected).ravel(), atol=1e-3)


ANSWER = "HAMLET to OPHELIA, short, with nunnery.\nHAMLET to OPHELIA:\nGet thee to a"


@pytest.mark.parametrize("kind", ["WRITERS", "TRANSFORMERS"])
@pytest.mark.parametrize("text", ["H", "HAMLET:\nTo be, or not to be", ANSWER])
def test_the_browser_reads_as_python_does(explorer, export_models, kind, text):
    (name,) = getattr(export_models, kind)
    expected = checkpoints.load(name).next_distribution(text)
    script = "([name, text]) => explorer.read(explorer.models[name], text).probabilities"
    np.testing.assert_allclose(explorer.evaluate(script, [name, text]), expected, atol=1e-3)


@pytest.mark.parametrize("numbers, bits", [
    ([0.0, 1.0, -2.5, 65504.0, 2.0**-14, -(2.0**-15), 2.0**-24], 16),  # the last two are subnormal in 16 bits
    ([0.1, -1e-30, 65536.0], 32),
])
def test_weights_reach_the_browser_without_loss(explorer, export_models, numbers, bits):
    exported = export_models.matrix(np.array(numbers))
    assert exported["bits"] == bits
    found = explorer.evaluate("(matrix) => Array.from(explorer.tensors({ matrix }).matrix.dataSync())", exported)
    assert found == np.float32(numbers).tolist()


@pytest.mark.parametrize("other, received", [
    (lambda tiny: TransformerLanguageModel("ab$", norm="layer", **tiny), "'layer'"),
    (lambda tiny: TransformerLanguageModel("ab$", qk_norm=False, **tiny), "'qk_norm': False"),
    (lambda tiny: AdaptedTransformer("ab$", **tiny), "AdaptedTransformer"),
])
def test_a_transformer_that_the_page_cannot_run_is_refused(export_models, other, received):
    with pytest.raises(ValueError, match=f"the page runs .* Received: .*{received}"):
        export_models.transformer(other({"num_layers": 1, "width": 8, "num_heads": 1, "context": 8}))


def test_a_nucleus_keeps_the_likeliest(explorer):
    kept = explorer.evaluate("explorer.nucleus([0.1, 0.5, 0.15, 0.25], 0.7)")
    np.testing.assert_allclose(kept, [0, 2 / 3, 0, 1 / 3])


def test_a_slider_changes_the_picture(explorer):
    pixels = "document.querySelector('#explore-plane canvas').toDataURL()"
    before = explorer.evaluate(pixels)
    explorer.locator("#explore-plane input[name=first]").fill("2")
    assert explorer.evaluate(pixels) != before


def test_a_slider_draws_anew_and_its_last_change_counts(explorer):
    def pictures(*changes):
        for name, value in changes:
            explorer.locator(f"#explore-noise input[name={name}]").fill(value)
        wait_for_message(explorer, "#explore-noise", "Drawing")
        idle = "document.querySelector('#explore-noise [role=status]').textContent === ''"
        explorer.wait_for_function(idle, timeout=60_000)
        canvases = "[...document.querySelectorAll('#explore-noise canvas')].map((canvas) => canvas.toDataURL())"
        return explorer.evaluate(canvases)

    first = pictures(("steps", "2"))
    assert first[2] == first[5]  # two steps after the noise comes the first sample
    other = pictures(("digit", "7"))
    assert other[0] == first[0] and other[5] != first[5]  # of the same noise another digit
    assert pictures(("seed", "1"), ("digit", "3"), ("seed", "0")) == first


def test_the_same_seed_writes_the_same_text(explorer):
    def written():
        explorer.click("#explore-text button")
        explorer.wait_for_selector("#explore-text button:not([disabled])", timeout=60_000)
        return explorer.inner_text("#explore-text pre")

    first = written()
    assert len(first) > 150
    assert written() == first


def test_an_unknown_character_is_explained_and_nothing_breaks(explorer):
    explorer.fill("#explore-text input[name=prompt]", "€")
    explorer.click("#explore-text button")
    wait_for_message(explorer, "#explore-text", "never seen")
    explorer.fill("#explore-text input[name=prompt]", "KING: ")
    explorer.click("#explore-text button")
    explorer.wait_for_selector("#explore-text button:not([disabled])", timeout=60_000)
    assert explorer.inner_text("#explore-text [role=status]") == ""


def answer(page, length="short", **changes):
    """What a character says, with the page's first values but for the changes."""
    first = {"speaker": "HAMLET", "listener": "OPHELIA", "word": "love", "temperature": "0.7", "seed": "0"}
    for name, value in {**first, **changes}.items():
        page.fill(f"#explore-talk input[name={name}]", value)
    page.select_option("#explore-talk select", length)
    page.click("#explore-talk button")
    page.wait_for_selector("#explore-talk button:not([disabled])", timeout=60_000)
    return page.inner_text("#explore-talk pre")


def test_a_character_answers_under_its_heading_and_ends(explorer):
    said = answer(explorer)
    assert said.startswith("HAMLET to OPHELIA:\n") and "$" not in said
    assert len(said) < 200  # the context would hold 217
    assert explorer.inner_text("#explore-talk [role=status]") == ""
    assert answer(explorer, speaker="ROMEO", listener="JULIET").startswith("ROMEO to JULIET:\n")
    assert answer(explorer) == said


@pytest.mark.parametrize("changed", [
    {"speaker": "LEAR"}, {"listener": "LEAR"}, {"length": "long"}, {"word": "death"}, {"temperature": "1.5"},
    {"seed": "1"},
])
def test_each_control_changes_the_answer(explorer, changed):
    assert answer(explorer, **changed) != answer(explorer)


@pytest.mark.parametrize("name, value, words", [
    ("word", "café", "never seen the character"),
    ("word", "to be", "must be one word"),
    ("speaker", "", "must be names"),
    ("listener", "A, B", "must be names"),
])
def test_a_demand_that_cannot_be_read_is_explained_and_nothing_breaks(explorer, name, value, words):
    answer(explorer, **{name: value})
    assert words in explorer.inner_text("#explore-talk [role=status]")
    assert answer(explorer).startswith("HAMLET to OPHELIA:\n")
    assert explorer.inner_text("#explore-talk [role=status]") == ""


@pytest.mark.parametrize("missing", ["packed", "models"])
def test_a_page_without_its_models_says_so(build, browser, tmp_path, missing):
    ignored = shutil.ignore_patterns(missing, "notebooks", "api", "_modules")
    shutil.copytree(build / "book", tmp_path / "book", ignore=ignored)
    page = browser.new_page(viewport=DESK)
    page.goto((tmp_path / "book" / "explorer.html").as_uri())
    wait_for_message(page, "#explore-plane", "does not run here")
    page.close()


# ---- the slides ----


def test_each_chapter_has_slides_that_open(build, visit):
    decks = sorted((build / "slides").glob("*.html"))
    chapters = sorted((CHECKOUT / "notebooks").glob("[0-9]*.ipynb"))
    assert [deck.stem for deck in decks] == [chapter.stem for chapter in chapters]
    for deck, chapter in zip(decks, chapters):
        page = visit.open(deck)
        page.wait_for_selector(".reveal.ready")
        cells = nbformat.read(chapter, as_version=4).cells
        tagged = sum("slide" in cell.metadata.get("tags", []) for cell in cells)
        assert page.evaluate("Reveal.getTotalSlides()") == tagged >= 8, deck.name
        assert visit.problems == []


def test_no_slide_is_taller_than_the_screen(build, browser):
    context = browser.new_context(viewport={"width": 1100, "height": 700})
    page, cut = context.new_page(), []
    for deck in sorted((build / "slides").glob("*.html")):
        page.goto(deck.as_uri())
        page.wait_for_selector(".reveal.ready")
        heights = page.evaluate("""[...document.querySelectorAll('section')].map((slide, index) => {
            Reveal.slide(index); return slide.scrollHeight; })""")
        cut += [f"{deck.stem}, slide {index}: {height}" for index, height in enumerate(heights) if height > 700]
    context.close()
    assert cut == []
