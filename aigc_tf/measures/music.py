"""Measures of models of chorales."""

import numpy as np

from aigc_tf.core.voices import VOICES
from aigc_tf.music import measure_pieces, shuffled_voices
from aigc_tf.music.events import SILENCE, TOKENS, encode

MIDDLE = (1, 2)  # alto and tenor


def nats_of_pieces(log_probs, pieces):
    """{"sixteenth": nats for each sixteenth, "note": for each note that begins} of what `log_prob` gave for pieces."""
    nats = -sum(float(each.sum(dtype="float64")) for each in log_probs)
    notes = sum(int((encode(piece)[:, TOKENS] > SILENCE).sum()) for piece in pieces)
    return {"sixteenth": nats / sum(map(len, log_probs)), "note": nats / notes}


def nats_of_validation(model, chorales):
    """Nats per sixteenth of the validation pieces, all four voices, in the order of time."""
    pieces = chorales[1]
    return nats_of_pieces(model.log_prob(pieces), pieces)["sixteenth"]


def validation_loss(model, chorales):
    """The loss of an infilling model on the first 96 sixteenths of each validation piece, gaps drawn ten times."""
    windows = np.stack([encode(piece)[:96] for piece in chorales[1]])
    return float(np.mean([model.compute_losses(windows)["loss"] for _ in range(10)]))


def measure_writer(model, chorales):
    """Nats of validation and test pieces, of each voice too, and the voice leading of what it writes below sopranos."""
    return {**_nats(model, chorales), **_harmonies(model, chorales)}


def measure_infill(model, chorales):
    """The same of a model that fills gaps; and nats of alto and tenor when it knows all of soprano and bass."""
    found = {**_nats(model, chorales), **_harmonies(model, chorales)}
    for name, pieces in zip(("validation", "test"), chorales[1:]):
        log_probs = model.log_prob(pieces, MIDDLE, see_later=True)
        found[f"{name}_nats_middle"] = nats_of_pieces(log_probs, pieces)["sixteenth"]
    return found


def _nats(model, chorales):
    found = {}
    for name, pieces in zip(("validation", "test"), chorales[1:]):
        log_probs = model.log_prob(pieces)
        found |= {f"{name}_nats_{unit}": value for unit, value in nats_of_pieces(log_probs, pieces).items()}
        by_voice = -np.concatenate(log_probs).mean(axis=0)
        found |= {f"{name}_nats_{voice}": value for voice, value in zip(VOICES, by_voice)}
    return found


def _harmonies(model, chorales):
    """Voice leading below the sopranos of the test, beside Bach's and that of voices that do not listen."""
    pieces = chorales[2]
    written = {"": model.harmonise(pieces, seed=0), "bach_": pieces, "shuffled_": shuffled_voices(pieces)}
    return {f"test_{prefix}{name}": value for prefix, each in written.items()
            for name, value in measure_pieces(each).items()}
