"""How good is a language model (chapter 4)? Nats per token, by two protocols that must not be mixed up."""

import numpy as np


def nats_per_token(model, text, window=None, *, num_blocks=None, seed=None):
    """Mean of −ln p(token | tokens before) over a text: nats per character, where tokens are characters.

    What "before" means makes a difference, so that numbers compare only if they were measured alike:

    - `nats_per_token(model, text)`: all of the text before. A recurrent model carries its state from the first token to
      the last.
    - `nats_per_token(model, text, 256)`: the text is cut into windows of 256 tokens, each read from an empty state.
      The first token of a window is guessed from one token alone, the last from 256. So a model that looks back so
      far and no further has to be measured, and another one beside it.
    - `nats_per_token(model, text, 256, num_blocks=12_800, seed=0)`: the same for windows that begin anywhere, drawn
      at random, as nanoGPT does it (200 batches of 64). It reports the best of many such measurements during the
      training.

    Args:
        model: any with `vocabulary` and `token_log_probs`: an n-gram or a network.
        text: at least two tokens, that the model has not learnt from.
        window: tokens that are guessed from one beginning, at least 1; None: all. What is left over at the end of the
            text makes a shorter window. Long windows, which are read side by side, are a fast way to measure with
            nearly all of the text before.
        num_blocks: how many windows are drawn; None: all of the text, in windows that lie end to end.
        seed: makes the draw repeatable; None: new every time.

    Returns:
        Nats per token, a float.

    Raises:
        ValueError: for a text of less than two tokens, or shorter than the blocks that are to be drawn from it, a
            window or num_blocks below 1, or num_blocks without a window.
    """
    numbers = model.numbers_of(text, least=2)
    if window is None and num_blocks is not None:
        raise ValueError(f"Blocks need a window, their length. Received: window=None, {num_blocks=}")
    window = len(numbers) - 1 if window is None else window
    if window < 1 or (num_blocks is not None and num_blocks < 1):
        raise ValueError(f"window and num_blocks must be at least 1. Received: {window=}, {num_blocks=}")
    if num_blocks is None:
        starts = np.arange(0, len(numbers) - 1, window)
    elif window < len(numbers):
        starts = np.random.default_rng(seed).integers(len(numbers) - window, size=num_blocks)
    else:
        raise ValueError(f"Blocks of {window} tokens and their targets take a text of at least {window + 1} tokens. "
                         f"Received: {len(numbers)}")
    total = count = 0
    for rows in _batches(numbers, starts, window):
        values = model.token_log_probs(rows)
        total, count = total - float(np.sum(values, dtype="float64")), count + values.size
    return total / count


def _batches(numbers, starts, window, batch_size=64):
    """Yields int (up to batch_size, window + 1): the tokens from each start on, and last the window that is shorter."""
    whole = starts[starts + window < len(numbers)]
    for at in range(0, len(whole), batch_size):
        yield numbers[whole[at:at + batch_size, None] + np.arange(window + 1)]
    for start in starts[starts + window >= len(numbers)]:
        yield numbers[None, start:]
