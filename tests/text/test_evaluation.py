"""Nats per token by both protocols: against `log_prob` of every piece of a text, read alone."""

import math

import keras
import numpy as np
import pytest

from aigc_tf.text import LSTMLanguageModel, NGramModel, RNNLanguageModel, Vocabulary, nats_per_token

TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 3
VOCABULARY = Vocabulary.of(TEXT)
SMALL = {"units": (12,), "embedding_dim": 6, "embedding_stddev": 1.0}
MAKERS = {
    "n-gram": lambda: NGramModel(4).fit(TEXT[:150]),
    "plain RNN": lambda: RNNLanguageModel(VOCABULARY.tokens, **SMALL),
    "LSTM": lambda: LSTMLanguageModel(VOCABULARY.tokens, **SMALL),
}


@pytest.fixture(scope="module", params=MAKERS.values(), ids=MAKERS.keys())
def model(request):
    keras.utils.set_random_seed(0)
    return request.param()


def mean_of(model, pieces):
    """Each token once, whatever the length of the piece that it stands in."""
    return -float(np.mean(np.concatenate([model.log_prob(piece) for piece in pieces])))


def test_two_tokens_by_hand():
    """After a: b twice, c and d once, so p(b|a) = (2 + 3 · p(b)) / 7, and p(b) = (2 + 5 · 1/5) / (11 + 5)."""
    model = NGramModel(2).fit("abracadabra")
    assert nats_per_token(model, "ab") == pytest.approx(-math.log((2 + 3 * 3 / 16) / 7))


def test_carried_is_the_mean_over_the_whole_text(model):
    assert nats_per_token(model, TEXT) == pytest.approx(mean_of(model, [TEXT]), rel=1e-6)


@pytest.mark.parametrize("window", [1, 7, 127, 128, 253])
def test_windows_lie_end_to_end_and_begin_from_nothing(model, window):
    """Of 255 tokens 254 are guessed, in windows of 1 and 127 without a rest."""
    pieces = [TEXT[at:at + window + 1] for at in range(0, 254, window)]
    assert sum(len(piece) - 1 for piece in pieces) == 254
    assert nats_per_token(model, TEXT, window) == pytest.approx(mean_of(model, pieces), rel=1e-5)


@pytest.mark.parametrize("window", [254, 255, 10_000])
def test_a_window_as_long_as_the_text_is_the_whole_text(model, window):
    assert nats_per_token(model, TEXT, window) == pytest.approx(nats_per_token(model, TEXT), rel=1e-6)


def test_an_n_gram_in_windows_of_one_is_a_bigram():
    model = NGramModel(5).fit(TEXT)
    assert nats_per_token(model, TEXT, 1) == pytest.approx(nats_per_token(model.shorter(2), TEXT))
    assert nats_per_token(model, TEXT, 1) > nats_per_token(model, TEXT, 2) > nats_per_token(model, TEXT)


@pytest.mark.parametrize("num_blocks", [1, 64, 70])
def test_blocks_are_drawn_at_random_as_nanogpt_draws_them(model, num_blocks):
    starts = np.random.default_rng(5).integers(len(TEXT) - 20, size=num_blocks)
    pieces = [TEXT[at:at + 21] for at in starts]
    found = nats_per_token(model, TEXT, 20, num_blocks=num_blocks, seed=5)
    assert found == pytest.approx(mean_of(model, pieces), rel=1e-5)


def test_blocks_begin_at_every_place_where_there_is_room_for_them():
    """In "aab" there are aa and ab."""
    model = NGramModel(2, Vocabulary("ab")).fit("abab")
    aa, ab = (nats_per_token(model, pair) for pair in ("aa", "ab"))
    found = nats_per_token(model, "aab", 1, num_blocks=4000, seed=0)
    assert found == pytest.approx((aa + ab) / 2, rel=0.03)
    assert nats_per_token(model, "ab", 1, num_blocks=3) == pytest.approx(ab)  # there is room for one


def test_a_seed_repeats_the_draw_and_another_does_not(model):
    found = [nats_per_token(model, TEXT, 20, num_blocks=5, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    assert nats_per_token(model, TEXT, 20, num_blocks=5) != nats_per_token(model, TEXT, 20, num_blocks=5)


def test_words_serve_as_tokens():
    vocabulary = Vocabulary.of(TEXT, unit="word")
    model = NGramModel(3, vocabulary).fit(TEXT)
    numbers = vocabulary.encode(TEXT)
    rows = [numbers[None, at:at + 6] for at in range(0, len(numbers) - 1, 5)]
    expected = -np.mean(np.concatenate([model.token_log_probs(row)[0] for row in rows]))
    assert nats_per_token(model, TEXT, 5) == pytest.approx(expected)


@pytest.mark.parametrize("text, options, message", [
    ("T", {}, "at least 2 tokens. Received: 'T'"),
    ("T€", {}, "does not know"),
    (TEXT, {"window": 0}, "window and num_blocks must be at least 1. Received: window=0"),
    (TEXT, {"window": 5, "num_blocks": 0}, "num_blocks=0"),
    (TEXT, {"num_blocks": 3}, "Blocks need a window"),
    (TEXT[:6], {"window": 6, "num_blocks": 3}, "a text of at least 7 tokens. Received: 6"),
])
def test_what_cannot_be_measured_is_refused(model, text, options, message):
    with pytest.raises(ValueError, match=message):
        nats_per_token(model, text, **options)


def test_a_model_that_has_counted_nothing_is_refused():
    with pytest.raises(ValueError, match="call fit"):
        nats_per_token(NGramModel(2), TEXT)
