"""Maps of latent spaces side by side, with class labels that do not hide one another."""

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import CLASSES, WIDTH, styled

NEAR, APART = 0.04, 0.085  # of a map's width: what counts as neighbourhood, and how far labels stay apart


def label_places(points, labels):
    """Where each class has its label: at one of its own points, among its own, and clear of the labels before it.

    Args:
        points: (N, 2), scaled so that the map is about 1 wide.
        labels: (N,).

    Returns:
        {class: (2,)}, in the order of the classes.
    """
    places, random = {}, np.random.default_rng(0)
    order = random.permutation(len(points))[:3000]
    sample, kinds = points[order], labels[order]
    for kind in np.unique(labels):
        own = points[labels == kind]
        spots = own[random.permutation(len(own))[:300]]
        near = np.linalg.norm(spots[:, None] - sample[None], axis=2) < NEAR  # (spots, sample)
        score = (near & (kinds == kind)).sum(axis=1) - 0.5 * (near & (kinds != kind)).sum(axis=1)
        taken = np.array([*places.values()]).reshape(-1, 2)
        gap = np.linalg.norm(spots[:, None] - taken[None], axis=2).min(axis=1, initial=np.inf)
        score = np.where(gap >= APART, score, score.min() + gap - 1)
        places[kind] = spots[score.argmax()]
    return places


@styled
def plot_latent_maps(panels, labels, *, window=0.005):
    """Spaces of two latents side by side, as {title: codes (N, 2)}; the same N labels, at most 10 classes, colour them.

    Args:
        panels: {title: (N, 2)}.
        labels: (N,).
        window: share of the codes that may lie outside at each of the four sides, so that stray ones take no space.

    Raises:
        ValueError: if the shapes do not fit, or there are more than 10 classes.
    """
    labels = np.asarray(labels)
    classes = np.unique(labels)
    if len(classes) > len(CLASSES) or any(np.shape(codes) != (len(labels), 2) for codes in panels.values()):
        raise ValueError(f"codes must have shape (N, 2) and labels (N,), of at most {len(CLASSES)} classes. Received: "
                         f"{[np.shape(codes) for codes in panels.values()]}, {labels.shape}, {len(classes)} classes")
    figure, row = plt.subplots(1, len(panels), squeeze=False, figsize=(WIDTH, WIDTH / len(panels) + 0.3))
    order = np.random.default_rng(0).permutation(len(labels))  # so that no class lies on top of the others
    colours = dict(zip(classes, CLASSES))
    for axes, (title, codes) in zip(row[0], panels.items()):
        codes = np.asarray(codes)
        low, high = np.quantile(codes, [window, 1 - window], axis=0)
        margin = 0.06 * (high - low)
        axes.scatter(*codes[order].T, c=[colours[label] for label in labels[order]], s=7, alpha=0.6, linewidths=0)
        inside = np.all((codes >= low) & (codes <= high), axis=1)
        for kind, place in label_places((codes[inside] - low) / (high - low), labels[inside]).items():
            axes.text(*(low + place * (high - low)), str(kind), ha="center", va="center", weight="bold",
                      bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": colours[kind], "linewidth": 2})
        axes.set(title=title, xlabel="latent 1", ylabel="latent 2", xlim=(low[0] - margin[0], high[0] + margin[0]),
                 ylim=(low[1] - margin[1], high[1] + margin[1]))
    return figure
