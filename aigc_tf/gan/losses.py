"""Adversarial losses and penalties (chapter 3): logits in, one number for each example out; both players minimise."""

import tensorflow as tf


def minimax_discriminator_loss(real_logits, fake_logits, smoothing=0.0):
    """−ln D(x) − ln(1 − D(G(z))), D = sigmoid(logit): 2 · ln 2 = 1.386 for one that cannot tell (zero logits).

    Goodfellow et al. 2014 (arXiv:1406.2661), equation 1. With `smoothing` s the target for real images is 1 − s, and
    that for fake ones stays 0 (one-sided: Salimans et al. 2016, arXiv:1606.03498, section 3.4).
    """
    real = tf.nn.softplus(-real_logits) + smoothing * real_logits  # (1−s) · softplus(−l) + s · softplus(l)
    return real + tf.nn.softplus(fake_logits)


def minimax_generator_loss(fake_logits):
    """ln(1 − D(G(z))): what the discriminator gains. Its slope vanishes where D is sure of itself (equation 1)."""
    return -tf.nn.softplus(fake_logits)


def non_saturating_generator_loss(fake_logits):
    """−ln D(G(z)): the same fixed point with a slope where it is needed (Goodfellow et al. 2014, section 3)."""
    return tf.nn.softplus(-fake_logits)


def hinge_discriminator_loss(real_logits, fake_logits, smoothing=0.0):
    """max(0, 1 − s − D(x)) + max(0, 1 + D(G(z))): 2 for zero logits (Lim & Ye 2017, arXiv:1705.02894, section 3)."""
    return tf.nn.relu(1.0 - smoothing - real_logits) + tf.nn.relu(1.0 + fake_logits)


def least_squares_discriminator_loss(real_logits, fake_logits, smoothing=0.0):
    """½ (D(x) − 1 + s)² + ½ D(G(z))² (Mao et al. 2017, arXiv:1611.04076, equation 9)."""
    return 0.5 * tf.square(real_logits - 1.0 + smoothing) + 0.5 * tf.square(fake_logits)


def least_squares_generator_loss(fake_logits):
    """½ (D(G(z)) − 1)² (Mao et al. 2017, equation 9)."""
    return 0.5 * tf.square(fake_logits - 1.0)


def wasserstein_discriminator_loss(real_logits, fake_logits, smoothing=0.0):
    """D(G(z)) − D(x): minus the critic's estimate of the distance (Arjovsky et al. 2017, arXiv:1701.07875, equation 2).

    A critic has no targets that could be smoothed: `smoothing` must be 0.
    """
    if smoothing:
        raise ValueError(f"The Wasserstein loss has no targets to smooth. Received: smoothing={smoothing}")
    return fake_logits - real_logits


def wasserstein_generator_loss(fake_logits):
    """−D(G(z)), also the hinge loss's partner."""
    return -fake_logits


def auxiliary_class_loss(class_logits, one_hot):
    """−ln p(y|x), p = softmax(class logits): ln 10 = 2.303 for ten classes and zero logits.

    Odena et al. 2017 (arXiv:1610.09585), equation 3, with its sign turned: both players minimise it, of real images
    and of fakes.

    Args:
        class_logits: (batch, num_classes).
        one_hot: (batch, num_classes), the labels y.

    Returns:
        (batch,), in nats.
    """
    return tf.nn.softmax_cross_entropy_with_logits(one_hot, class_logits)


LOSSES = {
    "minimax": (minimax_discriminator_loss, minimax_generator_loss),
    "non_saturating": (minimax_discriminator_loss, non_saturating_generator_loss),
    "hinge": (hinge_discriminator_loss, wasserstein_generator_loss),
    "least_squares": (least_squares_discriminator_loss, least_squares_generator_loss),
    "wasserstein": (wasserstein_discriminator_loss, wasserstein_generator_loss),
}


def slope_norms_squared(discriminate, images):
    """‖∇ₓ D(x)‖² for each image, (batch,), differentiable once more."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = tf.reduce_sum(discriminate(images))  # each logit depends on its own image alone
    return tf.reduce_sum(tf.square(tape.gradient(logits, images)), axis=(1, 2, 3))


def gradient_penalty(discriminate, real_images, fake_images, epsilon):
    """(‖∇D(x̂)‖ − 1)² at x̂ = ε x + (1 − ε) G(z), one ε ~ U(0, 1) for each image.

    Gulrajani et al. 2017 (arXiv:1704.00028), equation 3, without its weight λ (10 there).

    Args:
        discriminate: function from images to logits (batch,).
        real_images, fake_images: (batch, H, W, C).
        epsilon: (batch, 1, 1, 1), uniform in [0, 1).

    Returns:
        (batch,).
    """
    between = epsilon * real_images + (1.0 - epsilon) * fake_images
    squares = slope_norms_squared(discriminate, between)
    return tf.square(tf.sqrt(squares + 1e-12) - 1.0)  # the slope of √ at 0 is infinite


def r1_penalty(discriminate, real_images):
    """½ ‖∇D(x)‖² at real images, (batch,): Mescheder et al. 2018 (arXiv:1801.04406), equation 9, without γ."""
    return 0.5 * slope_norms_squared(discriminate, real_images)
