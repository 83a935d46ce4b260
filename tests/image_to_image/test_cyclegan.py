"""`CycleGAN` and its pool: the losses by hand, who learns, what the pool keeps and gives back, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.image_to_image import CycleGAN, ImagePool, cyclegan

SHAPE = (8, 8, 3)
NETWORKS = ("there", "back", "target_discriminator", "source_discriminator")


def small(seed=0, **config):
    keras.utils.set_random_seed(seed)
    sizes = {"image_shape": SHAPE, "widths": (4, 6), "discriminator_widths": (4, 6), "pool_size": 0}
    return CycleGAN(**{**sizes, **config})


def compiled(model, generator_rate=1e-2, discriminator_rate=1e-2):
    model.compile(keras.optimizers.SGD(generator_rate), keras.optimizers.SGD(discriminator_rate))
    return model


def images(count=4, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE)).astype("float32")


def batches(count=8, batch_size=4):
    return tf.data.Dataset.from_tensor_slices((images(count), images(count, seed=1))).batch(batch_size)


def weights_of(network):
    return [weight.numpy() for weight in network.trainable_variables]


def train_once(model):
    model.train_step((tf.constant(images()), tf.constant(images(seed=1))))


def zero(*networks):
    for network in networks:
        for weight in network.weights:
            weight.assign(tf.zeros_like(weight))


def logits_of(model, logit):
    """Discriminators that say the same of every patch."""
    for discriminator in model.discriminator:
        layer = discriminator.get_layer("logits")
        zero(layer)
        layer.bias.assign([logit])


# ---- the losses ----


def test_the_way_there_and_back_costs_nothing_where_nothing_changes(monkeypatch):
    model = small()
    for name in ("there", "back"):
        monkeypatch.setattr(model, name, lambda images, training=False: images)
    losses = model.compute_losses(images(), images(seed=1))
    np.testing.assert_array_equal(losses["cycle"], np.zeros(4))
    np.testing.assert_array_equal(losses["identity"], np.zeros(4))
    np.testing.assert_array_equal(losses["generator_loss"], losses["adversarial"])


@pytest.mark.parametrize("logit, discriminators, generators", [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (-1.0, 5.0, 4.0)])
def test_least_squares_by_hand(logit, discriminators, generators):
    """½ (D(x) − 1)² + ½ D(G(z))² and ½ (D(G(z)) − 1)², of both sides: for 0 that is ½ and ½, twice."""
    model = small()
    logits_of(model, logit)
    losses = model.compute_losses(images(), images(seed=1))
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(4, discriminators), rtol=1e-6)
    np.testing.assert_allclose(losses["adversarial"], np.full(4, generators), rtol=1e-6)


def test_at_zero_logits_the_non_saturating_losses_are_those_of_two_stalemates():
    model = small(adversarial_loss="non_saturating")
    logits_of(model, 0.0)
    losses = model.compute_losses(images(), images(seed=1))
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(4, 4 * np.log(2)), rtol=1e-6)
    np.testing.assert_allclose(losses["adversarial"], np.full(4, 2 * np.log(2)), rtol=1e-6)


def test_the_terms_of_generators_that_paint_grey_by_hand():
    """Grey is 0, black −1, white 1: off by 1 each way, there and back and of their own: 1 + 10 · 2 + 5 · 2."""
    model = small()
    zero(*model.generator)
    logits_of(model, 0.0)
    black, white = np.zeros((4, *SHAPE), "float32"), np.ones((4, *SHAPE), "float32")
    losses = model.compute_losses(black, white)
    np.testing.assert_allclose(losses["cycle"], np.full(4, 2.0))
    np.testing.assert_allclose(losses["identity"], np.full(4, 2.0))
    np.testing.assert_allclose(losses["generator_loss"], np.full(4, 31.0))


def test_the_cycle_goes_there_and_back_and_back_and_there():
    model = small()
    scaled, wanted = 2 * images() - 1, 2 * images(seed=1) - 1
    by_hand = np.abs(model.back(model.there(scaled)) - scaled).mean(axis=(1, 2, 3))
    by_hand += np.abs(model.there(model.back(wanted)) - wanted).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(model.compute_losses(images(), images(seed=1))["cycle"], by_hand, rtol=1e-5)


def test_each_discriminator_judges_its_own_side():
    """One that says 1 of targets, and one that says 0 of sources: ½ · 1 of fake targets, ½ · 1 of real sources."""
    model = small()
    logits_of(model, 0.0)
    model.target_discriminator.get_layer("logits").bias.assign([1.0])
    losses = model.compute_losses(images(), images(seed=1))
    np.testing.assert_allclose(losses["discriminator_loss"], np.full(4, 1.0))
    np.testing.assert_allclose(losses["adversarial"], np.full(4, 0.5))  # 0 for fake targets, ½ for fake sources


def test_without_an_identity_weight_nobody_computes_what_it_would_cost():
    losses = small(identity_weight=0.0).compute_losses(images(), images(seed=1))
    np.testing.assert_array_equal(losses["identity"], np.zeros(4))


# ---- who learns ----


@pytest.mark.parametrize("rates, who", [((1e-2, 0.0), NETWORKS[:2]), ((0.0, 1e-2), NETWORKS[2:])])
def test_each_optimizer_moves_only_its_own_networks(rates, who):
    model = compiled(small(), *rates)
    before = {name: weights_of(getattr(model, name)) for name in NETWORKS}
    train_once(model)
    moved = {name for name, old in before.items() if any(
        not np.array_equal(one, other) for one, other in zip(old, weights_of(getattr(model, name))))}
    assert moved == set(who)


def test_discriminators_learn_from_what_the_pool_gives_and_generators_from_fakes_of_now(monkeypatch):
    model = compiled(small(pool_size=4))
    for name in ("source_pool", "target_pool"):
        monkeypatch.setattr(model, name, lambda fakes: tf.zeros_like(fakes))
    seen = {}
    for name in ("discriminator_losses", "generator_losses"):
        original = getattr(model, name)
        monkeypatch.setattr(model, name, lambda *args, name=name, original=original, **options: (
            seen.setdefault(name, args[2:]) and original(*args, **options)))
    scaled, wanted = 2 * images() - 1, 2 * images(seed=1) - 1
    fakes = model.back(wanted), model.there(scaled)
    train_once(model)
    np.testing.assert_array_equal(seen["discriminator_losses"], np.zeros((2, 4, *SHAPE)))
    np.testing.assert_allclose(seen["generator_losses"], fakes, rtol=1e-4, atol=1e-5)


def test_evaluation_leaves_the_pool_alone():
    model = compiled(small(pool_size=4))
    model.evaluate(batches(), verbose=0)
    assert float(model.target_pool.filled) == float(model.source_pool.filled) == 0


# ---- the pool ----


def numbered(first, count):
    """Images of one pixel that are their own numbers, from 1 on: an empty place is 0."""
    return tf.reshape(tf.range(first, first + count, dtype=tf.float32), (count, 1, 1, 1))


def numbers(images):
    return tf.convert_to_tensor(images).numpy().ravel().astype(int).tolist()


def pool_of(size, filled=0):
    keras.utils.set_random_seed(0)
    pool = ImagePool((1, 1, 1), size)
    if filled:
        pool(numbered(1, filled))
    return pool


def test_a_pool_fills_before_it_swaps():
    pool = pool_of(6)
    assert numbers(pool(numbered(1, 4))) == [1, 2, 3, 4]
    assert numbers(pool.images) == [1, 2, 3, 4, 0, 0]
    assert numbers(pool(numbered(5, 2))) == [5, 6]
    assert numbers(pool.images) == [1, 2, 3, 4, 5, 6]


def test_a_batch_that_does_not_fit_any_more_fills_the_pool_and_the_rest_may_swap(monkeypatch):
    """All swap that may: of four images two find an empty place; for the two others older ones come back."""
    monkeypatch.setattr(cyclegan, "uniform", lambda shape: tf.zeros(shape))
    pool = pool_of(6, filled=4)
    given = numbers(pool(numbered(5, 4)))
    assert given[:2] == [5, 6]
    assert set(given[2:]) < {1, 2, 3, 4} and len(set(given)) == 4
    assert sorted(given[2:] + numbers(pool.images)) == list(range(1, 9))


def test_a_pool_loses_no_image():
    """What has come is there or was given, and nothing else was; and as many are given as have come."""
    pool, given = pool_of(7), []
    for first in range(1, 61, 3):
        given += numbers(pool(numbered(first, 3)))
        there = {number for number in numbers(pool.images) if number}
        assert len(given) == first + 2
        assert set(given) | there == set(range(1, first + 3))
        assert len(there) == min(first + 2, 7)


@pytest.mark.parametrize("draw, given", [(0.4, "old"), (0.6, "new")])
def test_a_draw_below_one_half_swaps(draw, given, monkeypatch):
    pool = pool_of(4, filled=4)
    monkeypatch.setattr(cyclegan, "uniform", lambda shape: tf.fill(shape, draw))
    results = sorted(numbers(pool(numbered(5, 4))))
    assert results == ([1, 2, 3, 4] if given == "old" else [5, 6, 7, 8])
    assert sorted(numbers(pool.images)) == ([5, 6, 7, 8] if given == "old" else [1, 2, 3, 4])


def test_half_of_the_images_are_swapped_on_average():
    """2,000 draws: a standard error of 0.011."""
    pool, swapped = pool_of(50, filled=50), 0
    for first in range(51, 2051, 20):
        swapped += sum(number < first for number in numbers(pool(numbered(first, 20))))
    assert swapped / 2000 == pytest.approx(0.5, abs=0.05)


def test_no_image_is_given_twice_in_one_batch():
    pool = pool_of(6, filled=6)
    for first in range(7, 127, 6):
        given = numbers(pool(numbered(first, 6)))
        assert len(set(given)) == 6


def test_every_place_is_swapped_at_times():
    pool = pool_of(5, filled=5)
    for first in range(6, 206, 2):
        pool(numbered(first, 2))
    assert min(numbers(pool.images)) > 100


def test_a_batch_larger_than_the_pool_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least as many images as a batch"):
        pool_of(3)(numbered(1, 4))


def test_a_saved_model_goes_on_with_its_pools(monkeypatch, tmp_path):
    monkeypatch.setattr(cyclegan, "uniform", lambda shape: tf.linspace(0.0, 1.0, shape[0]))
    model = compiled(small(pool_size=6))
    train_once(model)
    train_once(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert float(again.target_pool.filled) == 6
    for name in ("target_pool", "source_pool"):
        kept = getattr(again, name).images.numpy()
        assert np.abs(kept).max() > 0
        np.testing.assert_array_equal(kept, getattr(model, name).images.numpy())


# ---- the verbs ----


@pytest.mark.parametrize("verb", ["translate", "translate_back"])
def test_a_translation_is_an_image(verb):
    results = getattr(small(), verb)(images())
    assert isinstance(results, np.ndarray)
    assert (results.shape, results.dtype) == ((4, *SHAPE), np.float32)
    assert 0 <= results.min() <= results.max() <= 1


@pytest.mark.parametrize("verb, network", [("translate", "there"), ("translate_back", "back")])
def test_each_verb_has_its_generator(verb, network):
    model = small()
    expected = 0.5 * (getattr(model, network)(2 * images() - 1).numpy() + 1)
    np.testing.assert_allclose(getattr(model, verb)(images()), expected, rtol=1e-5)


def test_calling_the_model_translates():
    model = small()
    np.testing.assert_allclose(model(images()), model.translate(images()), rtol=1e-6)


# ---- bad input ----


@pytest.mark.parametrize("config, message", [
    ({"adversarial_loss": "wgan"}, r"adversarial_loss must be one of \['hinge', .*Received: 'wgan'"),
    ({"upsampling": "bilinear"}, r"upsampling must be one of \['resize', 'transposed'\]. Received: 'bilinear'"),
    ({"cycle_weight": -1.0}, "≥ 0. Received: cycle_weight=-1.0"),
    ({"identity_weight": -1.0}, "identity_weight=-1.0"),
    ({"pool_size": -1}, "pool_size=-1"),
    ({"discriminator_norms": ("layer",)}, r"must be two names in \('instance', 'layer'\). Received: \('layer',\)"),
    ({"discriminator_norms": ("layer", "batch")}, r"Received: \('layer', 'batch'\)"),
    ({"image_shape": (10, 8, 3)}, "multiples of 2 to the number of widths"),
])
def test_what_a_cyclegan_cannot_be_made_of_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        small(**config)


@pytest.mark.parametrize("seen, wanted, message", [
    (images()[..., :1], images(), r"must have shape \(batch, \*\(8, 8, 3\)\)"),
    (images(), images()[:, 1:], r"must have shape \(batch, \*\(8, 8, 3\)\)"),
    (images(), 255 * np.round(images()), r"lie in \[0, 1\]. Received: values from 0.0 to 255.0"),
    (images(), None, r"two sets of images, \(sources, targets\). Received: one"),
])
def test_losses_of_bad_images_are_refused(seen, wanted, message):
    with pytest.raises(ValueError, match=message):
        small().compute_losses(seen, wanted)


@pytest.mark.parametrize("count", [1, 3])
def test_more_images_of_one_set_than_of_the_other_are_refused(count):
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many of both"):
        small().compute_losses(images(4), images(count))


def test_training_on_one_set_of_images_is_refused():
    with pytest.raises(ValueError, match="two sets of images"):
        compiled(small()).fit(tf.data.Dataset.from_tensor_slices(images()).batch(4), verbose=0)


@pytest.mark.parametrize("verb", ["translate", "translate_back"])
@pytest.mark.parametrize("bad, message", [(images()[..., :1], "must have shape"), (255 * images(), r"lie in \[0, 1\]")])
def test_what_cannot_be_translated_is_refused(verb, bad, message):
    with pytest.raises(ValueError, match=message):
        getattr(small(), verb)(bad)
