"""Music: the rules of a chorale's voices, and pieces to hear, to see and to open in other programs (chapter 9)."""

from aigc_tf.music.engraving import engrave, engrave_svg
from aigc_tf.music.events import chorale_windows, decode, encode, on_quarters
from aigc_tf.music.harmony import (
    RANGES,
    VOICES,
    Cadence,
    Parallel,
    find_cadences,
    find_chords,
    find_crossings,
    find_leaps,
    find_out_of_range,
    find_parallels,
    measure_pieces,
    measure_voice_leading,
    shuffled_voices,
)
from aigc_tf.music.infill import ChoraleInfill
from aigc_tf.music.letters import Melody, melody_from_letters
from aigc_tf.music.midi import read_midi, write_midi
from aigc_tf.music.musicxml import as_musicxml, write_musicxml
from aigc_tf.music.ngram import ChoraleNGram
from aigc_tf.music.sound import play, synthesize, write_wav
from aigc_tf.music.writers import ChoraleLSTM, ChoraleTransformer

__all__ = [
    "Cadence", "ChoraleInfill", "ChoraleLSTM", "ChoraleNGram", "ChoraleTransformer", "Melody", "Parallel", "RANGES",
    "VOICES", "as_musicxml", "chorale_windows", "decode", "encode", "engrave", "engrave_svg", "find_cadences",
    "find_chords", "find_crossings", "find_leaps", "find_out_of_range", "find_parallels", "measure_pieces",
    "measure_voice_leading", "melody_from_letters", "on_quarters", "play", "read_midi", "shuffled_voices", "synthesize",
    "write_midi", "write_musicxml", "write_wav",
]
