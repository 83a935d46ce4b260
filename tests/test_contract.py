"""The contract (design, section 6): promises that every keras.Model of aigc_tf keeps. `models.py` has the rows."""

import contextlib
import functools
import importlib.util
import inspect
import pkgutil
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from models import MODELS, TextRow, constant_draws

import aigc_tf
from aigc_tf.core.adversarial import AdversarialModel
from aigc_tf.core.model import Model
from aigc_tf.data import image_dataset
from aigc_tf.diffusion.denoising import DenoisingModel
from aigc_tf.music.writers import ChoraleWriter
from aigc_tf.text import streams


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def row(request):
    return request.param


def only(condition):
    """The rows of models with a certain verb."""
    chosen = {name: row for name, row in MODELS.items() if condition(row)}
    return pytest.mark.parametrize("row", chosen.values(), ids=chosen.keys(), scope="module", indirect=True)


generators, coders = only(lambda row: row.generates), only(lambda row: row.reconstructs)
pictures = only(lambda row: row.image_shape)
conditionals = only(lambda row: row.num_classes)
unconditionals = only(lambda row: row.image_shape and not row.config.get("num_classes"))
shared = only(lambda row: row.shared)
conditional_generators = only(lambda row: row.num_classes and row.generates)


@pytest.fixture(scope="module")
def model(row):
    """A model for tests that only look."""
    return row.build()


@pytest.fixture
def known_noise():
    """Noise that is the same for every image, so that two ways to compute the same thing can be compared."""
    with constant_draws():
        yield


def losses_of(row, model, count):
    """Each example's losses, in one go and without any machinery of Keras."""
    return {name: values.numpy() for name, values in model.compute_losses(*row.arrays(count)).items()}


# ---- the table ------------------------------------------------------------------------------------------------------


def test_every_model_of_the_package_is_in_the_table():
    found = set()
    for module in pkgutil.walk_packages(aigc_tf.__path__, "aigc_tf."):
        if not module.name.endswith("__main__"):
            namespace = vars(importlib.import_module(module.name))
            found |= {value for value in namespace.values() if inspect.isclass(value) and issubclass(value, Model)}
    assert found - {Model, AdversarialModel, DenoisingModel, ChoraleWriter} == {row.model for row in MODELS.values()}


# ---- training and evaluation ----------------------------------------------------------------------------------------


class Learnt(NamedTuple):
    model: keras.Model
    history: dict
    board: Path  # what TensorBoard's callback wrote
    bystander: keras.Model  # was there, but took no part
    its_weights: list  # before


@pytest.fixture(scope="module")
def learnt(row, tmp_path_factory):
    """A training with validation and TensorBoard, odd last batches and all."""
    board, bystander, model = tmp_path_factory.mktemp("board"), row.build(seed=1), row.compiled()
    its_weights = bystander.get_weights()
    installed = importlib.util.find_spec("tensorboard")
    callbacks = [keras.callbacks.TensorBoard(str(board), histogram_freq=1)] if installed else []
    batches = row.batches(9, 4, seed=0)
    training = model.fit(batches, validation_data=row.batches(6, 4), epochs=2, verbose=0, callbacks=callbacks)
    return Learnt(model, training.history, board, bystander, its_weights)


def test_fit_with_validation_reports_exactly_the_terms_of_the_loss(row, learnt):
    assert set(learnt.history) == row.terms | {f"val_{name}" for name in row.terms}


def test_the_terms_add_up_to_the_loss_in_every_epoch(row, learnt):
    for prefix in ("", "val_"):
        terms = {name: np.array(learnt.history[prefix + name]) for name in row.terms}
        total = row.total(terms, learnt.model)
        np.testing.assert_allclose(terms[row.objectives[0]], total, rtol=1e-5, atol=1e-6)


def test_training_moves_all_weights_of_the_model(row, learnt):
    before = row.build().get_weights()
    names = [getattr(weight, "path", weight.name).removesuffix(":0") for weight in learnt.model.weights]
    pairs = zip(names, learnt.model.get_weights(), before, strict=True)
    untouched = [name for name, new, old in pairs if np.array_equal(new, old) and not name.endswith(row.idle or ("-",))]
    assert not untouched, f"training never touches {untouched}"


def test_training_moves_no_weight_of_another_model(learnt):
    for old, new in zip(learnt.its_weights, learnt.bystander.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_same_seed_gives_the_same_losses(row, learnt):
    again = row.compiled().fit(row.batches(9, 4, seed=0), epochs=2, verbose=0).history
    for name in row.objectives:
        np.testing.assert_allclose(again[name], learnt.history[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("folder", ["train", "validation"])
def test_tensorboard_records_every_term(row, learnt, folder):
    pytest.importorskip("tensorboard")
    files = (learnt.board / folder).glob("events*")
    events = [event for file in files for event in tf.compat.v1.train.summary_iterator(str(file))]
    tags = {value.tag for event in events for value in event.summary.value}
    assert {f"epoch_{name}" for name in row.terms} <= tags


class Standing(NamedTuple):
    model: keras.Model  # for later tests to train as they like: compiling it anew would take most of their time
    history: dict
    results: dict  # of evaluate
    losses: dict  # for each example


@pytest.fixture(scope="module")
def standing(row):
    """A training at a rate of zero, so that all batches (of 4, 4 and 1) see one model; then an evaluation."""
    with constant_draws():
        model = row.compiled(optimizer=functools.partial(keras.optimizers.Adam, 0.0))
        history = model.fit(row.batches(9, 4), epochs=2, verbose=0).history
        results = model.evaluate(row.batches(9, 4), return_dict=True, verbose=0)
        return Standing(model, history, results, losses_of(row, model, 9))


def test_evaluate_is_the_mean_over_examples_whatever_the_size_of_the_last_batch(row, standing):
    assert set(standing.results) == row.terms
    for name, values in standing.losses.items():
        assert standing.results[name] == pytest.approx(values.mean(), rel=1e-5), f"{name} is not the mean over examples"


@only(lambda row: row.steady)
def test_every_epoch_is_the_mean_over_its_examples_alone(row, standing):
    for name, values in standing.losses.items():
        np.testing.assert_allclose(standing.history[name], values.mean(), rtol=1e-5, err_msg=name)


def test_every_weight_gets_a_gradient(row, model):
    """Of one objective at least: in a sum of both players' losses the generator's gradient may cancel out."""
    weights = model.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        losses = model.compute_losses(*row.arrays(4))
        objectives = [tf.reduce_mean(losses[name]) for name in row.objectives]
    gradients = zip(*(tape.gradient(objective, weights) for objective in objectives))
    without = [
        weight.name
        for weight, parts in zip(weights, gradients, strict=True)
        if not any(part is not None and np.any(part) for part in parts)
    ]
    assert not without, f"no gradient reaches {without}"


def test_it_overfits_one_batch(row):
    """A player of a game learns alone, against the other as it is at first."""
    for objective in row.objectives:
        model = row.compiled(learner=objective)
        before = losses_of(row, model, 4)[objective].mean()
        enough = before - 0.6 * abs(before)
        for _ in range(10):  # 200 steps at most
            model.fit(row.batches(4, 4).repeat(20), verbose=0)
            after = losses_of(row, model, 4)[objective].mean()
            if after < enough:
                break
        assert after < enough, f"four images could not be learnt by heart: {objective} {before:.4g} → {after:.4g}"


# Plain SGD where two ways to compute the same are compared, because Adam's first steps blow rounding errors up to the
# size of the learning rate. Three steps: 19 examples in batches of 8, 8 and 3.


def three_steps(row, strategy=None, **options):
    with strategy.scope() if strategy else contextlib.nullcontext():
        model = row.compiled(optimizer=functools.partial(keras.optimizers.SGD, 1e-3), **options)
    return model, model.fit(row.batches(19, 8), verbose=0).history


@pytest.fixture(scope="module")
def reference(row):
    with constant_draws():
        return three_steps(row)


def assert_the_same_training(ours, theirs):
    (model, history), (other_model, other_history) = ours, theirs
    for name in other_history:
        np.testing.assert_allclose(history[name], other_history[name], rtol=1e-5, err_msg=f"history of {name}")
    for variable, other in zip(model.weights, other_model.get_weights(), strict=True):
        np.testing.assert_allclose(variable.numpy(), other, rtol=1e-5, atol=1e-5, err_msg=variable.name)


@shared
def test_two_devices_learn_the_same_as_one(row, reference, strategy, known_noise):
    assert strategy.num_replicas_in_sync == 2
    assert_the_same_training(three_steps(row, strategy), reference)


@shared
def test_several_steps_per_execution_learn_the_same(row, reference, known_noise):
    assert_the_same_training(three_steps(row, steps_per_execution=2), reference)


@only(lambda row: isinstance(row, TextRow) and row.shared)
def test_states_are_carried_on_two_devices_as_on_one(row, strategy):
    """Each device keeps the states of its own rows."""
    def carried(strategy=None):
        with strategy.scope() if strategy else contextlib.nullcontext():
            model = row.compiled(optimizer=functools.partial(keras.optimizers.SGD, 1e-1))
        numbers = np.random.default_rng(0).integers(5, size=61)
        return model, model.fit(streams(numbers, 5, batch_size=4), epochs=2, verbose=0).history

    assert_the_same_training(carried(strategy), carried())


# ---- saving ---------------------------------------------------------------------------------------------------------


def test_a_model_is_rebuilt_from_its_config(row, model):
    again = type(model).from_config(model.get_config())
    assert [w.shape for w in again.get_weights()] == [w.shape for w in model.get_weights()]
    assert {name: getattr(again, name) for name in row.config} == {name: getattr(model, name) for name in row.config}


def test_weights_go_from_one_model_to_another_by_file(row, model, tmp_path):
    other = row.build(seed=2)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    for one, another in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


def test_a_saved_model_goes_on_as_if_never_interrupted(row, known_noise, tmp_path):
    """It gives the same images, and with its optimizer's memory it makes the same next steps."""
    model = row.compiled()
    model.fit(row.batches(8, 4), epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other, err_msg="weights were lost")
    ours = model.fit(row.batches(8, 4), epochs=3, verbose=0).history
    theirs = again.fit(row.batches(8, 4), epochs=3, verbose=0).history
    for name in row.objectives:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-5, err_msg="the optimizer's memory was lost")


# ---- the verbs ------------------------------------------------------------------------------------------------------


def assert_images(images, shape):
    images = np.asarray(images)
    assert images.shape == shape
    assert images.dtype == np.float32
    assert 0 <= images.min() <= images.max() <= 1


@generators
def test_generate_returns_images(row, model):
    images = model.generate(5, seed=0, **row.conditions(5))
    assert isinstance(images, np.ndarray)
    assert_images(images, (5, *row.image_shape))


@generators
def test_generate_repeats_itself_for_a_seed(row, model):
    conditions = row.conditions(2)
    np.testing.assert_array_equal(model.generate(2, seed=1, **conditions), model.generate(2, seed=1, **conditions))


@generators
def test_generate_differs_for_another_seed(row, model):
    conditions = row.conditions(2)
    assert not np.allclose(model.generate(2, seed=1, **conditions), model.generate(2, seed=2, **conditions))


@generators
def test_generate_differs_from_call_to_call_without_a_seed(row, model):
    conditions = row.conditions(2)
    assert not np.allclose(model.generate(2, **conditions), model.generate(2, **conditions))


@coders
def test_encode_returns_latents(row, model):
    latents = model.encode(*row.arrays(5))
    for part in latents if isinstance(latents, tuple) else [latents]:
        assert part.shape == (5, row.config["latent_dim"])
        assert part.dtype == tf.float32


@generators
def test_decode_returns_images(row, model):
    latents = np.random.default_rng(0).normal(size=(5, *row.latent_shape))
    assert_images(model.decode(latents, **row.conditions(5)), (5, *row.image_shape))


@coders
def test_reconstruct_returns_images(row, model):
    assert_images(model.reconstruct(*row.arrays(5)), (5, *row.image_shape))


@coders
def test_calling_the_model_reconstructs(row, model):
    arrays = row.arrays(3)
    np.testing.assert_array_equal(model(arrays if row.num_classes else arrays[0]), model.reconstruct(*arrays))


# ---- bad input ------------------------------------------------------------------------------------------------------

BAD_IMAGES = {
    "one image without a batch": (lambda images: images[0], "must have shape"),
    "another size": (lambda images: images[:, 1:], "must have shape"),
    "no channels": (lambda images: images[..., 0], "must have shape"),
    "bytes": (lambda images: (images * 255).astype("uint8"), r"floats in \[0, 1\].*Received: uint8"),
    "0 to 255": (lambda images: images * 255, r"lie in \[0, 1\]. Received: values from 0.0 to 255.0"),
    "-1 to 1": (lambda images: images * 2 - 1, r"lie in \[0, 1\]. Received: values from -1.0"),
    "NaN": (lambda images: np.where(images > 0.5, np.nan, images), "finite"),
}


bad_images = pytest.mark.parametrize("spoil, message", BAD_IMAGES.values(), ids=BAD_IMAGES.keys())


@pictures
@bad_images
def test_losses_of_bad_images_are_refused(row, model, spoil, message):
    images, *labels = row.arrays(3)
    with pytest.raises(ValueError, match=message):
        model.compute_losses(spoil(images), *labels)


@coders
@bad_images
@pytest.mark.parametrize("verb", ["encode", "reconstruct"])
def test_bad_images_are_refused(row, model, verb, spoil, message):
    images, *labels = row.arrays(3)
    with pytest.raises(ValueError, match=message):
        getattr(model, verb)(spoil(images), *labels)


@pictures
@pytest.mark.parametrize("value", [2.0, -0.5, np.nan])
def test_training_on_images_out_of_range_stops(row, standing, value):
    images, *labels = row.arrays(4)
    images[0, 0, 0, 0] = value
    batches = tf.data.Dataset.from_tensor_slices((images, *labels) if labels else images).batch(4)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"lie in \[0, 1\]"):
        standing.model.fit(batches, verbose=0)


@conditionals
def test_training_on_an_unknown_class_stops(row, standing):
    images, _ = row.arrays(4)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="Labels must be integers from 0 to 2"):
        standing.model.fit(image_dataset(images, np.full(4, 3), batch_size=4), verbose=0)


@pictures
def test_training_on_images_of_another_size_is_refused(row):
    images, *labels = row.arrays(4)
    with pytest.raises(ValueError, match="must have shape"):
        row.compiled().fit(image_dataset(images[:, 1:], *labels, batch_size=4), verbose=0)


@pytest.mark.parametrize("spoil, message", [
    (lambda latents: latents[..., 1:], "must have shape"), (lambda latents: latents[0], "must have shape"),
    (lambda latents: latents * np.nan, "finite"),
], ids=["another size", "no batch", "NaN"])
@generators
def test_bad_latents_are_refused(row, model, spoil, message):
    with pytest.raises(ValueError, match=message):
        model.decode(spoil(np.zeros((2, *row.latent_shape))), **row.conditions(2))


@pytest.mark.parametrize("num_images", [0, -1])
@generators
def test_generating_no_images_is_refused(row, model, num_images):
    with pytest.raises(ValueError, match=f"at least 1. Received: {num_images}"):
        model.generate(num_images, **row.conditions(1))


@pytest.mark.parametrize("labels", [[0, 1, 3], [0, -1, 2], [0, 1], [0.0, 1.0, 2.0], [[0], [1], [2]], 1])
@conditional_generators
def test_labels_that_a_conditional_model_does_not_know_are_refused(row, model, labels):
    with pytest.raises(ValueError, match="Labels must be integers from 0 to 2, one for each image. Received: "):
        model.generate(3, labels=labels)


@conditional_generators
def test_missing_labels_are_refused(row, model):
    with pytest.raises(ValueError, match="needs labels"):
        model.generate(3)


@conditionals
def test_training_without_labels_is_refused(row):
    images, _ = row.arrays(4)
    with pytest.raises(ValueError, match="needs labels"):
        row.compiled().fit(image_dataset(images, batch_size=4), verbose=0)


@unconditionals
def test_labels_for_a_model_without_classes_are_refused(row):
    (images,) = row.arrays(4)
    with pytest.raises(ValueError, match="takes no labels|must have shape"):
        row.compiled().fit(image_dataset(images, np.zeros(4, int), batch_size=4), verbose=0)
