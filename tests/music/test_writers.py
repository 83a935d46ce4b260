"""Networks that write chorales: they know no future, a step equals a reading, and a given soprano stays."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data
from aigc_tf.music import ChoraleLSTM, ChoraleTransformer, decode, encode
from aigc_tf.music.events import CLOCK, NUM_TOKENS, START, TOKENS

SMALL = {
    "LSTM": lambda: ChoraleLSTM(units=(12, 8), width=16, dropout=0.0),
    "Transformer": lambda: ChoraleTransformer(num_layers=2, width=16, num_heads=2, reach=24, dropout=0.0),
}


def shortened(piece, sixteenths):
    return piece._replace(pitches=piece.pitches[:sixteenths], holds=piece.holds[:sixteenths],
                          fermatas=piece.fermatas[:sixteenths])


@pytest.fixture(scope="module")
def pieces():
    return [shortened(piece, count) for piece, count in zip(data.load_chorales()[1], (40, 32, 23))]


@pytest.fixture(scope="module", params=SMALL)
def model(request):
    """With weights at random: those of the logits begin at zero, and would hide what comes before."""
    model = SMALL[request.param]()
    for number, weight in enumerate(model.trainable_weights):
        weight.assign(0.3 * tf.random.stateless_normal(weight.shape, (1, number)))
    return model


def test_a_new_model_guesses_evenly(pieces):
    for build in SMALL.values():
        np.testing.assert_allclose(build().log_prob(pieces[:1])[0], -np.log(NUM_TOKENS), rtol=1e-5)


def test_probabilities_of_each_place_sum_to_one(model, pieces):
    logits = model(tf.constant(encode(pieces[0])[None]))
    assert logits.shape == (1, 40, 4, NUM_TOKENS)
    np.testing.assert_allclose(tf.reduce_sum(tf.nn.softmax(logits), axis=-1), 1, rtol=1e-5)


def test_step_by_step_is_as_all_at_once(model, pieces):
    events, wanted = encode(pieces[0]), model.log_prob(pieces[:1])[0].ravel()
    tokens = events[:, TOKENS].ravel()
    logits, states = model.begin(tf.fill([1, len(tokens)], -1), tf.constant(events[None, :, CLOCK]))
    for token, expected in zip(tokens, wanted):
        assert tf.nn.log_softmax(logits)[0, token].numpy() == pytest.approx(expected, abs=1e-4)
        logits, states = model.step(tf.constant([token]), states)


def test_no_place_knows_its_own_token_or_what_comes(model, pieces):
    """A gradient leads from a place's logits only to what may be known there: changing the rest changes nothing."""
    events = encode(pieces[0])
    logits, random = model(tf.constant(events[None]))[0], np.random.default_rng(0)
    for time, voice in ((0, 0), (7, 2), (39, 3)):
        changed = events.copy()
        later = np.arange(40)[:, None] * 4 + np.arange(4) >= time * 4 + voice
        changed[:, TOKENS][later] = random.integers(NUM_TOKENS, size=later.sum())
        after = np.arange(40) > time
        changed[after, 4:] = random.integers(4, size=(after.sum(), 7))
        np.testing.assert_allclose(model(tf.constant(changed[None]))[0][time, voice], logits[time, voice], atol=1e-4)


def test_a_place_is_told_the_voices_above_it(model, pieces):
    events = encode(pieces[0])
    changed = events.copy()
    changed[10, 0] = 2 + (events[10, 0] - 1) % (NUM_TOKENS - 2)
    before, after = (model(tf.constant(each[None]))[0][10] for each in (events, changed))
    np.testing.assert_allclose(before[0], after[0], atol=1e-4)
    assert all(np.abs(before[voice] - after[voice]).max() > 1e-3 for voice in (1, 2, 3))


def test_the_clock_counts(model, pieces):
    events = encode(pieces[0])
    for column in range(CLOCK.start, CLOCK.stop):
        changed = events.copy()
        changed[:, column] = (changed[:, column] + 1) % 4
        assert np.abs(model(tf.constant(changed[None])) - model(tf.constant(events[None]))).max() > 1e-3


def test_the_loss_is_nats_of_a_sixteenth(model, pieces):
    loss = model.compute_losses(encode(pieces[0])[None])["loss"]
    assert loss.numpy() == pytest.approx([-model.log_prob(pieces[:1])[0].sum(axis=1).mean()], rel=1e-5)


def test_harmonising_keeps_the_soprano_and_the_lengths(model, pieces):
    for piece, written in zip(pieces, model.harmonise(pieces, seed=0)):
        np.testing.assert_array_equal(written.pitches[:, 0], piece.pitches[:, 0])
        np.testing.assert_array_equal(written.holds[:, 0], decode(encode(piece)[:, TOKENS])[1][:, 0])
        assert written.pitches.shape == piece.pitches.shape and written.name == piece.name


def test_harmonising_does_not_look_at_the_lower_voices(model, pieces):
    alone = [piece._replace(pitches=np.where(np.arange(4) > 0, 50, piece.pitches).astype(np.int8)) for piece in pieces]
    for one, other in zip(model.harmonise(pieces, seed=3), model.harmonise(alone, seed=3)):
        np.testing.assert_array_equal(one.pitches, other.pitches)


def test_a_seed_repeats_and_another_does_not(model, pieces):
    first, again, other = (model.generate(pieces[:1], seed=seed)[0].pitches for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_written_together_is_as_likely_as_what_the_model_says(pieces):
    """A model that prefers one token for each voice writes it."""
    model = SMALL["LSTM"]()
    model.logits.bias.assign(100.0 * tf.one_hot(30, NUM_TOKENS))
    written = model.generate(pieces[:2], seed=0)
    assert all((encode(piece)[:, TOKENS] == 30).any() and len(set(piece.pitches.ravel())) == 1 for piece in written)


def test_a_transformer_sees_as_far_as_its_reach(pieces):
    """With one block, what lies farther back than `reach` places does not matter."""
    model = ChoraleTransformer(num_layers=1, width=16, num_heads=2, reach=8, dropout=0.0)
    for number, weight in enumerate(model.trainable_weights):
        weight.assign(0.3 * tf.random.stateless_normal(weight.shape, (1, number)))
    events = encode(pieces[0])
    changed = events.copy()
    changed[:20, TOKENS] = 5
    first, second = (model(tf.constant(each[None]))[0] for each in (events, changed))
    np.testing.assert_allclose(first[23:], second[23:], atol=1e-4)  # place 92 sees places 85 to 92
    assert np.abs(first[20, 0] - second[20, 0]).max() > 1e-3


@pytest.mark.parametrize("options, received", [({"temperature": 0.0}, "0.0"), ({"top_p": 1.5}, "1.5")])
def test_options_out_of_range_are_an_error(pieces, options, received):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        SMALL["LSTM"]().harmonise(pieces, **options)


def test_constructors_refuse_what_cannot_be():
    for build in (lambda: ChoraleLSTM(units=()), lambda: ChoraleLSTM(units=(0,)), lambda: ChoraleLSTM(dropout=1.0),
                  lambda: ChoraleTransformer(width=10, num_heads=4), lambda: ChoraleTransformer(reach=0),
                  lambda: ChoraleTransformer(clip_norm=0.0)):
        with pytest.raises(ValueError, match="Received"):
            build()


def test_the_first_place_reads_only_the_start(model):
    given, clock = tf.fill([2, 16], -1), tf.zeros([2, 4, 3], tf.int32)
    _, states = model.begin(given, clock)
    np.testing.assert_array_equal(states["sounding"], np.full((2, 4), START))
    np.testing.assert_array_equal(states["place"], [0, 0])
