"""The gates of chapter 8 bite: the bugs that learners write turn them red.

As in `test_gates`: each bug is planted while a small network trains for a few seconds, then its weights are measured by
a model that never saw the bug. The drawings are squares in one of three colours, which their outline does not tell: the
median of each channel by itself makes them nearly black. For two piles without pairs all squares are of one colour.
"""

import functools
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.optimizers import FusedAdam
from aigc_tf.image_to_image import VAEGAN, CycleGAN, Palette, Pix2Pix, Translator, pix2pix, vae_gan

SIDE, COUNT, BATCH, WIDTHS = 8, 960, 32, (16, 32)
COLOURS = np.float32([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])

# ---- drawings, and what a colouring is worth -----------------------------------------------------------------------


@functools.cache
def drawings(seed, count=COUNT, colours_in_use=3):
    """(outlines, colours, insides): black squares on white, the same in colour, and True inside of the lines."""
    random = np.random.default_rng(seed)
    colours, insides = np.ones((count, SIDE, SIDE, 3), np.float32), np.zeros((count, SIDE, SIDE), bool)
    outlines = np.ones((count, SIDE, SIDE, 1), np.float32)
    for number in range(count):
        side = random.integers(5, 8)
        top, left = random.integers(0, SIDE - side + 1, 2)
        for page in (outlines, colours):
            page[number, top : top + side, left : left + side] = 0
        inside = (number, slice(top + 1, top + side - 1), slice(left + 1, left + side - 1))
        outlines[inside], colours[inside], insides[inside] = 1, COLOURS[random.integers(colours_in_use)], True
    return outlines, colours, insides


def judged(images, seed=1):
    """(L1 error outside of the squares, which the outline tells; distance of the insides to the nearest colour)."""
    _, colours, insides = drawings(seed)
    gaps = np.abs(images[:, :, :, None] - COLOURS).mean(axis=-1).min(axis=-1)
    return float(np.abs(images - colours)[~insides].mean()), float(gaps[insides].mean())


def follows_gate(outside, most=0.03):
    """The answers follow their outlines."""
    return bool(outside <= most)


def realism_gate(unreal, of_l1, share=0.6):
    """The insides are at most so far from real colours, as a share of how far those of the L1 network are."""
    return bool(unreal <= share * of_l1)


def variety_gate(shares, least=0.1):
    """One outline comes out in each of the three colours."""
    return bool(min(shares) >= least)


def nearness_gate(error, of_doing_nothing, share=0.5):
    """The answers are much nearer to the truth than what costs nothing: a white page, or the mean image."""
    return bool(error <= share * of_doing_nothing)


# ---- the bugs: what is replaced during training, where -------------------------------------------------------------

as_pairs, to_tanh_range = pix2pix.as_pairs, pix2pix.to_tanh_range
generator_losses, discriminator_losses = Pix2Pix.generator_losses, Pix2Pix.discriminator_losses
velocity = Palette.velocity
both_generators, both_discriminators = CycleGAN.generator_losses, CycleGAN.discriminator_losses
feature_nll, reparameterize = vae_gan.feature_nll, vae_gan.reparameterize


def out_of_step(*arguments):
    sources, targets = as_pairs(*arguments)
    return sources, tf.roll(targets, 1, axis=0)


def targets_in_another_range(sources, targets, *shapes):
    sources, targets = as_pairs(sources, targets, *shapes)
    return sources, 0.5 * targets + 0.5


def nothing_reaches_the_generator(self, sources, targets, fakes, training=False):
    losses = generator_losses(self, sources, targets, tf.stop_gradient(fakes), training)
    adversarial = losses["generator_loss"] - self.l1_weight * losses["l1"]
    l1 = self.l1(fakes, targets)
    return {"generator_loss": adversarial + self.l1_weight * l1, "l1": l1}


def the_generator_helps_the_inspector(self, sources, targets, fakes, training=False):
    losses = generator_losses(self, sources, targets, fakes, training)
    return {**losses, "generator_loss": 2 * self.l1_weight * losses["l1"] - losses["generator_loss"]}


def without_source(self, network, noisy, sources, times):
    return velocity(self, network, noisy, tf.zeros_like(sources), times)


def real_and_fake_exchanged(self, sources, targets, fakes, training=False):
    return discriminator_losses(self, sources, fakes, targets, training)


def cycles_that_end_in_the_other_pile(self, sources, targets, fake_sources, fake_targets, training=False):
    return both_generators(self, targets, sources, fake_sources, fake_targets, training)


def fakes_of_the_other_pile(self, sources, targets, fake_sources, fake_targets, training=False):
    return both_discriminators(self, sources, targets, fake_targets, fake_sources, training)


def real_and_fake_of_both_exchanged(self, sources, targets, fake_sources, fake_targets, training=False):
    return both_discriminators(self, fake_sources, fake_targets, sources, targets, training)


BUGS = {
    None: [],
    "pairs out of step": [(pix2pix, "as_pairs", out_of_step)],
    "targets in another range": [(pix2pix, "as_pairs", targets_in_another_range)],
    "nothing reaches the generator": [(Pix2Pix, "generator_losses", nothing_reaches_the_generator)],
    "the generator helps the inspector": [(Pix2Pix, "generator_losses", the_generator_helps_the_inspector)],
    "real and fake exchanged": [(Pix2Pix, "discriminator_losses", real_and_fake_exchanged)],
    "the source left out": [(Palette, "velocity", without_source)],
    "cycles that end in the other pile": [(CycleGAN, "generator_losses", cycles_that_end_in_the_other_pile)],
    "fakes of the other pile": [(CycleGAN, "discriminator_losses", fakes_of_the_other_pile)],
    "real and fake of both exchanged": [(CycleGAN, "discriminator_losses", real_and_fake_of_both_exchanged)],
    "features of a neighbour": [(vae_gan, "feature_nll", lambda real, fake: feature_nll(tf.roll(real, 1, 0), fake))],
    "latents mixed up": [(vae_gan, "reparameterize", lambda *given: tf.roll(reparameterize(*given), 1, 0))],
    "an error of nothing": [(vae_gan, "feature_nll", lambda real, fake: 0 * feature_nll(real, fake))],
}


def fit(build, bug, epochs, images=None, **optimizers):
    """A model with the weights that another one with this bug has learned, from pairs or from other `images`."""
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(**optimizers, steps_per_execution=10)
    images = drawings(0)[:2] if images is None else images
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(COUNT, seed=0).batch(BATCH)
    patches = [mock.patch.object(*patch) for patch in BUGS[bug]]
    for patch in patches:
        patch.start()
    try:
        model.fit(batches, epochs=epochs, verbose=0)
    finally:
        for patch in patches:
            patch.stop()
    clean = build()
    clean.set_weights(model.get_weights())
    return clean


def adam(rate, epochs):
    decay = keras.optimizers.schedules.CosineDecay(rate, epochs * COUNT // BATCH, alpha=0.02)
    return FusedAdam(decay, beta_1=0.5)


@functools.cache
def by_l1(bug=None):
    build = functools.partial(Translator, (SIDE, SIDE, 1), (SIDE, SIDE, 3), widths=WIDTHS)
    return judged(fit(build, bug, 6, optimizer=adam(5e-3, 6)).translate(drawings(1)[0]))


@functools.cache
def by_pix2pix(bug=None):
    build = functools.partial(
        Pix2Pix, source_shape=(SIDE, SIDE, 1), target_shape=(SIDE, SIDE, 3), widths=WIDTHS, l1_weight=3.0,
        discriminator_widths=(16, 32), ema_decay=0.98,
    )
    rates = {"generator_optimizer": adam(4e-3, 18), "discriminator_optimizer": adam(2e-3, 18)}
    return judged(fit(build, bug, 18, **rates).translate(drawings(1)[0]))


@functools.cache
def by_palette(bug=None):
    """What `judged` says, and the shares of the three colours among answers to one outline."""
    build = functools.partial(Palette, (SIDE, SIDE, 1), (SIDE, SIDE, 3), widths=(16, 32), ema_decay=0.98, steps=8)
    model = fit(build, bug, 16, optimizer=keras.optimizers.Adam(5e-3))
    outlines, _, insides = drawings(1)
    answers = model.translate(np.repeat(outlines[:1], 100, axis=0), seed=0)
    middles = answers[:, insides[0]].mean(axis=1)
    nearest = np.abs(middles[:, None] - COLOURS).sum(axis=-1).argmin(axis=1)
    return (*judged(model.translate(outlines, seed=0)), np.bincount(nearest, minlength=3) / 100)


@functools.cache
def by_cyclegan(bug=None):
    """L1 errors of the answers there and back, and of handing in what was given."""
    outlines, colours = np.repeat(drawings(0, colours_in_use=1)[0], 3, axis=-1), drawings(2, colours_in_use=1)[1]
    build = functools.partial(
        CycleGAN, (SIDE, SIDE, 3), widths=WIDTHS, discriminator_widths=(16, 32), discriminator_norms=("layer", "layer"))
    rates = {"generator_optimizer": adam(2e-3, 8), "discriminator_optimizer": adam(2e-3, 8)}
    model = fit(build, bug, 8, (outlines, colours), **rates)
    sources, targets = np.repeat(drawings(1, colours_in_use=1)[0], 3, axis=-1), drawings(1, colours_in_use=1)[1]
    answers = model.translate(sources), model.translate_back(targets)
    errors = [float(np.abs(found - wanted).mean()) for found, wanted in zip(answers, (targets, sources), strict=True)]
    return errors, float(np.abs(sources - targets).mean())


@functools.cache
def by_vae_gan(bug=None):
    """L1 errors of reconstructions and of the mean image."""
    build = functools.partial(
        VAEGAN, (SIDE, SIDE, 3), latent_dim=8, encoder_widths=(16, 32, 64), decoder_widths=(64, 32, 16),
        discriminator_widths=(16, 32, 64), kl_weight=0.05, feature_weight=0.1, ema_decay=0.98)
    rates = {"generator_optimizer": adam(2e-3, 16), "discriminator_optimizer": adam(1e-3, 16)}
    model = fit(build, bug, 16, drawings(0)[1], **rates)
    colours = drawings(1)[1]
    answers = model.reconstruct(colours).numpy(), colours.mean(axis=0)
    return [float(np.abs(images - colours).mean()) for images in answers]


# ---- the tests -----------------------------------------------------------------------------------------------------


def test_a_healthy_l1_network_follows_its_outlines_and_is_unreal():
    outside, unreal = by_l1()
    assert follows_gate(outside)
    assert unreal > 0.2  # of black: 0.37


@pytest.mark.parametrize("bug", ["pairs out of step", "targets in another range"])
def test_an_l1_network_with_a_bug_does_not_pass(bug):
    assert not follows_gate(by_l1(bug)[0])


def test_a_healthy_pix2pix_passes():
    outside, unreal = by_pix2pix()
    assert follows_gate(outside) and realism_gate(unreal, by_l1()[1])


@pytest.mark.parametrize(
    "bug", ["nothing reaches the generator", "the generator helps the inspector", "real and fake exchanged"]
)
def test_a_pix2pix_with_a_bug_does_not_pass(bug):
    outside, unreal = by_pix2pix(bug)
    assert not (follows_gate(outside) and realism_gate(unreal, by_l1()[1]))


def test_a_healthy_palette_passes():
    outside, unreal, shares = by_palette()
    assert follows_gate(outside, most=0.1) and realism_gate(unreal, by_l1()[1], share=0.7) and variety_gate(shares)


def test_a_palette_whose_source_is_left_out_does_not_follow_its_outlines():
    assert not follows_gate(by_palette("the source left out")[0], most=0.2)


def test_a_healthy_cyclegan_passes_both_ways():
    errors, of_doing_nothing = by_cyclegan()
    assert all(nearness_gate(error, of_doing_nothing, share=0.3) for error in errors)


@pytest.mark.parametrize(
    "bug", ["cycles that end in the other pile", "fakes of the other pile", "real and fake of both exchanged"]
)
def test_a_cyclegan_with_a_bug_does_not_pass(bug):
    errors, of_doing_nothing = by_cyclegan(bug)
    assert not all(nearness_gate(error, of_doing_nothing, share=0.3) for error in errors)


def test_a_healthy_vae_gan_reconstructs():
    assert nearness_gate(*by_vae_gan(), share=0.8)


@pytest.mark.parametrize("bug", ["features of a neighbour", "latents mixed up", "an error of nothing"])
def test_a_vae_gan_with_a_bug_does_not_reconstruct(bug):
    assert not nearness_gate(*by_vae_gan(bug), share=0.8)
