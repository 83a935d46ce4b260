"""Trainings of chapter 6's studies: of help texts (`AdaptRun`), of instructions and of preferences."""

import functools
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data
from aigc_tf.finetuning import (
    END,
    answer_arrays,
    answer_log_probs,
    kl_to_reference,
    load_help_texts,
    load_instructions,
    mean_compliance,
    preference_windows,
    reward,
    sample_answers,
    trained_share,
    write_answers,
    write_preferences,
)
from aigc_tf.runs import OPTIMIZERS, Run
from aigc_tf.text import nats_per_token, split_text


@dataclass(frozen=True)
class AdaptRun(Run):
    """One training of an `AdaptedTransformer` on Python's help texts; `plays` are its nats on the old text.

    Args:
        config: method and size.
        base: the checkpoint that it begins as.
        blank: whether it begins from blank instead.
        replay: share of the batches that are windows of plays.
        test: whether the record says its nats on the test part, too. No choice may look at them.
    """

    base: str = "gpt_shakespeare"
    blank: bool = False
    replay: float = 0.0
    test: bool = False

    def load(self):
        return load_help_texts(checkpoints.load(self.base).vocabulary)

    def compiled(self, text):
        keras.utils.set_random_seed(self.seed)
        base = checkpoints.load(self.base)
        model = (self.model.from_config({**base.get_config(), **self.config}) if self.blank
                 else self.model.of(base, seed=self.seed, **self.config))
        model.compile(optimizer=OPTIMIZERS[self.optimizer](self.learning_rate))
        return model

    def parts(self, text):
        train, validation, _ = split_text(text, validation=0.1)
        return checkpoints.load(self.base).vocabulary.encode(train), validation

    def batches(self, numbers):
        if not self.replay:
            return super().batches(numbers)
        plays = checkpoints.load(self.base).vocabulary.encode(split_text(data.load_text("shakespeare"))[0])
        mixed = [super().batches(numbers), super().batches(plays)]
        return tf.data.Dataset.sample_from_datasets(mixed, [1 - self.replay, self.replay], seed=self.seed,
                                                    stop_on_empty_dataset=True)

    def measure(self, model, validation):
        plays, test = split_text(data.load_text("shakespeare"))[1], split_text(self.load())[1]
        return {
            **super().measure(model, validation),
            "plays": nats_per_token(model, plays[:20_000]),
            "share": trained_share(model),
            **({"test": nats_per_token(model, test)} if self.test else {}),
        }


@dataclass(frozen=True)
class AnswersRun(Run):
    """What the two kinds below share: examples of up to `length` characters, and a start as the checkpoint `base`."""

    base: str = "gpt_shakespeare"

    def load(self):
        return load_instructions(self.length)

    def compiled(self, text):
        keras.utils.set_random_seed(self.seed)
        model = self.model.of(checkpoints.load(self.base), **self.config)
        model.compile(optimizer=OPTIMIZERS[self.optimizer](self.learning_rate))
        return model


@dataclass(frozen=True)
class InstructionsRun(AnswersRun):
    """One training of an `AdaptedTransformer` on instructions from the plays, of up to `length` characters.

    Its row has the nats per character of real answers and of a page of plays; the shares of the demands that 100
    written answers meet, and of those that end; and four of them.

    Args:
        config: method and size.
        base: the checkpoint that it begins as.
        answers_only: whether the instruction does not count in the loss.
        end_counts: whether `END` counts.
    """

    answers_only: bool = True
    end_counts: bool = True

    def parts(self, text):
        return text["train"], text

    def batches(self, examples):
        vocabulary = checkpoints.load(self.base).vocabulary
        arrays = inputs, targets, weights = answer_arrays(examples, vocabulary, self.length,
                                                          answers_only=self.answers_only)
        if not self.end_counts:
            weights[targets == vocabulary.number_of(END)] = 0
        arrays = [tf.constant(array) for array in arrays]
        order = tf.data.Dataset.range(len(inputs)).shuffle(len(inputs), seed=self.seed)
        rows = order.batch(self.batch_size, drop_remainder=True)
        return data.prefetched(rows.map(lambda places: tuple(tf.gather(array, places) for array in arrays)))

    def note(self, model, text):
        return nats_of(model, text["validation"][::4])

    def measure(self, model, text, written=110, count=100):
        answers = write_answers(model, pick(text["validation"], count), written, temperature=0.7, seed=0)
        return {
            "nats": nats_of(model, text["validation"]),
            "plays": nats_per_token(model, split_text(text["plays"])[1][:20_000]),
            **mean_compliance(answers),
            "ended": np.mean([answer.endswith(END) for _, answer in answers]),
            "written": ["".join(example) for example in answers[:: max(1, len(answers) // 4)][:4]],
        }


@dataclass(frozen=True)
class PreferenceRun(AnswersRun):
    """One training of a `DPO` on pairs of answers that its reference wrote to instructions from the plays.

    Its row has what answers to 60 instructions of the validation play are like, four to each: their reward, the
    demands that they meet, and the divergence `kl` from the reference, in nats per answer; the nats per character of a
    page of plays; and the accuracy on the pairs that it learnt from.

    Args:
        config: method, size and beta.
        base: the reference.
        instructions: how many.
        tries: answers to each, of which the best and the worst make a pair.
        swapped: whether the worst is taken for the best.
    """

    base: str = "gpt_characters"
    instructions: int = 400
    tries: int = 4
    swapped: bool = False

    def parts(self, text):
        asked = tuple(pick(text["train"], self.instructions))
        pairs = pairs_of(self.base, asked, self.tries, self.length)
        if self.swapped:
            pairs = [pair._replace(chosen=pair.rejected, rejected=pair.chosen) for pair in pairs]
        return pairs, (text, pairs)

    def batches(self, pairs):
        reference = checkpoints.load(self.base)
        return preference_windows(pairs, reference, self.length, batch_size=self.batch_size, seed=self.seed)

    def note(self, model, validation):
        text, _ = validation
        return nats_per_token(model, split_text(text["plays"])[1][:5_000])

    def measure(self, model, validation):
        (text, pairs), reference, plain = validation, checkpoints.load(self.base), model.merged()
        asked = pick(text["validation"], 60)
        answers = sample_answers(plain, asked, 4, self.length - max(map(len, asked)))
        judged = model.evaluate(self.batches(pairs), verbose=0, return_dict=True)
        return {
            "nats": nats_per_token(plain, split_text(text["plays"])[1][:20_000]),
            "reward": np.mean([reward(*example) for example in answers]),
            "kl": kl_to_reference(plain, reference, answers),
            "accuracy": judged["accuracy"],
            **mean_compliance(answers),
        }


def pick(examples, count):
    """The instructions of `count` examples at equal distances."""
    return [example.instruction for example in examples[::max(1, len(examples) // count)][:count]]


@functools.cache
def pairs_of(name, asked, tries, length):
    """`write_preferences` of a checkpoint, written once for all runs of a study."""
    return write_preferences(checkpoints.load(name), list(asked), tries, length)


def nats_of(model, examples):
    """Nats per character of the examples' answers."""
    return -float(np.sum(answer_log_probs(model, examples))) / sum(len(answer) for _, answer in examples)
