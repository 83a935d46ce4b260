"""The gates of chapters 5, 6, 6b and 6c bite: the bugs that learners write turn them red.

As in `test_gates`: each bug is planted while a small net trains for a few seconds, then its weights are measured by a
model that never saw the bug. (How a model of chapter 5 behaves that still has its bug, and bugs of positions, residuals
and the cache: `transformer/test_transformer_gates`.) The language has a known entropy: five random letters, "=", and
the same five again. Then "abcda=" becomes an instruction, and the right answer is ">abcda$".
"""

import contextlib
import functools
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.core.optimizers import Muon
from aigc_tf.finetuning import AdaptedTransformer, Example, LoRADense, adapters, instructions, preferences, rewards
from aigc_tf.finetuning import model as adapting
from aigc_tf.finetuning.preferences import DPO, answer_log_probs
from aigc_tf.text import random_windows
from aigc_tf.transformer import TransformerLanguageModel, attention
from aigc_tf.transformer import model as transformer

TOKENS, WORD, STEPS = "\n$=>abcd", 5, 250
ANSWER, ROOM = WORD + 2, 2 * WORD + 3  # tokens of an answer, and of an instruction with its answer
FLOOR = WORD * np.log(4) / (2 * WORD + 2)  # nats per character of the language: 0.578
NEW_FLOOR = (np.log(4) + (WORD - 1) * np.log(2)) / (2 * WORD + 2)  # of `new_words`: 0.347
RECIPES = {"": {}, "GPT-2": {"position_encoding": "learned", "norm": "layer", "activation": "gelu", "qk_norm": False,
                             "zero_outputs": False, "embedding_stddev": 0.02}}

# ---- the bugs: what is replaced during training, where --------------------------------------------------------------

true_loss, true_losses = preferences.dpo_loss, DPO.compute_losses
next_token_loss = transformer.next_token_loss


def without_softmax(queries, keys, visible):
    return tf.where(visible, tf.matmul(queries, keys, transpose_b=True) / queries.shape[-1] ** 0.5, 0.0)


def start_of(factor, zero):
    """What makes LoRA's dense layers, with another start of one factor."""
    return lambda units, name=None, **options: attention.dense(
        units, name=name, **{**options, "zero": zero} if name == factor else options)


def referring_to(change):
    """`DPO.compute_losses` with other ln p of the reference, made from the true ones and from the model's own."""
    def compute_losses(self, *sides, training=False):
        own = [tf.reduce_sum(weights * self.target_log_probs(inputs, targets, training), axis=1)
               for inputs, targets, weights, _ in sides]
        others = change([side[3] for side in sides], own)
        return true_losses(self, *((*side[:3], other) for side, other in zip(sides, others)), training=training)

    return compute_losses


BUGS = {
    "no mask": (transformer, "causal_mask", lambda time: tf.ones((time, time), tf.bool)),
    "no softmax": (attention, "attention_weights", without_softmax),
    "targets shifted the other way": (transformer, "next_token_loss", lambda targets, logits: (
        next_token_loss(tf.roll(targets, 2, axis=1), logits))),
    "gradients not applied": (Muon, "apply_gradients", lambda self, pairs: None),
    "both factors zero": (adapters, "dense", start_of("lora_a", zero=True)),
    "both factors random": (adapters, "dense", start_of("lora_b", zero=False)),
    "base trained along": (AdaptedTransformer, "trainable_weights", property(adapting.network_weights)),
    "merged without scale": (LoRADense, "merged", lambda layer: (
        layer.dense.kernel + tf.matmul(layer.lora_a.kernel, layer.lora_b.kernel))),
    "merged with the wrong sign": (LoRADense, "merged", lambda layer: (
        layer.dense.kernel - layer.scale * tf.matmul(layer.lora_a.kernel, layer.lora_b.kernel))),
    "no END": (adapting, "as_weights", lambda weights, targets: tf.where(targets == TOKENS.index("$"), 0.0, weights)),
    "one place too early": (adapting, "as_weights", lambda weights, targets: tf.roll(weights, -1, axis=1)),
    "one place too late": (adapting, "as_weights", lambda weights, targets: tf.roll(weights, 1, axis=1)),
    "wrong sign of beta": (preferences, "dpo_loss", lambda chosen, rejected, beta: true_loss(chosen, rejected, -beta)),
    "itself as reference": (DPO, "compute_losses", referring_to(lambda true, own: own)),
    "itself as a constant": (DPO, "compute_losses", referring_to(lambda true, own: [*map(tf.stop_gradient, own)])),
    "references exchanged": (DPO, "compute_losses", referring_to(lambda true, own: true[::-1])),
}


def planted(bug):
    return mock.patch.object(*BUGS[bug]) if bug in BUGS else contextlib.nullcontext()


# ---- small trainings, each with a bug or without --------------------------------------------------------------------


def fit(model, batches, optimizer, epochs=1):
    """(its weights in a model that knows no bug, its last loss in training: NaN if it diverged)."""
    model.compile(optimizer=optimizer)
    try:
        loss = model.fit(batches, epochs=epochs, verbose=0).history["loss"][-1]
    except tf.errors.InvalidArgumentError as error:
        assert "A loss is NaN or infinite" in error.message
        loss = float("nan")
    clean = type(model).from_config(model.get_config())
    clean.set_weights(model.get_weights())
    return clean, loss


def words(seed, count):
    return ["".join(row) for row in np.random.default_rng(seed).choice([*"abcd"], (count, WORD))]


def new_words(seed, count):
    """The language of chapter 6: every letter is one or two further in the alphabet than the one before."""
    moves = np.random.default_rng(seed).integers([0] + [1] * (WORD - 1), [4] + [3] * (WORD - 1), (count, WORD))
    return ["".join(row) for row in np.array([*"abcd"])[np.cumsum(moves, axis=1) % 4]]


def lines(some_words):
    return "".join(f"{word}={word}\n" for word in some_words)


def examples(seed, count, noise=0.0):
    """Instructions and answers, in which this share of the letters is drawn anew."""
    random = np.random.default_rng(seed + 100)
    drawn = np.where(random.random((count, WORD)) < noise, random.choice([*"abcd"], (count, WORD)), "")
    return [Example(f"{word}=", f">{''.join(new or old for new, old in zip(row, word))}{instructions.END}")
            for word, row in zip(words(seed, count), drawn)]


@functools.cache
def base(bug, recipe=""):
    """Chapter 5: (a model of one block, its last loss)."""
    keras.utils.set_random_seed(0)
    model = TransformerLanguageModel(TOKENS, num_layers=1, width=32, num_heads=2, context=24, **RECIPES[recipe])
    numbers = model.vocabulary.encode(lines(words(0, 4000)))
    batches = random_windows(numbers, 24, batch_size=32, steps=STEPS, seed=0)
    rate = (1e-2 if recipe else 0.05) * (30 if bug == "rate thirty times too high" else 1)
    rate = keras.optimizers.schedules.CosineDecay(rate, STEPS, alpha=0.02)
    with planted(bug):
        return fit(model, batches, keras.optimizers.Adam(rate) if recipe else Muon(rate))


@functools.cache
def adapted(bug, steps=100):
    """Chapter 6: the base after some steps in another language, by LoRA."""
    keras.utils.set_random_seed(0)
    with planted(bug):
        model = AdaptedTransformer.of(base(None)[0], "lora", 4)
        numbers = model.vocabulary.encode(lines(new_words(0, 2000)))
        batches = random_windows(numbers, 24, batch_size=32, steps=steps or 1, seed=0)
        return fit(model, batches, keras.optimizers.Adam(1e-2))[0] if steps else model


@functools.cache
def instructed(bug, count=1000, noise=0.0, epochs=2):
    """Chapter 6b: the base after `count` examples."""
    keras.utils.set_random_seed(0)
    with planted(bug):
        model = AdaptedTransformer.of(base(None)[0], "full")
        batches = instructions.answer_windows(
            examples(5, count, noise), model.vocabulary, ROOM - 1, batch_size=32, seed=0)
        return fit(model, batches, keras.optimizers.Adam(1e-2), epochs)[0]


@functools.cache
def reference():
    """Chapter 6c: a model that copies five of eight letters. The judge wants all of them."""
    return instructed(None, noise=0.5).merged()


def judge(instruction, answer):
    return float(np.mean([x == y for x, y in zip(instruction[:WORD], answer[1:].ljust(WORD))]))


@functools.cache
def pairs(swapped=False):
    """Batches of preferences."""
    asked = [each.instruction for each in examples(13, 240)]
    found = preferences.write_preferences(reference(), asked, 8, ROOM, judge=judge, seed=0)
    found = [pair._replace(chosen=pair.rejected, rejected=pair.chosen) for pair in found] if swapped else found
    return preferences.preference_windows(found, reference(), ROOM - 1, batch_size=24, seed=0)


@functools.cache
def preferring(bug):
    """The reference after three times all preferences."""
    keras.utils.set_random_seed(0)
    with planted(bug):
        model = DPO.of(reference(), "full", beta=0.01 if bug == "tiny beta" else 2.0)
        return fit(model, pairs(bug == "pairs swapped"), keras.optimizers.Adam(1e-3), epochs=3)[0]


def entropies(model, some_words, floor):
    return -float(np.mean(model.log_prob(lines(some_words)))) / floor


def answer_nats(model, some_examples):
    """Per character of the answers."""
    return -float(np.sum(answer_log_probs(model, some_examples))) / sum(len(answer) for _, answer in some_examples)


def difference(one, other):
    """Of ln p, the largest."""
    text = lines(new_words(3, 150))
    return float(np.abs(one.log_prob(text) - other.log_prob(text)).max())


def by_merging(bug):
    with planted(bug):
        return difference(adapted(None).merged(), adapted(None))


def movement(bug):
    """The largest change of a weight that the base has, too."""
    weights = zip(adapted(bug).base_weights(), adapting.network_weights(base(None)[0]), strict=True)
    return max(float(np.abs(after.numpy() - before.numpy()).max()) for after, before in weights)


def share_that_ends(bug):
    asked = [each.instruction for each in examples(7, 100)]
    found = instructions.write_answers(instructed(bug), asked, 2 * ANSWER, seed=0)
    return float(np.mean([answer.endswith(instructions.END) for _, answer in found]))


def noise_entropies(bug):
    """What answers with noise cost, over what they cost if one knows how the noise is made."""
    model = instructed(None, noise=0.5) if bug is None else instructed(None, count=16, noise=0.5, epochs=120)
    measured = examples(5, 16, 0.5) if bug == "measured on training examples" else examples(7, 100, 0.5)
    copied = np.mean([judge(*example) for example in measured])
    return answer_nats(model, measured) / (-WORD / ANSWER * (copied * np.log(0.625) + (1 - copied) * np.log(0.125)))


def of_pairs(model, name, swapped=False):
    return float(np.mean(np.concatenate([model.compute_losses(*batch)[name] for batch in pairs(swapped)])))


def first_loss(bug):
    with planted(bug):
        return of_pairs(DPO.of(reference(), "lora", beta=1.0), "loss")


@functools.cache
def written(bug):
    """(mean reward of answers to new instructions, KL to the reference)."""
    model = reference() if bug == "reference" else preferring(bug)
    answers = rewards.sample_answers(model, [each.instruction for each in examples(17, 120)], 4, ANSWER, seed=5)
    return np.mean([judge(*each) for each in answers]), preferences.kl_to_reference(model, reference(), answers)


# ---- the gates: what is measured, green from … to …, and the bugs that must leave it red, with a tenth to spare ------

GATES = {
    "entropies of new text": (lambda bug: entropies(base(bug)[0], words(1, 150), FLOOR), 0.95, 1.4, [
        "no mask", "no softmax", "targets shifted the other way", "gradients not applied"]),
    "entropies by GPT-2's recipe": (lambda bug: entropies(base(bug, "GPT-2")[0], words(1, 150), FLOOR),
                                    0.95, 1.6, ["rate thirty times too high"]),
    "entropies in training": (lambda bug: base(bug)[1] / FLOOR, 1.4, 2.5, ["no mask"]),
    "entropies of a new language": (lambda bug: entropies(adapted(bug), new_words(3, 150), NEW_FLOOR), 0.95, 1.4, [
        "both factors zero"]),
    "ln p before adapting": (lambda bug: difference(adapted(bug, steps=0), base(None)[0]), 0, 1e-3, [
        "both factors random"]),
    "movement of the base": (movement, 0, 0, ["base trained along"]),
    "ln p after merging": (by_merging, 0, 1e-3, ["merged without scale", "merged with the wrong sign"]),
    "nats of answers": (lambda bug: answer_nats(instructed(bug), examples(7, 100)), 0, 0.3, [
        "no END", "one place too early", "one place too late"]),
    "answers that end": (share_that_ends, 0.9, 1, ["no END", "one place too early"]),
    "entropies of noisy answers": (noise_entropies, 0.95, 1.2, ["few examples", "measured on training examples"]),
    "first loss, of ln 2": (lambda bug: first_loss(bug) / np.log(2), 0.999, 1.001, ["references exchanged"]),
    "last loss": (lambda bug: of_pairs(preferring(bug), "loss"), 0, 0.4, ["wrong sign of beta", "itself as reference"]),
    "reward won": (lambda bug: written(bug)[0] - written("reference")[0], 0.1, 1, [
        "pairs swapped", "itself as a constant"]),
    "KL to the reference": (lambda bug: written(bug)[1], 0, 2.5, ["tiny beta", "itself as a constant"]),
}


def passes(number, least, most):
    """NaN, the mark of a training that diverged, never does."""
    return bool(least <= number <= most)


@pytest.mark.parametrize("number, green", [(0.94, False), (0.95, True), (1.4, True), (1.41, False), (np.nan, False)])
def test_a_gate_knows_green_from_red(number, green):
    assert passes(number, 0.95, 1.4) is green


@pytest.mark.parametrize("gate", GATES)
def test_what_is_healthy_passes(gate):
    measure, least, most, _ = GATES[gate]
    assert passes(found := measure(None), least, most), found


@pytest.mark.parametrize("gate, bug", [(gate, bug) for gate, (*_, bugs) in GATES.items() for bug in bugs])
def test_what_has_a_bug_does_not_pass(gate, bug):
    measure, least, most, _ = GATES[gate]
    assert not passes(found := measure(bug), least / 1.1, 1.1 * most), found


def test_swapped_pairs_look_healthy_to_the_accuracy_that_training_reports():
    assert (found := of_pairs(preferring("pairs swapped"), "accuracy", swapped=True)) > 0.9, found
