"""Invented names in examples of instructions (chapter 6): a network learns to copy a name, not to know it."""

import numpy as np

from aigc_tf.finetuning.instructions import Example, read_instruction, write_instruction

CONSONANTS, VOWELS = "BCDFGHKLMNPRSTVZ", "AEIOU"


def invented_name(names, random):
    """The beginning of one name and the end of another, or, as often, two to four made-up syllables.

    Args:
        names: to make it of.
        random: a `np.random.Generator`.
    """
    if random.random() < 0.5:
        first, second = random.choice(names, 2)
        return first[:(len(first) + 1) // 2] + second[len(second) // 2:]
    return "".join(random.choice(list(CONSONANTS)) + random.choice(list(VOWELS)) for _ in range(random.integers(2, 5)))


def renamed(examples, share=0.6, *, longest=256, seed=0):
    """The examples, a share of them with other names for speaker and listener, in instruction and heading.

    Nothing changes inside the speech. An example that would become longer than `longest` characters keeps its names.

    Args:
        examples: of `Example`, as `examples_of` makes them.
        share: in [0, 1].
        longest: characters of instruction and answer together.
        seed: draws which, and the names.

    Raises:
        ValueError: for a share outside [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must lie in [0, 1]. Received: {share}")
    random = np.random.default_rng(seed)
    names = sorted({read_instruction(example.instruction).speaker for example in examples})
    return [_renamed(example, names, longest, random) if random.random() < share else example for example in examples]


def _renamed(example, names, longest, random):
    speaker, listener = invented_name(names, random), invented_name(names, random)
    demands = read_instruction(example.instruction)._replace(speaker=speaker, listener=listener)
    speech = example.answer.partition(":\n")[2]
    changed = Example(write_instruction(demands), f"{speaker} to {listener}:\n{speech}")
    return changed if speaker != listener and sum(map(len, changed)) <= longest else example
