"""Engraved scores: MusicXML drawn by Verovio (verovio.org), and made a picture by resvg."""

import io

from PIL import Image

from aigc_tf.core.voices import as_voices, bar_length
from aigc_tf.music.musicxml import as_musicxml

WIDTH = 1200  # pixels of a picture
GREYS = 16  # of it: more make the file larger, not the picture better
MOST_BARS = 24  # a screen full
OPTIONS = {"pageWidth": 1700, "pageHeight": 20_000, "adjustPageHeight": True, "scale": 40, "svgViewBox": True,
           "header": "none", "footer": "none", "mnumInterval": 64, "breaks": "auto", "staffLineWidth": 0.2,
           "xmlIdSeed": 1, "pageMarginTop": 40, "pageMarginBottom": 40, "pageMarginLeft": 40,
           "pageMarginRight": 40}


def engrave_svg(pitches, holds, **notation):
    """A piece as engraved notes: the text of an SVG, whose size does not matter.

    Args:
        pitches, holds: (T, 4), or (T,) for a melody; at most 24 bars.
        **notation: metre, pickup, sharps, mode and fermatas, as for `as_musicxml`.

    Raises:
        ValueError: for a longer piece, or what `as_musicxml` refuses.
        ImportError: without the package verovio.
    """
    pitches, holds = as_voices(pitches, holds)
    bar = bar_length(notation.get("metre", "4/4"))
    if len(pitches) > MOST_BARS * bar + notation.get("pickup", 0):
        raise ValueError(f"A picture holds {MOST_BARS} bars. Received: {len(pitches) / bar:.1f} bars. Engrave a part, "
                         f"pitches[:{MOST_BARS * bar}] and holds[:{MOST_BARS * bar}], or write_musicxml(path, …)")
    score = as_musicxml(pitches, holds, **notation)
    try:
        import verovio
    except ImportError as error:
        raise ImportError("Engraved notes need the package verovio: run `pip install verovio`") from error
    verovio.enableLog(verovio.LOG_ERROR)
    engraver = verovio.toolkit()
    engraver.setOptions(OPTIONS)
    if not engraver.loadData(score):
        raise ValueError("Verovio could not read the score that was made of these pitches and holds")
    return engraver.renderToSVG(1)


def engrave(pitches, holds, **notation):
    """A piece as a picture of engraved notes, for `plots.show(picture, alt=…)`: about 4 kB a bar.

    Args:
        pitches, holds: (T, 4), or (T,) for a melody; at most 24 bars.
        **notation: metre, pickup, sharps, mode and fermatas, as for `as_musicxml`.

    Returns:
        An IPython.display.Image of 1,200 pixels in width.

    Raises:
        ValueError: for a longer piece, or what `as_musicxml` refuses.
        ImportError: without the packages verovio and resvg-py.
    """
    from IPython import display  # no part of the package itself needs it

    svg = engrave_svg(pitches, holds, **notation)
    try:
        import resvg_py
    except ImportError as error:
        raise ImportError("Engraved notes need the package resvg-py: run `pip install resvg-py`") from error
    drawn = resvg_py.svg_to_bytes(svg_string=svg, width=WIDTH, background="white", skip_system_fonts=True)
    file = io.BytesIO()
    Image.open(io.BytesIO(bytes(drawn))).convert("L").quantize(GREYS).save(file, "PNG", optimize=True)
    return display.Image(file.getvalue())
