"""Trainings of chapter 6's studies: `AdaptRun` learns Python's help texts, `InstructionsRun` answers instructions."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from aigc_tf import checkpoints, data
from aigc_tf.finetuning import (
    END,
    answer_arrays,
    answer_log_probs,
    load_help_texts,
    load_instructions,
    mean_compliance,
    trained_share,
    write_answers,
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
class InstructionsRun(Run):
    """One training of an `AdaptedTransformer` on instructions from the plays, of up to `length` characters.

    Its row has the nats per character of real answers and of a page of plays; the shares of the demands that 100
    written answers meet, and of those that end; and four of them.

    Args:
        config: method and size.
        base: the checkpoint that it begins as.
        answers_only: whether the instruction does not count in the loss.
        end_counts: whether `END` counts.
    """

    base: str = "gpt_shakespeare"
    answers_only: bool = True
    end_counts: bool = True

    def load(self):
        return load_instructions(self.length)

    def compiled(self, text):
        keras.utils.set_random_seed(self.seed)
        model = self.model.of(checkpoints.load(self.base), **self.config)
        model.compile(optimizer=OPTIMIZERS[self.optimizer](self.learning_rate))
        return model

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
        examples = text["validation"]
        asked = [example.instruction for example in examples[::max(1, len(examples) // count)][:count]]
        answers = write_answers(model, asked, written, temperature=0.7, seed=0)
        return {
            "nats": nats_of(model, examples),
            "plays": nats_per_token(model, split_text(text["plays"])[1][:20_000]),
            **mean_compliance(answers),
            "ended": np.mean([answer.endswith(END) for _, answer in answers]),
            "written": ["".join(example) for example in answers[:: max(1, len(answers) // 4)][:4]],
        }


def nats_of(model, examples):
    """Nats per character of the examples' answers."""
    return -float(np.sum(answer_log_probs(model, examples))) / sum(len(answer) for _, answer in examples)
