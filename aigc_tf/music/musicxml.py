"""MusicXML files: scores that MuseScore and other notation programs open, print and play."""

from xml.etree import ElementTree

import numpy as np

from aigc_tf.core.files import write_file
from aigc_tf.core.voices import QUARTER, REST, as_voices, find_bars
from aigc_tf.music.notation import check_sharps, find_accidentals, find_beams, find_signs, spell

HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
        '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n')
TYPES = {1: "16th", 2: "eighth", 4: "quarter", 8: "half", 16: "whole"}  # 3, 6, 12 and 24 have a dot
ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
CLEFS = (("G", 2), ("F", 4))  # of the upper and of the lower staff
MODES = ("major", "minor")


def write_musicxml(path, pitches, holds, **notation):
    """Write a piece as a MusicXML file (.musicxml): whole or not at all.

    Args:
        path: of the file; its folder is made.
        pitches, holds: (T, 4), or (T,) for a melody.
        **notation: metre, pickup, sharps, mode, fermatas and title, as for `as_musicxml`.
    """
    write_file(path, as_musicxml(pitches, holds, **notation))


def as_musicxml(pitches, holds, *, metre="4/4", pickup=0, sharps=0, mode="major", fermatas=None, title=None):
    """A piece as the text of a MusicXML file: four voices on two staves as in a hymn book, or a melody on one.

    How notes are cut, named and joined: `notation.find_signs`, `spell`, `find_beams`.

    Args:
        pitches, holds: (T, 4), or (T,) for a melody.
        metre: such as "4/4" or "3/4".
        pickup: sixteenths before the first full bar.
        sharps: of the key signature, from −7 (seven flats) to 7.
        mode: "major" or "minor".
        fermatas: bool (T,), True under a fermata of the first voice; None: there are none.
        title: text above the score.

    Raises:
        ValueError: for other values, or arrays that are no piece of one or four voices.
    """
    pitches, holds = as_voices(pitches, holds)
    fermatas = np.zeros(len(pitches), bool) if fermatas is None else np.asarray(fermatas)
    if pitches.shape[1] not in (1, 4) or fermatas.shape != (len(pitches),):
        raise ValueError("A score is written for 1 voice or 4, with one fermata value for each sixteenth. "
                         f"Received: pitches {pitches.shape}, fermatas {fermatas.shape}")
    if mode not in MODES:
        raise ValueError(f"mode must be one of {MODES}. Received: {mode!r}")
    check_sharps(sharps)
    score = ElementTree.Element("score-partwise", version="4.0")
    if title:
        _add(_add(score, "work"), "work-title", title)
    _add(_add(_add(score, "part-list"), "score-part", id="P1"), "part-name", "")
    part = _add(score, "part", id="P1")
    bars = find_bars(len(pitches), metre, pickup)
    signs = find_signs(pitches, holds, metre, pickup)
    for number, (bar, voices) in enumerate(zip(bars, signs), start=0 if pickup else 1):  # a pickup is bar 0
        upbeat = {"implicit": "yes"} if not number else {}
        measure = _add(part, "measure", number=str(number), **upbeat)
        if bar == bars[0]:
            _add_attributes(measure, metre, sharps, mode, staves=(len(voices) + 1) // 2)
        _add_voices(measure, voices, bar, fermatas, sharps, metre, pickup)
        if bar == bars[-1]:
            _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")
    ElementTree.indent(score)
    return HEAD + ElementTree.tostring(score, encoding="unicode") + "\n"


def _add(parent, tag, text=None, **attributes):
    """A new element below `parent`."""
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = None if text is None else str(text)
    return element


def _add_attributes(measure, metre, sharps, mode, staves):
    """Key, metre and clefs, which stand at the beginning of a score."""
    attributes = _add(measure, "attributes")
    _add(attributes, "divisions", QUARTER)
    key = _add(attributes, "key")
    _add(key, "fifths", sharps)
    _add(key, "mode", mode)
    time = _add(attributes, "time")
    beats, beat_type = metre.split("/")
    _add(time, "beats", beats)
    _add(time, "beat-type", beat_type)
    _add(attributes, "staves", staves)
    for staff, (sign, line) in enumerate(CLEFS[:staves], start=1):
        clef = _add(attributes, "clef", number=str(staff))
        _add(clef, "sign", sign)
        _add(clef, "line", line)


def _add_voices(measure, voices, bar, fermatas, sharps, metre, pickup):
    """The voices of a bar, one behind the other: before each but the first, time goes back to the bar's beginning."""
    start, end = bar
    staves = [voices[:2], voices[2:]]
    accidentals = set().union(*(find_accidentals(sum(staff, []), sharps) for staff in staves))
    for voice, signs in enumerate(voices):
        if voice:
            _add(_add(measure, "backup"), "duration", end - start)
        beams = find_beams(signs, metre, pickup)
        for sign in signs:
            last = not sign.tied_after and sign.pitch != REST
            fermata = voice == 0 and last and fermatas[sign.start]
            stem = ("up", "down")[voice % 2] if len(voices) > 1 else None
            _add_note(measure, sign, sharps, sign in accidentals, stem, beams.get(sign, []), fermata)


def _add_note(measure, sign, sharps, accidental, stem, beams, fermata):
    """One written note or rest; the order of its elements is that of MusicXML's definition."""
    note = _add(measure, "note")
    name = None if sign.pitch == REST else spell(sign.pitch, sharps)
    _add_pitch(note, name)
    _add(note, "duration", sign.length)
    ties = [kind for kind, there in (("stop", sign.tied_before), ("start", sign.tied_after)) if there]
    for kind in ties:
        _add(note, "tie", type=kind)
    _add(note, "voice", sign.voice + 1)
    dotted = sign.length not in TYPES
    _add(note, "type", TYPES[sign.length * 2 // 3 if dotted else sign.length])
    if dotted:
        _add(note, "dot")
    if accidental:
        _add(note, "accidental", ACCIDENTALS[name.alteration])
    if stem and name:
        _add(note, "stem", stem)
    _add(note, "staff", sign.voice // 2 + 1)
    for number, kind in enumerate(beams, start=1):
        _add(note, "beam", kind, number=str(number))
    if ties or fermata:
        notations = _add(note, "notations")
        for kind in ties:
            _add(notations, "tied", type=kind)
        if fermata:
            _add(notations, "fermata", type="upright")


def _add_pitch(note, name):
    if name is None:
        _add(note, "rest")
        return
    pitch = _add(note, "pitch")
    _add(pitch, "step", name.letter)
    if name.alteration:
        _add(pitch, "alter", name.alteration)
    _add(pitch, "octave", name.octave)
