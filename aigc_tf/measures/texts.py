"""Measures of language models and of VAEs for lines."""

import time

import numpy as np

from aigc_tf import checkpoints, metrics
from aigc_tf.core.noise import standard_normal
from aigc_tf.finetuning import (
    answer_log_probs,
    kl_to_reference,
    mean_compliance,
    reward,
    sample_answers,
    write_answers,
)
from aigc_tf.text import NGramModel, Vocabulary, encode_lines, lines_of, nats_per_token, split_text


def measure_text(model, text):
    """Nats per character on the last tenth of the text, beside the 5-gram's, and what 20 written pages are like."""
    train, test = split_text(text)
    nats = -float(np.sum(model.log_prob(test), dtype="float64")) / (len(test) - 1)  # per character, not per token
    five_gram = -float(np.mean(NGramModel(5, Vocabulary.of(text)).fit(train).log_prob(test)))
    prompts = ["\n\n"] * 20
    start = time.perf_counter()
    pages = [page.strip() for page in model.generate(prompts, 1000, temperature=0.8, seed=0)]
    seconds = time.perf_counter() - start
    return {
        "test_nats": nats,
        "test_bits": metrics.bits(nats),
        "five_gram_test_nats": five_gram,
        "known_words": np.mean([metrics.known_words(page, train) for page in pages]),
        "longest_copied_span": max(len(metrics.longest_copied_span(page, train)) for page in pages),
        "distinct_2": metrics.distinct(pages, 2),
        "self_bleu_4": metrics.self_bleu(pages, 4),
        "characters_per_second": 1000 * len(pages) / seconds,
    }


def measure_windows(model, text, window=256):
    """Nats per token of the last tenth of the text in windows read from no context, as nanoGPT reports them."""
    return {f"test_nats_windows_{window}": nats_per_token(model, split_text(text)[1], window)}


def nats_of_a_page(model, text, count=20_000):
    """Nats per token of the first `count` characters of the last tenth of the text, which recipes never train on."""
    return nats_per_token(model, split_text(text)[1][:count])


def measure_lines(model, text, num_samples=50):
    """Of a `SentenceVAE`: nats per line, importance-weighted with `num_samples` draws, and the terms of its loss.

    They are of every fourth line of the last tenth of the text, lines left out that stand in the rest, too.
    """
    train, test = (dict.fromkeys(lines_of(part, longest=model.longest)) for part in split_text(text))
    rows = encode_lines([line for line in test if line not in train][::4], model.vocabulary, model.longest)
    losses = model.compute_losses(rows, noise=standard_normal((len(rows), model.latent_dim), seed=0))
    bound = model.importance_weighted_nll(rows, num_samples, seed=0)
    return {
        f"test_iw_nll_{num_samples}": bound.mean(),
        "test_reconstruction": np.mean(losses["reconstruction"]),
        "test_kl": np.mean(losses["kl"]),
    }


def nats_of_answers(model, dataset, part="validation", count=200):
    """Nats per character of the answers to `count` instructions of a part of an `InstructionsRecipe`'s data."""
    examples = dataset[part][::max(1, len(dataset[part]) // count)][:count]
    return -float(answer_log_probs(model, examples).sum()) / sum(len(example.answer) for example in examples)


def measure_answers(model, dataset, count=200):
    """Of answers to `count` instructions from the test plays at temperature 0.7: shares of the demands that are met.

    With them the nats per character of the real answers, and of the last tenth of the plays in windows of 256.
    """
    examples = dataset["test"][::max(1, len(dataset["test"]) // count)][:count]
    written = write_answers(model, [example.instruction for example in examples], temperature=0.7, seed=0)
    met = mean_compliance(written)
    return {
        **{f"test_{demand}": share for demand, share in met.items()},
        "test_compliance": np.mean([share for demand, share in met.items() if demand != "all"]),
        "test_answer_nats": nats_of_answers(model, dataset, "test"),
        **measure_windows(model, dataset["plays"]),
    }


def measure_preferred(model, dataset, reference="gpt_characters", count=60, tries=4):
    """Of answers to `count` instructions from the test plays at temperature 1: their reward, and the reference's.

    With them the divergence from the reference, in nats per answer, and what `measure_answers` tells.
    """
    asked = [example.instruction for example in dataset["test"][::max(1, len(dataset["test"]) // count)][:count]]
    before = checkpoints.load(reference)
    written, before_written = (sample_answers(each, asked, tries) for each in (model, before))
    return {
        "test_reward": np.mean([reward(*example) for example in written]),
        "test_reference_reward": np.mean([reward(*example) for example in before_written]),
        "test_kl": kl_to_reference(model, before, written),
        **measure_answers(model, dataset),
    }
