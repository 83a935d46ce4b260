"""Properties that must hold for every input, tried on inputs that Hypothesis makes up: the same ones in every run."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aigc_tf import data, metrics, plots
from aigc_tf.metrics import text as text_metrics
from aigc_tf.text import Vocabulary, decoding, nats_per_token, split_text, split_words, streams, windows
from aigc_tf.text.ngram import NGramModel
from aigc_tf.vae import bernoulli_nll, gaussian_kl, log_mean_exp

# No deadline: a busy machine is no defect. Nothing is written down, so that no run depends on the one before.
quick = settings(derandomize=True, deadline=None, max_examples=30, database=None,
                 suppress_health_check=[HealthCheck.too_slow])


def numbers(low, high, width=64):
    return st.floats(low, high, width=width, allow_subnormal=False)


def arrays(shape, low, high, dtype="float32"):
    return hnp.arrays(dtype, shape, elements=numbers(low, high, np.dtype(dtype).itemsize * 8))


SIDES = st.integers(1, 6)
SHAPES = st.tuples(st.integers(1, 7), SIDES, SIDES, st.sampled_from([1, 3]))
# Chinese, emoji (some of several code points), combining marks, right to left, line ends, and anything else.
TEXT = st.one_of(st.text(min_size=1), st.text("春眠不觉晓😀👩‍👧é\u0301ñאב\n\t ab", min_size=1))


# ---- likelihoods ----------------------------------------------------------------------------------------------------


@quick
@given(arrays((3, 2), -100, 100, "float64"), arrays((3, 2), -50, 50, "float64"))
def test_the_kl_is_never_negative(mean, log_var):
    assert np.all(gaussian_kl(mean, log_var) >= -1e-12)


@quick
@given(SHAPES.flatmap(lambda shape: st.tuples(arrays(shape, 0, 1), arrays(shape, -1e4, 1e4))))
def test_the_bernoulli_nll_is_finite_and_not_negative(pair):
    images, logits = pair
    nll = bernoulli_nll(images, logits).numpy()
    assert nll.shape == images.shape[:1]
    assert np.all(np.isfinite(nll)) and np.all(nll >= -1e-6 * np.abs(logits).sum())


@quick
@given(arrays((5, 3), -700, 700, "float64"))
def test_log_mean_exp_is_what_numpy_says(values):
    np.testing.assert_allclose(log_mean_exp(values), np.log(np.mean(np.exp(values), axis=0)), atol=1e-9)


@quick
@given(arrays((5,), -100, 100, "float64"), numbers(-1e6, 1e6))
def test_log_mean_exp_moves_with_its_values_and_does_not_overflow(values, shift):
    np.testing.assert_allclose(log_mean_exp(values + shift), log_mean_exp(values) + shift, rtol=1e-9, atol=1e-6)


# ---- images ---------------------------------------------------------------------------------------------------------


@quick
@given(SHAPES.flatmap(lambda shape: hnp.arrays("uint8", shape)))
def test_scaled_images_go_back_to_the_bytes_they_were(images):
    scaled = data.scale_images(images)
    assert scaled.dtype == np.float32 and 0 <= scaled.min() and scaled.max() <= 1
    np.testing.assert_array_equal(np.round(scaled * 255).astype("uint8"), images)
    np.testing.assert_array_equal(data.scale_images(scaled), scaled)


@quick
@given(SHAPES.flatmap(lambda shape: arrays(shape, 0, 1)), st.integers(0, 2**31 - 1), numbers(0, 1), numbers(0, 100))
def test_damaged_images_stay_images(images, seed, fraction, stddev):
    for damaged in (
        data.binarize(images, seed=seed),
        data.add_gaussian_noise(images, stddev, seed=seed),
        data.mask_pixels(images, fraction, seed=seed),
        data.mask_block(images, 1, seed=seed),
    ):
        assert damaged.shape == images.shape
        data.check_images(damaged)


@quick
@given(SHAPES.flatmap(lambda shape: arrays(shape, 0, 1)), st.one_of(st.none(), st.integers(1, 9)))
def test_a_grid_holds_every_image_at_its_place(images, columns):
    count, height, width, channels = images.shape
    grid = plots.image_grid(images, columns)
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    assert grid.shape == (rows * (height + 1) - 1, columns * (width + 1) - 1, channels)
    for number, image in enumerate(images):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        np.testing.assert_array_equal(grid[top:top + height, left:left + width], image)


# ---- text -----------------------------------------------------------------------------------------------------------


@quick
@given(TEXT)
def test_a_text_comes_back_from_its_numbers(text):
    vocabulary = Vocabulary.of(text)
    encoded = vocabulary.encode(text)
    assert encoded.shape == (len(text),) and encoded.max() < len(vocabulary)
    assert vocabulary.decode(encoded) == text


@quick
@given(TEXT)
def test_the_words_of_a_text_come_back_from_its_numbers(text):
    assume(split_words(text))
    vocabulary = Vocabulary.of(text, unit="word")
    assert [vocabulary.tokens[number] for number in vocabulary.encode(text)] == split_words(text)


@quick
@given(TEXT, TEXT)
def test_a_vocabulary_refuses_foreign_characters_and_no_others(known, text):
    vocabulary = Vocabulary.of(known)
    if set(text) <= set(known):
        assert vocabulary.decode(vocabulary.encode(text)) == text
    else:
        with pytest.raises(ValueError, match="(?s)does not know .*Received"):
            vocabulary.encode(text)


@quick
@given(TEXT, numbers(0.01, 0.99), numbers(0.01, 0.99))
def test_the_parts_of_a_text_are_the_text(text, share, validation):
    assert "".join(split_text(text, share)) == text
    parts = split_text(text, share, validation=validation)
    assert len(parts) == 3 and "".join(parts) == text
    assert parts[2] == split_text(text, share)[1]


@quick
@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.integers(1, 9), st.integers(1, 5))
def test_targets_are_the_inputs_shifted_by_one(tokens, length, batch_size):
    assume(len(tokens) > length)
    batches = list(windows(tokens, length, batch_size=batch_size, shuffle=False))
    inputs = np.concatenate([batch[0] for batch in batches]).ravel()
    targets = np.concatenate([batch[1] for batch in batches]).ravel()
    assert len(inputs) == (len(tokens) - 1) // length * length
    np.testing.assert_array_equal(inputs, tokens[:len(inputs)])
    np.testing.assert_array_equal(targets, tokens[1:len(inputs) + 1])


@quick
@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.integers(1, 5), st.integers(1, 4))
def test_streams_read_each_part_in_order(tokens, length, batch_size):
    assume(len(tokens) > length * batch_size)
    batches = list(streams(tokens, length, batch_size=batch_size))
    inputs = np.concatenate([batch[0][0] for batch in batches], axis=1)  # (batch, time)
    targets = np.concatenate([batch[1] for batch in batches], axis=1)
    np.testing.assert_array_equal(inputs.ravel(), tokens[:inputs.size])
    np.testing.assert_array_equal(targets.ravel(), tokens[1:inputs.size + 1])


@quick
@given(TEXT, st.integers(1, 5), st.data())
def test_an_n_gram_model_gives_distributions(text, order, draw):
    assume(len(text) >= order)
    model = NGramModel(order).fit(text)
    context = draw.draw(st.text(sorted(set(text)), max_size=8))
    p = model.next_distribution(context)
    assert p.shape == (len(set(text)),) and np.all(p > 0)
    assert p.sum() == pytest.approx(1, abs=1e-9)


@quick
@given(TEXT, st.integers(1, 4))
def test_an_n_gram_model_says_the_same_of_a_text_as_of_its_steps(text, order):
    assume(len(text) >= max(order, 2))
    model = NGramModel(order).fit(text)
    steps = [model.next_distribution(text[:at])[model.vocabulary.index[text[at]]] for at in range(1, len(text))]
    np.testing.assert_allclose(model.log_prob(text), np.log(steps), rtol=1e-9)


# ---- decoding -------------------------------------------------------------------------------------------------------

OPTIONS = st.fixed_dictionaries({
    "temperature": numbers(2e-6, 999_000),
    "top_k": st.one_of(st.none(), st.integers(1, 10**9)),
    "top_p": st.one_of(st.none(), st.floats(0, 1, exclude_min=True)),
})
LOGITS = st.integers(1, 8).flatmap(lambda tokens: arrays((2, tokens), -100, 100))


@quick
@given(LOGITS, OPTIONS)
def test_adjusted_logits_are_a_distribution_with_the_same_favourite(logits, options):
    decoding.check_options(**options)
    p = tf.nn.softmax(decoding.adjust_logits(logits, **options)).numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    favourites = logits.argmax(axis=1)[:, None]
    np.testing.assert_array_equal(np.take_along_axis(p, favourites, axis=1)[:, 0], p.max(axis=1))


@quick
@given(LOGITS, st.integers(1, 8))
def test_top_k_leaves_the_k_likeliest_tokens_the_first_of_equal_ones(logits, top_k):
    kept = np.isfinite(decoding.adjust_logits(logits, top_k=top_k).numpy())
    likeliest = np.argsort(-logits, axis=1, kind="stable")[:, :top_k]
    for row, places in zip(kept, likeliest, strict=True):
        assert np.flatnonzero(row).tolist() == sorted(places)


@quick
@given(LOGITS, OPTIONS, st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 1000)))
def test_only_tokens_that_are_left_are_sampled(logits, options, seed):
    adjusted = decoding.adjust_logits(logits, **options)
    chosen = decoding.sample(adjusted, seed).numpy()
    assert np.all(np.isfinite(np.take_along_axis(adjusted.numpy(), chosen[:, None], axis=1)))


# ---- metrics --------------------------------------------------------------------------------------------------------

FEATURES = st.tuples(st.integers(6, 12), st.integers(6, 12), st.integers(1, 3)).flatmap(
    lambda sizes: st.tuples(*(arrays((rows, sizes[2]), -1e3, 1e3) for rows in sizes[:2]))
)


@quick
@given(FEATURES)
def test_the_frechet_distance_is_symmetric_and_not_negative(pair):
    a, b = pair
    room = 1e-6 * float(1 + np.square(a).max() + np.square(b).max())  # of rounding, in the units of the distance
    distance = metrics.frechet_distance(a, b)
    assert distance >= -room
    assert distance == pytest.approx(metrics.frechet_distance(b, a), abs=room)


@quick
@given(FEATURES)
def test_the_frechet_distance_of_a_set_to_itself_is_0(pair):
    a, _ = pair
    assert metrics.frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-6 * float(1 + np.square(a).max()))


@quick
@given(FEATURES)
def test_the_kernel_distance_is_symmetric(pair):
    a, b = pair
    assert metrics.kernel_distance(a, b) == pytest.approx(metrics.kernel_distance(b, a), rel=1e-6, abs=1e-3)


@quick
@given(FEATURES)
def test_precision_recall_and_coverage_are_shares(pair):
    shares = [*metrics.precision_recall(*pair), metrics.density_coverage(*pair)[1]]
    assert all(0 <= share <= 1 for share in shares)
    assert metrics.precision_recall(pair[0], pair[0]) == (1, 1)


@quick
@given(st.integers(2, 5).flatmap(lambda classes: arrays((8, classes), -50, 50, "float64")))
def test_the_classifier_score_lies_between_1_and_the_number_of_classes(logits):
    probabilities = tf.nn.softmax(logits).numpy()
    assert 1 - 1e-9 <= metrics.classifier_score(probabilities) <= logits.shape[1] + 1e-9
    assert metrics.class_shares(probabilities).sum() == pytest.approx(1)


@quick
@given(FEATURES)
def test_the_nearest_neighbour_of_a_candidate_is_as_near_as_it_gets(pair):
    _, distances = metrics.nearest_neighbours(pair[0][:3], pair[0])
    assert np.all((0 <= distances) & (distances <= 1e-4 * (1 + np.abs(pair[0]).max())))


@quick
@given(TEXT, TEXT, st.integers(1, 3))
def test_measures_of_texts_are_shares(text, other, size):
    words = text_metrics.words_of(text)
    if len(words) >= size:
        assert 0 < text_metrics.distinct([text, other], size) <= 1
    if words:
        assert text_metrics.known_words(text, text) == 1
        assert 0 <= text_metrics.known_words(text, other) <= 1
    if words and text_metrics.words_of(other):
        assert 0 <= text_metrics.self_bleu([text, other]) <= 1 + 1e-9


@quick
@given(TEXT, TEXT)
def test_a_copied_span_stands_in_both_texts(text, source):
    span = text_metrics.longest_copied_span(text, source)
    assert span in text and span in source
    assert bool(span) == bool(set(text) & set(source))


# ---- what is refused ------------------------------------------------------------------------------------------------

NOT_POSITIVE = st.one_of(st.integers(max_value=0), st.just(math.nan), st.just(-math.inf))
IMAGES, CLOUD, DIGITS = np.zeros((2, 4, 4, 1)), np.random.default_rng(0).random((9, 2)), np.arange(9)
REFUSED = {
    "decoding.check_options, temperature": (NOT_POSITIVE | st.just(math.inf) | numbers(0, 5e-7),
                                            lambda bad: decoding.check_options(temperature=bad)),
    "decoding.check_options, top_k": (NOT_POSITIVE | st.just(math.inf) | numbers(1.125, 1.875),
                                      lambda bad: decoding.check_options(top_k=bad)),
    "decoding.check_options, top_p": (NOT_POSITIVE | numbers(1.125, 9), lambda bad: decoding.check_options(top_p=bad)),
    "decoding.check_options, length": (st.integers(max_value=0), lambda bad: decoding.check_options(length=bad)),
    "data.image_dataset, batch_size": (st.integers(max_value=0),
                                       lambda bad: data.image_dataset(IMAGES, batch_size=bad)),
    "data.image_dataset, labels": (st.integers(0, 9).filter(lambda count: count != 2),
                                   lambda bad: data.image_dataset(IMAGES, np.zeros(bad, "int64"), batch_size=1)),
    "data.scale_images, rank": (st.sampled_from([0, 1, 2, 3, 5]), lambda bad: data.scale_images(np.zeros([1] * bad))),
    "data.scale_images, range": (numbers(-9, -0.125) | numbers(1.125, 300) | st.sampled_from([math.nan, math.inf]),
                                 lambda bad: data.scale_images(np.full((1, 2, 2, 1), bad))),
    "data.add_gaussian_noise": (numbers(-9, -0.125) | st.just(math.nan),
                                lambda bad: data.add_gaussian_noise(IMAGES, bad)),
    "data.mask_pixels": (numbers(-9, -0.125) | numbers(1.125, 9) | st.just(math.nan),
                         lambda bad: data.mask_pixels(IMAGES, bad)),
    "data.mask_block": (st.integers(max_value=0) | st.integers(5), lambda bad: data.mask_block(IMAGES, bad)),
    "data.find_file": (st.text(), data.find_file),
    "text.split_text": (st.integers(max_value=0) | st.integers(1) | st.just(math.nan),
                        lambda bad: split_text("ab", bad)),
    "text.split_text, validation": (st.integers(max_value=0) | st.integers(1) | st.just(math.nan),
                                    lambda bad: split_text("ab", validation=bad)),
    "text.nats_per_token, window": (st.integers(max_value=0),
                                    lambda bad: nats_per_token(NGramModel(2).fit("abab"), "abab", bad)),
    "text.nats_per_token, num_blocks": (
        st.integers(max_value=0), lambda bad: nats_per_token(NGramModel(2).fit("abab"), "abab", 2, num_blocks=bad)
    ),
    "text.windows, length": (st.integers(max_value=0) | st.integers(9), lambda bad: windows(DIGITS, bad, batch_size=1)),
    "text.windows, batch_size": (st.integers(max_value=0), lambda bad: windows(DIGITS, 2, batch_size=bad)),
    "text.streams, restarts": (numbers(-9, -0.125) | numbers(1.125, 9) | st.just(math.nan),
                               lambda bad: streams(DIGITS, 2, batch_size=1, restarts=bad)),
    "text.Vocabulary.decode": (st.integers(-(2**60), -1) | st.integers(3, 2**60),
                               lambda bad: Vocabulary("abc").decode([0, bad])),
    "text.Vocabulary.encode": (st.none() | st.integers() | st.binary(), lambda bad: Vocabulary("abc").encode(bad)),
    "text.Vocabulary": (st.text(min_size=1), lambda bad: Vocabulary(bad + bad[0])),
    "ngram.NGramModel": (NOT_POSITIVE | st.just(math.inf) | numbers(1.125, 1.875), NGramModel),
    "ngram.NGramModel.shorter": (st.integers(max_value=0) | st.integers(3),
                                 lambda bad: NGramModel(2).fit("abab").shorter(bad)),
    "metrics.precision_recall": (st.integers(max_value=0) | st.integers(9) | st.sampled_from([1.5, math.nan, math.inf]),
                                 lambda bad: metrics.precision_recall(CLOUD, CLOUD, neighbours=bad)),
    "metrics.frechet_distance": (st.integers(0, 1), lambda bad: metrics.frechet_distance(CLOUD[:bad], CLOUD)),
    "metrics.classifier_score": (numbers(1.125, 9) | numbers(-9, 0.875),
                                 lambda bad: metrics.classifier_score([[0.5, 0.5], [0.0, bad]])),
    "text_metrics.distinct": (st.integers(max_value=0), lambda bad: text_metrics.distinct("a b", bad)),
    "plots.image_grid, columns": (st.integers(max_value=0), lambda bad: plots.image_grid(IMAGES, bad)),
    "plots.image_grid, channels": (st.sampled_from([0, 2, 4, 5]),
                                   lambda bad: plots.image_grid(np.zeros((1, 2, 2, bad)))),
}


@pytest.mark.parametrize(("bad", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_out_of_range_is_refused_with_what_was_received(bad, call):
    @quick
    @given(bad)
    def refuse(value):
        with pytest.raises(ValueError, match="(?s)Received: "):
            call(value)

    refuse()
