"""Rewards that a program computes (chapter 6), and what is chosen by them: the best of several answers, and pairs."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from aigc_tf.finetuning.instructions import END, compliance, write_answers
from aigc_tf.metrics.text import longest_copied_span, words_of


class Preference(NamedTuple):
    """Two answers to an instruction, as texts, of which the first is the better."""

    instruction: str
    chosen: str
    rejected: str


def demands_met(instruction, answer):
    """Share of an instruction's demands that an answer meets, in [0, 1]."""
    return float(np.mean(list(compliance(instruction, answer).values())))


def repeated_share(text):
    """Share of a text's pairs of neighbouring words that stood there before, in [0, 1); 0 without a pair."""
    words = words_of(text)
    pairs = list(zip(words, words[1:]))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 0.0


def copied_share(text, source, free=30):
    """Share of a text that its longest copy from a source makes, beyond `free` characters that cost nothing, in [0, 1).

    "What is the matter?" is in many plays: short pieces are no theft.
    """
    copied = len(longest_copied_span(text, source))
    return max(0, copied - free) / len(text) if text else 0.0


def reward(instruction, answer, source="", *, copying=1.0, repetition=1.0):
    """demands met − copying · copied share − repetition · repeated share, at most 1.

    Copies and repetitions are looked for in the speech, between the heading and `END`.

    Args:
        instruction, answer: texts, see `instructions`.
        source: what must not be copied from, such as the text that the model learnt from.
        copying, repetition: prices. With 0 nobody guards against what a model can do to please the rest.

    Raises:
        ValueError: for an instruction of another form.
    """
    speech = answer.partition("\n")[2].partition(END)[0]
    price = copying * copied_share(speech, source) + repetition * repeated_share(speech)
    return demands_met(instruction, answer) - price


def sample_answers(model, instructions, tries, length=None, *, seed=0, group=256):
    """`tries` answers to each instruction at temperature 1, as `write_answers` gives them, `group` written at a time.

    Args:
        model: a language model of characters.
        instructions: list of texts; the answers come in their order, all of one instruction side by side.
        tries: at least 1.
        length: tokens that an answer has at most, see `write_answers`.
        seed: makes the draws repeatable.
    """
    asked = [instruction for instruction in instructions for _ in range(tries)]
    return [example for at in range(0, len(asked), group)
            for example in write_answers(model, asked[at:at + group], length, seed=seed + at)]


def best_of(answers, rewards):
    """The answer with the highest reward, the first of equals: best-of-n, with nothing learnt.

    Raises:
        ValueError: for no answers, or another number of rewards.
    """
    if not len(answers) or len(answers) != len(rewards):
        raise ValueError("There must be an answer, and a reward for each. "
                         f"Received: {len(answers)} answers, {len(rewards)} rewards")
    return answers[int(np.argmax(rewards))]


def preferences_of(examples, rewards):
    """A `Preference` for each instruction whose answers differ in reward: the best answer before the worst.

    Args:
        examples: of `Example`: several answers to each instruction, in any order.
        rewards: a number for each.

    Raises:
        ValueError: for another number of rewards, or if there is no difference anywhere.
    """
    if len(examples) != len(rewards):
        raise ValueError(f"Each example needs a reward. Received: {len(examples)} examples, {len(rewards)} rewards")
    judged = defaultdict(list)
    for (instruction, answer), value in zip(examples, rewards):
        judged[instruction].append((value, answer))
    ranked = {instruction: sorted(pairs, key=lambda pair: pair[0]) for instruction, pairs in judged.items()}
    found = [Preference(instruction, pairs[-1][1], pairs[0][1])
             for instruction, pairs in ranked.items() if pairs[-1][0] > pairs[0][0]]
    if not found:
        raise ValueError(f"Some instruction needs answers of different reward. Received: {len(examples)} examples of "
                         f"{len(judged)} instructions, each with equal rewards")
    return found
