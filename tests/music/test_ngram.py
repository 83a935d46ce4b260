"""Counts of chorales: Witten and Bell's rule by hand, a ladder that descends, probabilities that sum to one."""

import numpy as np
import pytest

from aigc_tf import data
from aigc_tf.measures import nats_of_pieces
from aigc_tf.music import ChoraleNGram
from aigc_tf.music.events import HOLD, NUM_TOKENS, START, TOKENS, encode
from aigc_tf.music.ngram import FEATURES

LADDER = [(), ("voice", "sixteenth"), ("voice", "sixteenth", "note", "note before"),
          ("voice", "sixteenth", "moves above", "note", "above", "two above", "three above", "note before", "bass")]


@pytest.fixture(scope="module")
def parts():
    return data.load_chorales()


def test_counts_of_one_piece_by_hand(parts):
    piece = parts[0][0]
    tokens = encode(piece)[:, TOKENS]
    model = ChoraleNGram(()).fit([piece], transpose=False)
    share, types = (tokens == HOLD).sum(), len(np.unique(tokens))
    expected = np.log((share + types / NUM_TOKENS) / (tokens.size + types))
    found = model.log_prob([piece])[0]
    assert found.shape == tokens.shape
    np.testing.assert_allclose(found[tokens == HOLD], expected)


def test_a_feature_backs_off_to_those_before_it_by_hand(parts):
    piece = parts[0][0]
    tokens = encode(piece)[:, TOKENS]
    plain, told = (ChoraleNGram(features).fit([piece], transpose=False) for features in ((), ("voice",)))
    soprano = tokens[:, 0]
    lower = np.exp(plain.log_prob([piece])[0][:, 0])
    count, types = np.array([(soprano == token).sum() for token in soprano]), len(np.unique(soprano))
    expected = np.log((count + types * lower) / (len(soprano) + types))
    np.testing.assert_allclose(told.log_prob([piece])[0][:, 0], expected)


def test_probabilities_of_all_tokens_sum_to_one(parts):
    """All four features come from other places, so that a token can be changed without changing what it is told."""
    piece = parts[0][0]
    model = ChoraleNGram(("voice", "sixteenth", "note")).fit(parts[0][:5])
    table = encode(piece)[:1]
    total = 0
    for token in range(NUM_TOKENS):
        changed = table.copy()
        changed[0, 3] = token  # the bass of the first sixteenth, on which nothing in this row depends
        total += np.exp(model._log_prob(changed)[0, 3])
    assert total == pytest.approx(1)


def test_each_rung_of_the_ladder_is_lower(parts):
    train, validation, _ = parts
    nats = [nats_of_pieces(ChoraleNGram(features).fit(train).log_prob(validation), validation)["sixteenth"]
            for features in LADDER]
    assert nats == sorted(nats, reverse=True) and nats[0] < 4 * np.log(NUM_TOKENS)
    assert nats[-1] == pytest.approx(2.23, abs=0.02)


def test_other_keys_help(parts):
    train, validation, _ = parts
    nats = [nats_of_pieces(ChoraleNGram(LADDER[-1]).fit(train, transpose=choice).log_prob(validation), validation)
            for choice in (True, False)]
    assert nats[0]["sixteenth"] < nats[1]["sixteenth"] - 0.1


def test_nothing_is_told_that_comes_later(parts):
    """A place's own token, and all after it, are changed: what it is told stays the same."""
    table = encode(parts[0][0])[:40]
    random = np.random.default_rng(0)
    for time, voice in ((3, 0), (17, 2), (39, 3)):
        changed = table.copy()
        later = np.arange(40)[:, None] * 4 + np.arange(4) >= time * 4 + voice
        changed[:, TOKENS][later] = random.integers(NUM_TOKENS, size=later.sum())
        after = np.arange(40) > time
        changed[after, 4:8] = random.integers(START, size=(after.sum(), 4))
        for name, feature in FEATURES.items():
            told = [np.broadcast_to(feature(each), (40, 4))[time, voice] for each in (table, changed)]
            assert told[0] == told[1], name


def test_an_unknown_feature_is_an_error():
    with pytest.raises(ValueError, match="features must be among voice, .*Received: colour"):
        ChoraleNGram(("voice", "colour"))


def test_a_model_that_has_counted_nothing_says_so(parts):
    with pytest.raises(ValueError, match="call fit"):
        ChoraleNGram(("voice",)).log_prob(parts[1])
