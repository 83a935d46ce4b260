"""Splits of a text. (Windows and streams: `test_fuzz.py`, and `test_lstm.py` with a model that reads them.)"""

import pytest

from aigc_tf.text import split_text

TEXT = "".join(chr(0x4E00 + number) for number in range(1000))


def test_a_split_in_two_is_in_order():
    assert split_text(TEXT) == (TEXT[:900], TEXT[900:])
    assert split_text(TEXT, 0.25) == (TEXT[:250], TEXT[250:])


def test_a_validation_part_is_the_end_of_what_was_to_train_on():
    assert split_text(TEXT, validation=0.1) == (TEXT[:810], TEXT[810:900], TEXT[900:])
    assert split_text(TEXT, 0.5, validation=0.2) == (TEXT[:400], TEXT[400:500], TEXT[500:])


def test_the_split_of_tinyshakespeare_is_nanogpts():
    """1,003,854 characters to train on and 111,540 to measure on, with a validation part or without."""
    text = "x" * 1_115_394
    assert [len(part) for part in split_text(text)] == [1_003_854, 111_540]
    assert [len(part) for part in split_text(text, validation=0.1)] == [903_468, 100_386, 111_540]


@pytest.mark.parametrize("options, message", [
    ({"share": 0}, "share must lie between 0 and 1. Received: 0"),
    ({"share": 1}, "share"),
    ({"validation": 0}, "validation must lie between 0 and 1. Received: 0"),
    ({"validation": 1.0}, "validation .* Received: 1.0"),
    ({"validation": float("nan")}, "validation .* Received: nan"),
])
def test_parts_that_would_be_empty_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        split_text(TEXT, **options)
