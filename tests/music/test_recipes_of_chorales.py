"""Recipes and measures of models of chorales: what they read, how they learn, what the record says."""

import dataclasses

import numpy as np
import pytest

from aigc_tf import data, measures
from aigc_tf.core.optimizers import FusedAdam, Muon
from aigc_tf.core.voices import VOICES
from aigc_tf.music import ChoraleInfill, ChoraleTransformer, encode, measure_pieces
from aigc_tf.music.events import NUM_TOKENS, SILENCE, TOKENS
from aigc_tf.recipes import RECIPES

NAMES = ("chorale_lstm", "chorale_transformer", "chorale_infill")


@pytest.fixture(scope="module")
def parts():
    """Two chorales of each part."""
    return [part[:2] for part in data.load_chorales()]


@pytest.mark.parametrize("name", NAMES)
def test_batches_are_windows_of_the_training_part(name, parts):
    recipe = RECIPES[name]
    batches = recipe.batches(parts)
    assert len(batches) == recipe.steps_per_epoch
    assert next(iter(batches)).shape == (recipe.batch_size, recipe.frames, 11)


@pytest.mark.parametrize("name, optimizer", [*zip(NAMES, (FusedAdam, Muon, Muon))])
def test_each_has_its_optimizer_and_says_so(name, optimizer):
    recipe = RECIPES[name]
    model = recipe.build(None)
    recipe.compile(model, steps=2000)
    assert type(model.optimizer) is optimizer
    assert recipe.description()["optimizer"].startswith("Muon" if optimizer is Muon else "Adam")
    assert "chorales" in recipe.description()["data"]


def test_weights_of_all_three_are_small_enough():
    for name in NAMES:
        assert 2 * RECIPES[name].build(None).count_params() < 5e6, "of 16 bits, 5 MB"


class Even:
    """Knows nothing, and harmonises as Bach did."""

    def log_prob(self, pieces, voices=VOICES, *, see_later=False):
        return [np.full((len(piece.pitches), len(voices)), -np.log(NUM_TOKENS)) for piece in pieces]

    def harmonise(self, pieces, seed):
        return pieces


def test_nats_of_a_model_that_knows_nothing_by_hand(parts):
    found = measures.nats_of_pieces(Even().log_prob(parts[1]), parts[1])
    sixteenths = sum(len(piece.pitches) for piece in parts[1])
    notes = sum((encode(piece)[:, TOKENS] > SILENCE).sum() for piece in parts[1])
    assert found["sixteenth"] == pytest.approx(4 * np.log(NUM_TOKENS))
    assert found["note"] == pytest.approx(4 * np.log(NUM_TOKENS) * sixteenths / notes)
    assert measures.nats_of_validation(Even(), parts) == pytest.approx(found["sixteenth"])


def test_a_writer_is_measured_beside_bach_and_voices_that_do_not_listen(parts):
    found = measures.measure_writer(Even(), parts)
    assert found["test_nats_alto"] == pytest.approx(np.log(NUM_TOKENS))
    assert sum(found[f"test_nats_{voice}"] for voice in VOICES) == pytest.approx(found["test_nats_sixteenth"])
    for name, value in measure_pieces(parts[2]).items():
        assert found[f"test_{name}"] == found[f"test_bach_{name}"] == value
    assert found["test_shuffled_triads"] < found["test_bach_triads"]


def test_middle_voices_are_measured_with_all_of_the_others_known(parts):
    found = measures.measure_infill(Even(), parts)
    assert found["test_nats_middle"] == found["validation_nats_middle"] == pytest.approx(2 * np.log(NUM_TOKENS))


def test_the_validation_loss_of_a_new_model_is_that_of_even_guesses(parts):
    model = ChoraleInfill(num_layers=1, width=8, num_heads=1)
    assert measures.validation_loss(model, parts) == pytest.approx(4 * np.log(NUM_TOKENS), rel=1e-5)


def test_a_short_training_by_the_recipe_learns(parts):
    """After 60 batches of two chorales, a small Transformer is below a third of even guesses on its own music."""
    recipe = dataclasses.replace(RECIPES["chorale_transformer"], config={"num_layers": 1, "width": 32, "num_heads": 2},
                                 batch_size=4, steps_per_epoch=60, warmup_steps=6)
    model = recipe.build(None)
    recipe.compile(model, steps=60)
    model.fit(recipe.batches(parts), verbose=0)
    assert isinstance(model, ChoraleTransformer)
    assert measures.nats_of_pieces(model.log_prob(parts[0]), parts[0])["sixteenth"] < 4 / 3 * np.log(NUM_TOKENS)
