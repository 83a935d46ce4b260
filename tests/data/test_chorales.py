"""Bach's chorales: four voices on a grid of sixteenths, as in the score, split so that no hymn tune is in two parts."""

import importlib.util
from itertools import product

import numpy as np
import pytest

from aigc_tf import data
from aigc_tf.core.voices import QUARTER, REST
from aigc_tf.data.chorales import LOWEST_KEY, NUM_KEYS

READS = ("data/make_chorales.py",)  # whose rules it tests


@pytest.fixture(scope="module")
def parts():
    return data.load_chorales(data.CHECKOUT_DATA)


@pytest.fixture(scope="module")
def chorales(parts):
    return [chorale for part in parts for chorale in part]


@pytest.fixture(scope="module")
def by_name(chorales):
    return {chorale.name: chorale for chorale in chorales}


@pytest.fixture(scope="module")
def columns():
    """The arrays of the file, by name."""
    with np.load(data.find_file("chorales.npz", data.CHECKOUT_DATA)) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def script():
    """The script that made the file, as a module."""
    spec = importlib.util.spec_from_file_location("make_chorales", data.CHECKOUT_DATA / "make_chorales.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- what is in the file --------------------------------------------------------------------------------------------


def test_the_file_is_small_enough_to_ship():
    assert (data.CHECKOUT_DATA / "chorales.npz").stat().st_size < 3e5


def test_there_are_382_chorales_of_four_voices(chorales):
    assert len(chorales) == 382
    for chorale in chorales:
        steps = len(chorale.pitches)
        assert chorale.pitches.shape == chorale.holds.shape == (steps, 4) and chorale.fermatas.shape == (steps,)
        assert chorale.pitches.dtype == np.int8 and chorale.holds.dtype == chorale.fermatas.dtype == bool


def test_the_pieces_make_up_the_whole_file(columns, chorales):
    offsets = columns["offsets"]
    assert offsets[0] == 0 and offsets[-1] == len(columns["pitches"]) == 83684 and (np.diff(offsets) > 0).all()
    assert sorted(len(chorale.pitches) for chorale in chorales) == sorted(np.diff(offsets))


@pytest.mark.parametrize("number, lowest, highest", [(0, 57, 81), (1, 53, 74), (2, 48, 69), (3, 36, 64)])
def test_each_voice_keeps_to_what_it_can_sing(chorales, number, lowest, highest):
    pitches = np.concatenate([chorale.pitches[:, number] for chorale in chorales])
    sung = pitches[pitches != REST]
    assert (sung.min(), sung.max()) == (lowest, highest)


def test_most_of_the_time_four_voices_sing_one_above_the_other(chorales):
    pitches = np.concatenate([chorale.pitches for chorale in chorales])
    assert (pitches == REST).mean() < 0.02
    assert (np.diff(pitches.astype(int)) <= 0).all(axis=1).mean() > 0.9


def test_what_is_held_has_the_pitch_of_before(chorales):
    for chorale in chorales:
        assert not chorale.holds[0].any(), chorale.name
        changes = chorale.pitches[1:] != chorale.pitches[:-1]
        assert not (chorale.holds[1:] & changes).any(), chorale.name


def test_a_rest_that_goes_on_is_held(chorales):
    for chorale in chorales:
        goes_on = (chorale.pitches[1:] == REST) & (chorale.pitches[:-1] == REST)
        assert chorale.holds[1:][goes_on].all(), chorale.name


def test_a_fermata_is_on_a_whole_note_that_sounds(chorales):
    for chorale in chorales:
        assert (chorale.pitches[chorale.fermatas, 0] != REST).all(), chorale.name
        within = chorale.holds[1:, 0]
        assert (chorale.fermatas[1:] == chorale.fermatas[:-1])[within].all(), chorale.name


def test_all_but_two_chorales_have_fermatas(chorales):
    assert [chorale.name for chorale in chorales if not chorale.fermatas.any()] == ["bwv1.6", "bwv112.5"]


def test_metres_and_pickups_are_those_of_hymns(chorales):
    quarters = {"4/4": 4, "3/4": 3, "3/2": 6}
    assert all(0 <= chorale.pickup < QUARTER * quarters[chorale.metre] for chorale in chorales)
    assert sum(chorale.pickup == QUARTER for chorale in chorales) == 262


def test_nine_of_ten_chorales_end_on_their_tonic(chorales):
    """The others end on the fifth above it, as those in the Phrygian mode do."""
    last = [next(pitch for pitch in chorale.pitches[::-1, 3] if pitch != REST) for chorale in chorales]
    steps = [(pitch - chorale.tonic) % 12 for pitch, chorale in zip(last, chorales)]
    assert steps.count(0) > 0.88 * len(steps) and steps.count(0) + steps.count(7) > 0.97 * len(steps)


def test_the_third_above_the_tonic_is_that_of_the_mode(chorales):
    for chorale in chorales:
        sung = chorale.pitches[chorale.pitches != REST].astype(int)
        minor, major = (((sung - chorale.tonic) % 12 == third).sum() for third in (3, 4))
        assert (minor > major) == (chorale.mode == "minor"), chorale.name


# ---- as in the score ------------------------------------------------------------------------------------------------

# The MusicXML of two chorales up to their first fermata, read by eye: soprano to bass, (pitch, sixteenths).
BWV_269 = (
    [(67, 4), (67, 8), (74, 4), (71, 6), (69, 2), (67, 4), (67, 6), (69, 2), (71, 4), (69, 8)],
    [(62, 4), (62, 4), (64, 4), (62, 4), (62, 8), (59, 4), (64, 2), (62, 2), (64, 2), (66, 2), (67, 4), (66, 8)],
    [(59, 4), (59, 4), (60, 2), (59, 2), (57, 4), (55, 4), (54, 4), (55, 4), (60, 2), (59, 2), (60, 4), (62, 4),
     (62, 8)],
    [(43, 4), (55, 4), (52, 4), (54, 4), (55, 4), (50, 4), (52, 4), (48, 4), (47, 2), (45, 2), (43, 4), (50, 8)],
)
BWV_281 = (
    [(65, 4), (69, 4), (67, 4), (69, 4), (70, 4), (72, 8), (69, 4)],
    [(60, 4), (65, 4), (67, 4), (65, 4), (65, 4), (64, 2), (65, 2), (67, 2), (64, 2), (65, 4)],
    [(57, 4), (60, 4), (60, 4), (60, 4), (62, 4), (55, 4), (60, 4), (60, 4)],
    [(41, 4), (53, 4), (52, 4), (51, 4), (50, 4), (48, 2), (50, 2), (52, 2), (48, 2), (53, 4)],
)


@pytest.mark.parametrize("name, score", [("bwv269", BWV_269), ("bwv281", BWV_281)])
def test_the_first_line_is_that_of_the_score(by_name, name, score):
    chorale = by_name[name]
    for number, voice in enumerate(score):
        pitches = [pitch for pitch, length in voice for _ in range(length)]
        holds = [step > 0 for _, length in voice for step in range(length)]
        assert chorale.pitches[:len(pitches), number].tolist() == pitches
        assert chorale.holds[:len(holds), number].tolist() == holds
    end, fermata = len(pitches), score[0][-1][1]
    assert np.flatnonzero(chorale.fermatas[:end]).tolist() == list(range(end - fermata, end))


def test_what_is_known_of_a_chorale_stands_beside_it(by_name):
    assert by_name["bwv269"].title == "Aus meines Herzens Grunde"
    assert by_name["bwv269"][6:] == (7, "major", "3/4", 4, 1)
    assert by_name["bwv281"][6:] == (5, "major", "4/4", 4, -1)
    assert by_name["bwv244.62"][6:8] == (9, "minor")  # Phrygian: it ends on E, and is counted as A minor


def test_a_tied_note_begins_once(by_name):
    """The alto of BWV 281 has a quarter A that is tied over the bar to an eighth; then comes a G."""
    chorale = by_name["bwv281"]
    start = 4 * (1 + 4 + 4 + 4 + 3)  # a pickup, three bars, and three beats
    assert chorale.pitches[start:start + 8, 1].tolist() == [69] * 6 + [67] * 2
    assert chorale.holds[start:start + 8, 1].tolist() == [False] + [True] * 5 + [False, True]


# ---- the split ------------------------------------------------------------------------------------------------------


def test_the_parts_are_disjoint_and_complete(parts, columns):
    assert [len(part) for part in parts] == [307, 37, 38]
    assert sorted(chorale.name for part in parts for chorale in part) == sorted(columns["names"])


def test_no_melody_is_in_two_parts(parts):
    train, validation, test = ({chorale.melody for chorale in part} for part in parts)
    assert {melody % 10 for melody in validation} == {2} and {melody % 10 for melody in test} == {5}
    assert not train & (validation | test) and len(train | validation | test) == 205


def beats(chorale):
    """The soprano on each quarter, counted from its last note; rests are left out."""
    sung = chorale.pitches[::QUARTER, 0].astype(int)
    sung = sung[sung != REST]
    return sung - sung[-1]


def test_no_soprano_of_one_part_is_nearly_one_of_another(parts):
    """Another rule than the file's: beat against beat from the beginning or the end, four of five equal."""
    train, validation, test = ([(beats(chorale), chorale.name) for chorale in part] for part in parts)
    for (one, name), (two, other) in [*product(train, validation + test), *product(validation, test)]:
        beats_in_both = min(len(one), len(two))
        equal = max((one[side] == two[side]).mean() for side in (np.s_[:beats_in_both], np.s_[-beats_in_both:]))
        assert equal < 0.8, (name, other)


def test_settings_of_one_tune_are_one_melody_under_several_titles(by_name):
    passion = [by_name[f"bwv{number}"] for number in ("153.5", "161.6", "244.54", "248.5", "270")]
    assert len({chorale.melody for chorale in passion}) == 1 and len({chorale.title for chorale in passion}) == 3


def test_two_tunes_under_one_title_are_two_melodies(by_name):
    one, two = by_name["bwv270"], by_name["bwv272"]
    assert one.title == two.title == "Befiehl du deine Wege" and one.melody != two.melody


# ---- the script's rules, by hand ------------------------------------------------------------------------------------


def soprano(notes):
    """Pitches and holds of a piece in quarters; four voices sing the same."""
    pitches = np.repeat(np.array(notes, np.int8), 4)[:, np.newaxis].repeat(4, axis=1)
    holds = np.ones(pitches.shape, bool)
    holds[::4] = False
    return pitches, holds


def test_the_script_gives_the_melodies_of_the_file(script, columns):
    pitches, holds = (np.split(columns[name], columns["offsets"][1:-1]) for name in ("pitches", "holds"))
    found = script.melody_groups(columns["titles"].tolist(), [script.tune(*voices) for voices in zip(pitches, holds)])
    assert found.tolist() == columns["melodies"].tolist()


def test_the_script_and_the_package_agree_on_the_grid(script):
    assert script.STEPS_PER_QUARTER == QUARTER


def test_a_tune_is_its_runs_of_six_notes_in_any_key(script):
    runs_of_six = {(-4, -2, 0, 1, 3, 1), (-2, 0, 1, 3, 1, 0)}
    assert script.tune(*soprano([60, 62, 64, 65, 67, 65, 64])) == runs_of_six
    assert script.tune(*soprano([70, 72, 74, 75, 77, 75, 74])) == runs_of_six


def test_repeated_notes_and_rests_do_not_change_a_tune(script):
    once, twice = [60, 62, 64, 65, 67, 65, 64], [60, 62, 62, 64, 65, -1, 67, 65, 65, 64]
    assert script.tune(*soprano(twice)) == script.tune(*soprano(once))


def runs(*numbers):
    """A tune of runs that are named by numbers."""
    return {(number,) for number in numbers}


def test_half_of_the_runs_of_the_shorter_one_make_a_tune_the_same(script):
    assert script.melody_groups(["A", "B"], [runs(1, 2, 3, 4), runs(1, 2, 5, 6, 7)]).tolist() == [0, 0]
    assert script.melody_groups(["A", "B"], [runs(1, 2, 3, 4), runs(1, 5, 6, 7)]).tolist() == [0, 1]


def test_a_fifth_is_enough_under_one_title_and_less_is_not(script):
    titles = ["Lobt Gott, ihr Christen allzugleich", "lobt Gott ihr Christen, allzugleich"]
    assert script.melody_groups(titles, [runs(1, 2, 3, 4, 5), runs(1, 6, 7, 8, 9)]).tolist() == [0, 0]
    assert script.melody_groups(titles, [runs(1, 2, 3, 4, 5, 6), runs(1, 7, 8, 9, 10, 11)]).tolist() == [0, 1]


def test_no_title_is_no_equal_title(script):
    assert script.melody_groups(["", ""], [runs(1, 2, 3, 4), runs(1, 5, 6, 7)]).tolist() == [0, 1]


def test_a_tie_to_one_is_a_tie_to_all_and_numbers_follow_the_order(script):
    tunes = [runs(1, 2), runs(5, 6), runs(9), runs(3, 4), runs(2, 3)]
    assert script.melody_groups(["A", "B", "C", "D", "E"], tunes).tolist() == [0, 1, 2, 0, 0]


def test_one_setting_in_two_keys_is_found_whatever_is_repeated_before(script):
    pitches = np.random.default_rng(0).integers(40, 80, (40, 4)).astype(np.int8)
    pitches[7] = [-1, 60, 55, 50]
    lower = np.where(pitches >= 0, pitches - 2, pitches)
    assert script.same_setting(pitches, lower) and script.same_setting(pitches, np.concatenate([lower[:9], lower]))
    assert not script.same_setting(pitches, lower[::-1])


# ---- other keys, and piano rolls ------------------------------------------------------------------------------------


def tiny(pitches, **changes):
    """A chorale of the given pitches, each sixteenth a new note, in G major."""
    pitches = np.array(pitches, np.int8)
    chorale = data.Chorale(
        pitches, np.zeros(pitches.shape, bool), np.zeros(len(pitches), bool), name="tiny", title="", melody=0, tonic=7,
        mode="major", metre="4/4", pickup=0, sharps=1,
    )
    return chorale._replace(**changes)


def test_a_chorale_moves_to_another_key_and_its_rests_stay():
    moved = data.transposed(tiny([[67, 62, -1, 43]]), 2)
    assert moved.pitches.tolist() == [[69, 64, -1, 45]] and moved.pitches.dtype == np.int8
    assert (moved.tonic, moved.sharps) == (9, 3)  # A major


@pytest.mark.parametrize("semitones, tonic, sharps", [
    (-7, 0, 0), (-2, 5, -1), (-1, 6, -6), (0, 7, 1), (5, 0, 0), (12, 7, 1),
])
def test_the_key_signature_moves_along(semitones, tonic, sharps):
    moved = data.transposed(tiny([[67, 62, 59, 43]]), semitones)
    assert (moved.tonic, moved.sharps) == (tonic, sharps)


def test_there_and_back_again_is_the_same(chorales):
    for chorale in chorales[:20]:
        back = data.transposed(data.transposed(chorale, 5), -5)
        assert np.array_equal(back.pitches, chorale.pitches) and back[3:] == chorale[3:]


@pytest.mark.parametrize("semitones, reached", [(61, "104 to 128"), (-44, "-1 to 23")])
def test_a_key_outside_midi_is_refused(semitones, reached):
    with pytest.raises(ValueError, match=f"tiny would go from {reached}. Received: semitones={semitones}"):
        data.transposed(tiny([[67, -1, 50, 43]]), semitones)


@pytest.mark.parametrize("semitones", [0.5, "2", None])
def test_a_fraction_of_a_semitone_is_refused(semitones):
    with pytest.raises(ValueError, match=f"whole semitones. Received: semitones={semitones!r}"):
        data.transposed(tiny([[67, 62, 59, 43]]), semitones)


def test_a_roll_is_what_sounds_at_the_beginning_of_each_quarter():
    """Nine sixteenths are three quarters; in the second one alto and tenor sing the same, in the third all rest."""
    pitches = [[67, 62, 59, 43]] * 4 + [[67, 60, 60, -1]] + [[72, 64, 60, 48]] * 3 + [[-1, -1, -1, -1]]
    (roll,) = data.quarter_rolls([tiny(pitches)], tonic=None)
    assert roll.shape == (3, 88) and roll.dtype == bool
    assert [np.flatnonzero(row).tolist() for row in roll] == [[22, 38, 41, 46], [39, 46], []]


def test_rolls_are_in_c_by_the_shortest_way():
    assert [np.flatnonzero(roll[0])[0] + LOWEST_KEY for roll in data.quarter_rolls([
        tiny([[67, 62, 59, 43]]), tiny([[66, 61, 58, 42]], tonic=6), tiny([[65, 60, 57, 41]], tonic=5),
    ])] == [48, 48, 36]


def test_rolls_of_all_chorales_fit_a_piano(chorales):
    rolls = data.quarter_rolls(chorales)
    assert sum(map(len, rolls)) == 20921 and all(roll.shape[1] == NUM_KEYS for roll in rolls)
    assert 3.7 < np.concatenate(rolls).sum(axis=1).mean() < 4


def test_a_pitch_that_no_piano_has_is_refused():
    with pytest.raises(ValueError, match="21 to 108. Received: tiny with pitches from 20 to 62"):
        data.quarter_rolls([tiny([[62, 62, -1, 20]])], tonic=None)


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    (tmp_path / "chorales.npz").write_bytes((data.CHECKOUT_DATA / "chorales.npz").read_bytes()[:-1])
    with pytest.raises(ValueError, match="chorales.npz is broken"):
        data.load_chorales(tmp_path)
