"""Diffusion that labels its images itself: the groups, what the network is told, and what is drawn of them."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.diffusion import GroupedDiffusion, k_means


def two_kinds(count=40):
    """Dark and bright images, a quarter of them bright, in turn."""
    bright = (np.arange(count) % 4 == 0)[:, None, None, None]
    noise = np.random.default_rng(0).random((count, 8, 8, 1))
    return (0.7 * bright + 0.3 * noise).astype("float32")


def model(**options):
    return GroupedDiffusion((8, 8, 1), 2, widths=(8, 16), **options)


@pytest.fixture(scope="module")
def adapted():
    grouped = model()
    grouped.adapt(two_kinds())
    return grouped


def test_k_means_finds_two_clouds():
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(size=(30, 3)), 10.0 + random.normal(size=(20, 3))])
    middles, groups = k_means(points, 2)
    assert sorted(np.bincount(groups)) == [20, 30]
    np.testing.assert_allclose(middles[groups[0]], points[:30].mean(axis=0), rtol=1e-5)


def test_groups_are_told_apart_with_their_shares_and_mean_images(adapted):
    images = two_kinds()
    groups = adapted.groups_of(images).numpy()
    bright = groups[0]
    np.testing.assert_array_equal(groups == bright, np.arange(40) % 4 == 0)
    assert adapted.shares.numpy()[bright] == pytest.approx(0.25)
    np.testing.assert_allclose(adapted.middles[bright], images[::4].mean(axis=0), rtol=1e-5)


def test_every_image_belongs_to_its_nearest_middle(adapted):
    images = np.random.default_rng(1).random((50, 8, 8, 1)).astype("float32")
    distances = np.sum((images[:, None] - adapted.middles.numpy()) ** 2, axis=(2, 3, 4))
    np.testing.assert_array_equal(adapted.groups_of(images), distances.argmin(axis=1))


def test_training_tells_the_network_the_group_of_each_image(adapted, monkeypatch):
    seen = []
    losses = adapted.denoising_losses
    monkeypatch.setattr(adapted, "denoising_losses", lambda *args: seen.append(args[1]) or losses(*args))
    adapted.compute_losses(two_kinds(8))
    np.testing.assert_array_equal(tf.argmax(seen[0], axis=1), adapted.groups_of(two_kinds(8)))


def test_groups_are_drawn_as_often_as_they_were_met(adapted):
    drawn = adapted.draw_groups(4000, seed=0).numpy()
    assert np.mean(drawn == int(tf.argmin(adapted.shares))) == pytest.approx(0.25, abs=0.03)


def test_generate_draws_groups_and_takes_them_for_labels(adapted):
    groups = adapted.draw_groups(6, seed=3)
    np.testing.assert_array_equal(adapted.generate(6, seed=3), adapted.generate(6, seed=3, labels=groups))
    assert np.abs(adapted.generate(6, seed=3) - adapted.generate(6, seed=3, labels=1 - groups)).max() > 0


def test_no_groups_yet_is_told_with_what_to_do():
    with pytest.raises(ValueError, match="call `adapt`"):
        model().generate(2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="call `adapt`"):
        model().compute_losses(two_kinds(4))


@pytest.mark.parametrize("images", [two_kinds(1), np.zeros((9, 8, 8, 1), "float32")], ids=["one", "all alike"])
def test_too_few_different_images_are_refused(images):
    with pytest.raises(ValueError, match="Received: "):
        model().adapt(images)


def test_images_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="Received"):
        model().adapt(np.zeros((9, 8, 4, 1), "float32"))


@pytest.mark.parametrize("count", [1, 2.0, None])
def test_fewer_than_two_groups_are_refused(count):
    with pytest.raises(ValueError, match="at least 2"):
        GroupedDiffusion((8, 8, 1), count, widths=(8, 16))
