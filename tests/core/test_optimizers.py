"""The fused Adam and Muon: first steps by hand, then beside Keras's own, across saving, devices and executions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.optimizers import FusedAdam, Muon, is_hidden_matrix, orthogonalize

STEPS, ROWS = 100, 5
TOKENS = np.random.default_rng(0).integers(7, size=(48, ROWS)).astype("int32")
TARGETS = np.random.default_rng(1).normal(size=(48, 1)).astype("float32")


def decay():
    return keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=10, decay_rate=0.9)


def walk(optimizer, gradients, start=0.0):
    """Where a weight that starts everywhere at `start` is after each gradient."""
    weight, places = tf.Variable(tf.fill(gradients[0].shape, start)), []
    for gradient in gradients:
        optimizer.apply_gradients([(gradient, weight)])
        places.append(weight.numpy())
    return np.array(places)


def numbers(*values):
    return [tf.constant([value]) for value in values]


def small_model(optimizer, **options):
    """An embedding, whose gradient is sparse, and a layer, whose gradients are not: with a matrix that Muon takes."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((ROWS,), dtype="int32"), keras.layers.Embedding(7, 4), keras.layers.Flatten(), keras.layers.Dense(1)
    ])
    model.compile(optimizer=optimizer, loss="mse", **options)
    return model


def train(model, epochs=1, **options):
    """Twelve steps an epoch, the same batches every time."""
    model.fit(TOKENS, TARGETS, batch_size=4, epochs=epochs, shuffle=False, verbose=0, **options)
    return model


def assert_same_weights(model, other, rtol=1e-6):
    for weight, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=rtol, atol=1e-7)


# ---- by hand ----


def test_first_two_steps():
    """m: 1, then −½. v: 1, then 7/4. So the steps are 1 · (½/½) · 1/1 and 1 · (√(7/16)/¾) · ½/√(7/4) = 1/3, back."""
    places = walk(FusedAdam(1.0, beta_1=0.5, beta_2=0.75, epsilon=1e-12), numbers(2.0, -2.0))
    np.testing.assert_allclose(places.ravel(), [-1.0, -2 / 3], rtol=1e-6)


def test_epsilon_is_added_to_the_root_before_bias_is_corrected():
    """√v = ½ · 3, so the step is ½/½ · 1½ / (1½ + ½); with the ε of algorithm 1 it would be 3 / (3 + ½)."""
    places = walk(FusedAdam(0.1, beta_1=0.5, beta_2=0.75, epsilon=0.5), numbers(3.0))
    np.testing.assert_allclose(places.ravel(), [-0.075], rtol=1e-6)


def test_constant_gradient_moves_by_the_learning_rate_in_every_step():
    places = walk(FusedAdam(0.1), numbers(*[5.0] * 4))
    np.testing.assert_allclose(places.ravel(), [-0.1, -0.2, -0.3, -0.4], rtol=1e-5)


def test_row_that_occurs_twice_counts_with_its_sum():
    """Row 0 gets 4 and −1, so 3; as above, but for β₁ = 0, the step is ½ · 3 / (1½ + ½). Row 1 stays."""
    weight = tf.Variable([[0.0], [0.0]])
    sparse = tf.IndexedSlices(tf.constant([[4.0], [-1.0]]), tf.constant([0, 0]), tf.constant([2, 1]))
    FusedAdam(0.1, beta_1=0.0, beta_2=0.75, epsilon=0.5).apply_gradients([(sparse, weight)])
    np.testing.assert_allclose(weight, [[-0.075], [0.0]], rtol=1e-6)


# ---- beside Keras's Adam: its rounding in v, 6e-6 of each step, is nearly all of the difference ----


@pytest.mark.parametrize("learning_rate", [lambda: 1e-3, decay], ids=["number", "schedule"])
def test_equals_keras(learning_rate):
    gradients = list(tf.random.stateless_normal((STEPS, 4, 3), seed=(0, 0)))
    ours, theirs = (walk(adam(learning_rate()), gradients) for adam in (FusedAdam, keras.optimizers.Adam))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_equals_keras_for_sparse_gradients():
    """Against the same gradients made dense, since Keras 3 is wrong about rows that occur twice."""
    values = tf.random.stateless_normal((STEPS, 6, 3), seed=(0, 0))
    rows = tf.random.stateless_uniform((STEPS, 6), seed=(0, 1), maxval=ROWS, dtype=tf.int32)
    sparse = [tf.IndexedSlices(*pair, dense_shape=tf.constant([ROWS, 3])) for pair in zip(values, rows)]
    dense = [tf.convert_to_tensor(gradient) for gradient in sparse]
    theirs = walk(keras.optimizers.Adam(1e-3), dense)
    ours = walk(FusedAdam(1e-3), [dense[0], *sparse[1:]])  # the first tells the shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


# ---- in `fit` ----


def test_learning_rate_assigned_later_takes_effect():
    optimizer = FusedAdam(0.1)
    weight = tf.Variable([0.0])
    optimizer.apply_gradients([(tf.constant([5.0]), weight)])
    optimizer.learning_rate = 0.3
    optimizer.apply_gradients([(tf.constant([5.0]), weight)])
    np.testing.assert_allclose(weight, [-0.4], rtol=1e-5)


def test_steps_in_one_execution_equal_single_ones():
    models = [train(small_model(FusedAdam(decay()), steps_per_execution=steps)) for steps in (1, 4)]
    assert_same_weights(*models)


def test_two_devices_equal_one(strategy):
    with strategy.scope():
        mirrored = small_model(FusedAdam(decay()))
    assert_same_weights(train(mirrored), train(small_model(FusedAdam(decay()))), rtol=1e-5)


@pytest.mark.parametrize("learning_rate", [lambda: 1e-2, decay], ids=["number", "schedule"])
def test_resumes_where_it_was_saved(tmp_path, learning_rate):
    model = train(small_model(FusedAdam(learning_rate())))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == 12
    assert_same_weights(train(loaded), train(model))


class Interruption(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise InterruptedError


def test_resumes_after_an_interruption(tmp_path):
    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    with pytest.raises(InterruptedError):
        train(small_model(FusedAdam(1e-2)), epochs=3, callbacks=[backup(), Interruption()])
    resumed = train(small_model(FusedAdam(1e-2)), epochs=3, callbacks=[backup()])
    assert_same_weights(resumed, train(small_model(FusedAdam(1e-2)), epochs=3))


# ---- arguments ----


@pytest.mark.parametrize("learning_rate", [0.5, decay()], ids=["number", "schedule"])
def test_config_makes_the_same_optimizer(learning_rate):
    others = {"beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3, "name": "of_the_generator"}
    optimizer = FusedAdam(learning_rate, **others)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert isinstance(copy, FusedAdam)
    assert copy.get_config() == {"learning_rate": optimizer.get_config()["learning_rate"], **others}


def test_files_name_the_package_and_not_the_module():
    """So that models saved today can be loaded after a module has moved."""
    assert keras.saving.get_registered_name(FusedAdam) == "aigc_tf>FusedAdam"


@pytest.mark.parametrize("argument", [
    {"amsgrad": True}, {"weight_decay": 0.01}, {"clipnorm": 1.0}, {"clipvalue": 1.0}, {"global_clipnorm": 1.0},
    {"use_ema": True}, {"loss_scale_factor": 2.0}, {"gradient_accumulation_steps": 2},
], ids=lambda argument: next(iter(argument)))
def test_refuses_what_the_kernel_does_not_do(argument):
    (name, value), = argument.items()
    with pytest.raises(ValueError, match=rf"for more there is keras.optimizers.Adam. Received: {name}={value}"):
        FusedAdam(1e-3, **argument)


@pytest.mark.parametrize("learning_rate", [None, lambda: 1e-3])
def test_refuses_another_kind_of_learning_rate(learning_rate):
    with pytest.raises(ValueError, match="a number or a LearningRateSchedule. Received: "):
        FusedAdam(learning_rate)


@pytest.mark.parametrize("argument", [{"beta_1": 1.0}, {"beta_2": -0.1}, {"epsilon": 0.0}])
def test_refuses_decays_and_epsilon_out_of_range(argument):
    (name, value), = argument.items()
    with pytest.raises(ValueError, match=rf"Received: .*{name}={value}"):
        FusedAdam(1e-3, **argument)


# ---- Muon: what makes a matrix orthogonal ----

SHAPES = pytest.mark.parametrize("shape", [(6, 24), (24, 6)], ids=["wide", "tall"])


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def orthogonal_by_hand(matrix):
    """The polynomial on the singular values alone: s ← a s + b s³ + c s⁵, five times, from s / √Σ s²."""
    u, s, vt = np.linalg.svd(matrix.astype("float64"), full_matrices=False)
    s /= np.linalg.norm(s)
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u * s @ vt


@SHAPES
@pytest.mark.parametrize("seed", range(5))
def test_orthogonalize_brings_all_singular_values_near_1(shape, seed):
    found = np.linalg.svd(orthogonalize(normal(*shape, seed=seed)), compute_uv=False)
    assert 0.6 < found.min() and found.max() < 1.3


@SHAPES
def test_orthogonalize_keeps_the_directions_of_a_matrix(shape):
    """Between its own singular vectors the result is diagonal: near 1 there, and 0 elsewhere."""
    matrix = normal(*shape)
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    within = u.T @ orthogonalize(matrix).numpy() @ vt.T
    np.testing.assert_allclose(within - np.diag(np.diag(within)), np.zeros((6, 6)), atol=1e-4)
    assert 0.8 < np.trace(within) / 6 < 1.2  # the inner product with U Vᵀ, whose length is √6


@SHAPES
def test_orthogonalize_is_its_polynomial_on_the_singular_values(shape):
    matrix = normal(*shape)
    np.testing.assert_allclose(orthogonalize(matrix), orthogonal_by_hand(matrix), atol=1e-5)


def test_orthogonalize_does_not_care_for_the_length_of_a_matrix():
    np.testing.assert_allclose(orthogonalize(1000 * normal(6, 24)), orthogonalize(normal(6, 24)), atol=1e-5)


def test_orthogonalize_leaves_zeros():
    np.testing.assert_array_equal(orthogonalize(tf.zeros((6, 24))), np.zeros((6, 24)))


# ---- Muon: its steps ----


def muon_by_hand(gradients, learning_rate, momentum, scale):
    place, mean, places = 0, 0, []
    for gradient in gradients:
        mean = momentum * mean + gradient
        place = place - learning_rate * scale * orthogonal_by_hand(gradient + momentum * mean)
        places.append(place)
    return np.array(places)


@pytest.mark.parametrize("shape, scale", [((6, 24), 2), ((24, 6), 1)], ids=["wide", "tall"])
def test_muon_is_its_formula(shape, scale):
    """√(24 / 6) = 2 for a wide matrix; a tall one's step is not made smaller."""
    gradients = [normal(*shape, seed=seed) for seed in range(4)]
    found = walk(Muon(0.1, momentum=0.7), list(map(tf.constant, gradients)))
    np.testing.assert_allclose(found, muon_by_hand(gradients, 0.1, 0.7, scale), atol=1e-5)


class SmallNetwork(keras.Model):
    """With every kind of weight, and built in a call, so that in Keras 3 no inner variable is named after its layer."""

    def __init__(self):
        super().__init__()
        self.embedding = keras.layers.Embedding(7, 20, name="embedding")
        self.hidden, self.logits = keras.layers.Dense(6, name="hidden"), keras.layers.Dense(3, name="logits")
        self(tf.zeros((1,), tf.int32))

    def call(self, tokens):
        return self.logits(self.hidden(self.embedding(tokens)))


def moves(optimizer, steps=3):
    """How far each weight of a small network is from its beginning after each of several gradients."""
    weights = SmallNetwork().trainable_variables
    before, places = [weight.numpy() for weight in weights], []
    for seed in range(steps):
        gradients = [tf.constant(normal(*weight.shape, seed=seed)) for weight in weights]
        optimizer.apply_gradients(zip(gradients, weights))
        places.append([weight.numpy() - start for weight, start in zip(weights, before)])
    return [np.stack(parts) for parts in zip(*places)]


EMBEDDINGS, HIDDEN_KERNEL, HIDDEN_BIAS, LOGITS_KERNEL, LOGITS_BIAS = range(5)


@pytest.mark.parametrize("weight", [EMBEDDINGS, HIDDEN_BIAS, LOGITS_KERNEL, LOGITS_BIAS],
                         ids=["embeddings", "bias", "logits", "bias of the logits"])
def test_what_is_no_hidden_matrix_gets_adam(weight):
    adam = {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}
    found, expected = moves(Muon(0.2, adam_ratio=0.15, **adam))[weight], moves(FusedAdam(0.03, **adam))[weight]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_a_hidden_matrix_of_a_network_gets_muon():
    found = moves(Muon(0.1, momentum=0.7))[HIDDEN_KERNEL]
    expected = muon_by_hand([normal(20, 6, seed=seed) for seed in range(3)], 0.1, 0.7, scale=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_muon_equals_keras_for_a_tall_matrix():
    if not hasattr(keras.optimizers, "Muon"):
        pytest.skip("Keras 2 has no Muon")
    theirs = keras.optimizers.Muon(0.02, rms_rate=None, weight_decay=0.0, adam_weight_decay=0.0)
    ours, expected = (moves(muon, steps=20)[HIDDEN_KERNEL] for muon in (Muon(0.02), theirs))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5)


def test_a_hidden_matrix_is_no_embedding_no_logits_and_no_vector():
    hidden = [is_hidden_matrix(weight) for weight in SmallNetwork().trainable_variables]
    assert hidden == [False, True, False, False, False]


@pytest.mark.parametrize("weight", [HIDDEN_KERNEL, HIDDEN_BIAS], ids=["matrix", "bias"])
def test_muon_follows_a_schedule(weight):
    """Step 0 at 0.1, the later ones at 0.02: as if at each rate alone, since the momentum does not depend on it."""
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.02])
    found, fast, slow = (moves(Muon(rate))[weight] for rate in (schedule, 0.1, 0.02))
    np.testing.assert_allclose(found[0], fast[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1:] - found[:-1], slow[1:] - slow[:-1], rtol=1e-4, atol=1e-6)


def test_muon_steps_in_one_execution_equal_single_ones():
    models = [train(small_model(Muon(decay()), steps_per_execution=steps)) for steps in (1, 4)]
    assert_same_weights(*models, rtol=1e-5)


def test_muon_on_two_devices_equals_one(strategy):
    with strategy.scope():
        mirrored = small_model(Muon(decay()))
    assert_same_weights(train(mirrored), train(small_model(Muon(decay()))), rtol=1e-4)


@pytest.mark.parametrize("learning_rate", [lambda: 1e-2, decay], ids=["number", "schedule"])
def test_muon_resumes_where_it_was_saved(tmp_path, learning_rate):
    model = train(small_model(Muon(learning_rate())))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, Muon)
    assert_same_weights(train(loaded), train(model), rtol=1e-5)


# ---- Muon: arguments ----


@pytest.mark.parametrize("learning_rate", [0.5, decay()], ids=["number", "schedule"])
def test_config_makes_the_same_muon(learning_rate):
    others = {"adam_ratio": 0.4, "momentum": 0.8, "beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3, "name": "of_blocks"}
    optimizer = Muon(learning_rate, **others)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert isinstance(copy, Muon)
    assert copy.get_config() == {"learning_rate": optimizer.get_config()["learning_rate"], **others}


def test_files_name_the_package_and_not_the_module_of_muon():
    assert keras.saving.get_registered_name(Muon) == "aigc_tf>Muon"


@pytest.mark.parametrize("argument", [
    {"momentum": 1.0}, {"momentum": -0.1}, {"momentum": float("nan")}, {"adam_ratio": 0.0}, {"adam_ratio": -1.0},
    {"beta_1": 1.0}, {"epsilon": 0.0}, {"weight_decay": 0.1}, {"nesterov": False},
], ids=str)
def test_muon_refuses_what_is_out_of_range_or_unknown(argument):
    (name, value), = argument.items()
    with pytest.raises(ValueError, match=rf"Received: .*{name}={value}"):
        Muon(0.02, **argument)


def test_muon_refuses_another_kind_of_learning_rate():
    with pytest.raises(ValueError, match="a number or a LearningRateSchedule. Received: None"):
        Muon(None)
