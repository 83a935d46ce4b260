"""Playgrounds: sliders that move a trained model in a running notebook, and a still picture for everyone else.

Each function takes a model, or loads the checkpoint that suits, and returns a `Playground`; `draw_digit` and
`draw_outline` take what is to be done with what a reader draws.
"""

import functools
import html
import io

import ipywidgets
import numpy as np
from IPython import display
from PIL import Image, ImageDraw

from aigc_tf import checkpoints, plots
from aigc_tf.core.noise import standard_normal
from aigc_tf.data import digit_from_array, draw_strokes
from aigc_tf.finetuning import END, Demands, compliance, read_instruction, write_answers, write_instruction
from aigc_tf.finetuning.instructions import LENGTHS

WITHOUT_KERNEL = "Sliders appear here when this notebook runs in JupyterLab, VS Code or Colab with ipywidgets."
DRAW_WITHOUT_KERNEL = ("We made this from our sample picture. When this notebook runs in JupyterLab or VS Code with "
                       "ipycanvas, a canvas for your own digit appears here.")
EXTENT, STEPS = 3.0, 15  # the plane goes from −3 to 3, in 15 tiles each way
GAP = 12  # pixels between the plane and the digit
PAGE = '<pre style="white-space: pre-wrap; line-height: 1.3">{}</pre>'
WIDE = {"style": {"description_width": "8em"}, "layout": {"width": "30em"}}
LATE = {"continuous_update": False, **WIDE}  # writing takes longer than a slider's move
SEED = {"min": 0, "max": 99}


class Playground(ipywidgets.VBox):
    """Controls, and below them what a function makes of their values.

    Displayed in a notebook it leaves two outputs: a still of the first position, which needs no kernel, and the live
    controls. A `ValueError` of the function, as of an unknown character, is shown in place of the caption.

    Args:
        make: function from the values of the controls to (PIL image or text, caption in words).
        controls: {argument of `make`: ipywidgets control with a value}.
        without_kernel: what stands in place of the controls where no kernel runs.
    """

    def __init__(self, make, controls, without_kernel=WITHOUT_KERNEL):
        self.make, self.controls, self.without_kernel = make, controls, without_kernel
        self.still, self.still_caption = self.make_now()
        self.caption = ipywidgets.HTML()  # says what is shown, as ipywidgets.Image takes no alternative text
        self.screen = ipywidgets.HTML() if isinstance(self.still, str) else ipywidgets.Image()
        super().__init__([*controls.values(), self.caption, self.screen])
        for control in controls.values():
            control.observe(self.update, "value")
        self.update()

    def make_now(self):
        """What the function makes of the controls as they stand."""
        return self.make(**{name: control.value for name, control in self.controls.items()})

    def update(self, change=None):
        """Shows what the controls ask for, or says why it cannot be."""
        try:
            made, caption = self.make_now()
        except ValueError as error:
            self.caption.value = f'<p role="alert"><b>{html.escape(str(error))}</b></p>'
            return
        self.screen.value = PAGE.format(html.escape(made)) if isinstance(made, str) else as_png(made)
        self.caption.value = f'<p role="status">{html.escape(caption)}</p>'

    def _ipython_display_(self):
        if isinstance(self.still, str):
            display.display({"text/plain": f"{self.still_caption}\n\n{self.still}"}, raw=True)
        else:
            plots.show(display.Image(as_png(self.still)), alt=self.still_caption)
        said = self.without_kernel if isinstance(self.still, str) else f"{self.still_caption} {self.without_kernel}"
        display.display({**self._repr_mimebundle_(), "text/plain": said}, raw=True)


def as_png(image):
    """The bytes of a PIL image as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def draw_row(images, scale):
    """Images (N, H, W, C) side by side as a PIL image, each of their pixels `scale` pixels wide."""
    grid = np.uint8(np.round(255 * plots.image_grid(images, columns=len(images))))
    image = Image.fromarray(grid[..., 0] if grid.shape[-1] == 1 else grid).convert("RGB")
    return image.resize((scale * image.width, scale * image.height), Image.Resampling.NEAREST)


def spherical(start, end, share):
    """[sin((1 − t) ω) · start + sin(t ω) · end] / sin ω, with t the share of the way and ω the angle between the two.

    For latents: White 2016 (arXiv:1609.04468). The middle of the straight line between two draws of N(0, 1) lies nearer
    to the origin than draws do; this way keeps their distance from it. Start and end have the shape (latent_dim,).
    """
    cosine = np.dot(start, end) / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-3:  # one direction, or two opposite ones, between which no way is the shortest
        return (1 - share) * start + share * end
    return (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)


def of_checkpoint(name):
    """Lets `build(model)` load the checkpoint `name` if it gets no model, and say on the page if that is missing."""

    def decorate(build):
        @functools.wraps(build)
        def built(model=None, **options):
            try:
                model = checkpoints.load(name) if model is None else model
            except (FileNotFoundError, ValueError) as error:
                return display.Pretty(f"There is nothing to play with here. {error}")
            return build(model, **options)

        return built

    return decorate


def check(suits, model, needed):
    """Raises ValueError, which says what is needed, unless the model suits."""
    if not suits:
        facts = [f"{name}={getattr(model, name)}" for name in ("latent_dim", "num_classes") if hasattr(model, name)]
        raise ValueError(f"This playground needs {needed}. Received: {type(model).__name__}({', '.join(facts)})")


# ---- the playgrounds; each raises ValueError for a model of another kind ----


@of_checkpoint("vae_plane")
def explore_plane(model, first=0.0, second=0.0):
    """Two sliders, the plane that a VAE with two latents decodes to, where you are in it, and the digit there.

    Args:
        model: a VAE with two latents and no classes.
        first, second: where the sliders stand at first, from −3 to 3.
    """
    suits = getattr(model, "latent_dim", None) == 2 and not getattr(model, "num_classes", None)
    check(suits, model, 'a model with two latents and no classes: checkpoints.load("vae_plane")')
    points = np.linspace(-EXTENT, EXTENT, STEPS)
    x, y = np.meshgrid(points, -points)  # rows of images go down, the second latent goes up
    tiles = plots.image_grid(model.decode(np.stack([x.ravel(), y.ravel()], axis=1)), columns=STEPS)
    plane = draw_row(tiles[None], scale=1)
    tile = (np.array(plane.size) + 1) / STEPS  # its width and height in pixels, with the line behind it

    def make(first, second):
        digit = draw_row(model.decode([[first, second]]), scale=STEPS)
        picture = Image.new("RGB", (plane.width + GAP + digit.width, plane.height), "white")
        picture.paste(plane, (0, 0))
        picture.paste(digit, (plane.width + GAP, 0))
        corner = tile * (np.array([first, -second]) + EXTENT) / (2 * EXTENT) * (STEPS - 1)
        ImageDraw.Draw(picture).rectangle([*corner, *(corner + tile)], outline=plots.VERMILION, width=3)
        return picture, (f"Left, a plane of decoded digits with a frame at first latent {first:.1f}, second latent "
                         f"{second:.1f}; right, the digit that this point decodes to.")

    sides = {"min": -EXTENT, "max": EXTENT, "step": 0.1, **WIDE}
    return Playground(make, {"first": ipywidgets.FloatSlider(first, description="First latent", **sides),
                             "second": ipywidgets.FloatSlider(second, description="Second latent", **sides)})


@of_checkpoint("conditional_gan")
def make_digits(model):
    """Buttons for the digit and a slider for the seed: ten images that a conditional model makes of that digit."""
    suits = hasattr(model, "generate") and getattr(model, "num_classes", None)
    check(suits, model, 'a conditional generator: checkpoints.load("conditional_gan") or "conditional_vae"')

    def make(digit, seed):
        images = model.generate(10, seed=seed, labels=[digit] * 10)
        return draw_row(images, scale=3), f"The digit {digit} in ten handwritings, those of seed {seed}."

    buttons = ipywidgets.ToggleButtons(options=range(model.num_classes), description="Digit")
    buttons.style.button_width, buttons.style.description_width = "2.5em", "8em"
    return Playground(make, {"digit": buttons, "seed": ipywidgets.IntSlider(0, description="Seed", **SEED, **WIDE)})


@of_checkpoint("dcgan")
def interpolate(model):
    """Two seeds, and a slider for the way from one's latent to the other's: the two ends, and the image in between."""
    suits = all(hasattr(model, name) for name in ("generate", "decode", "latent_dim"))
    suits = suits and not getattr(model, "num_classes", None)
    check(suits, model, 'a generator without classes: checkpoints.load("dcgan") or "gan_dense"')

    def make(start, end, position):
        ends = [standard_normal((model.latent_dim,), seed).numpy() for seed in (start, end)]
        images = model.decode(np.stack([ends[0], spherical(*ends, position), ends[1]]))
        return draw_row(images, scale=7), (f"Left, the image of seed {start}; right, that of seed {end}; between them, "
                                           f"the image at {position:.0%} of the way.")

    way = ipywidgets.FloatSlider(0.5, min=0, max=1, step=0.02, description="Position", **WIDE)
    return Playground(make, {"start": ipywidgets.IntSlider(0, description="Seed on the left", **SEED, **WIDE),
                             "end": ipywidgets.IntSlider(1, description="Seed on the right", **SEED, **WIDE),
                             "position": way})


@of_checkpoint("lstm_shakespeare")
def play_text(model, *, prompt="HAMLET:", length=200):
    """A prompt, temperature, top-p, seed and length, and what any text model of the course writes with them."""
    check(hasattr(model, "vocabulary"), model, 'a language model: checkpoints.load("lstm_shakespeare")')

    def make(prompt, temperature, top_p, seed, length):
        text = model.generate(prompt, length, temperature=temperature, top_p=top_p, seed=seed)
        return text, f"Written with temperature {temperature:.2f}, top-p {top_p:.2f} and seed {seed}:"

    late = {"continuous_update": False, **WIDE}  # writing takes longer than a slider's move
    return Playground(make, {
        "prompt": ipywidgets.Text(prompt, description="Prompt", **late),
        "temperature": ipywidgets.FloatSlider(0.8, min=0.2, max=1.5, step=0.05, description="Temperature", **late),
        "top_p": ipywidgets.FloatSlider(1, min=0.1, max=1, step=0.05, description="Top-p (nucleus)", **late),
        "seed": ipywidgets.IntSlider(0, description="Seed", **SEED, **late),
        "length": ipywidgets.IntSlider(length, min=1, max=1000, description="Length", **late),
    })


@of_checkpoint("gpt_characters")
def talk(model):
    """Speaker, listener, length and a word, and what a model that answers instructions (chapter 6) says to them.

    Args:
        model: a Transformer of characters, `END` among them.
    """
    suits = hasattr(model, "window") and model.unit == "character" and END in model.tokens
    check(suits, model, 'a Transformer of characters that answers instructions: checkpoints.load("gpt_characters")')

    def make(speaker, listener, length, word, temperature, seed):
        instruction = write_instruction(Demands(speaker, listener, length, word.lower()))
        read_instruction(instruction)  # before a model writes: names and words that do not fit in are an error
        ((_, answer),) = write_answers(model, [instruction], temperature=temperature, seed=seed)
        met = compliance(instruction, answer)
        found = ", ".join(f"{demand} {'met' if met[demand] else 'NOT met'}" for demand in met)
        return answer.removesuffix(END), (f"Written with temperature {temperature:.2f} and seed {seed}. A program "
                                          f"checked the four demands: {found}.")

    lengths = ipywidgets.ToggleButtons(options=list(LENGTHS), description="Length")
    lengths.style.button_width, lengths.style.description_width = "6em", "8em"
    return Playground(make, {
        "speaker": ipywidgets.Text("HAMLET", description="Speaker", **LATE),
        "listener": ipywidgets.Text("OPHELIA", description="Listener", **LATE),
        "length": lengths,
        "word": ipywidgets.Text("love", description="Word", **LATE),
        "temperature": ipywidgets.FloatSlider(0.7, min=0.2, max=1.5, step=0.05, description="Temperature", **LATE),
        "seed": ipywidgets.IntSlider(0, description="Seed", **SEED, **LATE),
    })


def draw_digit(make):
    """Paper to draw a digit on, and below it what a function makes of that digit when *Use this digit* is pressed.

    The still shows what it makes of a sample, a 2. Draw with the mouse, a finger or a pen; for a picture file see
    `data.load_digit`.

    Args:
        make: function from the digit, float32 (1, 28, 28, 1) in [0, 1], white on black as in MNIST, to (PIL image or
            text, caption in words). `draw_row` makes such an image of images.

    Returns:
        A `Playground`, or a line of text where ipycanvas is not installed.
    """
    try:
        from aigc_tf.canvas import DrawingPad  # here, since sliders work without ipycanvas (Colab has none)
    except ModuleNotFoundError as error:
        return display.Pretty(f"There is nothing to draw on here. {error}; `pip install ipycanvas` adds it.")
    return Playground(lambda strokes: make(digit_from_array(draw_strokes(strokes))), {"strokes": DrawingPad()},
                      without_kernel=DRAW_WITHOUT_KERNEL)


def draw_outline(make):
    """Paper to draw an outline on, and below it what a function makes of it when *Use this drawing* is pressed.

    Args:
        make: function from the outline, float32 (1, 32, 32, 1) in [0, 1], black lines on white as in
            `data.load_openmoji`, to (PIL image or text, caption in words).

    Returns:
        A `Playground`, or a line of text where ipycanvas is not installed.
    """
    try:
        from aigc_tf.canvas import OutlinePad  # here, as for `draw_digit`
    except ModuleNotFoundError as error:
        return display.Pretty(f"There is nothing to draw on here. {error}; `pip install ipycanvas` adds it.")
    return Playground(lambda strokes: make(outline_of(draw_strokes(strokes, pen=OutlinePad.pen))),
                      {"strokes": OutlinePad()}, without_kernel=DRAW_WITHOUT_KERNEL.replace("digit", "drawing"))


def outline_of(paper):
    """Paper uint8 (280, 280) as an outline, float32 (1, 32, 32, 1) in [0, 1]: each pixel is the mean of its square."""
    return np.asarray(Image.fromarray(paper).resize((32, 32), Image.Resampling.BOX), np.float32)[None, ..., None] / 255
