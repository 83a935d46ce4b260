"""Style transfer: Gram matrices by hand, features of any size, pixels that learn, and a network for all pictures."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.image_to_image import style
from aigc_tf.image_to_image.fast_style import StyleTransfer
from aigc_tf.image_to_image.style import feature_network, gram_matrix, random_feature_network, stylise
from aigc_tf.metrics.classifier import DigitClassifier

RANDOM = np.random.default_rng(0)
CONTENT = np.tile(np.linspace(0.1, 0.9, 24, dtype="float32")[:, np.newaxis, np.newaxis], (1, 16, 3))
STRIPES = np.tile(np.float32([[[1, 0, 0]]] * 3 + [[[1, 1, 1]]] * 3), (4, 20, 1))  # of three rows, red and white
SMALL = {"widths": (4, 8, 8), "blocks": 1, "filters": (2, 3), "scales": 2}


@pytest.fixture(scope="module")
def features():
    return random_feature_network((4, 6), channels=1, seed=1)


def adapted(**config):
    keras.utils.set_random_seed(0)
    model = StyleTransfer(**{**SMALL, **config})
    model.adapt(random_feature_network(model.filters, model.feature_channels), STRIPES)
    return model


def images(count=2, height=12, width=8):
    return np.random.default_rng(count).random((count, height, width, 3)).astype("float32")


# -- what is compared --


def test_a_gram_matrix_by_hand():
    features = [[[[1.0, 2.0], [3.0, 0.0]]]]  # two places: (1·1 + 3·3) / 2, (1·2 + 3·0) / 2, (2·2 + 0·0) / 2
    np.testing.assert_allclose(gram_matrix(tf.constant(features)), [[[5.0, 1.0], [1.0, 2.0]]])


def test_a_gram_matrix_does_not_know_where_things_are():
    pixels = RANDOM.random((1, 30, 4)).astype("float32")
    shuffled = RANDOM.permutation(pixels, axis=1)
    both = (gram_matrix(tf.reshape(each, (1, 5, 6, 4))) for each in (pixels, shuffled))
    np.testing.assert_allclose(*both, rtol=1e-5)


def test_a_gram_matrix_does_not_grow_with_the_picture():
    tile = tf.constant(RANDOM.random((2, 3, 4, 5)), tf.float32)
    np.testing.assert_allclose(gram_matrix(tf.tile(tile, (1, 3, 2, 1))), gram_matrix(tile), rtol=1e-5)


def test_style_by_hand():
    """Means 2 and 1; about them (−1, 1) and (1, −1), so A = [[1, −1], [−1, 1]]; without activations G is μμᵀ."""
    maps = [tf.constant([[[[1.0, 2.0], [3.0, 0.0]]]])]
    means, grams = style.style_statistics(maps)
    np.testing.assert_allclose(means[0], [[[[2.0, 1.0]]]])
    np.testing.assert_allclose(grams[0], [[[1.0, -1.0], [-1.0, 1.0]]])
    errors = (4 - 1) ** 2 + 2 * (2 + 1) ** 2 + (1 - 1) ** 2
    np.testing.assert_allclose(style.style_loss([0 * maps[0]], means, grams), [errors / 4])


def test_content_by_hand():
    contents = tf.constant([[[[3.0]], [[4.0]]]])
    np.testing.assert_allclose(style.content_loss(contents - [[[[0.0]], [[1.0]]]], contents), [1 / 25])
    np.testing.assert_allclose(style.content_loss(0 * contents, contents), [1.0])


def test_a_picture_has_its_own_style_and_content(features):
    maps = style.activations(features, STRIPES[np.newaxis], 2)
    losses = style.transfer_losses(maps, maps, style.style_statistics(maps), 0.5, 2)
    assert {name: float(value[0]) for name, value in losses.items()} == {"loss": 0.0, "style": 0.0, "content": 0.0}


# -- whose features --


def test_inside_the_border_the_features_are_the_classifiers_own():
    classifier = DigitClassifier(image_shape=(32, 32, 3), filters=(4, 5))
    large = images(1, height=44, width=48)
    trained = [layer for layer in classifier.network.layers if isinstance(layer, keras.layers.Conv2D)]
    probe = keras.Model(classifier.network.input, [layer.output for layer in trained])
    first, second = feature_network(classifier)(large)
    own_first, own_second = probe(large[:, 8:40, 4:36])
    np.testing.assert_allclose(first[:, 10:38, 6:34], own_first[:, 2:-2, 2:-2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(second[:, 7:17, 5:15], own_second[:, 3:-3, 3:-3], rtol=1e-4, atol=1e-5)


def test_features_are_copies_that_do_not_learn():
    classifier = DigitClassifier(image_shape=(8, 8, 1), filters=(2, 3))
    network = feature_network(classifier)
    assert not network.trainable_variables
    network.set_weights([0 * weight for weight in network.get_weights()])
    assert np.any(classifier.get_weights()[0])


@pytest.mark.parametrize("height, width", [(9, 7), (16, 20)])
def test_features_take_any_size(features, height, width):
    shapes = [each.shape for each in features(tf.zeros((2, height, width, 1)))]
    assert shapes == [(2, height, width, 4), (2, height // 2, width // 2, 6)]


def test_random_features_are_those_of_their_seed():
    first, again, other = (random_feature_network(seed=seed).get_weights()[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_random_features_see_nothing_in_grey(features):
    middle = features(tf.fill((1, 16, 16, 1), 0.5))[0][:, 4:-4, 4:-4]
    np.testing.assert_allclose(middle, np.zeros(middle.shape), atol=1e-5)


def test_grey_features_look_at_each_colour_by_itself(features):
    pictures = images(3, 8, 12)
    maps = style.activations(features, pictures, 2)
    assert [each.shape[-1] for each in maps] == [3, 12, 18, 3, 12, 18]
    assert [each.shape[1:3] for each in maps] == [(8, 12), (8, 12), (4, 6), (4, 6), (4, 6), (2, 3)]
    np.testing.assert_allclose(maps[1][..., 8:], features(pictures[..., 2:])[0], rtol=1e-5, atol=1e-6)


# -- one picture, pixel by pixel --


def test_stylise_lowers_the_loss_and_keeps_a_film(features):
    result = stylise(CONTENT, STRIPES, features, steps=25, every=10, scales=2)
    assert result.losses["loss"][-1] < 0.5 * result.losses["loss"][0]
    assert result.film.shape == (4, *CONTENT.shape)  # before steps 1, 11 and 21, and after the last
    assert all(len(values) == 4 for values in result.losses.values())
    np.testing.assert_array_equal(result.picture, result.film[-1])
    assert result.film.dtype == np.float32 and 0 <= result.film.min() <= result.film.max() <= 1
    np.testing.assert_allclose(result.film[0], CONTENT, atol=1e-5)


def test_content_weight_is_a_dial(features):
    texture, copy = (
        stylise(CONTENT, STRIPES, features, content_weight=weight, steps=25, scales=2).losses for weight in (0.0, 10.0)
    )
    assert texture["style"][-1] < copy["style"][-1]
    assert texture["content"][-1] > copy["content"][-1]


def test_a_picture_of_odd_sides_is_stylised(features):
    assert stylise(CONTENT[:23, :15], STRIPES, features, steps=1, scales=1).picture.shape == (23, 15, 3)


@pytest.mark.parametrize("options, message", [
    ({"content_weight": -1.0}, "content_weight=-1.0"), ({"steps": -1}, "steps=-1"), ({"scales": 0}, "scales=0"),
    ({"every": 0}, "every=0"),
])
def test_numbers_out_of_range_are_refused(features, options, message):
    with pytest.raises(ValueError, match=message):
        stylise(CONTENT, STRIPES, features, **options)


@pytest.mark.parametrize("content, picture, message", [
    (CONTENT[np.newaxis], STRIPES, "height, width, channels"), (CONTENT, STRIPES[..., 0], "height, width, channels"),
    (CONTENT * 255, STRIPES, r"in \[0, 1\]"), (CONTENT, STRIPES * np.nan, r"in \[0, 1\]"),
])
def test_bad_pictures_are_refused(features, content, picture, message):
    with pytest.raises(ValueError, match=message):
        stylise(content, picture, features)


# -- one network for all pictures --


@pytest.mark.parametrize("height, width", [(12, 8), (20, 36)])
def test_translate_keeps_the_size(height, width):
    stylised = StyleTransfer(**SMALL).translate(images(2, height, width))  # without adapt
    assert isinstance(stylised, np.ndarray) and stylised.dtype == np.float32
    assert stylised.shape == (2, height, width, 3)
    assert 0 <= stylised.min() <= stylised.max() <= 1


@pytest.mark.parametrize("spoil", [
    lambda batch: batch[0], lambda batch: batch[..., :1], lambda batch: batch[:, 1:], lambda batch: batch[:, :, 2:],
    lambda batch: batch[:, :0],
], ids=["no batch", "one channel", "a row less", "two columns less", "no rows"])
def test_images_of_another_shape_are_refused(spoil):
    with pytest.raises(ValueError, match="multiples of 4. Received"):
        StyleTransfer(**SMALL).translate(spoil(images()))


def test_it_learns_one_batch_and_leaves_what_judges_alone():
    model, batch = adapted(content_weight=0.01), images(2, 16, 16)
    before = model.compute_losses(batch)["loss"].numpy().mean()
    judge = model.features.get_weights() + model.target.get_weights()
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(tf.data.Dataset.from_tensors(batch).repeat(60), verbose=0)
    assert model.compute_losses(batch)["loss"].numpy().mean() < 0.5 * before
    for old, new in zip(judge, model.features.get_weights() + model.target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_what_it_minimises_is_what_stylise_minimises():
    """The network's picture, judged as `stylise` judges its first frame."""
    model, content = adapted(), images(1, 16, 16)
    painted = model.translate(content)
    theirs = style.transfer_losses(
        style.activations(model.features, painted, 2), style.activations(model.features, content, 2),
        style.style_statistics(style.activations(model.features, STRIPES[np.newaxis], 2)), model.content_weight, 2,
    )
    for name, values in model.compute_losses(content).items():
        np.testing.assert_allclose(values, theirs[name], rtol=1e-4)


def test_a_style_survives_saving(tmp_path):
    model, other = adapted(), StyleTransfer(**SMALL)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(other.compute_losses(images())["loss"], model.compute_losses(images())["loss"])


def test_training_without_a_style_stops():
    with pytest.raises(tf.errors.InvalidArgumentError, match="call `adapt` first"):
        StyleTransfer(**SMALL).compute_losses(images())


@pytest.mark.parametrize("config", [
    {"widths": (4, 8)}, {"blocks": -1}, {"content_weight": -0.1}, {"scales": 0}, {"feature_channels": 2},
])
def test_a_bad_config_is_refused(config):
    with pytest.raises(ValueError, match=r"Received: .*"):
        StyleTransfer(**{**SMALL, **config})


def test_features_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="Weights of the features must have the shapes"):
        StyleTransfer(**SMALL).adapt(random_feature_network((2, 4)), STRIPES)


def test_a_style_with_other_channels_is_refused():
    with pytest.raises(ValueError, match="must have 3 channels. Received: 1"):
        StyleTransfer(**SMALL).adapt(random_feature_network((2, 3)), STRIPES[..., :1])
