"""Splits of a text, and windows that begin anywhere. (Others: `test_fuzz.py`, and `test_lstm.py`, which reads them.)"""

import numpy as np
import pytest

from aigc_tf.text import random_windows, split_text

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


def test_windows_that_begin_anywhere_are_pieces_of_the_text_with_what_comes_next():
    batches = list(random_windows(np.arange(50), 7, batch_size=4, steps=3, seed=0))
    assert len(batches) == 3
    for inputs, targets in batches:
        assert inputs.shape == targets.shape == (4, 7)
        np.testing.assert_array_equal(np.diff(inputs), 1)
        np.testing.assert_array_equal(targets, inputs + 1)


def test_they_begin_at_every_place_the_last_one_included():
    inputs, _ = next(iter(random_windows(np.arange(12), 7, batch_size=200, steps=1, seed=0)))
    assert set(inputs[:, 0].numpy()) == set(range(5))


def test_every_epoch_draws_new_ones_and_a_seed_the_same():
    batches = random_windows(np.arange(5000), 7, batch_size=4, steps=2, seed=0)
    first, second = ([inputs[:, 0].numpy() for inputs, _ in batches] for _ in range(2))
    again = [inputs[:, 0].numpy() for inputs, _ in random_windows(np.arange(5000), 7, batch_size=4, steps=2, seed=0)]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("options, message", [
    ({"length": 20}, "too short"), ({"length": 0}, "at least 1"), ({"steps": 0}, "steps .* Received: 0"),
])
def test_windows_that_cannot_be_cut_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        random_windows(np.arange(20), **{"length": 7, "batch_size": 4, "steps": 3, **options})
