"""Moving digits: films whose physics is worked out by hand, and repeats."""

import numpy as np
import pytest

from aigc_tf import data
from aigc_tf.data.films import move, place

SPLITS = data.load_mnist(data.CHECKOUT_DATA)
IMAGES, LABELS = SPLITS.test_images[:200], SPLITS.test_labels[:200]
DOTS = np.full((3, 2, 2, 1), 255, "uint8")  # shrunk, each is one pixel: position and pixel are the same


def films(num_films=8, images=IMAGES, labels=LABELS, **options):
    return data.moving_digits(images, labels, num_films, **{"seed": 0, **options})


def path(position, velocity, low=0, high=10, num_frames=4, turns=None):
    """The path of one point: its positions, velocities and bounces, each with an axis of frames first."""
    turns = None if turns is None else np.reshape(turns, (-1, 1)).astype("float32")
    return [values[0].numpy() for values in move([position], [velocity], low, high, num_frames, turns)]


# ---- motion ---------------------------------------------------------------------------------------------------------


def test_far_from_walls_a_point_flies_straight():
    positions, velocities, bounced = path((5, 5), (-1, 0.5))
    np.testing.assert_array_equal(positions, [(5, 5), (4, 5.5), (3, 6), (2, 6.5)])
    np.testing.assert_array_equal(velocities, [(-1, 0.5)] * 4)
    assert not bounced.any()


def test_a_wall_mirrors_path_and_velocity():
    """From 8.5 by 1 a frame: 9.5, then 10.5, which is 9.5 on the way back, then 8.5. The rows notice nothing."""
    positions, velocities, bounced = path((5, 8.5), (1, 1))
    np.testing.assert_array_equal(positions, [(5, 8.5), (6, 9.5), (7, 9.5), (8, 8.5)])
    np.testing.assert_array_equal(velocities, [(1, 1), (1, 1), (1, -1), (1, -1)])
    assert bounced.tolist() == [False, False, True, False]


def test_a_corner_is_two_walls_at_once():
    positions, velocities, _ = path((0.5, 9.5), (-2, 1), num_frames=2)
    np.testing.assert_array_equal(positions[1], (1.5, 9.5))
    np.testing.assert_array_equal(velocities[1], (2, -1))


def test_to_touch_a_wall_is_no_bounce():
    positions, _, bounced = path((5, 9), (0, 1), num_frames=3)
    np.testing.assert_array_equal(positions[:, 1], (9, 10, 9))
    assert bounced.tolist() == [False, False, True]


def test_without_walls_nothing_turns():
    positions, _, _ = path((0, 0), (-3, 4), -np.inf, np.inf)
    np.testing.assert_array_equal(positions[-1], (-9, 12))


@pytest.mark.parametrize("turn, expected", [
    (0.25, (5, 0)),  # down, along the wall
    (0, (0, -5)),  # right would go on through the wall: left
    (0.5, (0, -5)),  # left
    (0.75, (-5, 0)),  # up
])
def test_a_random_bounce_keeps_the_speed_and_leaves_the_wall_from_the_next_frame_on(turn, expected):
    """At (4, 9) with (3, 4), a speed of 5, the right wall is met: (7, 7) by the mirror, and then as drawn."""
    positions, velocities, _ = path((4, 9), (3, 4), num_frames=2, turns=[0, turn])
    np.testing.assert_array_equal(positions[1], (7, 7))
    np.testing.assert_allclose(velocities[1], expected, atol=1e-5)


def test_directions_are_not_drawn_where_there_is_no_wall():
    _, velocities, _ = path((5, 5), (1, 0), turns=[0.1, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(velocities, [(1, 0)] * 4)


# ---- frames ---------------------------------------------------------------------------------------------------------


def placed(corner, picture=((0.2, 0.4), (0.6, 0.8)), size=(4, 4)):
    corners = np.array(corner, "float32").reshape(1, 1, 1, 2)
    return place(np.array(picture, "float32")[None, None], corners, size)[0, 0, 0]


def test_at_whole_pixels_a_picture_is_copied():
    expected = np.zeros((4, 4))
    expected[1:3, 2:4] = [[0.2, 0.4], [0.6, 0.8]]
    np.testing.assert_allclose(placed((1, 2)), expected, atol=1e-7)


def test_between_pixels_light_is_shared_by_nearness():
    """A pixel at (0.25, 1.5) is shared ¾ : ¼ by rows and ½ : ½ by columns."""
    np.testing.assert_allclose(placed((0.25, 1.5), [[0.8]])[:2], [[0, 0.3, 0.3, 0], [0, 0.1, 0.1, 0]], atol=1e-7)


def test_what_is_outside_of_the_frame_is_not_seen():
    expected = np.zeros((4, 4))
    expected[0, 3] = 0.6
    np.testing.assert_allclose(placed((-1, 3)), expected, atol=1e-7)


def test_a_frame_may_be_wider_than_high():
    assert placed((0, 0), size=(3, 5)).shape == (3, 5)


def test_a_film_shows_a_point_where_its_position_is():
    made = films(images=DOTS, labels=np.arange(3), size=8, num_frames=6)
    weights = np.maximum(0, 1 - np.abs(np.arange(8) - made.positions[:, :, 0, :, None]))  # (N, T, 2, 8)
    expected = weights[:, :, 0, :, None] * weights[:, :, 1, None, :]
    np.testing.assert_allclose(made.frames[..., 0], expected, atol=1e-5)


def test_a_digit_that_moves_by_whole_pixels_is_the_shifted_image():
    digit = data.shrink(data.scale_images(IMAGES[:1]), 2)[..., 0]
    corners = np.array([(3, 4), (4, 3)], "float32").reshape(1, 2, 1, 2)
    before, after = place(digit[:, None], corners, (32, 32))[0, :, 0].numpy()
    np.testing.assert_allclose(after, np.roll(before, (1, -1), axis=(0, 1)), atol=1e-6)


def test_no_light_is_lost_on_the_way():
    light = films(num_frames=30).frames.sum(axis=(2, 3, 4))
    np.testing.assert_allclose(light, light[:, :1].repeat(30, axis=1), rtol=1e-4)


def test_the_position_is_the_centre_of_gravity_of_the_ink():
    made = films()
    profiles = np.stack([made.frames.sum(axis=(3, 4)), made.frames.sum(axis=(2, 4))], axis=2)  # (N, T, 2, 32)
    centres = (profiles * np.arange(32)).sum(axis=-1) / profiles.sum(axis=-1)
    np.testing.assert_allclose(centres, made.positions[:, :, 0], atol=1e-3)


def test_it_is_the_ink_that_turns_at_the_walls_and_not_its_margin():
    """An image of 3 × 3 pixels with one light one, in a corner, turns at the middles of the frame's outer pixels."""
    image = np.zeros((1, 6, 6, 1), "uint8")
    image[:, 4:, :2] = 255
    made = films(100, images=image, labels=[0], size=8, num_frames=50)
    for edge, value in ((made.positions.min(axis=(0, 1, 2)), 0), (made.positions.max(axis=(0, 1, 2)), 7)):
        np.testing.assert_allclose(edge, value, atol=0.02)


def test_of_two_digits_the_lighter_pixel_is_seen():
    """Here two points, of one pixel each."""
    made = films(images=DOTS, labels=np.arange(3), size=8, num_digits=2)
    weights = np.maximum(0, 1 - np.abs(np.arange(8) - made.positions[..., None]))  # (N, T, digits, 2, 8)
    points = weights[..., 0, :, None] * weights[..., 1, None, :]
    np.testing.assert_allclose(made.frames[..., 0], points.max(axis=2), atol=1e-5)


def test_a_coloured_digit_is_the_grey_one_in_its_lightest_channel():
    np.testing.assert_allclose(films(colour=True).frames.max(axis=-1), films().frames[..., 0], atol=1e-6)


def test_two_coloured_digits_have_opposite_hues():
    """Opposite colours add up to white: two points that are apart give each channel the light of one."""
    made = films(200, images=DOTS, labels=np.arange(3), size=16, num_digits=2, colour=True, num_frames=1)
    apart = np.abs(made.positions[:, 0, 0] - made.positions[:, 0, 1]).max(axis=-1) > 2
    np.testing.assert_allclose(made.frames[apart].sum(axis=(1, 2, 3)), 1, atol=1e-4)


# ---- films ----------------------------------------------------------------------------------------------------------


def test_films_come_with_all_that_is_true_of_them():
    made = films(5, num_frames=7, size=40, num_digits=2, colour=True)
    assert made.frames.shape == (5, 7, 40, 40, 3) and made.frames.dtype == np.float32
    assert made.labels.shape == (5, 2) and made.bounced.shape == (5, 7, 2) and made.bounced.dtype == bool
    assert made.positions.shape == made.velocities.shape == (5, 7, 2, 2)


def test_frames_are_images():
    data.check_images(films(50, num_digits=2).frames.reshape(-1, 32, 32, 1))


def test_a_label_belongs_to_its_digit():
    """Images are made of their number: each is as light as its label."""
    images = np.arange(1, 6).astype("uint8").reshape(-1, 1, 1, 1) * np.full((1, 2, 2, 1), 50, "uint8")
    made = films(images=images, labels=np.arange(1, 6), size=8)
    np.testing.assert_allclose(made.frames.sum(axis=(2, 3, 4)) / 50 * 255, made.labels.repeat(20, axis=1), rtol=1e-4)


def test_speeds_are_in_their_range_and_kept():
    speeds = np.linalg.norm(films(300, speed=(0.5, 2), bounce="random").velocities, axis=-1)
    assert 0.5 <= speeds.min() < 0.55 and 1.95 < speeds.max() < 2.0001
    np.testing.assert_allclose(speeds, speeds[:, :1].repeat(20, axis=1), rtol=1e-4)


def test_between_walls_the_next_position_is_this_one_plus_the_velocity():
    made = films(50, bounce="random")
    steps = made.positions[:, 1:] - made.positions[:, :-1]
    free = ~made.bounced[:, 1:]
    np.testing.assert_allclose(steps[free], made.velocities[:, :-1][free], atol=1e-5)
    assert 0 < free.mean() < 1


def test_mirrored_films_only_change_signs():
    made = films(50)
    np.testing.assert_array_equal(np.abs(made.velocities), np.abs(made.velocities[:, :1]).repeat(20, axis=1))
    turned = (made.velocities[:, 1:] != made.velocities[:, :-1]).any(axis=-1)
    np.testing.assert_array_equal(turned, made.bounced[:, 1:])


def test_mirror_and_random_films_are_the_same_until_the_first_wall():
    mirror, random = films(50), films(50, bounce="random")
    before = np.cumsum(mirror.bounced, axis=1) == 0
    np.testing.assert_array_equal(mirror.positions[before], random.positions[before])
    assert not np.allclose(mirror.positions, random.positions)


def test_a_seed_repeats_a_film_and_another_gives_another():
    first, again, other = films(), films(), films(seed=1)
    for one, two in zip(first, again):
        np.testing.assert_array_equal(one, two)
    assert not np.allclose(first.positions, other.positions)


def test_films_of_disjoint_images_share_none():
    """Each film is as light as its digit, and the digits of the second split are lighter than all of the first."""
    images = np.arange(1, 11).astype("uint8").reshape(-1, 1, 1, 1) * np.full((1, 2, 2, 1), 20, "uint8")
    first, second = (films(100, images=split, labels=np.arange(5), size=8).frames[:, 0].sum(axis=(1, 2, 3)) * 255
                     for split in (images[:5], images[5:]))
    assert sorted(set(first.round())) == [20, 40, 60, 80, 100]
    assert sorted(set(second.round())) == [120, 140, 160, 180, 200]


@pytest.mark.parametrize("options, message", [
    ({"images": IMAGES[..., 0]}, r"shape \(N, H, W, C\)"),
    ({"images": IMAGES[:, :27]}, r"even H and W. Received: shape \(200, 27, 28, 1\)"),
    ({"images": IMAGES.repeat(3, axis=-1)}, r"\(M, H, W, 1\).*Received: shape \(200, 28, 28, 3\)"),
    ({"images": np.zeros_like(IMAGES)}, "needs ink.*black all over"),
    ({"labels": LABELS[:9]}, r"labels of shape \(200,\). Received: \(9,\)"),
    ({"num_films": 0}, "at least 1. Received: .*'num_films': 0"),
    ({"num_frames": 0}, "at least 1. Received: .*'num_frames': 0"),
    ({"num_digits": 0}, "at least 1. Received: .*'num_digits': 0"),
    ({"bounce": "elastic"}, r"bounce must be one of \['mirror', 'random'\]. Received: 'elastic'"),
    ({"speed": (0, 1)}, r"\(least, greatest\) above 0.*Received: speed=\(0, 1\)"),
    ({"speed": (2, 1)}, r"\(least, greatest\) above 0.*Received: speed=\(2, 1\)"),
    ({"speed": 2}, r"\(least, greatest\) above 0.*Received: speed=2,"),
    ({"size": 16}, r"at most 2, the room .* Received: speed=\(1.0, 2.5\), size=16"),
])
def test_what_makes_no_films_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        films(**options)


# ---- batches --------------------------------------------------------------------------------------------------------


def batches(**options):
    return data.film_batches(IMAGES, **{"batch_size": 4, "steps": 3, "num_frames": 5, "seed": 0, **options})


def test_an_epoch_has_so_many_batches_of_films():
    assert [batch.shape for batch in batches()] == [(4, 5, 32, 32, 1)] * 3
    assert batches().element_spec.shape == (4, 5, 32, 32, 1) and len(batches()) == 3


def test_no_two_batches_and_no_two_epochs_are_alike():
    dataset = batches()
    frames = [batch.numpy() for _ in range(2) for batch in dataset]
    assert len({batch.tobytes() for batch in frames}) == 6


def test_a_seed_repeats_the_sequence_of_epochs():
    one, other = batches(), batches()
    for _ in range(2):
        for first, second in zip(one, other):
            np.testing.assert_array_equal(first, second)


def test_labels_come_along_if_they_are_given():
    images = np.arange(1, 6).astype("uint8").reshape(-1, 1, 1, 1) * np.full((1, 2, 2, 1), 50, "uint8")
    dataset = data.film_batches(images, np.arange(1, 6), batch_size=6, steps=1, seed=0, size=8)
    (frames, labels), = dataset.as_numpy_iterator()
    np.testing.assert_allclose(frames[:, 0].sum(axis=(1, 2, 3)) / 50 * 255, labels[:, 0], rtol=1e-4)


def test_options_are_those_of_films():
    batch = next(iter(batches(size=40, num_digits=2, colour=True, bounce="random", speed=(3, 4))))
    assert batch.shape == (4, 5, 40, 40, 3)


def test_an_epoch_without_steps_is_refused():
    with pytest.raises(ValueError, match="at least 1 step. Received: steps=0"):
        batches(steps=0)
