"""Metrics against Gaussians whose distance is known, against definitions written out naively, and against peers."""

import warnings

import numpy as np
import pytest
from scipy import linalg

from aigc_tf import metrics
from aigc_tf.metrics import images


def cloud(count=500, mean=0.0, scale=1.0, dimensions=3, seed=0):
    return np.random.default_rng(seed).normal(mean, scale, (count, dimensions))


# ---- Fréchet distance -----------------------------------------------------------------------------------------------


def test_between_gaussians_on_a_line_it_is_difference_of_means_and_of_deviations_squared():
    assert metrics.gaussian_frechet_distance([1.0], [[4.0]], [4.0], [[25.0]]) == pytest.approx(3**2 + (2 - 5) ** 2)


def test_between_gaussians_with_axes_of_their_own():
    """Diagonal covariances: each axis adds its (σ − τ)²."""
    found = metrics.gaussian_frechet_distance([0, 0], np.diag([1.0, 9.0]), [0, 2], np.diag([4.0, 1.0]))
    assert found == pytest.approx(2**2 + (1 - 2) ** 2 + (3 - 1) ** 2)


def test_it_agrees_with_the_matrix_square_root():
    """The other way to compute it: SciPy's square root of a product that is not symmetric."""
    a = cloud() @ np.array([[1, 0.5, 0], [0, 2, 1], [0, 0, 0.3]])
    b = cloud(mean=0.5, seed=1) @ np.array([[0.2, 0, 0], [1, 1, 0], [0.3, 0, 2]])
    covariances = [np.cov(x, rowvar=False) for x in (a, b)]
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)


def test_equal_features_have_no_distance():
    assert metrics.frechet_distance(cloud(), cloud()) == pytest.approx(0, abs=1e-8)


def test_features_of_low_rank_are_no_problem():
    flat = np.repeat(cloud(dimensions=1), 4, axis=1)
    assert metrics.frechet_distance(flat, flat + [1, 0, 0, 0]) == pytest.approx(1, abs=1e-6)


def test_two_rows_are_enough():
    """Means 1 and 5, variances 2 and 8: 4² + (√2 − √8)² = 18."""
    assert metrics.frechet_distance([[0], [2]], [[3], [7]]) == pytest.approx(18)


# ---- Wasserstein distance -------------------------------------------------------------------------------------------


def test_a_sample_that_is_moved_is_as_far_away_as_it_was_moved():
    assert metrics.wasserstein_distance([0.0, 1.0, 4.0], [3.0, 2.0, 6.0]) == pytest.approx(2)  # in any order


def test_samples_of_two_sizes_are_compared_by_shares():
    """Half of the mass stays at 0, half moves from 0 to 2; or: a third moves by 1 and two thirds by 0."""
    assert metrics.wasserstein_distance([0.0], [0.0, 2.0]) == pytest.approx(1)
    assert metrics.wasserstein_distance([5.0, 5.0, 6.0], [5.0]) == pytest.approx(1 / 3)


def test_a_bump_that_is_too_narrow_is_seen_though_its_mean_is_right():
    """√(2/π) |σ − τ| between two normal distributions."""
    real, narrow = cloud(20_000, 0.3, 0.05, 1)[:, 0], cloud(20_000, 0.3, 0.03, 1, seed=1)[:, 0]
    assert metrics.wasserstein_distance(real, narrow) == pytest.approx((2 / np.pi) ** 0.5 * 0.02, rel=0.05)


@pytest.mark.parametrize("numbers", [[], [[1.0]], [np.nan], 1.0])
def test_what_is_no_sample_of_numbers_is_refused(numbers):
    with pytest.raises(ValueError, match=r"finite numbers of shapes \(N,\) and \(M,\). Received: shapes "):
        metrics.wasserstein_distance([1.0], numbers)


# ---- kernel distance ------------------------------------------------------------------------------------------------


def test_the_kernel_distance_is_its_definition_written_out():
    a, b = cloud(7, dimensions=2), cloud(5, mean=1, dimensions=2, seed=1)

    def kernel(x, y):
        return (x @ y / 2 + 1) ** 3

    def mean(pairs):
        return np.mean([kernel(x, y) for x, y in pairs])

    within_a = mean((x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j)
    within_b = mean((x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j)
    expected = within_a + within_b - 2 * mean((x, y) for x in a for y in b)
    assert metrics.kernel_distance(a, b) == pytest.approx(expected, rel=1e-10)


def test_the_kernel_distance_of_many_rows_is_summed_in_blocks():
    """k = 1 between zeros and with any other row, k = (1 + 1)³ between ones: 1 + 8 − 2 · 1."""
    assert metrics.kernel_distance(np.zeros((2100, 1)), np.ones((2, 1))) == pytest.approx(7)


def test_the_kernel_distance_is_unbiased_and_the_frechet_distance_is_not():
    pairs = [(cloud(30, seed=seed), cloud(30, seed=seed + 100)) for seed in range(100)]
    kernel = [metrics.kernel_distance(*pair) for pair in pairs]
    assert abs(np.mean(kernel)) < 3 * np.std(kernel) / 10  # three standard errors
    assert np.mean([metrics.frechet_distance(*pair) for pair in pairs]) > 0.1


# ---- precision, recall, density, coverage ---------------------------------------------------------------------------


def naive(real, fake, k_recall=3, k_coverage=5):
    """The definitions, in loops."""
    def radius(points, at, k):
        return sorted(np.linalg.norm(points[at] - other) for other in points)[k]

    def inside(point, points, k, strict):
        distances = [(np.linalg.norm(point - other), radius(points, at, k)) for at, other in enumerate(points)]
        return [d < r if strict else d <= r for d, r in distances]

    precision = np.mean([any(inside(x, real, k_recall, False)) for x in fake])
    recall = np.mean([any(inside(x, fake, k_recall, False)) for x in real])
    hits = np.array([inside(x, real, k_coverage, True) for x in fake])
    return precision, recall, hits.sum() / (k_coverage * len(fake)), hits.any(axis=0).mean()


def test_neighbourhood_metrics_are_their_definitions_written_out():
    real, fake = cloud(40, dimensions=2), cloud(30, mean=0.7, dimensions=2, seed=1)
    expected = naive(real, fake)
    assert 0 < min(expected) < 1
    found = (*metrics.precision_recall(real, fake), *metrics.density_coverage(real, fake))
    assert found == pytest.approx(expected)


def test_the_edge_of_a_ball_belongs_to_the_manifold():
    """k = 1: real balls of radius 1, fake ones of radius 2. The fake 4 lies on an edge, and so does the real 2."""
    real, fake = [[0], [1], [2], [3]], [[4], [6]]
    assert metrics.precision_recall(real, fake, neighbours=1) == (1 / 2, 2 / 4)


def test_the_edge_of_a_ball_does_not_count_for_density_and_coverage():
    """k = 1, balls of radius 1: the fake 4 lies on an edge, and 3.5 in the ball of 3 alone."""
    real, fake = [[0], [1], [2], [3]], [[4], [3.5]]
    assert metrics.density_coverage(real, fake, neighbours=1) == (1 / 2, 1 / 4)


def test_blocks_do_not_change_them(monkeypatch):
    real, fake = cloud(1200, dimensions=2), cloud(1100, mean=0.7, dimensions=2, seed=1)
    whole = metrics.precision_recall(real, fake), metrics.density_coverage(real, fake)
    monkeypatch.setattr(images._distance_blocks, "__defaults__", (77,))
    assert (metrics.precision_recall(real, fake), metrics.density_coverage(real, fake)) == whole


def test_the_order_of_more_rows_than_a_block_takes_does_not_matter():
    real, fake = cloud(200, dimensions=2), cloud(1100, mean=0.7, dimensions=2, seed=1)
    assert metrics.precision_recall(real, fake[::-1]) == metrics.precision_recall(real, fake)
    assert metrics.density_coverage(real, fake[::-1]) == metrics.density_coverage(real, fake)


def two_modes(seed, shares=(0.5, 0.5)):
    modes = [cloud(int(400 * share), mean=mean, seed=seed + mean) for mean, share in zip((0, 50), shares)]
    return np.concatenate(modes)


def test_a_dropped_mode_halves_recall_and_coverage_and_leaves_precision():
    real, collapsed = two_modes(0), two_modes(1, (1.0, 0.0))
    precision, recall = metrics.precision_recall(real, collapsed)
    assert precision > 0.8
    assert recall == pytest.approx(0.5, abs=0.06)
    assert metrics.density_coverage(real, collapsed)[1] == pytest.approx(0.5, abs=0.06)


def test_noise_lowers_precision_and_leaves_recall():
    precision, recall = metrics.precision_recall(cloud(scale=0.1), cloud(scale=3, seed=1))
    assert precision < 0.1
    assert recall > 0.9


def test_they_agree_with_peers():
    """Worked out once with pytorch-fid 0.3, torch-fidelity 0.4 and prdc 0.2 on the same features."""
    random = np.random.default_rng(0)
    real, fake = random.normal(0, 1, (400, 6)) ** 2, random.normal(0.2, 1.1, (300, 6)) ** 2
    assert metrics.frechet_distance(real, fake) == pytest.approx(1.1119543536628846, rel=1e-6)
    assert metrics.kernel_distance(real[:300], fake) == pytest.approx(5.086292324640354, rel=1e-6)
    assert metrics.precision_recall(real, fake, neighbours=3) == pytest.approx((0.9233333, 0.9625), abs=1e-6)
    assert metrics.density_coverage(real, fake, neighbours=5) == pytest.approx((0.9433333, 0.9075), abs=1e-6)
    probabilities = random.dirichlet(np.full(10, 0.3), 500)
    assert metrics.classifier_score(probabilities) == pytest.approx(2.3447757822783664, rel=1e-6)


# ---- class probabilities --------------------------------------------------------------------------------------------


def test_a_sure_and_balanced_classifier_gives_the_number_of_classes():
    assert metrics.classifier_score(np.eye(10).repeat(3, axis=0)) == pytest.approx(10)


def test_a_collapsed_or_unsure_generator_scores_1():
    assert metrics.classifier_score(np.eye(10)[[4] * 20]) == pytest.approx(1)
    assert metrics.classifier_score(np.full((20, 10), 0.1)) == pytest.approx(1)


def test_a_score_by_hand():
    """Rows (1, 0) and (½, ½), marginal (¾, ¼): KL are ln 4/3 and ½ ln 2/3 + ½ ln 2."""
    expected = np.exp((np.log(4 / 3) + 0.5 * np.log(2 / 3) + 0.5 * np.log(2)) / 2)
    assert metrics.classifier_score([[1, 0], [0.5, 0.5]]) == pytest.approx(expected)


def test_certainty_raises_no_warning():
    """0 · ln 0 is 0 by convention, and no reason to alarm anyone."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.classifier_score(np.eye(3))


def test_a_row_may_miss_1_by_rounding():
    np.testing.assert_allclose(metrics.class_shares([[0.5, 0.5005], [0.1, 0.8995]]), [0, 1])


def test_class_shares_count_the_most_probable_class():
    shares = metrics.class_shares([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.5, 0.3, 0.2], [1, 0, 0]])
    np.testing.assert_allclose(shares, [0.75, 0.25, 0])


# ---- neighbours -----------------------------------------------------------------------------------------------------


def test_a_copy_is_found_at_no_distance():
    training = np.random.default_rng(0).random((50, 4, 4, 1))
    indices, distances = metrics.nearest_neighbours(training[[7, 3]] + [[[[0.0]]], [[[0.1]]]], training)
    assert indices.tolist() == [7, 3]
    np.testing.assert_allclose(distances, [0, 0.1 * 4], atol=1e-6)  # 16 pixels, each off by 0.1


def test_one_query_and_one_candidate_are_enough():
    indices, distances = metrics.nearest_neighbours([[3.0, 4.0]], [[0.0, 0.0]])
    assert (indices.tolist(), distances.tolist()) == ([0], [5])


def test_bytes_do_not_run_over():
    """200² is no byte."""
    _, distances = metrics.nearest_neighbours(np.array([[200], [0]], "uint8"), np.array([[250], [100]], "uint8"))
    np.testing.assert_allclose(distances, [50, 100])


# ---- bad input ------------------------------------------------------------------------------------------------------

PAIRS = [metrics.frechet_distance, metrics.kernel_distance, metrics.precision_recall, metrics.density_coverage]


@pytest.mark.parametrize("function", [*PAIRS, metrics.nearest_neighbours])
def test_features_of_different_size_are_refused(function):
    with pytest.raises(ValueError, match=r"\(N, D\) and \(M, D\).*Received: \(500, 3\) and \(500, 2\)"):
        function(cloud(), cloud(dimensions=2))


@pytest.mark.parametrize("function", PAIRS)
def test_features_that_are_not_finite_are_refused(function):
    with pytest.raises(ValueError, match="finite"):
        function(cloud(), np.full((20, 3), np.nan))


@pytest.mark.parametrize("a, b", [
    ([1.0, 2.0], [[1.0], [2.0]]), ([[1.0], [2.0]], [1.0, 2.0]), (np.zeros((2, 3, 4)), np.zeros((2, 3, 4))),
])
def test_features_that_are_no_table_are_refused(a, b):
    with pytest.raises(ValueError, match=r"^Features must have shapes"):
        metrics.frechet_distance(a, b)


@pytest.mark.parametrize("function", PAIRS)
def test_one_row_has_no_spread(function):
    with pytest.raises(ValueError, match="at least 2 rows"):
        function(cloud(1), cloud())


@pytest.mark.parametrize("neighbours", [0, 500, 1.5])
def test_a_neighbourhood_must_fit(neighbours):
    with pytest.raises(ValueError, match=rf"\[1, 499\]. Received: {neighbours}"):
        metrics.precision_recall(cloud(), cloud(), neighbours=neighbours)


@pytest.mark.parametrize("function", [metrics.classifier_score, metrics.class_shares])
@pytest.mark.parametrize("probabilities", [
    np.zeros((2, 3)), [[3.0, -2.0]], [0.5, 0.5], [[0.5, 0.49]], np.zeros((0, 3)),
])
def test_what_is_no_distribution_is_refused(function, probabilities):
    with pytest.raises(ValueError, match="Probabilities must"):
        function(probabilities)
