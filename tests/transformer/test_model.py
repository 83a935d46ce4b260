"""The Transformer: what it reads at once is what it steps, across what it forgets, and it never looks ahead."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import checkpoints
from aigc_tf.core.optimizers import Muon, is_hidden_matrix
from aigc_tf.text import Vocabulary, streams, windows
from aigc_tf.transformer.model import ACTIVATIONS, NORMS, POSITION_ENCODINGS, TransformerLanguageModel, window_starts
from aigc_tf.transformer.tokenizer import PieceVocabulary

TOKENS, CONTEXT = "abcde", 8
NUMBERS = np.random.default_rng(0).integers(len(TOKENS), size=(3, 21)).astype("int32")  # more than two contexts
TEXT = "".join(TOKENS[number] for number in NUMBERS[0])
VERSE = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n"  # of 85 characters
BY_HEART = 0.2  # nats per character, of ln 27 = 3.3 at first
POEM = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"

every_positions = pytest.mark.parametrize("positions", POSITION_ENCODINGS)


def build(tokens=TOKENS, seed=0, **config):
    keras.utils.set_random_seed(seed)
    small = {"num_layers": 2, "width": 8, "num_heads": 2, "context": CONTEXT, "zero_outputs": False}
    return TransformerLanguageModel(tokens, **{**small, **config})


@pytest.fixture(scope="module")
def model():
    return build()


@pytest.fixture(scope="module")
def learnt():
    """A model that knows VERSE by heart: its 85 windows begin at every character once."""
    vocabulary = Vocabulary.of(VERSE)
    model = build(vocabulary.tokens, width=32, context=16, zero_outputs=True)
    model.compile(optimizer=Muon(0.02))
    numbers = vocabulary.encode(17 * VERSE)[:16 * 85 + 1]
    model.fit(windows(numbers, 16, batch_size=17, seed=0), epochs=30, verbose=0)
    return model


def stepped(model, states, tokens):
    """Logits (batch, time, tokens) of step by step, and the states at the end."""
    logits = []
    for at in range(tokens.shape[1]):
        last, states = model.step(tokens[:, at], states)
        logits.append(last)
    return np.stack(logits, axis=1), states


def side_by_side(states):
    """The states of several rows, each of which was alone."""
    return tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), *states)


# ---- what it is made of ----


@pytest.mark.parametrize("config, more", [
    ({}, 0), ({"position_encoding": "none"}, 0), ({"position_encoding": "sinusoidal"}, 0),
    ({"position_encoding": "learned"}, CONTEXT * 8),
    ({"norm": "layer"}, 2 * 8 * (2 * 2 + 1)), ({"num_layers": 3}, 12 * 8**2),
])
def test_a_block_has_twelve_times_the_square_of_its_width(config, more):
    """3 for queries, keys and values, 1 behind them, 2 · 4 for the MLP. A layer norm has a gain and a shift."""
    numbers = sum(np.prod(weight.shape) for weight in build(**config).trainable_variables)
    assert numbers == 2 * 12 * 8**2 + 2 * len(TOKENS) * 8 + more


@pytest.mark.parametrize("name, expected", [("squared_relu", [0, 0, 4]), ("gelu", [-0.158655, 0, 1.954500])])
def test_activations(name, expected):
    np.testing.assert_allclose(ACTIVATIONS[name](tf.constant([-1.0, 0.0, 2.0])), expected, rtol=1e-5)


@pytest.mark.parametrize("name, expected", [("rms", [1 / 5, 7 / 5]), ("layer", [-1, 1])])
def test_norms(name, expected):
    np.testing.assert_allclose(NORMS[name](name="norm")(tf.constant([[1.0, 7.0]])), [expected], rtol=1e-5)


def test_embeddings_begin_with_the_spread_that_is_asked_for():
    model = build(width=200, position_encoding="learned", embedding_stddev=0.3)
    for layer in (model.embedding, model.position_embedding):
        assert np.std(np.array(layer.embeddings)) == pytest.approx(0.3, rel=0.1)


def test_weights_have_names_of_their_own():
    """Under which checkpoints keep them, for both stacks."""
    names = list(checkpoints.named_weights(build(num_layers=1, position_encoding="learned", norm="layer")))
    assert names == [
        "embedding/embeddings", "position_embedding/embeddings",
        "block_0/attention_norm/gamma", "block_0/attention_norm/beta",
        "block_0/mlp_norm/gamma", "block_0/mlp_norm/beta",
        "block_0/attention/query/kernel", "block_0/attention/key/kernel", "block_0/attention/value/kernel",
        "block_0/attention/join/kernel", "block_0/mlp_in/kernel", "block_0/mlp_out/kernel",
        "last_norm/gamma", "last_norm/beta", "logits/kernel",
    ]


def test_muon_takes_the_matrices_of_the_blocks_and_no_others():
    weights = checkpoints.named_weights(build(num_layers=1, position_encoding="learned", norm="layer"))
    assert [name for name, weight in weights.items() if is_hidden_matrix(weight)] == [
        "block_0/attention/query/kernel", "block_0/attention/key/kernel", "block_0/attention/value/kernel",
        "block_0/attention/join/kernel", "block_0/mlp_in/kernel", "block_0/mlp_out/kernel",
    ]


def test_dropout_acts_in_training_only():
    model, tokens = build(dropout=0.5), tf.constant(NUMBERS[:, :CONTEXT])
    assert not np.allclose(model(tokens, training=True), model(tokens))
    np.testing.assert_array_equal(model(tokens), model(tokens))


# ---- who sees what ----


@every_positions
def test_the_future_has_no_influence(positions):
    model, tokens = build(position_encoding=positions), NUMBERS[:1, :CONTEXT]
    changed = tokens.copy()
    changed[0, 5] = (changed[0, 5] + 1) % len(TOKENS)
    before, after = (model(tf.constant(each)).numpy() for each in (tokens, changed))
    np.testing.assert_allclose(after[:, :5], before[:, :5], rtol=1e-6, atol=1e-7)
    assert np.all(np.abs(after - before)[:, 5:].max(axis=-1) > 1e-3)  # and the past has some


def changes_when_permuted(model):
    """How much the last prediction changes when the tokens before the last one change places."""
    tokens = np.array([[0, 1, 2, 3, 4, 0, 1, 2]], "int32")
    logits = [model(tf.constant(tokens[:, order])).numpy()[:, -1] for order in (range(8), [4, 6, 0, 3, 5, 2, 1, 7])]
    return np.abs(logits[0] - logits[1]).max()


def test_one_block_without_positions_knows_no_order():
    assert changes_when_permuted(build(position_encoding="none", num_layers=1)) < 1e-5


@pytest.mark.parametrize("positions", [name for name in POSITION_ENCODINGS if name != "none"])
def test_positions_bring_in_the_order(positions):
    assert changes_when_permuted(build(position_encoding=positions, num_layers=1)) > 0.01


def test_two_blocks_know_of_order_by_the_mask_alone():
    """The first block's outputs differ by what each place may look at; the second sees that."""
    assert changes_when_permuted(build(position_encoding="none", num_layers=2)) > 0.01


@pytest.mark.parametrize("count, starts", [(1, [0]), (8, [0]), (9, [0, 4]), (12, [0, 4]), (13, [0, 4, 8])])
def test_windows_begin_half_a_context_later_whenever_one_is_full(count, starts):
    assert window_starts(count, context=8).tolist() == starts


def test_of_a_long_text_it_sees_the_last_window_alone(model):
    """13 tokens: the third window begins at 8."""
    text = TEXT[:13]
    unseen, seen = (text[:at] + TOKENS[TOKENS.index(text[at]) - 1] + text[at + 1:] for at in (7, 8))
    p, same, other = map(model.next_distribution, (text, unseen, seen))
    np.testing.assert_allclose(same, p, rtol=1e-6)
    assert np.abs(other - p).max() > 1e-3


# ---- step by step ----


@every_positions
def test_steps_one_by_one_are_what_reading_at_once_gives(positions):
    model, tokens = build(position_encoding=positions), tf.constant(NUMBERS[:, :CONTEXT])
    logits, _ = model.read(tokens)
    found, states = stepped(model, model.states_after(tokens[:, :1]), tokens[:, 1:])
    np.testing.assert_allclose(found, logits[:, 1:], rtol=1e-5, atol=1e-5)
    tf.nest.map_structure(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5),
                          states, model.states_after(tokens))


@every_positions
def test_steps_across_what_is_forgotten_are_what_reading_the_last_window_gives(positions):
    model = build(position_encoding=positions)
    found, _ = stepped(model, model.states_after(NUMBERS[:1, :1]), NUMBERS[:1, 1:])
    expected = [model.next_distribution(TEXT[:at]) for at in range(2, len(TEXT) + 1)]
    np.testing.assert_allclose(tf.nn.softmax(found[0]), expected, rtol=1e-4, atol=1e-6)


@every_positions
def test_log_prob_is_what_next_distribution_says_at_every_place(positions):
    model = build(position_encoding=positions)
    expected = [np.log(model.next_distribution(TEXT[:at])[TOKENS.index(TEXT[at])]) for at in range(1, len(TEXT))]
    np.testing.assert_allclose(model.log_prob(TEXT), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [2, CONTEXT, CONTEXT + 1, CONTEXT + 2, 13, 14, 21])
def test_every_token_after_the_first_gets_a_log_prob(model, count):
    """Of shorter and longer texts, around the places where a window ends."""
    np.testing.assert_allclose(model.log_prob(TEXT[:count]), model.log_prob(TEXT)[:count - 1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("group", [1, 4, 7])
def test_what_is_said_of_tokens_does_not_depend_on_the_group(model, group):
    found, expected = model.token_log_probs(NUMBERS, group=group), model.token_log_probs(NUMBERS)
    assert expected.shape == (3, 20)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_rows_that_are_read_side_by_side_know_nothing_of_each_other(model):
    alone = np.concatenate([model.token_log_probs(NUMBERS[row:row + 1]) for row in range(3)])
    np.testing.assert_allclose(model.token_log_probs(NUMBERS), alone, rtol=1e-5, atol=1e-6)


@every_positions
def test_steps_side_by_side_are_those_of_rows_alone(positions):
    """Rows that have come to different places, and are full at different times."""
    model, lengths, tokens = build(position_encoding=positions), (1, 6, 8), tf.constant(NUMBERS[:, 8:])
    starts = [model.states_after(NUMBERS[row:row + 1, :length]) for row, length in enumerate(lengths)]
    found, _ = stepped(model, side_by_side(starts), tokens)
    alone = [stepped(model, start, tokens[row:row + 1])[0][0] for row, start in enumerate(starts)]
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-5)


def test_states_never_grow(model):
    states = model.states_after(NUMBERS[:, :1])
    _, after = stepped(model, states, tf.constant(NUMBERS[:, 1:]))
    tf.nest.map_structure(lambda one, other: one.shape.assert_is_compatible_with(other.shape), states, after)


# ---- losses and training ----


def test_with_zero_outputs_all_tokens_are_equally_likely_at_first():
    losses = build(zero_outputs=True).compute_losses(NUMBERS[:, :CONTEXT], NUMBERS[:, 1:CONTEXT + 1])
    np.testing.assert_allclose(losses["loss"], [np.log(5)] * 3, rtol=1e-6)


def test_with_zero_outputs_a_block_hands_its_input_on():
    block, hidden = build(zero_outputs=True).blocks[0], tf.random.stateless_normal((2, 5, 8), seed=(0, 0))
    np.testing.assert_array_equal(block(hidden, tf.range(5), None)[0], hidden)


def test_the_loss_of_a_window_is_minus_its_mean_log_prob(model):
    losses = model.compute_losses(NUMBERS[:, :CONTEXT], NUMBERS[:, 1:CONTEXT + 1])
    expected = -model.token_log_probs(NUMBERS[:, :CONTEXT + 1]).mean(axis=1)
    np.testing.assert_allclose(losses["loss"], expected, rtol=1e-5)


def test_perplexity_and_bits_say_the_same_as_the_loss(model):
    model.compile()
    found = model.evaluate(windows(NUMBERS[0], 5, batch_size=3), verbose=0, return_dict=True)
    assert found["perplexity"] == pytest.approx(np.exp(found["loss"]), rel=1e-5)
    assert found["bits"] == pytest.approx(found["loss"] / np.log(2), rel=1e-5)


def test_a_step_moves_the_weights_by_no_more_than_the_clipped_norm():
    model = build(clip_norm=0.01)
    before = [weight.numpy() for weight in model.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.fit(windows(NUMBERS[0], 5, batch_size=4), verbose=0)
    moved = np.sqrt(sum(np.sum((new - old) ** 2) for new, old in zip(model.trainable_variables, before)))
    assert moved == pytest.approx(0.01, rel=1e-4)


def test_it_learns_a_text_by_heart(learnt):
    assert -learnt.log_prob(VERSE).mean() < BY_HEART


def test_what_it_knows_by_heart_it_writes_beyond_its_context(learnt):
    assert learnt.generate("To be, or", 60, top_k=1) == VERSE[:69]


# ---- what it writes ----


def test_greedy_generation_takes_the_likeliest_token_every_time(model):
    text = "abc"
    for _ in range(12):
        text += TOKENS[model.next_distribution(text).argmax()]
    assert model.generate("abc", 12, top_k=1) == text


def test_several_prompts_are_continued_side_by_side_as_alone(learnt):
    """Of different lengths, one longer than the context, and over its end."""
    prompts = ["To be, or", "W", "the question:\nWhether 'tis"]
    assert learnt.generate(prompts, 30, top_k=1) == [learnt.generate(prompt, 30, top_k=1) for prompt in prompts]


def test_a_seed_repeats_itself_and_another_does_not(model):
    texts = [model.generate("ab", 40, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("ab") and len(texts[0]) == 42


def test_streamed_text_is_the_text(model):
    pieces = list(model.stream("ab", 23, chunk=10, seed=3))
    assert [len(piece) for piece in pieces] == [2, 10, 10, 3]
    assert "".join(pieces) == model.generate("ab", 23, seed=3)


def test_beam_search_adds_up_what_the_model_says(model):
    text, score = model.beam_search("abcd", 12, beam_width=4)
    assert score == pytest.approx(model.log_prob(text)[3:].sum(), rel=1e-4)


def test_one_traced_graph_serves_all_options():
    model = build()
    for options in ({}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.5}):
        model.generate("ab", 3, seed=0, **options)
    assert model._sample_tokens.experimental_get_tracing_count() <= 2


def test_chinese_characters_serve_as_tokens():
    model = build(Vocabulary.of(POEM).tokens)
    assert model.log_prob(POEM).shape == (len(POEM) - 1,)
    text = model.generate("春眠不觉晓", 20, seed=0)
    assert text.startswith("春眠不觉晓") and len(text) == 25 and set(text) <= set(POEM)


def test_words_serve_as_tokens():
    vocabulary = Vocabulary.of(VERSE, unit="word")
    model = build(vocabulary.tokens, unit="word")
    assert model.generate("To be,", 5, seed=0).startswith("To be,")
    assert model.log_prob(VERSE).shape == (len(vocabulary.encode(VERSE)) - 1,)


# ---- files ----

UNUSUAL = {"position_encoding": "learned", "norm": "layer", "activation": "gelu", "qk_norm": False,
           "embedding_stddev": 0.5}


def test_a_saved_model_says_and_writes_the_same(tmp_path):
    model = build(**UNUSUAL)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.log_prob(TEXT), model.log_prob(TEXT), rtol=1e-6)
    assert loaded.generate("ab", 20, seed=0) == model.generate("ab", 20, seed=0)


def test_weights_go_from_one_model_to_another_by_file(tmp_path):
    model, other = build(**UNUSUAL), build(seed=1, **UNUSUAL)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(other.log_prob(TEXT), model.log_prob(TEXT), rtol=1e-6)


# ---- bad input ----


@pytest.mark.parametrize("config, message", [
    ({"position_encoding": "relative"}, "position_encoding must be one of .*rotary.*Received: 'relative'"),
    ({"norm": "batch"}, "norm must be one of .*rms.*Received: 'batch'"),
    ({"activation": "relu"}, "activation must be one of .*gelu.*Received: 'relu'"),
    ({"unit": "syllable"}, "Received: .*syllable"),
    ({"num_layers": 0}, "num_layers=0"),
    ({"num_heads": 0}, "num_heads=0"),
    ({"width": 10}, "width a multiple of 2 · num_heads.*width=10"),
    ({"width": 0}, "width=0"),
    ({"context": 7}, "context even.*context=7"),
    ({"context": 0}, "context=0"),
    ({"dropout": 1.0}, "dropout=1.0"),
    ({"dropout": -0.1}, "dropout=-0.1"),
    ({"embedding_stddev": 0}, "embedding_stddev=0"),
    ({"clip_norm": 0}, "clip_norm=0"),
])
def test_bad_configurations_are_refused(config, message):
    with pytest.raises(ValueError, match=message):
        build(**config)


@pytest.mark.parametrize("call, message", [
    (lambda model: model.generate("", 5), "at least 1 tokens"),
    (lambda model: model.generate(["ab", ""], 5), "at least 1 tokens"),
    (lambda model: model.generate("ax", 5), r"does not know \['x'\]"),
    (lambda model: model.generate("a", 0), "length must be at least 1"),
    (lambda model: model.log_prob("a"), "at least 2 tokens"),
    (lambda model: model.log_prob("axa"), r"does not know \['x'\]"),
    (lambda model: model.next_distribution(""), "at least 1 tokens"),
    (lambda model: model.compute_losses(*map(tf.constant, ([[0, 99]], [[0, 0]]))), "Tokens must be integers.* to 99"),
    (lambda model: model.compute_losses(*map(tf.constant, ([[0, 0]], [[0, 99]]))), "Tokens must be integers.* to 99"),
    (lambda model: model.compute_losses(*map(tf.constant, ([[0.5]], [[0]]))), "Received: float32"),
    (lambda model: model.compute_losses(*map(tf.constant, ([0, 1], [1, 2]))), "shape"),
    (lambda model: model.compute_losses(NUMBERS[:, :9], NUMBERS[:, 1:10]), "context holds 8 tokens.* of more, 9"),
])
def test_bad_input_is_refused(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)


def test_training_on_windows_longer_than_the_context_is_refused():
    model = build()
    model.compile(optimizer="sgd")
    with pytest.raises(ValueError, match="context holds 8 tokens.*Received: a window of more, 9"):
        model.fit(windows(NUMBERS[0], CONTEXT + 1, batch_size=2), verbose=0)


def test_training_on_tokens_out_of_range_stops():
    model = build()
    model.compile(optimizer="sgd")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tokens must be integers"):
        model.fit(windows(np.full(20, len(TOKENS)), 5, batch_size=2), verbose=0)


def test_windows_of_a_length_that_only_a_run_can_tell_are_refused_too(model):
    read = tf.function(model.read, input_signature=[tf.TensorSpec((None, None), tf.int32)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="context holds 8 tokens"):
        read(tf.zeros((1, CONTEXT + 1), tf.int32))


def test_streams_are_refused():
    model = build()
    model.compile(optimizer="adam")
    with pytest.raises(ValueError, match="Received: batches of `streams`"):
        model.fit(streams(NUMBERS[0], 5, batch_size=2), verbose=0)


def test_pieces_are_tokens_too():
    vocabulary = PieceVocabulary.of("to be or not to be", size=12)
    model = TransformerLanguageModel(vocabulary.tokens, "piece", num_layers=1, width=8, num_heads=2, context=8)
    assert model.vocabulary == vocabulary
    assert model.generate("to be", 3, seed=0).startswith("to be")
