"""Make openmoji.npz: the drawings of OpenMoji at 32 × 32, in colour and as outlines, with names in two languages.

    npm pack openmoji@17.0.0
    pip install resvg-py==0.5.0 pillow==13.0.0 emoji==2.16.0 numpy
    python data/make_openmoji.py openmoji-17.0.0.tgz

It reads the package's archive and nothing else, takes half a minute, and prints the SHA-256 that
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

SIZE = 32  # pixels of the picture; it is drawn four times as large first, for smooth edges
LEFT_OUT = ("flags", "component")  # flags are too many stripes for 32 pixels; components are parts, not drawings


def draw(svg):
    """An SVG text, drawn on white: a PIL image of 32 × 32 pixels."""
    drawn = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=4 * SIZE, height=4 * SIZE))))
    picture = Image.new("RGBA", drawn.size, "white")
    picture.alpha_composite(drawn.convert("RGBA"))
    return picture.convert("RGB").resize((SIZE, SIZE), Image.LANCZOS)


def chinese_name(symbol):
    """The name of Unicode's own emoji, as Unicode's translators give it; "" where there is none."""
    plain = symbol.replace("\ufe0f", "")
    for written in (symbol, plain, plain + "\ufe0f"):
        if "zh" in emoji.EMOJI_DATA.get(written, {}):
            return emoji.EMOJI_DATA[written]["zh"].strip(":").replace("_", " ")
    return ""


def make(archive, target):
    emoji.config.load_language("zh")
    with tarfile.open(archive) as package:
        files = {member.name: package.extractfile(member).read() for member in package if member.isfile()}
    rows = json.loads(files["package/data/openmoji.json"])
    rows = [row for row in rows if not row["skintone"] and row["group"] not in LEFT_OUT]
    folders = {"colour": "package/color/svg", "outline": "package/black/svg"}
    pictures = {
        kind: [draw(files[f"{folder}/{row['hexcode']}.svg"].decode()) for row in rows]
        for kind, folder in folders.items()
    }
    np.savez_compressed(
        target,
        colour=np.stack([np.asarray(picture) for picture in pictures["colour"]]),
        outline=np.stack([np.asarray(picture.convert("L")) for picture in pictures["outline"]])[..., np.newaxis],
        names=np.array([row["annotation"] for row in rows]),
        chinese_names=np.array([chinese_name(row["emoji"]) for row in rows]),
        groups=np.array([row["group"] for row in rows]),
        subgroups=np.array([row["subgroups"] for row in rows]),
    )


if __name__ == "__main__":
    path = Path(__file__).with_name("openmoji.npz")
    make(sys.argv[1], path)
    print(hashlib.sha256(path.read_bytes()).hexdigest(), f"{path.stat().st_size / 1e6:.2f} MB")
