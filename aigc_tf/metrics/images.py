"""How good are samples? Distances between two sets of features, scores of class probabilities, nearest neighbours.

Nothing here knows a model: features (N, D) and probabilities (N, classes) come from whatever evaluator is used, in
this course from `DigitClassifier.features_and_probabilities`. Always print a metric beside its floor, the same metric
of real against real.
"""

import math

import numpy as np

# ---- distances between two sets of features ----


def frechet_distance(features_a, features_b):
    """‖μa − μb‖² + tr(Σa + Σb − 2 (Σa Σb)^½): the squared Wasserstein distance of the two fitted Gaussians.

    Heusel et al. 2017 (arXiv:1706.08500), equation 6. Biased upward, the more the fewer samples: compare equal sizes.

    Args:
        features_a, features_b: (N, D) and (M, D), at least two rows each.

    Returns:
        A float, 0 for equal moments, in the squared units of the features.

    Raises:
        ValueError: for other shapes, or features that are not finite.
    """
    a, b = _feature_pair(features_a, features_b)
    return gaussian_frechet_distance(a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False))


def gaussian_frechet_distance(mean_a, covariance_a, mean_b, covariance_b):
    """The same for given moments; between N(0, σ²) and N(m, τ²) it is m² + (σ − τ)²."""
    covariance_a, covariance_b = np.atleast_2d(covariance_a), np.atleast_2d(covariance_b)
    # tr (Σa Σb)^½ = tr (Σa^½ Σb Σa^½)^½, and the matrix on the right is symmetric: its root needs no complex numbers.
    values, vectors = np.linalg.eigh(covariance_a)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ covariance_b @ root).clip(0)
    squares = np.sum(np.square(np.subtract(mean_a, mean_b)))
    return float(squares + np.trace(covariance_a) + np.trace(covariance_b) - 2 * np.sqrt(eigenvalues).sum())


def kernel_distance(features_a, features_b):
    """Squared maximum mean discrepancy with the kernel (x·y/D + 1)³, unbiased: its mean is 0 for equal distributions.

    Bińkowski et al. 2018 (arXiv:1801.01401), section 3 (KID), over all pairs instead of the mean over subsets.

    Args:
        features_a, features_b: (N, D) and (M, D), at least two rows each.

    Returns:
        A float; slightly negative values happen, since it is unbiased.
    """
    a, b = _feature_pair(features_a, features_b)

    def kernel_sum(x, y):
        blocks = np.array_split(x, max(1, len(x) // 1000))
        return sum(float(np.sum((block @ y.T / x.shape[1] + 1.0) ** 3)) for block in blocks)

    def within(x):  # pairs of different rows
        diagonal = np.sum((np.square(x).sum(axis=1) / x.shape[1] + 1.0) ** 3)
        return (kernel_sum(x, x) - diagonal) / (len(x) * (len(x) - 1))

    return float(within(a) + within(b) - 2 * kernel_sum(a, b) / (len(a) * len(b)))


def precision_recall(real, fake, *, neighbours=3):
    """Share of fakes within the real manifold (precision), and of reals within the fakes' (recall), each in [0, 1].

    A set's manifold is the union of balls around its points that reach to their k-th nearest neighbour. Kynkäänniemi et
    al. 2019 (arXiv:1904.06991), equation 2, k = 3 as there. Recall falls when modes are missing.

    Args:
        real, fake: features (N, D) and (M, D), more rows than `neighbours`.
        neighbours: k.

    Returns:
        (precision, recall).
    """
    real, fake = _feature_pair(real, fake)
    real_radii, fake_radii = _radii(real, neighbours), _radii(fake, neighbours)
    fakes_inside, reals_inside = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    start = 0
    for distances in _distance_blocks(fake, real):  # (block, N)
        block = slice(start, start + len(distances))
        fakes_inside[block] = np.any(distances <= real_radii, axis=1)
        reals_inside |= np.any(distances <= fake_radii[block, None], axis=0)
        start = block.stop
    return float(np.mean(fakes_inside)), float(np.mean(reals_inside))


def density_coverage(real, fake, *, neighbours=5):
    """How many real balls a fake lies in, over k (density), and the share of real balls with a fake in them (coverage).

    Naeem et al. 2020 (arXiv:2002.09797), equations 3 and 4, k = 5 as there. Unlike precision and recall both use the
    balls of the REAL points alone, so that a few outlying fakes do not blow them up. Density may exceed 1.

    Args:
        real, fake: features (N, D) and (M, D), more rows than `neighbours`.
        neighbours: k.

    Returns:
        (density, coverage).
    """
    real, fake = _feature_pair(real, fake)
    radii = _radii(real, neighbours)
    count, covered = 0, np.zeros(len(real), bool)
    for distances in _distance_blocks(fake, real):
        inside = distances < radii
        count += int(inside.sum())
        covered |= inside.any(axis=0)
    return count / (neighbours * len(fake)), float(np.mean(covered))


# ---- distance between two sets of numbers ----


def wasserstein_distance(numbers_a, numbers_b):
    """W₁ = ∫ abs(F_a(x) − F_b(x)) dx: how far, on average, one sample's numbers must move to become the other's.

    F is the share of numbers up to x; for samples of one size this is the mean distance between the SORTED numbers. It
    feels shape, not only means: N(m, σ²) and N(m, τ²) are √(2/π) · abs(σ − τ) apart. Ramdas et al. 2015
    (arXiv:1509.02237).

    Args:
        numbers_a, numbers_b: (N,) and (M,).

    Returns:
        A float in the units of the numbers, 0 for equal samples. Real against real it is not 0: print that floor, too.

    Raises:
        ValueError: for other shapes, or numbers that are not finite.
    """
    from scipy import stats  # here, since it is slow to import and only a game on a line needs it

    pair = [np.asarray(numbers, np.float64) for numbers in (numbers_a, numbers_b)]
    if any(numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all() for numbers in pair):
        raise ValueError("The samples must be finite numbers of shapes (N,) and (M,). "
                         f"Received: shapes {pair[0].shape} and {pair[1].shape}")
    return float(stats.wasserstein_distance(*pair))


# ---- class probabilities ----


def classifier_score(probabilities):
    """exp of the mean KL(p(y|x) ‖ p(y)): from 1, all alike, to the number of classes, all sure and evenly spread.

    Salimans et al. 2016 (arXiv:1606.03498), section 4 (there with an Inception network).

    Args:
        probabilities: (N, classes), rows that sum to 1.
    """
    probabilities = _probabilities(probabilities)
    marginal = probabilities.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(probabilities > 0, probabilities * (np.log(probabilities) - np.log(marginal)), 0.0)
    return float(np.exp(terms.sum(axis=1).mean()))


def class_shares(probabilities):
    """The share of samples that each class gets by the largest probability: (classes,), sums to 1.

    A class of share 0 is a mode that the generator has dropped.
    """
    probabilities = _probabilities(probabilities)
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)


# ---- memorisation ----


def nearest_neighbours(queries, candidates):
    """For each query the nearest candidate: (indices, Euclidean distances), each (N,).

    Against training images it shows whether a generator copies: compare the distances with those of real images that
    the generator has not seen.

    Args:
        queries, candidates: (N, …) and (M, …) of equal trailing shape, such as images in [0, 1].
    """
    pair = np.asarray(queries), np.asarray(candidates)
    queries, candidates = (array.reshape(len(array), math.prod(array.shape[1:])) for array in pair)
    indices, distances = [], []
    for block in _distance_blocks(*_feature_pair(queries, candidates, least=1)):
        indices.append(block.argmin(axis=1))
        distances.append(block.min(axis=1))
    return np.concatenate(indices), np.concatenate(distances)


# ---- what they share ----


def _feature_pair(a, b, least=2):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < least:
        raise ValueError(f"Features must have shapes (N, D) and (M, D), with at least {least} rows each. "
                         f"Received: {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("Features must be finite. Received: NaN or infinity; has the training diverged?")
    return a, b


def _probabilities(probabilities):
    probabilities = np.asarray(probabilities, np.float64)
    if probabilities.ndim != 2 or not len(probabilities):
        raise ValueError(f"Probabilities must have shape (N, classes). Received: {probabilities.shape}")
    if not (np.all(probabilities >= 0) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)):
        raise ValueError("Probabilities must not be negative, and each row must sum to 1. Received: other numbers "
                         "(are they logits? Then apply a softmax)")
    return probabilities


def _distance_blocks(a, b, rows=1000):
    """Euclidean distances between the rows of `a` and `b`, a block (rows, M) of rows of `a` at a time."""
    squares = np.square(b).sum(axis=1)
    for at in range(0, len(a), rows):
        block = a[at:at + rows]
        yield np.sqrt((np.square(block).sum(axis=1)[:, None] + squares - 2 * block @ b.T).clip(0))


def _radii(features, neighbours):
    """Distance of each row to its k-th nearest other row, (N,)."""
    if not (1 <= neighbours < len(features) and neighbours == int(neighbours)):
        raise ValueError(f"neighbours must be a whole number in [1, {len(features) - 1}]. Received: {neighbours}")
    blocks = []
    for distances in _distance_blocks(features, features):
        blocks.append(np.partition(distances, neighbours, axis=1)[:, neighbours])  # the 0-th is the row itself
    return np.concatenate(blocks)
