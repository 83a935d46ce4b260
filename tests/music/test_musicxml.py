"""MusicXML, read with the standard library, and with music21 where it is."""

from xml.etree import ElementTree

import numpy as np
import pytest

from aigc_tf.music import as_musicxml, melody_from_letters, write_musicxml

CHORALE = np.repeat([(72, 67, 64, 48), (71, 67, 62, 55), (72, 67, 64, 48)], 4, axis=0)
HOLDS = np.tile(np.arange(12)[:, None] % 4 > 0, (1, 4))


def score(pitches, holds, **notation):
    return ElementTree.fromstring(as_musicxml(pitches, holds, **notation))


def melody(text, **notation):
    return score(*melody_from_letters(text)[:2], **notation)


def texts(element, path):
    return [found.text for found in element.iterfind(f".//{path}")]


def test_a_note_has_name_octave_length_and_type():
    note = melody("F#5:6").find(".//note")
    assert [texts(note, tag) for tag in ("step", "alter", "octave", "duration", "type")] == [
        ["F"], ["1"], ["5"], ["6"], ["quarter"]]
    assert note.find("dot") is not None


def test_the_elements_of_a_note_are_in_the_order_of_the_definition():
    notes = melody("C#4:9 D:1 E:1", fermatas=np.ones(11, bool)).findall(".//note")
    order = "pitch duration tie voice type dot accidental stem staff beam notations".split()
    for note in notes:
        tags = [element.tag for element in note]
        assert tags == sorted(tags, key=order.index)


def test_key_metre_and_clef():
    found = melody("C", metre="3/4", sharps=-2, mode="minor")
    assert [texts(found, tag) for tag in ("fifths", "mode", "beats", "beat-type", "divisions", "staves")] == [
        ["-2"], ["minor"], ["3"], ["4"], ["4"], ["1"]]
    assert texts(found, "sign") == ["G"]


def test_a_pickup_is_bar_0():
    measures = melody("C D:16", pickup=4).findall(".//measure")
    assert [measure.attrib for measure in measures] == [{"number": "0", "implicit": "yes"}, {"number": "1"}]


def test_without_a_pickup_bars_count_from_1():
    assert [measure.get("number") for measure in melody("C:32").findall(".//measure")] == ["1", "2"]


def test_ties_across_the_bar_line():
    notes = melody("C:12 D:8").findall(".//note")
    kinds = [[tie.get("type") for tie in note.iterfind("tie")] for note in notes]
    assert kinds == [[], ["start"], ["stop"]]
    assert kinds == [[tie.get("type") for tie in note.iterfind("notations/tied")] for note in notes]


def test_a_fermata_stands_on_the_last_part_of_a_note():
    notes = melody("C:20", fermatas=np.ones(20, bool)).findall(".//note")
    assert [note.find("notations/fermata") is not None for note in notes] == [False, True]


def test_only_the_first_voice_has_fermatas():
    notes = score(CHORALE, HOLDS, fermatas=np.arange(12) > 7).iterfind(".//note[notations]")
    assert [note.find("voice").text for note in notes] == ["1"]


def test_four_voices_on_two_staves():
    notes = score(CHORALE, HOLDS).findall(".//note")
    assert [(note.find("voice").text, note.find("staff").text, note.find("stem").text) for note in notes[::3]] == [
        ("1", "1", "up"), ("2", "1", "down"), ("3", "2", "up"), ("4", "2", "down")]


def test_each_voice_begins_at_the_bar_line():
    assert texts(score(CHORALE, HOLDS), "backup/duration") == ["12"] * 3


def test_rests():
    notes = melody("R:4 C").findall(".//note")
    assert notes[0].find("rest") is not None and notes[0].find("pitch") is None


def test_a_title_is_escaped():
    assert texts(melody("C", title="Bach & <sons>"), "work-title") == ["Bach & <sons>"]


def test_accidentals_and_beams_are_written():
    found = melody("F#:2 G:2")
    assert texts(found, "accidental") == ["sharp"] and texts(found, "beam") == ["begin", "end"]


@pytest.mark.parametrize("options, said", [
    ({"metre": "four"}, "metre"), ({"pickup": 16}, "pickup"), ({"sharps": 8}, "sharps"),
    ({"mode": "dorian"}, "'dorian'"), ({"fermatas": [True]}, r"fermatas \(1,\)"),
])
def test_other_values_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        as_musicxml(CHORALE, HOLDS, **options)


def test_a_score_has_one_voice_or_four():
    with pytest.raises(ValueError, match=r"pitches \(12, 3\)"):
        as_musicxml(CHORALE[:, :3], HOLDS[:, :3])


def test_the_file_holds_the_score(tmp_path):
    write_musicxml(tmp_path / "a.musicxml", CHORALE, HOLDS, title="Höhe")
    assert (tmp_path / "a.musicxml").read_text(encoding="utf-8") == as_musicxml(CHORALE, HOLDS, title="Höhe")


def test_music21_reads_the_notes_that_were_written(tmp_path):
    converter = pytest.importorskip("music21.converter", reason="music21 is not installed, and need not be")
    write_musicxml(tmp_path / "a.musicxml", CHORALE, HOLDS, metre="3/4", sharps=1)
    notes = converter.parse(tmp_path / "a.musicxml").recurse().notes
    found = sorted((float(note.getOffsetInHierarchy(notes.srcStream)), -note.pitch.midi, note.quarterLength)
                   for note in notes)
    assert found == sorted((time / 4, -int(pitch), 1.0) for time in (0, 4, 8) for pitch in CHORALE[time])
