"""Filling gaps: what is hidden is not seen, what is given stays, and the chain rule knows no future."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data
from aigc_tf.music import ChoraleInfill, encode
from aigc_tf.music.events import CLOCK, NUM_TOKENS, TOKENS
from aigc_tf.music.infill import GAP, draw_gaps


@pytest.fixture(scope="module")
def pieces():
    pieces = zip(data.load_chorales()[1], (40, 32, 23))
    return [piece._replace(pitches=piece.pitches[:count], holds=piece.holds[:count], fermatas=piece.fermatas[:count])
            for piece, count in pieces]


@pytest.fixture(scope="module")
def model():
    """With weights at random: those of the logits begin at zero, and would hide what is seen."""
    model = ChoraleInfill(num_layers=2, width=16, num_heads=2, reach=12, dropout=0.0)
    for number, weight in enumerate(model.trainable_weights):
        weight.assign(0.3 * tf.random.stateless_normal(weight.shape, (1, number)))
    return model


def guesses(model, tokens, events):
    return tf.nn.log_softmax(model.read(tf.constant(tokens[None]), tf.constant(events[None, :, CLOCK])))[0].numpy()


# ---- what is hidden ----


def test_every_piece_has_a_gap():
    assert tf.reduce_all(tf.reduce_any(draw_gaps(2000, 3), axis=[1, 2]))


def test_voices_are_hidden_wholly_partly_and_not_at_all():
    tf.random.set_seed(0)
    shares = tf.reduce_mean(tf.cast(draw_gaps(3000, 60), tf.float32), axis=1).numpy()  # (pieces, voices)
    whole = (shares == 1).all(axis=0)
    assert not whole.any() and ((shares == 1).mean(axis=0) > 0.1).all() and ((shares == 0).mean(axis=0) > 0.1).all()
    assert (((shares > 0) & (shares < 1)).mean(axis=0) > 0.3).all()


def test_a_melody_without_lower_voices_is_among_them():
    tf.random.set_seed(0)
    gaps = draw_gaps(3000, 60).numpy().all(axis=1)
    assert (~gaps[:, 0] & gaps[:, 1:].all(axis=1)).any()


def test_in_half_of_the_pieces_the_beginning_is_seen():
    tf.random.set_seed(0)
    gaps = draw_gaps(3000, 60).numpy()
    full = gaps[gaps.mean(axis=1).max(axis=1) > 0.5]  # some voice is hidden for more than half of its time
    assert 0.1 < np.mean(~full[:, :10].any(axis=(1, 2))) < 0.6


# ---- what is known ----


def test_a_hidden_token_does_not_matter(model, pieces):
    events = encode(pieces[0])
    tokens = events[:, TOKENS].copy()
    tokens[5:9, 1] = GAP
    loud = events.copy()
    loud[5:9, 1] = 7
    first, second = (guesses(model, np.where(tokens == GAP, GAP, each[:, TOKENS]), each) for each in (events, loud))
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_what_comes_later_matters(model, pieces):
    events = encode(pieces[0])
    tokens, changed = events[:, TOKENS].copy(), events[:, TOKENS].copy()
    changed[9, 0] = 2 + tokens[9, 0]
    assert np.abs(guesses(model, tokens, events)[5] - guesses(model, changed, events)[5]).max() > 1e-3


def test_it_looks_as_far_as_its_blocks_reach(model, pieces):
    events = encode(pieces[0])
    tokens, changed = events[:, TOKENS].copy(), events[:, TOKENS].copy()
    changed[0] = GAP
    difference = np.abs(guesses(model, tokens, events) - guesses(model, changed, events)).max(axis=(1, 2))
    assert difference[24] > 1e-4 and difference[25:].max() < 1e-5  # two blocks of 12


# ---- the chain rule ----


def test_probabilities_are_those_of_one_gap_after_another_by_hand(model, pieces):
    piece = pieces[2]  # 23 sixteenths: all are seen at once
    events = encode(piece)
    for see_later in (False, True):
        found = model.log_prob([piece], (1, 2), see_later=see_later)[0]
        for time, voice in ((0, 1), (7, 2), (22, 1)):
            behind = np.arange(23)[:, None] * 4 + np.arange(4) >= time * 4 + voice
            hidden = behind & np.isin(np.arange(4), (1, 2)) if see_later else behind
            tokens = np.where(hidden, GAP, events[:, TOKENS]).astype("int32")
            expected = guesses(model, tokens, events)[time, voice, events[time, voice]]
            assert found[time, voice - 1] == pytest.approx(expected, abs=1e-4)


def test_without_later_the_future_does_not_matter(model, pieces):
    piece = pieces[0]
    pitches = piece.pitches.copy()
    pitches[20:] = 60
    changed = piece._replace(pitches=pitches)
    first, second = model.log_prob([piece, changed])
    np.testing.assert_allclose(first[:20], second[:20], atol=1e-4)
    first, second = model.log_prob([piece, changed], (1, 2), see_later=True)
    assert np.abs(first[:20] - second[:20]).max() > 1e-3


def test_the_size_of_a_group_changes_nothing(model, pieces):
    first, second = (model.log_prob(pieces[:1], group=group)[0] for group in (7, 64))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_a_new_model_guesses_evenly(pieces):
    model = ChoraleInfill(num_layers=1, width=8, num_heads=1)
    np.testing.assert_allclose(model.log_prob(pieces[2:])[0], -np.log(NUM_TOKENS), rtol=1e-5)
    assert model.compute_losses(encode(pieces[0])[None])["loss"].numpy() == pytest.approx([4 * np.log(NUM_TOKENS)])


# ---- filling ----


def test_what_is_given_stays(model, pieces):
    gaps = [np.zeros((len(piece.pitches), 4), bool) for piece in pieces]
    for gap in gaps:
        gap[8:12, 1:3] = True
    for piece, gap, filled in zip(pieces, gaps, model.fill(pieces, gaps, rounds=4, seed=0)):
        np.testing.assert_array_equal(encode(filled)[:, TOKENS][~gap][:8], encode(piece)[:, TOKENS][~gap][:8])
        assert filled.pitches.shape == piece.pitches.shape


def test_without_gaps_nothing_is_changed(model, pieces):
    gaps = [np.zeros((len(piece.pitches), 4), bool) for piece in pieces]
    for piece, filled in zip(pieces, model.fill(pieces, gaps, rounds=2, seed=0)):
        np.testing.assert_array_equal(filled.pitches, piece.pitches)


def test_harmonising_keeps_the_soprano(model, pieces):
    for piece, written in zip(pieces, model.harmonise(pieces, rounds=3, seed=0)):
        np.testing.assert_array_equal(written.pitches[:, 0], piece.pitches[:, 0])


def test_harmonising_does_not_look_at_the_lower_voices(model, pieces):
    alone = [piece._replace(pitches=np.where(np.arange(4) > 0, 50, piece.pitches).astype(np.int8)) for piece in pieces]
    for one, other in zip(model.harmonise(pieces, rounds=3, seed=3), model.harmonise(alone, rounds=3, seed=3)):
        np.testing.assert_array_equal(one.pitches, other.pitches)


def test_a_seed_repeats_and_another_does_not(model, pieces):
    first, again, other = (model.generate(pieces[:1], rounds=2, seed=seed)[0].pitches for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_two_pieces_alike_are_filled_differently(model, pieces):
    first, second = model.generate([pieces[0], pieces[0]], rounds=2, seed=1)
    assert not np.array_equal(first.pitches, second.pitches)


# ---- errors ----


@pytest.mark.parametrize("gap, received", [(np.ones((40, 3), bool), r"bool of shape \(40, 3\)"),
                                           (np.ones((40, 4)), "float64")])
def test_other_gaps_are_an_error(model, pieces, gap, received):
    with pytest.raises(ValueError, match=rf"gaps must be True and False, of shape \(40, 4\).*{received}"):
        model.fill(pieces[:1], [gap])


def test_options_out_of_range_are_an_error(model, pieces):
    with pytest.raises(ValueError, match="rounds must be at least 1. Received: 0"):
        model.harmonise(pieces, rounds=0)
    with pytest.raises(ValueError, match="temperature"):
        model.harmonise(pieces, temperature=0.0)


def test_constructor_refuses_what_cannot_be():
    for options in ({"width": 10}, {"reach": 0}, {"dropout": 1.0}, {"clip_norm": 0.0}, {"num_layers": 0}):
        with pytest.raises(ValueError, match="Received"):
            ChoraleInfill(**options)
