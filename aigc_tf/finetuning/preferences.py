"""A language model that learns which of two answers is better (chapter 6): `DPO`; and REINFORCE, for contrast."""

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.core.inputs import as_weights
from aigc_tf.core.model import Model, running_means
from aigc_tf.data.pipelines import prefetched
from aigc_tf.finetuning.instructions import answer_arrays
from aigc_tf.finetuning.model import AdaptedTransformer
from aigc_tf.finetuning.rewards import preferences_of, reward, sample_answers

# ---- losses ----


def dpo_loss(chosen_log_ratio, rejected_log_ratio, beta):
    """−ln σ(β · (chosen − rejected)), in nats; a log ratio is ln π(answer) − ln π_reference(answer).

    Rafailov et al. 2023 (arXiv:2305.18290), equation 7.

    Args:
        chosen_log_ratio, rejected_log_ratio: (batch,), in nats per answer.
        beta: how dear it is to move away from the reference.
    """
    return tf.nn.softplus(-beta * (chosen_log_ratio - rejected_log_ratio))


def reinforce_loss(log_probs, rewards, baseline):
    """−(reward − baseline) · ln π(answer): its gradient is that of −(mean reward), for answers drawn from π.

    Williams 1992 (https://doi.org/10.1007/BF00992696), section 3: a baseline that does not depend on the answer leaves
    the mean of the gradient as it is, and makes it less noisy.

    Args:
        log_probs: (batch,), ln π of whole answers that π has written.
        rewards: (batch,).
        baseline: a number or (batch,), such as the mean reward of earlier answers.
    """
    return -(tf.stop_gradient(tf.cast(rewards, tf.float32)) - baseline) * log_probs


# ---- answers, measured ----


def answer_log_probs(model, examples):
    """ln p(answer | instruction) of each example, in nats per answer, by any language model: float32 (examples,).

    Raises:
        ValueError: see `answer_arrays`.
    """
    encode = model.vocabulary.encode
    longest = max((len(encode(asked)) + len(encode(answer)) for asked, answer in examples), default=2)
    inputs, targets, weights = answer_arrays(examples, model.vocabulary, longest - 1)
    numbers = np.concatenate([inputs[:, :1], targets], axis=1)
    return np.sum(weights * model.token_log_probs(numbers), axis=1)


def kl_to_reference(model, reference, examples):
    """KL(model ‖ reference) in nats per answer, the mean of ln π − ln π_reference over answers that the model wrote.

    Args:
        model, reference: language models of one vocabulary.
        examples: of `Example`, their answers drawn from the model at temperature 1. An answer that another wrote, or
            that was chosen, estimates something else.
    """
    return float(np.mean(answer_log_probs(model, examples) - answer_log_probs(reference, examples)))


def write_preferences(reference, instructions, tries, length, *, judge=reward, seed=0):
    """A `Preference` for each instruction to which the reference writes answers of different reward.

    Args:
        reference: a language model of characters.
        instructions: list of texts.
        tries: answers to each, at temperature 1.
        length: characters of instruction and answer together, at most.
        judge: function (instruction, answer) → reward.
        seed: draws the answers.
    """
    room = length - max(map(len, instructions))
    written = sample_answers(reference, instructions, tries, room, seed=seed)
    return preferences_of(written, [judge(*example) for example in written])


def preference_windows(preferences, reference, length, *, batch_size, shuffle=True, seed=None):
    """Batches (chosen, rejected) for `DPO`, each (inputs, targets, weights, reference_log_probs).

    The reference is frozen, so its ln p of every answer is computed once, here, and never again.

    Args:
        preferences: of `Preference`.
        reference: the model that learning starts from.
        length: tokens in a row.
        batch_size: preferences in a batch.
        seed: makes the order repeatable.

    Raises:
        ValueError: for two answers that are equal, or see `answer_arrays`.
    """
    equal = [preference for preference in preferences if preference.chosen == preference.rejected]
    if equal:
        raise ValueError("A preference needs two different answers. Received: twice "
                         f"{equal[0].chosen!r:.80} to {equal[0].instruction!r:.80}")
    sides = []
    for answers in ("chosen", "rejected"):
        examples = [(preference.instruction, getattr(preference, answers)) for preference in preferences]
        arrays = answer_arrays(examples, reference.vocabulary, length)
        sides.append((*arrays, answer_log_probs(reference, examples)))
    rows = tf.data.Dataset.from_tensor_slices(tuple(sides))
    rows = rows.shuffle(len(preferences), seed=seed) if shuffle else rows
    return prefetched(rows.batch(batch_size))


# ---- the model ----


@keras.saving.register_keras_serializable(package="aigc_tf")
class DPO(AdaptedTransformer):
    """An `AdaptedTransformer` that learns from preferences: direct preference optimisation, see `dpo_loss`.

    `DPO.of(reference, "lora", 8)` begins as the reference. It trains on the batches of `preference_windows`, and
    reports, besides the loss,

    - accuracy: share of the preferences of which the implicit reward, β · log ratio, is higher for the chosen answer;
    - margin: the difference of the two implicit rewards;
    - kl: mean of ln π_reference − ln π over both answers, in nats per answer. If they were drawn from the reference and
      not selected (two for each instruction), this estimates KL(reference ‖ model); `kl_to_reference` measures the
      other one.

    Args:
        tokens, unit: of `TransformerLanguageModel`.
        beta: see `dpo_loss`, above 0.
        **adapted: further arguments of `AdaptedTransformer`.

    Raises:
        ValueError: for a beta out of range, or what `AdaptedTransformer` refuses.
    """

    def __init__(self, tokens, unit="character", beta=0.1, **adapted):
        if not beta > 0:
            raise ValueError(f"beta must be above 0. Received: {beta=}")
        self.beta = beta  # first: in `of` all arguments are read from attributes
        super().__init__(tokens, unit, **adapted)

    def make_means(self):
        return running_means("loss", "accuracy", "margin", "kl")

    def compute_losses(self, chosen, rejected, training=False):
        """What it reports of each preference, (batch,) each; see the class.

        Args:
            chosen, rejected: (inputs, targets, weights, reference_log_probs) each: int32, int32 and float32 (batch,
                time), and float32 (batch,).
        """
        inputs, targets, weights, reference = (tf.concat(parts, axis=0) for parts in zip(chosen, rejected))
        log_probs = self.target_log_probs(inputs, targets, training)
        log_ratios = tf.reduce_sum(as_weights(weights, targets) * log_probs, axis=1) - reference
        chosen, rejected = tf.split(log_ratios, 2)
        return {
            "loss": dpo_loss(chosen, rejected, self.beta),
            "accuracy": tf.cast(chosen > rejected, tf.float32),
            "margin": self.beta * (chosen - rejected),
            "kl": -(chosen + rejected) / 2,
        }

    def update_metrics(self, losses):
        return Model.update_metrics(self, losses)
