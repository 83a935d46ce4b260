"""Kinds of recipes for language models: what each reads, its optimizer, and its words for the record."""

from dataclasses import dataclass

import tensorflow as tf

from aigc_tf import checkpoints, data
from aigc_tf.core.optimizers import Muon
from aigc_tf.finetuning import answer_arrays, load_instructions, preference_windows, renamed, write_preferences
from aigc_tf.recipe_kinds import Recipe
from aigc_tf.text import Vocabulary, encode_lines, lines_of, random_windows, split_text, streams


@dataclass(frozen=True)
class TextRecipe(Recipe):
    """The same for a language model: `batch_size` streams side by side, `length` tokens of each in a step."""

    corpus: str = "shakespeare"
    length: int = 64

    def load(self):
        return data.load_text(self.corpus)

    def build(self, text):
        return self.model(Vocabulary.of(text).tokens, **self.config)

    def batches(self, text, seed=0):
        numbers = Vocabulary.of(text).encode(split_text(text)[0])
        return streams(numbers, self.length, batch_size=self.batch_size)

    def description(self):
        read = f"{self.corpus}, the first 90%, read in order; gradients through {self.length} tokens"
        return {**super().description(), "data": read}


@dataclass(frozen=True)
class TransformerRecipe(TextRecipe):
    """The same on windows that begin anywhere, as long as the context; `learning_rate` is Muon's, for the matrices."""

    curve_of: str = "nats"
    steps_per_epoch: int = 100
    adam_ratio: float = 0.15

    def batches(self, text, seed=0):
        numbers = Vocabulary.of(text).encode(split_text(text)[0])
        options = {"batch_size": self.batch_size, "steps": self.steps_per_epoch, "seed": seed}
        return random_windows(numbers, self.config["context"], **options)

    def compile(self, model, steps):
        model.compile(optimizer=Muon(self.decay(self.learning_rate, steps), self.adam_ratio))

    def description(self):
        return {
            **super().description(),
            "optimizer": f"Muon, {self.learning_rate} {self.decay_text()}; Adam at {self.adam_ratio} times that for "
                         "embeddings and logits",
            "data": self.read_text(),
        }

    def read_text(self):
        """What it reads, in words."""
        return (f"{self.corpus}, the first 90%, windows of {self.config['context']} tokens that begin anywhere, "
                f"{self.steps_per_epoch} batches an epoch")


@dataclass(frozen=True)
class LinesRecipe(TextRecipe):
    """The same for a model of single lines, as long as it takes them."""

    def batches(self, text, seed=0):
        lines = lines_of(split_text(text)[0], longest=self.config["longest"])
        rows = encode_lines(lines, Vocabulary.of(text), self.config["longest"])
        shuffled = tf.data.Dataset.from_tensor_slices(rows).shuffle(len(rows), seed=seed)
        return data.prefetched(shuffled.batch(self.batch_size, drop_remainder=True))

    def description(self):
        read = f"{self.corpus}, the first 90%, lines of 10 to {self.config['longest']} characters, each once"
        return {**super().description(), "data": read}


@dataclass(frozen=True)
class InstructionsRecipe(TransformerRecipe):
    """The same for a trained model that learns to answer instructions from the plays; stored is a plain model.

    Its dataset is that of `load_instructions`.
    """

    base: str = "gpt_shakespeare"
    longest: int = 160  # characters of instruction and answer together
    renamed: float = 0.6  # share of the examples with invented names
    copies: int = 4  # of the examples, each with names of its own
    replay: float = 0.25  # share of the rows that are windows of plays, so that the old skill stays

    def load(self):
        return load_instructions(self.longest)

    def build(self, dataset):
        return self.model.of(checkpoints.load(self.base), **self.config)

    def finished(self, model):
        return model.merged()

    def batches(self, dataset, seed=0):
        vocabulary = checkpoints.load(self.base).vocabulary
        examples = [example for copy in range(self.copies) for example in
                    renamed(dataset["train"], self.renamed, longest=self.longest, seed=seed + copy)]
        arrays = [tf.constant(array) for array in answer_arrays(examples, vocabulary, self.longest)]
        order = tf.data.Dataset.range(len(examples)).shuffle(len(examples), seed=seed).repeat()
        answers = order.map(lambda row: tuple(array[row] for array in arrays))
        read = random_windows(vocabulary.encode(split_text(dataset["plays"])[0]), self.longest, batch_size=1,
                              steps=self.steps_per_epoch * self.batch_size, seed=seed).unbatch().repeat()
        plays = read.map(lambda inputs, targets: (inputs, targets, tf.ones_like(targets, tf.float32)))
        mixed = tf.data.Dataset.sample_from_datasets([answers, plays], [1 - self.replay, self.replay], seed=seed)
        return data.prefetched(mixed.batch(self.batch_size).take(self.steps_per_epoch))

    def read_text(self):
        return (f"instructions from the plays, up to {self.longest} characters, losses on answers alone, "
                f"{self.renamed:.0%} with invented names; {self.replay:.0%} of the rows are windows of plays; "
                f"{self.steps_per_epoch} batches an epoch; begun as {self.base}")


@dataclass(frozen=True)
class PreferencesRecipe(InstructionsRecipe):
    """The same by `DPO`, on pairs of answers that the base writes to instructions; `learning_rate` is Adam's."""

    base: str = "gpt_characters"
    instructions: int = 1000
    tries: int = 4  # answers to each, of which the best and the worst make a pair

    def batches(self, dataset, seed=0):
        examples, reference = dataset["train"], checkpoints.load(self.base)
        asked = [example.instruction for example in examples[::max(1, len(examples) // self.instructions)]]
        pairs = write_preferences(reference, asked[:self.instructions], self.tries, self.longest, seed=seed)
        return preference_windows(pairs, reference, self.longest, batch_size=self.batch_size, seed=seed)

    def compile(self, model, steps):
        Recipe.compile(self, model, steps)

    def description(self):
        return {**Recipe.description(self), "data": self.read_text()}

    def read_text(self):
        return (f"pairs of answers by {self.base} to {self.instructions:,} instructions from the plays: of "
                f"{self.tries} answers the one with the highest reward before the one with the lowest; begun as "
                f"{self.base}")
