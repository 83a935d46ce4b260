"""Paper to draw a digit on, with mouse, finger or pen, in a running notebook."""

import ipycanvas
import ipywidgets
import traitlets

SIZE, PEN = 280, 24  # pixels: ten for each of MNIST's 28, and a pen about as wide as MNIST's
SAMPLE = (  # a 2, as one stroke of points (x, y)
    ((84, 98), (90, 74), (108, 56), (134, 50), (160, 56), (178, 74), (182, 98), (174, 122), (158, 146), (138, 168),
     (116, 190), (92, 214), (84, 224), (110, 222), (140, 221), (170, 222), (200, 224)),
)


class DrawingPad(ipywidgets.VBox):
    """White paper with two buttons, *Clear* and *Use this digit*: a control like ipywidgets' sliders.

    Its `value` is what was on the paper when *Use this digit* was last pressed, at first `SAMPLE`: a tuple of strokes,
    each a tuple of points (x, y) in pixels from the top left corner. `data.draw_strokes` makes a picture of it.
    """

    value = traitlets.Tuple()

    def __init__(self):
        self.strokes = [list(stroke) for stroke in SAMPLE]
        self.is_sample, self.is_pen_down = True, False
        frame = {"border": "1px solid grey", "width": f"{SIZE}px"}
        self.paper = ipycanvas.Canvas(width=SIZE, height=SIZE, layout=frame)
        self.paper.line_width, self.paper.line_cap = PEN, "round"
        clear = ipywidgets.Button(description="Clear", icon="eraser")
        use = ipywidgets.Button(description="Use this digit", icon="check")
        super().__init__([self.paper, ipywidgets.HBox([clear, use])], value=tuple(SAMPLE))
        clear.on_click(lambda button: self.clear())
        use.on_click(lambda button: self.use())
        self.paper.on_client_ready(self.show_strokes)  # also when a page with a running kernel is opened again
        self.paper.on_mouse_down(self.pen_down)
        self.paper.on_mouse_move(self.pen_move)
        self.paper.on_mouse_up(self.pen_up)
        self.paper.on_mouse_out(self.pen_up)
        self.paper.on_touch_start(lambda fingers: self.pen_down(*fingers[0]))
        self.paper.on_touch_move(lambda fingers: self.pen_move(*fingers[0]))
        self.paper.on_touch_end(self.pen_up)
        self.paper.on_touch_cancel(self.pen_up)

    def pen_down(self, x, y):
        """Begins a stroke; the first one clears the sample away."""
        if self.is_sample:
            self.clear()
        self.is_pen_down = True
        self.strokes.append([(x, y)])
        self.paper.stroke_line(x, y, x, y)

    def pen_move(self, x, y):
        """Draws on, if the pen is on the paper."""
        if self.is_pen_down:
            self.paper.stroke_line(*self.strokes[-1][-1], x, y)
            self.strokes[-1].append((x, y))

    def pen_up(self, *place):
        """Ends the stroke, where the pen is lifted or leaves the paper."""
        self.is_pen_down = False

    def clear(self):
        """White paper; what was used stays in use."""
        self.strokes, self.is_sample, self.is_pen_down = [], False, False
        self.show_strokes()

    def use(self):
        """Makes what is on the paper the value."""
        self.value = tuple(map(tuple, self.strokes))

    def show_strokes(self):
        """Draws all strokes on white."""
        with ipycanvas.hold_canvas():
            self.paper.fill_style = "white"
            self.paper.fill_rect(0, 0, SIZE, SIZE)
            for stroke in self.strokes:
                for start, end in zip(stroke, stroke[1:] or stroke):
                    self.paper.stroke_line(*start, *end)


class OutlinePad(DrawingPad):
    """The same paper with a thin pen, for black lines as of OpenMoji's outlines; its sample is a fish."""

    sample = (
        ((39, 140), (49, 108), (77, 88), (122, 84), (168, 94), (196, 120), (254, 83), (245, 140), (254, 197),
         (196, 160), (168, 186), (122, 196), (77, 192), (49, 172), (39, 140)),
        ((196, 120), (206, 140), (196, 160)),
        ((105, 85), (131, 54), (162, 92)),
        ((75, 122), (81, 127), (75, 132), (69, 127), (75, 122)),
    )
    pen = 8  # pixels: about one of OpenMoji's 32 × 32

    def __init__(self):
        super().__init__()
        self.strokes, self.value = [list(stroke) for stroke in self.sample], self.sample
        self.paper.line_width = self.pen
        self.children[1].children[1].description = "Use this drawing"
