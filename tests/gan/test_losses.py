"""Adversarial losses against values worked out by hand, and the penalties on critics whose slope is known."""

import math

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.gan import losses as gan_losses
from aigc_tf.gan.losses import LOSSES, gradient_penalty, r1_penalty

LN2, LN3 = math.log(2), math.log(3)


def value(loss, *logits, **options):
    return float(loss(*[tf.constant([float(logit)]) for logit in logits], **options)[0])


# Name: (both losses at logits 0, the discriminator's at real ln 3 and fake 0, and the other way round, the generator's
# at ln 3).
# sigmoid(ln 3) = 3/4, so −ln D = ln 4 − ln 3 and −ln(1 − D) = ln 4.
BY_HAND = {
    "minimax": (2 * LN2, -LN2, 3 * LN2 - LN3, 3 * LN2, -2 * LN2),
    "non_saturating": (2 * LN2, LN2, 3 * LN2 - LN3, 3 * LN2, 2 * LN2 - LN3),
    "hinge": (2.0, 0.0, 1.0, 2 + LN3, -LN3),  # ln 3 > 1: the real image is far enough on its side
    "least_squares": (0.5, 0.5, 0.5 * (LN3 - 1) ** 2, 0.5 + 0.5 * LN3**2, 0.5 * (LN3 - 1) ** 2),
    "wasserstein": (0.0, 0.0, -LN3, LN3, -LN3),
}


def test_every_loss_has_values_by_hand():
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_at_the_stalemate_and_beside_it(name):
    discriminator_loss, generator_loss = LOSSES[name]
    found = (
        value(discriminator_loss, 0, 0), value(generator_loss, 0),
        value(discriminator_loss, LN3, 0), value(discriminator_loss, 0, LN3), value(generator_loss, LN3),
    )
    assert found == pytest.approx(BY_HAND[name], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_each_player_wants_the_right_thing(name):
    """The discriminator real images up and fakes down, the generator its fakes up."""
    discriminator_loss, generator_loss = LOSSES[name]
    logits = [tf.Variable([0.3]), tf.Variable([0.3])]
    with tf.GradientTape(persistent=True) as tape:
        losses = discriminator_loss(*logits), generator_loss(logits[1])
    real_slope, fake_slope = tape.gradient(losses[0], logits)
    assert real_slope < 0 < fake_slope
    assert tape.gradient(losses[1], logits[1]) < 0


def test_the_minimax_loss_of_the_generator_saturates_and_the_other_does_not():
    """Where the discriminator is sure (logit −10, D = 0.000045), one slope is D and the other 1 − D."""
    logit = tf.Variable(-10.0)
    with tf.GradientTape(persistent=True) as tape:
        minimax = gan_losses.minimax_generator_loss(logit)
        non_saturating = gan_losses.non_saturating_generator_loss(logit)
    assert float(tape.gradient(minimax, logit)) == pytest.approx(-4.54e-5, rel=1e-3)
    assert float(tape.gradient(non_saturating, logit)) == pytest.approx(-1, abs=1e-4)


def test_label_smoothing_is_one_sided():
    """Target 0.9 for a real image of D = 3/4: −0.9 ln 3/4 − 0.1 ln 1/4; the fake's −ln 1/2 stays."""
    expected = 0.9 * (2 * LN2 - LN3) + 0.1 * 2 * LN2 + LN2
    assert value(gan_losses.minimax_discriminator_loss, LN3, 0, smoothing=0.1) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "wasserstein"])
def test_smoothing_leaves_the_term_of_fake_images_alone(name):
    """Only the targets of real images move: what a fake logit adds to the loss is what it adds without smoothing."""
    discriminator_loss, _ = LOSSES[name]
    real_logits, fake_logits = tf.fill([5], 0.3), tf.constant([-2.0, -0.5, 0.0, 0.5, 2.0])
    without, smoothed = (discriminator_loss(real_logits, fake_logits, smoothing) for smoothing in (0.0, 0.1))
    np.testing.assert_allclose(smoothed - smoothed[2], without - without[2], atol=1e-6)


def test_smoothing_moves_the_targets_of_the_other_losses():
    assert value(gan_losses.hinge_discriminator_loss, 0.5, -2, smoothing=0.1) == pytest.approx(0.4)
    assert value(gan_losses.least_squares_discriminator_loss, 0.9, 0, smoothing=0.1) == pytest.approx(0, abs=1e-6)


def test_a_critic_has_nothing_to_smooth():
    with pytest.raises(ValueError, match="no targets to smooth. Received: smoothing=0.1"):
        value(gan_losses.wasserstein_discriminator_loss, 0, 0, smoothing=0.1)


def test_the_class_loss_of_logits_ln_3_and_0_is_ln_4_minus_ln_3_or_ln_4():
    """softmax(ln 3, 0) = (3/4, 1/4)."""
    class_logits = tf.constant([[LN3, 0.0], [LN3, 0.0]])
    found = gan_losses.auxiliary_class_loss(class_logits, tf.one_hot([0, 1], 2))
    np.testing.assert_allclose(found, [2 * LN2 - LN3, 2 * LN2], rtol=1e-6)


# ---- penalties ------------------------------------------------------------------------------------------------------


def images(count, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (count, 4, 3, 1)).astype("float32"))


def linear(images):
    """Slope 3 everywhere: D(x) = √(9/12) Σ x."""
    return math.sqrt(9 / 12) * tf.reduce_sum(images, axis=(1, 2, 3))


def bowl(images):
    """D(x) = ½ ‖x‖², whose slope at x is x itself."""
    return 0.5 * tf.reduce_sum(tf.square(images), axis=(1, 2, 3))


@pytest.mark.parametrize("count", [1, 5])
def test_the_penalty_of_a_slope_of_3_is_4_for_any_batch_size(count):
    epsilon = tf.random.uniform((count, 1, 1, 1))
    penalties = gradient_penalty(linear, images(count), images(count, 1), epsilon)
    np.testing.assert_allclose(penalties, np.full(count, 4.0), rtol=1e-5)


def test_the_penalty_is_taken_between_a_real_and_a_fake_image():
    """Real (1, 0, …), fake (2, 0, …): the slope of the bowl at ε real + (1 − ε) fake is 2 − ε."""
    real = np.zeros((3, 4, 3, 1), "float32")
    real[:, 0, 0, 0] = 1
    epsilon = np.array([0.0, 0.25, 1.0], "float32")
    found = gradient_penalty(bowl, tf.constant(real), tf.constant(2 * real), tf.reshape(epsilon, (3, 1, 1, 1)))
    np.testing.assert_allclose(found, [1, 0.5625, 0], atol=1e-5)


def test_r1_of_a_slope_of_3_is_4_and_a_half():
    np.testing.assert_allclose(r1_penalty(linear, images(2)), [4.5, 4.5], rtol=1e-5)


def test_penalties_have_slopes_themselves():
    scale = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        penalty = tf.reduce_sum(r1_penalty(lambda x: scale * linear(x), images(1)))  # ½ (3 scale)²
    assert float(tape.gradient(penalty, scale)) == pytest.approx(18, rel=1e-5)


def test_a_critic_without_slope_has_a_finite_penalty_gradient():
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        penalty = tf.reduce_sum(gradient_penalty(lambda x: scale * linear(x), images(1), images(1, 1), 0.5))
    assert np.isfinite(tape.gradient(penalty, scale))
