"""Instructions that a program can check (chapter 6), made from the plays: who answers whom, how long, with which word.

    HAMLET to OPHELIA, short, with nunnery.       the instruction, one line
    HAMLET to OPHELIA:                            the answer: a heading,
    Get thee to a nunnery.$                       a speech, and the mark that ends it

Two demands, speaker and listener, only ask to copy. The other two ask something of the speech itself. Who listens is
who spoke before: at the beginning of a scene that may be somebody of the scene before.
"""

import re
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.data.corpora import load_plays, play_files
from aigc_tf.data.pipelines import prefetched
from aigc_tf.metrics.text import words_of

END = "$"  # ends an answer, and fills the places behind it; the plays know the sign, and hardly use it
LENGTHS = {"short": 7, "medium": 15, "long": np.inf}  # words that a speech has at most
INSTRUCTION = re.compile(r"([^,:\n]+) to ([^,:\n]+), (short|medium|long), with ([^\s.]+)\.\n")
ANSWER = re.compile(r"([^,:\n]+) to ([^,:\n]+):\n([^$]*)(\$?)")


class Demands(NamedTuple):
    """What an instruction asks for."""

    speaker: str
    listener: str
    length: str  # "short", "medium" or "long", by `LENGTHS`
    word: str  # in lower case


class Example(NamedTuple):
    """An instruction and an answer to it, as texts: the answer follows directly on the instruction."""

    instruction: str
    answer: str


# ---- the format ----


def write_instruction(demands):
    """The line that asks for what `Demands` hold, line end included."""
    return "{} to {}, {}, with {}.\n".format(*demands)


def read_instruction(text):
    """The `Demands` of an instruction.

    Raises:
        ValueError: for a text of another form.
    """
    found = INSTRUCTION.fullmatch(text)
    if not found:
        raise ValueError("An instruction must read 'NAME to NAME, short|medium|long, with WORD.' and end its line. "
                         f"Received: {text!r:.80}")
    return Demands(*found.groups())


def length_of(speech):
    """"short", "medium" or "long", by the number of words."""
    return next(name for name, most in LENGTHS.items() if len(words_of(speech)) <= most)


def compliance(instruction, answer):
    """Which demands an answer meets: {"speaker", "listener", "length", "word": bool}.

    What stands behind the first `END` is not read. Without an end an answer has no length, and without a heading it
    meets nothing.

    Raises:
        ValueError: for an instruction of another form.
    """
    asked, found = read_instruction(instruction), ANSWER.match(answer)
    speaker, listener, speech, end = found.groups() if found else ("", "", "", "")
    return {
        "speaker": speaker == asked.speaker,
        "listener": listener == asked.listener,
        "length": bool(end) and length_of(speech) == asked.length,
        "word": asked.word in words_of(speech),
    }


def mean_compliance(examples):
    """Shares of the examples that meet each demand, and "all" of them: {name: in [0, 1]}.

    Raises:
        ValueError: for no examples.
    """
    met = [compliance(*example) for example in examples]
    if not met:
        raise ValueError("Compliance is a mean over at least one example. Received: none")
    shares = {name: float(np.mean([each[name] for each in met])) for name in met[0]}
    return {**shares, "all": float(np.mean([all(each.values()) for each in met]))}


# ---- examples from the plays ----


def split_plays(share=0.9):
    """(train, test): names of plays, none in both.

    The test plays are those of which everything lies behind the first `share` of all plays' text, in the order of the
    files. With 0.9 `gpt_shakespeare` has not seen a line of them, for it learnt from the first 90%.

    Raises:
        ValueError: for a share that leaves one part empty.
        FileNotFoundError: if the plays are not installed.
    """
    names = list(play_files())
    lengths = np.array([len(load_plays(name)) for name in names])
    behind = np.cumsum(lengths) - lengths >= share * lengths.sum()
    if behind.all() or not behind.any():
        raise ValueError(f"share must leave plays to train on and plays to test. Received: {share}")
    return [name for name, test in zip(names, behind) if not test], [name for name, test in zip(names, behind) if test]


def examples_of(text, *, longest=256, seed=0):
    """An `Example` for each speech of a play, in order.

    The word is drawn among the speech's words of at least four letters. Speeches are left out that are the first,
    follow one of the same speaker, have no such word, or make an example that is too long or cannot be read back.

    Args:
        text: of a play: speeches with an empty line between them, "NAME:" on the first line of each.
        longest: characters that instruction and answer may have together.
        seed: draws the words.

    Raises:
        ValueError: if not one example comes of the text.
    """
    random, examples = np.random.default_rng(seed), []
    speeches = [speech.partition(":\n") for speech in text.split("\n\n")]
    for (listener, _, _), (speaker, colon, speech) in zip(speeches, speeches[1:]):
        words = [word for word in words_of(speech) if len(word) >= 4]
        if not colon or not words or speaker == listener:
            continue
        instruction = write_instruction(Demands(speaker, listener, length_of(speech), random.choice(words)))
        example = Example(instruction, f"{speaker} to {listener}:\n{speech}{END}")
        readable = INSTRUCTION.fullmatch(instruction) and all(compliance(*example).values())
        if readable and len(instruction) + len(example.answer) <= longest:
            examples.append(example)
    if not examples:
        raise ValueError(f"No speech of the text makes an example of up to {longest} characters: it must be a play, "
                         f"with NAME: on a line before each speech. Received: {text!r:.80}")
    return examples


def load_instructions(longest=160):
    """Examples from all plays: a dict of lists, "train", "validation" and "test"; and "plays", the text of all plays.

    Validation is the last of the plays to train on; for "test" see `split_plays`.

    Args:
        longest: see `examples_of`.
    """
    train, test = split_plays()
    parts = {"train": train[:-1], "validation": train[-1:], "test": test}
    examples = {part: [example for name in names for example in examples_of(load_plays(name), longest=longest)]
                for part, names in parts.items()}
    return {**examples, "plays": load_plays()}


# ---- what a model reads and writes ----


def answer_arrays(examples, vocabulary, length, *, answers_only=True):
    """(inputs, targets, weights), each (examples, length): int32, int32, and float32 that are 1 where a target counts.

    Args:
        examples: of `Example`, or pairs of texts.
        vocabulary: of the model, `END` among its tokens.
        length: tokens in a row, which are filled up with `END` that does not count.
        answers_only: whether the answer's tokens alone count, `END` among them, or the instruction's, too.

    Raises:
        ValueError: for no examples, an empty instruction or answer, one that does not fit into `length` + 1 tokens, or
            characters that the vocabulary does not know.
    """
    if not len(examples):
        raise ValueError("There must be at least one example. Received: none")
    numbers = np.full((len(examples), length + 1), vocabulary.number_of(END), "int32")
    weights = np.zeros((len(examples), length), "float32")
    for row, (instruction, answer) in enumerate(examples):
        asked, answered = vocabulary.encode(instruction), vocabulary.encode(answer)
        count = len(asked) + len(answered)
        if not len(asked) or not len(answered) or count > length + 1:
            raise ValueError(f"Instruction and answer must have at least 1 token each and {length + 1} together. "
                             f"Received: {len(asked)} and {len(answered)} of {instruction + answer!r:.80}")
        numbers[row, :count] = [*asked, *answered]
        weights[row, len(asked) - 1 if answers_only else 0:count - 1] = 1
    return numbers[:, :-1], numbers[:, 1:], weights


def answer_windows(examples, vocabulary, length, *, batch_size, answers_only=True, shuffle=True, seed=None):
    """Batches (inputs, targets, weights) of `answer_arrays`, in a new order every epoch; the last holds the rest."""
    rows = tf.data.Dataset.from_tensor_slices(answer_arrays(examples, vocabulary, length, answers_only=answers_only))
    rows = rows.shuffle(len(examples), seed=seed) if shuffle else rows
    return prefetched(rows.batch(batch_size))


def write_answers(model, instructions, length=None, **options):
    """What a model answers: an `Example` for each instruction, its answer up to the first `END`, or cut off.

    Args:
        model: a language model of characters.
        instructions: list of texts.
        length: tokens that an answer has at most; None: as many as fit behind the longest instruction.
        **options: temperature, top_k, top_p and seed, as `generate` takes them.
    """
    instructions = list(instructions)
    length = length or model.window - max(map(len, instructions))
    texts = model.generate(instructions, length, stop=END, **options)
    return [Example(asked, text[len(asked):]) for asked, text in zip(instructions, texts)]
