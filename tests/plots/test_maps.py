"""Maps of latent spaces: what they show, and labels that keep apart."""

import numpy as np
import pytest

from aigc_tf import plots


def clusters(spread):
    """Ten classes around places on a circle, and their labels."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 50)
    circle = np.stack([np.cos(labels * 0.6), np.sin(labels * 0.6)], axis=1)
    return circle + spread * random.standard_normal((500, 2)), labels


@pytest.mark.parametrize("spread", [0.05, 3.0])
def test_labels_keep_apart_even_where_classes_overlap(spread):
    codes, labels = clusters(spread)
    axes, = plots.plot_latent_maps({"a map": codes}, labels).axes
    places = np.array([text.get_position() for text in axes.texts])
    width = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    gaps = np.linalg.norm((places[:, None] - places[None]) / width, axis=2)[~np.eye(10, dtype=bool)]
    assert [text.get_text() for text in axes.texts] == list("0123456789")
    assert gaps.min() > 0.07


def test_a_label_stands_among_its_own():
    codes, labels = clusters(0.05)
    axes, = plots.plot_latent_maps({"a map": codes}, labels).axes
    for digit, text in enumerate(axes.texts):
        assert np.linalg.norm(text.get_position() - codes[labels == digit].mean(axis=0)) < 0.2


def test_each_map_has_its_own_window_without_stray_codes():
    codes, labels = clusters(0.05)
    codes[0] = 100
    left, right = plots.plot_latent_maps({"a": codes, "b": 10 * codes}, labels).axes
    assert left.get_xlim()[1] < 2 < 10 < right.get_xlim()[1] < 20


@pytest.mark.parametrize("codes, labels", [
    (np.zeros((5, 3)), np.zeros(5)), (np.zeros((5, 2)), np.zeros(4)), (np.zeros((11, 2)), np.arange(11)),
])
def test_what_does_not_fit_is_refused(codes, labels):
    with pytest.raises(ValueError, match=r"of at most 10 classes. Received"):
        plots.plot_latent_maps({"a": codes}, labels)
