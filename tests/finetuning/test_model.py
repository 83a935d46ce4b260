"""An adapted Transformer: begins as the base, moves its own weights alone, writes with its cache what it reads."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints
from aigc_tf.core.inputs import as_weights
from aigc_tf.finetuning import DPO, METHODS, AdaptedTransformer, trained_share
from aigc_tf.finetuning.model import network_weights
from aigc_tf.text import windows
from aigc_tf.transformer import TransformerLanguageModel

TOKENS, CONTEXT = "abcde", 8
NUMBERS = np.random.default_rng(0).integers(len(TOKENS), size=(3, 21)).astype("int32")  # more than two contexts
TEXT = "".join(TOKENS[number] for number in NUMBERS[0])
SIZES = {"full": 0, "last": 1, "adapters": 3, "lora": 2, "prompt": 2, "prefix": 3}
LEARNING = {"full": [""], "last": ["block_1/", "logits"], "adapters": ["/down/", "/up/"], "lora": ["/lora_"],
            "prompt": ["prompt_"], "prefix": ["/prefix_"]}  # parts of the names of what learns
NEUTRAL = [method for method in METHODS if method != "prompt"]

every_method = pytest.mark.parametrize("method", METHODS)


@functools.cache
def base(**config):
    """A model that has learnt something: all its weights are random."""
    keras.utils.set_random_seed(0)
    small = {"num_layers": 2, "width": 8, "num_heads": 2, "context": CONTEXT, "zero_outputs": False}
    return TransformerLanguageModel(TOKENS, **{**small, **config})


def adapted(method, moved=True, **config):
    """`base` adapted by a method; `moved`: as if it had learnt for a while, so that what is added has an effect."""
    trained = base(**config)
    keras.utils.set_random_seed(1)
    model = AdaptedTransformer.of(trained, method, SIZES[method])
    for number, weight in enumerate(model.trainable_weights if moved else []):
        weight.assign_add(0.5 * tf.random.stateless_normal(weight.shape, (0, number)))
    return model


@functools.cache
def settled(method, **config):
    """One for tests that only look, with its graphs."""
    return adapted(method, **config)


@pytest.fixture(scope="module", params=METHODS)
def learnt(request):
    """Its weights before, the model, and its losses: a training, from where the method begins."""
    model = adapted(request.param, moved=False)
    before = {name: weight.numpy() for name, weight in checkpoints.named_weights(model).items()}
    model.compile(optimizer=keras.optimizers.Adam(0.03))
    history = model.fit(windows(NUMBERS[0], 5, batch_size=4), epochs=40, verbose=0).history["loss"]
    return before, model, history


def stepped(model, tokens):
    """Logits (batch, time − 1, tokens) after each token but the first, step by step."""
    states, logits = model.states_after(tokens[:, :1]), []
    for at in range(1, tokens.shape[1]):
        last, states = model.step(tf.constant(tokens[:, at]), states)
        logits.append(last)
    return np.stack(logits, axis=1)


# ---- the beginning ----


@pytest.mark.parametrize("method", NEUTRAL)
def test_at_first_it_is_the_base(method):
    np.testing.assert_array_equal(adapted(method, moved=False).log_prob(TEXT), base().log_prob(TEXT))


@pytest.mark.parametrize("positions", ["rotary", "learned", "sinusoidal", "none"])
def test_a_prompt_is_at_first_the_base_behind_two_tokens(positions):
    model = adapted("prompt", moved=False, position_encoding=positions)
    table = base(position_encoding=positions).embedding.embeddings.numpy()
    before = [int(np.argmin(np.abs(table - vector).sum(axis=1))) for vector in model.prompt.embeddings.numpy()]
    tokens = NUMBERS[:, :CONTEXT - 2]
    behind = np.concatenate([np.tile(before, (3, 1)), tokens], axis=1)
    expected = base(position_encoding=positions)(tf.constant(behind, tf.int32))[:, 2:]
    np.testing.assert_allclose(model(tf.constant(tokens)), expected, rtol=1e-5, atol=1e-6)


def test_the_tokens_of_a_prompt_are_drawn_by_the_seed():
    one, same, other = (AdaptedTransformer.of(base(), "prompt", 6, seed=seed).prompt.embeddings.numpy()
                        for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.any(one != other)


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("full", "last")])
def test_what_is_added_has_an_effect_once_it_has_moved(method):
    assert np.abs(settled(method).log_prob(TEXT) - base().log_prob(TEXT)).max() > 0.01


# ---- what learns ----


def test_training_moves_the_weights_of_the_method_alone(learnt):
    before, model, _ = learnt
    after = checkpoints.named_weights(model)
    moved = [name for name, values in before.items() if np.any(after[name].numpy() != values)]
    assert moved == [name for name in before if any(part in name for part in LEARNING[model.method])]


@pytest.mark.parametrize("method, trained", [
    ("full", 24 * 64 + 80), ("last", 12 * 64 + 40), ("adapters", 2 * 2 * 2 * 3 * 8),
    ("lora", 2 * (4 * 2 * 8 * 2 + 2 * 2 * (8 + 32))), ("prompt", 2 * 8), ("prefix", 2 * 2 * 3 * 8),
])
def test_the_share_of_what_learns_by_hand(method, trained):
    """The base has 12 · 8² numbers in each of two blocks, 5 · 8 in the embedding, and as many in the logits."""
    every = 24 * 64 + 80 + (0 if method in ("full", "last") else trained)
    assert trained_share(settled(method)) == pytest.approx(trained / every)


def test_of_a_plain_model_everything_learns():
    assert trained_share(base()) == 1


def test_what_stays_and_what_learns_are_all_weights():
    model = settled("lora")
    learning, staying = ({id(weight) for weight in weights}
                         for weights in (model.trainable_weights, model.non_trainable_weights))
    assert not learning & staying
    assert learning | staying == {id(weight) for weight in model.weights}


def test_every_method_learns(learnt):
    _, _, history = learnt
    assert history[-1] < history[0] - 0.1


def test_options_of_the_base_can_be_changed():
    model = AdaptedTransformer.of(base(), "lora", 2, dropout=0.5, alpha=3.0)
    assert (model.dropout, model.alpha, model.get_config()["dropout"]) == (0.5, 3.0, 0.5)


# ---- with the cache, and without ----


@every_method
def test_steps_one_by_one_are_what_reading_at_once_gives(method):
    model = settled(method)
    tokens = NUMBERS[:, :model.window]
    np.testing.assert_allclose(stepped(model, tokens), model(tf.constant(tokens))[:, 1:], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method, config", [*((method, {}) for method in METHODS),
                                            ("prompt", {"position_encoding": "learned"})])
def test_log_prob_is_what_is_stepped_across_what_is_forgotten(method, config):
    model = settled(method, **config)
    logits = stepped(model, NUMBERS)
    expected = np.take_along_axis(tf.nn.log_softmax(logits[:, :-1]).numpy(), NUMBERS[:, 2:, None], axis=2)[..., 0]
    np.testing.assert_allclose(model.token_log_probs(NUMBERS)[:, 1:], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["lora", "prompt", "prefix"])
def test_the_likeliest_text_is_written_across_what_is_forgotten(method):
    model = settled(method)
    text = model.generate("ab", 18, top_k=1, seed=0)
    expected = [TOKENS[int(np.argmax(model.next_distribution(text[:at])))] for at in range(2, 20)]
    assert list(text[2:]) == expected


def test_a_prompt_takes_its_places_from_the_context():
    model = settled("prompt")
    assert model.window == CONTEXT - 2
    with pytest.raises(ValueError, match="context holds 8 tokens.*Received: a window of more, 9"):
        model(tf.constant(NUMBERS[:, :7]))


# ---- back to a plain model, and to a file ----


@pytest.mark.parametrize("method", ["full", "last", "lora"])
def test_a_merged_model_is_plain_and_does_the_same(method):
    model = settled(method)
    plain = model.merged()
    assert type(plain) is TransformerLanguageModel
    tokens = tf.constant(NUMBERS[:, :CONTEXT])
    np.testing.assert_allclose(plain(tokens), model(tokens), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method", ["adapters", "prompt", "prefix"])
def test_what_has_no_place_in_a_plain_model_is_not_merged(method):
    with pytest.raises(ValueError, match=f"'lora' can become a plain model. Received: '{method}'"):
        settled(method).merged()


@pytest.mark.parametrize("method", ["adapters", "prompt", "prefix"])
def test_a_saved_model_is_loaded_as_it_was(method, tmp_path):
    """LoRA is in the contract's table."""
    model = settled(method)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.log_prob(TEXT), model.log_prob(TEXT), rtol=1e-6)
    assert len(loaded.trainable_weights) == len(model.trainable_weights)


@pytest.mark.parametrize("method", METHODS)
def test_a_checkpoint_is_loaded_as_it_was_stored(method, tmp_path):
    model = settled(method)
    checkpoints.save(model, "copy", {}, tmp_path)
    loaded = checkpoints.load("copy", tmp_path)
    assert (type(loaded), loaded.method, loaded.size) == (AdaptedTransformer, method, SIZES[method])
    for one, other in zip(network_weights(model), network_weights(loaded), strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


# ---- weights on targets ----


def test_the_loss_is_the_weighted_mean_over_the_targets():
    model, weights = settled("lora"), np.array([[0, 0, 1, 3, 0]] * 3, "float32")
    inputs, targets = NUMBERS[:, :5], NUMBERS[:, 1:6]
    log_probs = model.token_log_probs(NUMBERS[:, :6])
    expected = -(log_probs[:, 2] + 3 * log_probs[:, 3]) / 4
    np.testing.assert_allclose(model.compute_losses(inputs, targets, weights)["loss"], expected, rtol=1e-5)


def test_equal_weights_are_as_good_as_none():
    model, inputs, targets = settled("lora"), NUMBERS[:, :5], NUMBERS[:, 1:6]
    losses = (model.compute_losses(inputs, targets, *weights)["loss"] for weights in ((), (np.full((3, 5), 2.0),)))
    np.testing.assert_allclose(*losses, rtol=1e-6)


def test_targets_without_weight_teach_nothing():
    """Two batches that differ in such a target alone."""
    inputs, targets = NUMBERS[:, :5], NUMBERS[:, 1:6].copy()
    weights = np.array([[0, 1, 1, 1, 1]] * 3, "float32")
    learnt = []
    for shift in (0, 1):
        targets[:, 0] = (targets[:, 0] + shift) % len(TOKENS)
        model = adapted("lora")
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        model.fit(tf.data.Dataset.from_tensors((inputs, targets, weights)), verbose=0)
        learnt.append(model.log_prob(TEXT))
    np.testing.assert_allclose(*learnt, rtol=1e-6)


@pytest.mark.parametrize("weights, message", [
    (np.ones((3, 4)), r"Received: \(3, 4\) for \(3, 5\)"), (np.ones(5), r"Received: \(5,\) for \(3, 5\)"),
    (np.zeros((3, 5)), "above 0 somewhere in each row.*sums of rows"), (-np.ones((3, 5)), "Received: at least -1.0"),
    (np.full((3, 5), np.nan), "Received: at least nan"), (np.full((3, 5), np.inf), "sums of rows"),
], ids=["short", "flat", "zero", "negative", "nan", "infinite"])
def test_bad_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        as_weights(weights, NUMBERS[:, :5])


def test_training_with_bad_weights_stops():
    model = adapted("lora")
    model.compile(optimizer="sgd")
    batch = (NUMBERS[:, :5], NUMBERS[:, 1:6], np.zeros((3, 5), "float32"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="above 0 somewhere in each row"):
        model.fit(tf.data.Dataset.from_tensors(batch), verbose=0)


# ---- bad input ----


@pytest.mark.parametrize("method, size", [
    ("last", -1), ("last", 3), ("adapters", 0), ("adapters", 9), ("lora", 0), ("lora", 9), ("prompt", 0), ("prompt", 3),
    ("prompt", 8), ("prefix", 0),
])
def test_sizes_that_a_method_cannot_have_are_refused(method, size):
    with pytest.raises(ValueError, match=f"size of '{method}' must be .*width=8.*Received: size={size}"):
        AdaptedTransformer.of(base(), method, size)


@pytest.mark.parametrize("make, message", [
    (lambda: AdaptedTransformer.of(base(), "qlora"), "method must be one of .*'lora'.*Received: 'qlora'"),
    (lambda: AdaptedTransformer.of(base(), "lora", 2, alpha=0), "alpha must be above 0. Received: alpha=0"),
    (lambda: AdaptedTransformer.of(settled("lora")), "by `merged.*Received: AdaptedTransformer"),
    (lambda: AdaptedTransformer.of("gpt"), "must be a TransformerLanguageModel.*Received: str"),
    (lambda: DPO.of(base(), "lora", 2, beta=0), "beta must be above 0. Received: beta=0"),
])
def test_what_cannot_be_adapted_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
