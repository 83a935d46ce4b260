"""The VAE of lines: its terms by hand, what hides what, the three remedies, the verbs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints
from aigc_tf.text import SentenceVAE, encode_lines
from aigc_tf.vae import gaussian_kl

LINES = ["abc d", "a", "dd ca", "cab"]
SMALL = {"tokens": "abc d\n", "longest": 5, "latent_dim": 2, "units": 8, "embedding_dim": 4}


def small(**options):
    keras.utils.set_random_seed(0)
    return SentenceVAE(**{**SMALL, **options})


@pytest.fixture(scope="module")
def model():
    return small()


@pytest.fixture(scope="module")
def numbers(model):
    return encode_lines(LINES, model.vocabulary, 5)


def test_a_line_costs_its_characters_and_its_end_and_nothing_behind_it(numbers):
    blind = small()
    blind.logits.set_weights([np.zeros_like(weight) for weight in blind.logits.get_weights()])
    costs = blind.compute_losses(numbers)["reconstruction"]
    np.testing.assert_allclose(costs, [(len(line) + 1) * np.log(6) for line in LINES], rtol=1e-5)


def test_kl_is_the_gaussians(model, numbers):
    expected = tf.reduce_sum(gaussian_kl(*model.encode(LINES)), axis=-1)
    np.testing.assert_allclose(model.compute_losses(numbers)["kl"], expected, rtol=1e-5)


def test_the_posterior_reads_the_line_and_not_what_fills_the_row(model, numbers):
    other = numbers.copy()
    other[1, 2:] = 0
    np.testing.assert_allclose(model.posterior(tf.constant(other))[0][1], model.encode(LINES)[0][1], atol=1e-6)
    other[1, 0] = (other[1, 0] + 1) % 5
    assert np.abs(model.posterior(tf.constant(other))[0][1] - model.encode(LINES)[0][1]).max() > 1e-4


def test_the_writer_sees_what_stands_before_and_never_what_comes(model, numbers):
    latents, changed = tf.ones((4, 2)), numbers.copy()
    changed[:, 3] = (changed[:, 3] + 1) % 6
    first, second = (model.predict_logits(latents, tf.constant(each)) for each in (numbers, changed))
    np.testing.assert_allclose(first[:, :3], second[:, :3], atol=1e-6)
    assert np.abs(first[:, 3:] - second[:, 3:]).max() > 1e-4


def test_hidden_characters_tell_the_writer_nothing_but_the_latent_still_does(model, numbers):
    hidden = tf.ones(numbers.shape, bool)
    before = tf.where(hidden, 6, numbers)
    logits = model.predict_logits(tf.ones((4, 2)), before)
    np.testing.assert_allclose(logits, np.repeat(logits[:1], 4, axis=0), atol=1e-6)
    assert np.abs(logits - model.predict_logits(tf.zeros((4, 2)), before)).max() > 1e-4
    costs = [model.reconstruction(numbers, tf.ones((4, 2)), choice) for choice in (None, hidden)]
    assert np.abs(costs[0] - costs[1]).max() > 1e-4


def test_step_by_step_is_the_whole_line_at_once(model, numbers):
    latents = tf.random.stateless_normal((4, 2), (0, 0))
    states, parts = model.states_of(latents), []
    for place in range(6):
        logits, states = model.step(tf.constant(numbers[:, place], tf.int32), states)
        parts.append(logits)
    np.testing.assert_allclose(tf.stack(parts, axis=1), model.predict_logits(latents, tf.constant(numbers)), atol=1e-5)


def trained(model, numbers, steps):
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    data = tf.data.Dataset.from_tensors(tf.constant(numbers)).repeat(steps)
    history = model.fit(data, epochs=1, verbose=0).history
    return {name: values[0] for name, values in history.items()}


def test_the_weight_of_kl_rises_step_by_step(numbers):
    history = [trained(small(annealing_steps=2, free_nats=100.0), numbers, steps) for steps in (1, 2, 3)]
    weights = [(each["loss"] - each["reconstruction"]) / 100.0 for each in history]
    np.testing.assert_allclose(weights, [1 / 2, (1 / 2 + 1) / 2, (1 / 2 + 1 + 1) / 3], rtol=1e-3)


def test_free_nats_cost_nothing(model, numbers):
    generous, losses = small(free_nats=100.0), {}
    for name, each in {"plain": model, "free": generous}.items():
        losses[name] = each.compute_losses(numbers, noise=tf.zeros((4, 2)))
    np.testing.assert_allclose(losses["plain"]["kl"], losses["free"]["kl"], rtol=1e-5)
    np.testing.assert_allclose(losses["free"]["loss"] - losses["free"]["reconstruction"], 100.0, rtol=1e-4)


def test_training_hides_characters_and_evaluation_does_not(numbers):
    seen, forgetful = [], small(word_dropout=1.0)
    reconstruction = forgetful.reconstruction
    forgetful.reconstruction = lambda numbers, latents, hidden=None: seen.append(hidden) or reconstruction(
        numbers, latents, hidden)
    forgetful.compile(optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)
    data = tf.data.Dataset.from_tensors(tf.constant(numbers))
    forgetful.fit(data, epochs=1, verbose=0)
    forgetful.evaluate(data, verbose=0)
    assert bool(tf.reduce_all(seen[0])) and seen[1] is None


def test_more_samples_tighten_the_bound_and_one_is_minus_elbo(model, numbers):
    many = np.concatenate([numbers] * 500)
    elbo = float(tf.reduce_mean(model.compute_losses(many)["loss"]))
    one, ten = (model.importance_weighted_nll(many, count).mean() for count in (1, 10))
    assert one == pytest.approx(elbo, abs=0.05)
    assert ten <= one + 0.01
    np.testing.assert_array_equal(model.importance_weighted_nll(numbers, 3), model.importance_weighted_nll(numbers, 3))


def test_lines_are_written_from_the_prior_and_again_with_the_same_seed(model):
    lines = model.generate(5, seed=1)
    assert len(lines) == 5 and all(isinstance(line, str) and len(line) <= 5 and "\n" not in line for line in lines)
    assert model.generate(5, seed=1) == lines != model.generate(5, seed=2)


def test_the_likeliest_line_needs_no_seed(model):
    assert model.reconstruct(LINES) == model.decode(model.encode(LINES)[0], top_k=1)


def test_it_learns_to_tell_four_lines_apart(numbers):
    model = small(latent_dim=4, units=32)
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    model.fit(tf.data.Dataset.from_tensors(tf.constant(numbers)).repeat(300), epochs=1, verbose=0)
    assert model.importance_weighted_nll(numbers, 100).mean() < np.log(4) + 0.2  # nobody needs more to name one of four


def test_a_checkpoint_writes_the_same_lines(model, tmp_path):
    checkpoints.save(model, "lines", {"seed": 0}, tmp_path)
    assert checkpoints.load("lines", tmp_path).generate(5, seed=1) == model.generate(5, seed=1)


@pytest.mark.parametrize("options", [
    {"longest": 0}, {"latent_dim": 0}, {"annealing_steps": -1}, {"word_dropout": 1.5}, {"free_nats": -1.0},
    {"clip_norm": 0.0},
], ids=str)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="Received"):
        small(**options)


def test_a_vocabulary_without_line_ends_is_refused():
    with pytest.raises(ValueError, match=r"no token '\\n'"):
        small(tokens="abc")


def test_rows_of_another_length_are_refused(model, numbers):
    with pytest.raises(ValueError, match="must have 6 places.*Received: 5"):
        model.compute_losses(numbers[:, :5])


@pytest.mark.parametrize("count, lines", [(0, 4), (1, 0)])
def test_a_bound_needs_a_line_and_a_draw(model, numbers, count, lines):
    with pytest.raises(ValueError, match="must be a line"):
        model.importance_weighted_nll(numbers[:lines], count)
