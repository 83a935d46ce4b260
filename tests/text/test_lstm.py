"""The recurrent language model: what it reads is what it steps, its states are carried, and it writes what it says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints
from aigc_tf.text import Vocabulary, streams, windows
from aigc_tf.text.lstm import LSTMLanguageModel, RNNLanguageModel
from aigc_tf.text.recurrent import CELLS, Carry, TiedLogits, next_token_loss

TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 3
VOCABULARY = Vocabulary.of(TEXT)
NUMBERS = VOCABULARY.encode(TEXT)


def build(**config):
    keras.utils.set_random_seed(0)
    config = {"units": (12, 10), "embedding_dim": 6, **config}
    return LSTMLanguageModel(VOCABULARY.tokens, **config)


@pytest.fixture(scope="module")
def model():
    return build()


@pytest.fixture(scope="module")
def learnt():
    """A model that knows TEXT by heart."""
    model = build(units=(64,))
    model.compile(optimizer=keras.optimizers.Adam(2e-2))
    model.fit(streams(NUMBERS, 15, batch_size=4), epochs=60, verbose=0)
    return model


# ---- the loss and the layers ----------------------------------------------------------------------------------------


def test_equal_logits_cost_ln_of_the_number_of_tokens():
    loss = next_token_loss(tf.zeros((2, 5), tf.int32), tf.zeros((2, 5, 8)))
    np.testing.assert_allclose(loss, [np.log(8)] * 2, rtol=1e-6)


def test_the_loss_is_a_mean_over_time_of_minus_ln_p():
    p = np.array([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]])
    loss = next_token_loss(tf.constant([[1, 2]]), tf.constant(np.log(p), tf.float32))
    np.testing.assert_allclose(loss, [-(np.log(0.25) + np.log(0.8)) / 2], rtol=1e-6)


@pytest.mark.parametrize("stddev, largest", [(None, 0.05), (1.0, 5.0)])
def test_embeddings_begin_with_the_spread_that_is_asked_for(stddev, largest):
    keras.utils.set_random_seed(0)
    embeddings = np.array(build(embedding_dim=50, embedding_stddev=stddev).embedding.embeddings)
    assert np.std(embeddings) == pytest.approx(stddev or 0.05 / 3**0.5, rel=0.1)
    assert np.abs(embeddings).max() < largest


def test_tied_logits_are_products_with_the_embeddings():
    embedding = keras.layers.Embedding(5, 3)
    embedding.build((None,))
    tied, hidden = TiedLogits(embedding), np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    np.testing.assert_allclose(tied(hidden), hidden @ np.array(embedding.embeddings).T, rtol=1e-5, atol=1e-6)


def test_tying_saves_the_matrix_of_the_logits():
    tied, free = (build(tied=tied, units=(12,)) for tied in (True, False))
    tokens = len(VOCABULARY)
    assert free.count_params() - tied.count_params() == 12 * tokens - (12 * 6 + 6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tied", [False, True])
def test_steps_one_by_one_are_what_reading_at_once_gives(cell, tied):
    model = build(cell=cell, tied=tied)
    tokens = tf.constant(NUMBERS[None, :9])
    logits, states = model.read(tokens, model.empty_states(1))
    stepped = model.empty_states(1)
    for at in range(9):
        last, stepped = model.step(tokens[:, at], stepped)
        np.testing.assert_allclose(last, logits[:, at], rtol=1e-5, atol=1e-6)
    for one, other in zip(stepped, states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def rnn_by_hand(x, h, kernel, recurrent_kernel, bias):
    """h ← tanh(W x + U h + b)"""
    h = np.tanh(x @ kernel + h @ recurrent_kernel + bias)
    return h, [h]


def lstm_by_hand(x, h, c, kernel, recurrent_kernel, bias):
    """Keras keeps the matrices of the four sums side by side, in the order i, f, g, o."""
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    h = o * np.tanh(c)
    return h, [h, c]


@pytest.mark.parametrize("make, cell", [(RNNLanguageModel, rnn_by_hand), (LSTMLanguageModel, lstm_by_hand)])
def test_a_cell_is_its_formula(make, cell):
    keras.utils.set_random_seed(0)
    model = make(VOCABULARY.tokens, units=(12,), embedding_dim=6, embedding_stddev=1.0)
    weights, states = model.recurrent[0].get_weights(), [np.zeros(12)] * len(model.state_sizes)
    layer = model.recurrent[0](model.embedding(NUMBERS[None, :20]))[0][0]
    for x, hidden in zip(np.array(model.embedding(NUMBERS[:20])), layer, strict=True):
        own, states = cell(x, *states, *weights)
        np.testing.assert_allclose(own, hidden, atol=1e-6)


@pytest.mark.parametrize("make, cell, states", [
    (RNNLanguageModel, "rnn", [12]), (LSTMLanguageModel, "lstm", [12, 12]),
])
def test_the_plain_model_and_the_lstm_differ_in_their_cell_alone(make, cell, states):
    model = make(VOCABULARY.tokens, units=(12,), embedding_dim=6)
    assert (model.cell, model.state_sizes) == (cell, states)
    config = {**model.get_config(), "cell": "gru"}
    assert isinstance(make.from_config(config).recurrent[0], keras.layers.GRU)


def test_dropout_acts_in_training_only():
    model = build(dropout=0.5)
    tokens = tf.constant(NUMBERS[None, :9])
    assert not np.allclose(model(tokens, training=True), model(tokens))
    np.testing.assert_array_equal(model(tokens), model(tokens))


# ---- states are carried ---------------------------------------------------------------------------------------------


def test_a_carry_gives_back_what_was_written_or_zeros():
    carry = Carry([3])
    np.testing.assert_array_equal(carry.read(tf.zeros(2))[0], np.zeros((2, 3)))
    carry.write([tf.ones((2, 3))])
    np.testing.assert_array_equal(carry.read(tf.constant([1.0, 0.0]))[0], [[1, 1, 1], [0, 0, 0]])


def test_a_batch_cannot_go_on_with_another_number_of_rows():
    carry = Carry([3])
    carry.write([tf.ones((2, 3))])
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many rows"):
        carry.read(tf.ones(4))


def test_evaluating_a_stream_is_reading_the_text_at_once(model):
    """One stream, so that nothing but carried states connects its 14 windows."""
    model.compile()
    text = TEXT[:141]
    found = model.evaluate(streams(VOCABULARY.encode(text), 10, batch_size=1), verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(-model.log_prob(text).mean(), rel=1e-5)


def test_windows_know_nothing_of_each_other(model):
    model.compile()
    batches = windows(NUMBERS[:141], 10, batch_size=1, shuffle=False)
    expected = np.mean([-model.log_prob(TEXT[at:at + 11]).mean() for at in range(0, 140, 10)])
    assert model.evaluate(batches, verbose=0, return_dict=True)["loss"] == pytest.approx(expected, rel=1e-5)


def test_an_epoch_begins_with_empty_states(model):
    model.compile()
    batches = streams(NUMBERS, 10, batch_size=2)
    losses = [model.evaluate(batches, verbose=0, return_dict=True)["loss"] for _ in range(2)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_carried_states_are_no_weights(model):
    of_metrics = sum(len(metric.variables) for metric in model.metrics)
    assert len(checkpoints.named_weights(model)) == 1 + 2 * 3 + 2
    assert len(model.weights) in (9, 9 + of_metrics)  # Keras 2 counts those of the metrics, too


def test_validation_does_not_disturb_the_stream_that_is_trained_on():
    """With a step a validation, where the states would be lost, the losses are those of an epoch in one go."""
    losses = []
    for chunks in (1, 4):
        model = build()
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        batches = streams(NUMBERS, 10, batch_size=2).take(4)
        fit = {"steps_per_epoch": 4 // chunks, "epochs": chunks, "validation_data": streams(NUMBERS, 9, batch_size=3)}
        losses.append(np.mean(model.fit(batches, verbose=0, **fit).history["loss"]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_perplexity_and_bits_say_the_same_as_the_loss(model):
    model.compile()
    found = model.evaluate(windows(NUMBERS, 10, batch_size=4), verbose=0, return_dict=True)
    assert found["perplexity"] == pytest.approx(np.exp(found["loss"]), rel=1e-5)
    assert found["bits"] == pytest.approx(found["loss"] / np.log(2), rel=1e-5)


# ---- clipping -------------------------------------------------------------------------------------------------------


def test_a_step_moves_the_weights_by_no_more_than_the_clipped_norm():
    model = build(clip_norm=0.01)
    before = [weight.numpy() for weight in model.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.fit(windows(NUMBERS, 10, batch_size=8).take(1), verbose=0)
    moved = np.sqrt(sum(np.sum((new - old) ** 2) for new, old in zip(model.trainable_variables, before)))
    assert moved == pytest.approx(0.01, rel=1e-4)


# ---- what it says ---------------------------------------------------------------------------------------------------


def test_log_prob_is_what_next_distribution_says_at_every_place(model):
    text = TEXT[:30]
    expected = [np.log(model.next_distribution(text[:at])[VOCABULARY.index[text[at]]]) for at in range(1, 30)]
    np.testing.assert_allclose(model.log_prob(text), expected, rtol=1e-5)


@pytest.mark.parametrize("rows", [1, 3])
def test_what_is_said_of_tokens_does_not_depend_on_the_group(model, rows):
    numbers = np.stack([NUMBERS[at:at + 50] for at in range(rows)])
    expected = model.token_log_probs(numbers, group=10_000)
    assert expected.shape == (rows, 49)
    for group in (1, 7, 49):
        np.testing.assert_allclose(model.token_log_probs(numbers, group=group), expected, rtol=1e-5, atol=1e-6)


def test_rows_that_are_read_side_by_side_know_nothing_of_each_other(model):
    found = model.token_log_probs(np.stack([NUMBERS[:30], NUMBERS[30:60]]))
    for row, text in zip(found, (TEXT[:30], TEXT[30:60]), strict=True):
        np.testing.assert_allclose(row, model.log_prob(text), rtol=1e-5, atol=1e-6)


def test_next_distribution_sums_to_one(model):
    p = model.next_distribution("To be")
    assert p.shape == (len(VOCABULARY),) and p.min() > 0 and p.sum() == pytest.approx(1, abs=1e-9)


def test_it_learns_a_text_by_heart(learnt):
    assert -learnt.log_prob(TEXT[:84]).mean() < 0.5
    assert learnt.generate("To be, or", 30, top_k=1) == TEXT[:39]


# ---- what it writes -------------------------------------------------------------------------------------------------


def test_greedy_generation_takes_the_likeliest_token_every_time(model):
    text = "To be"
    for _ in range(10):
        text += VOCABULARY.tokens[model.next_distribution(text).argmax()]
    assert model.generate("To be", 10, top_k=1) == text


@pytest.mark.parametrize("options", [
    {}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.8}, {"no_repeat_ngram_size": 3},
])
def test_a_seed_repeats_itself_and_another_does_not(model, options):
    texts = [model.generate("To be", 40, seed=seed, **options) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("To be") and len(texts[0]) == 45


def test_without_a_seed_every_text_is_new(model):
    assert model.generate("To be", 40) != model.generate("To be", 40)


def test_it_writes_what_it_believes(learnt):
    """The surprise at its own texts is, on average, the entropy that it expects at every place."""
    surprise, expected = [], []
    for text in learnt.generate(["To be"] * 8, 120, seed=0, temperature=1.0):
        surprise.append(-learnt.log_prob(text)[4:])
        logits, _ = learnt.read(tf.constant(VOCABULARY.encode(text)[None, 4:-1]), learnt.read(
            tf.constant(VOCABULARY.encode(text)[None, :4]), learnt.empty_states(1))[1])
        p = tf.nn.softmax(logits[0]).numpy()
        expected.append(-np.sum(p * np.log(p + 1e-12), axis=1))
    assert np.mean(surprise) == pytest.approx(np.mean(expected), rel=0.25, abs=0.02)


def test_one_traced_graph_serves_all_options():
    model = build()
    for options in ({}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.5}, {"temperature": 2.0, "top_k": 2}):
        model.generate("To be", 3, seed=0, **options)
    assert model._sample_tokens.experimental_get_tracing_count() <= 2


def test_streamed_text_is_the_text(model):
    pieces = list(model.stream("To be", 33, chunk=10, seed=3))
    assert [len(piece) for piece in pieces] == [5, 10, 10, 10, 3]
    assert "".join(pieces) == model.generate("To be", 33, seed=3)


def test_several_prompts_are_continued_side_by_side(learnt):
    texts = learnt.generate(["To be, or", "Whether 'tis"], 20, top_k=1)
    assert texts == [learnt.generate(prompt, 20, top_k=1) for prompt in ("To be, or", "Whether 'tis")]


def test_no_sequence_comes_twice_if_that_is_asked(learnt):
    """The text itself repeats, so greedy writing does, too; unless it must not."""
    def repeats(text, size=6):
        return len(text) - size + 1 - len({text[at:at + size] for at in range(len(text) - size + 1)})

    assert repeats(learnt.generate("To be, or", 150, top_k=1)) > 20
    assert repeats(learnt.generate("To be, or", 150, top_k=1, no_repeat_ngram_size=6)) == 0
    assert repeats("".join(learnt.stream("To be, or", 150, top_k=1, no_repeat_ngram_size=6, chunk=9))) == 0


def test_beam_search_finds_nothing_less_likely_than_greed(model):
    greedy, greedy_score = model.beam_search("To be", 12, beam_width=1)
    assert greedy == model.generate("To be", 12, top_k=1)
    text, score = model.beam_search("To be", 12, beam_width=8)
    assert score >= greedy_score
    assert score == pytest.approx(model.log_prob(text)[4:].sum(), rel=1e-4)


def test_words_serve_as_tokens():
    vocabulary = Vocabulary.of(TEXT, unit="word")
    model = LSTMLanguageModel(vocabulary.tokens, unit="word", units=(8,), embedding_dim=4)
    text = model.generate("To be,", 5, seed=0)
    assert text.startswith("To be,")
    assert model.log_prob(TEXT).shape == (len(vocabulary.encode(TEXT)) - 1,)


# ---- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config, message", [
    ({"cell": "elman"}, "cell must be one of .*lstm.*Received: 'elman'"),
    ({"units": ()}, "units"),
    ({"units": (8, 0)}, r"units=\(8, 0\)"),
    ({"embedding_dim": 0}, "embedding_dim=0"),
    ({"dropout": 1.0}, "dropout=1.0"),
    ({"clip_norm": 0}, "clip_norm=0"),
    ({"embedding_stddev": 0}, "embedding_stddev=0"),
])
def test_bad_configurations_are_refused(config, message):
    with pytest.raises(ValueError, match=message):
        build(**config)


@pytest.mark.parametrize("call, message", [
    (lambda model: model.generate("", 5), "at least 1 tokens"),
    (lambda model: model.generate("T€", 5), r"does not know \['€'\]"),
    (lambda model: model.generate("T", 0), "length must be at least 1"),
    (lambda model: model.generate("T", 5, temperature=0), "temperature"),
    (lambda model: model.generate("T", 5, top_k=0), "top_k"),
    (lambda model: model.generate("T", 5, top_p=0), "top_p"),
    (lambda model: list(model.stream("T", 5, top_p=2)), "top_p"),
    (lambda model: model.beam_search("T", 5, beam_width=0), "beam_width must be at least 1"),
    (lambda model: model.log_prob("T"), "at least 2 tokens"),
    (lambda model: model.next_distribution(""), "at least 1 tokens"),
    (lambda model: model.compute_losses(*map(tf.constant, ([[0, 99]], [[0, 0]]))), "Tokens must be integers.* to 99"),
    (lambda model: model.compute_losses(*map(tf.constant, ([[0.5]], [[0]]))), "Received: float32"),
    (lambda model: model.compute_losses(*map(tf.constant, ([0, 1], [1, 2]))), "shape"),
])
def test_bad_input_is_refused(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)


def test_training_on_tokens_out_of_range_stops():
    model = build()
    model.compile(optimizer="sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tokens must be integers"):
        model.fit(windows(np.full(50, len(VOCABULARY)), 10, batch_size=2), verbose=0)
