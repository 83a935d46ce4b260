"""Make openmoji.npz and openmoji64.npz, the drawings of OpenMoji.

The first has them at 32 × 32, in colour and as outlines, with names in two languages; the second in colour alone, in
the same order, at 64 × 64.

    npm pack openmoji@17.0.0
    pip install resvg-py==0.5.0 pillow==13.0.0 emoji==2.16.0 numpy
    python data/make_openmoji.py openmoji-17.0.0.tgz

It reads the package's archive and nothing else, takes a minute, and prints the SHA-256 of each file that
`aigc_tf.data.FILES` asks for.
"""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import emoji
import numpy as np
import resvg_py
from PIL import Image

LEFT_OUT = ("flags", "component")  # flags are too many stripes for 32 pixels; components are parts, not drawings
FOLDERS = {"colour": "color/svg", "outline": "black/svg"}


def draw(svg, size):
    """An SVG text on white: a PIL image of size × size pixels, drawn four times as large first, for smooth edges."""
    drawn = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=4 * size, height=4 * size))))
    picture = Image.new("RGBA", drawn.size, "white")
    picture.alpha_composite(drawn.convert("RGBA"))
    return picture.convert("RGB").resize((size, size), Image.LANCZOS)


def chinese_name(symbol):
    """The name of Unicode's own emoji, as Unicode's translators give it; "" where there is none."""
    plain = symbol.replace("\ufe0f", "")
    for written in (symbol, plain, plain + "\ufe0f"):
        if "zh" in emoji.EMOJI_DATA.get(written, {}):
            return emoji.EMOJI_DATA[written]["zh"].strip(":").replace("_", " ")
    return ""


def make(archive, folder):
    """Write both files into `folder`, and return their paths."""
    emoji.config.load_language("zh")
    with tarfile.open(archive) as package:
        files = {member.name: package.extractfile(member).read() for member in package if member.isfile()}
    rows = json.loads(files["package/data/openmoji.json"])
    rows = [row for row in rows if not row["skintone"] and row["group"] not in LEFT_OUT]

    def pictures(kind, size, mode):
        texts = [files[f"package/{FOLDERS[kind]}/{row['hexcode']}.svg"].decode() for row in rows]
        return np.stack([np.asarray(draw(text, size).convert(mode)) for text in texts])

    np.savez_compressed(
        folder / "openmoji.npz",
        colour=pictures("colour", 32, "RGB"),
        outline=pictures("outline", 32, "L")[..., np.newaxis],
        names=np.array([row["annotation"] for row in rows]),
        chinese_names=np.array([chinese_name(row["emoji"]) for row in rows]),
        groups=np.array([row["group"] for row in rows]),
        subgroups=np.array([row["subgroups"] for row in rows]),
    )
    np.savez_compressed(folder / "openmoji64.npz", colour=pictures("colour", 64, "RGB"))
    return folder / "openmoji.npz", folder / "openmoji64.npz"


if __name__ == "__main__":
    for path in make(sys.argv[1], Path(__file__).parent):
        print(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.stat().st_size / 1e6:.2f} MB")
