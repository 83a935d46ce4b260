"""A reader's own digit becomes an image as MNIST's are, or one clear sentence says why not."""

import runpy
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from aigc_tf import checkpoints, data
from aigc_tf.data import own_pictures

READS = ("data/samples",)  # the sample, and the script that draws it
HOOK = np.full((60, 50), 255, "uint8")  # dark on bright, like a J: a bar of 40 × 8 pixels with a foot of 8 × 8
HOOK[5:45, 30:38] = HOOK[37:45, 22:30] = 0


@pytest.fixture(scope="module")
def classifier():
    return checkpoints.load("digit_classifier")


@pytest.fixture(scope="module")
def mnist():
    return data.load_mnist(data.CHECKOUT_DATA)


def sides(digit):
    """First and last row, first and last column of the ink."""
    return [int(each[at]) for each in np.nonzero(digit[0, ..., 0] > 0.5) for at in (0, -1)]


# ---- as MNIST was prepared ----


def test_digit_is_one_image_as_models_take_them():
    digit = data.digit_from_array(HOOK)
    assert (digit.shape, digit.dtype) == ((1, 28, 28, 1), np.float32)
    assert (digit.min(), digit.max()) == (0, 1)


def test_hook_is_halved_and_its_centre_of_mass_moved_to_row_and_column_14():
    digit = data.digit_from_array(HOOK)[0, ..., 0]
    # In its box of 20 × 8 the bar's 80 pixels have the centre (9.5, 5.5), the foot's 16 have (17.5, 1.5); together
    # (10.83, 4.83). So the box begins at row 3.17 and column 9.17, rounded.
    expected = np.zeros((28, 28))
    expected[3:23, 13:17] = expected[19:23, 9:13] = 1
    np.testing.assert_allclose(digit, expected, atol=0.11)


def test_small_digit_is_scaled_up():
    assert sides(data.digit_from_array(255 - np.pad(np.uint8([[255]] * 5), 8)))[:2] == [4, 23]


def test_edges_are_antialiased():
    strokes = data.draw_strokes([[(60, 60), (200, 220)]])
    share = np.mean((data.digit_from_array(strokes) > 0.1) & (data.digit_from_array(strokes) < 0.9))
    assert share > 0.02


def test_centre_of_mass_is_in_the_middle_and_not_the_middle_of_the_box():
    seven = data.draw_strokes([[(70, 60), (200, 60), (110, 230)]])
    rows, columns = np.mgrid[0:28, 0:28]
    digit = data.digit_from_array(seven)[0, ..., 0]
    assert np.average(rows, weights=digit) == pytest.approx(14, abs=0.51)
    assert np.average(columns, weights=digit) == pytest.approx(14, abs=0.51)


def test_ink_far_from_its_centre_of_mass_stays_in_the_image():
    flag = np.full((100, 100), 255, "uint8")
    flag[10:30, 20:80] = 0
    flag[30:90, 48:51] = 0  # a T with a heavy bar: moved to the middle, its foot would stand 2 rows outside
    assert sides(data.digit_from_array(flag))[:2] == [8, 27]


def test_images_of_mnist_stay_as_they_are(mnist):
    images = mnist.test_images[:100]
    digits = np.concatenate([data.digit_from_array(image) for image in images])
    differences = np.abs(digits - images / 255.0)
    assert differences.mean() < 0.01
    assert np.mean(differences.max(axis=(1, 2, 3)) < 0.3) > 0.95  # the rest is rounded into the next row or column


# ---- whatever the picture ----


def pictures():
    colour = np.repeat(HOOK[..., np.newaxis], 3, axis=-1)
    return {
        "one channel": HOOK[..., np.newaxis],
        "colours": colour,
        "floats": HOOK / 255.0,
        "bright on dark": 255 - HOOK,
        "grey on grey": HOOK // 4 + 100,
        "transparent paper": np.dstack([0 * colour, 255 - HOOK]),  # black everywhere, laid on white
    }


@pytest.mark.parametrize("picture", pictures().values(), ids=pictures().keys())
def test_kind_of_picture_makes_no_difference(picture):
    np.testing.assert_allclose(data.digit_from_array(picture), data.digit_from_array(HOOK), atol=1e-5)


def test_light_from_one_side_makes_no_difference():
    light = np.linspace(1, 0.4, HOOK.shape[1]) * np.linspace(0.7, 1, HOOK.shape[0])[:, np.newaxis]
    photo = light * (0.2 + 0.8 * (HOOK / 255))
    np.testing.assert_allclose(data.digit_from_array(photo), data.digit_from_array(HOOK), atol=0.05)


def test_specks_of_dirt_are_no_ink():
    dirty = HOOK.copy()
    dirty[55:58, 2:5] = 0
    np.testing.assert_allclose(data.digit_from_array(dirty), data.digit_from_array(HOOK), atol=0.02)


def test_second_stroke_is_no_dirt():
    equals = np.full((60, 60), 255, "uint8")
    equals[20:25, 10:50] = equals[40:45, 20:40] = 0
    digit = data.digit_from_array(equals)[0, ..., 0]
    rows = np.nonzero(digit.max(axis=1) > 0.5)[0]
    assert np.diff(rows).max() > 1


def test_noise_of_a_camera_is_no_ink():
    photo = np.kron(HOOK / 255, np.ones((5, 5))) * 0.7 + 0.15
    noisy = np.clip(photo + np.random.default_rng(0).normal(0, 0.03, photo.shape), 0, 1)
    np.testing.assert_allclose(data.digit_from_array(noisy), data.digit_from_array(photo), atol=0.05)


def test_large_picture_is_made_smaller_first():
    assert own_pictures.grey_values(np.zeros((1000, 2000, 3), "uint8")).shape == (256, 512)


@pytest.mark.parametrize("light, noise", [(0.0, 0.02), (0.5, 0.04)])
def test_photographed_digits_are_recognised_as_the_originals_are(classifier, mnist, light, noise):
    random, digits = np.random.default_rng(1), []
    for image in mnist.test_images[:60]:
        ink = Image.fromarray(image[..., 0]).resize((150, 150), Image.Resampling.BICUBIC)
        ink = np.pad(np.asarray(ink) / 255, ((40, 30), (20, 90)))
        y, x = np.mgrid[0:1:ink.shape[0] * 1j, 0:1:ink.shape[1] * 1j]
        paper = 0.95 - light * (x + y) / 2 + random.normal(0, noise, ink.shape)
        digits.append(data.digit_from_array(np.clip(paper * (1 - 0.75 * ink), 0, 1)))
    guesses = classifier(np.concatenate(digits)).numpy().argmax(axis=1)
    assert np.mean(guesses == mnist.test_labels[:60]) >= 0.95


# ---- strokes ----


def test_stroke_is_as_wide_as_the_pen_and_has_round_ends():
    picture = data.draw_strokes([[(50, 140), (230, 140)]], pen=20)
    assert (picture.shape, picture.dtype) == ((280, 280), np.uint8)
    heights = np.sum(picture == 0, axis=0)
    assert heights[140] == pytest.approx(20, abs=1) and heights[39] == 0
    assert 2 <= heights[42] <= 16  # within the half circle before the first point


def test_bend_is_round():
    picture = data.draw_strokes([[(60, 200), (140, 80), (220, 200)]], pen=40)
    assert picture[62, 140] == 0  # the outer side of the bend, which two straight lines leave open


def test_stroke_of_one_point_is_a_dot():
    dots = data.draw_strokes([[(100, 50)]], pen=10) == 0
    assert dots.sum() == pytest.approx(np.pi * 5**2, rel=0.15) and dots[50, 100]


def test_no_strokes_are_white_paper():
    assert (data.draw_strokes([], size=10) == 255).all()


# ---- files ----


@pytest.mark.parametrize("name", ["digit.png", "digit.jpg", "digit.gif", "digit.bmp", "digit.tif", "digit.webp"])
def test_file_gives_what_its_array_gives(tmp_path, name):
    Image.fromarray(HOOK).convert("RGB").save(tmp_path / name)
    np.testing.assert_allclose(data.load_digit(tmp_path / name), data.digit_from_array(HOOK), atol=0.08)


def test_path_may_be_a_string(tmp_path):
    Image.fromarray(HOOK).save(tmp_path / "digit.png")
    assert data.load_digit(str(tmp_path / "digit.png")).shape == (1, 28, 28, 1)


def test_transparent_file_is_laid_on_white(tmp_path):
    Image.fromarray(np.dstack([0 * HOOK] * 3 + [255 - HOOK])).save(tmp_path / "digit.png")
    np.testing.assert_allclose(data.load_digit(tmp_path / "digit.png"), data.digit_from_array(HOOK), atol=1e-5)


def test_file_with_16_bits_of_grey_keeps_its_greys(tmp_path):
    Image.fromarray(np.uint16(HOOK) * 128 + 10_000).save(tmp_path / "digit.png")
    np.testing.assert_allclose(data.load_digit(tmp_path / "digit.png"), data.digit_from_array(HOOK), atol=0.02)


def test_photo_is_turned_as_the_camera_was_held(tmp_path):
    turned = Image.fromarray(HOOK).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera's note: turn by 90 degrees clockwise to see it upright
    turned.save(tmp_path / "digit.png", exif=exif)
    np.testing.assert_allclose(data.load_digit(tmp_path / "digit.png"), data.digit_from_array(HOOK), atol=1e-5)


# ---- errors ----


def empty_png(width, height):
    """A PNG file that says how large its picture is, and holds none."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


BAD_FILES = {
    "text": (b"Dear reader, no", r"whole file of BMP, GIF, JPEG.* begins with b'Dear reader,'.* Save .* as PNG"),
    "another format": (b"P5 8 8 255\n" + bytes(range(64)), "begins with b'P5 8 8 255"),  # which Pillow would read
    "nothing": (b"", "begins with b''"),
    "half a picture": (data.SAMPLE_PICTURE.read_bytes()[:9000], "whole file .* truncated"),
    "large": (empty_png(8000, 6251), "at most 50,000,000 pixels. .* 8000 × 6251 pixels. Cut out"),
    "larger": (empty_png(10_000, 10_000), "at most 50,000,000 pixels"),  # Pillow warns
    "a bomb": (empty_png(100_000, 100_000), "at most 50,000,000 pixels"),  # Pillow refuses
}


@pytest.mark.parametrize("content, message", BAD_FILES.values(), ids=BAD_FILES.keys())
@pytest.mark.filterwarnings("error")
def test_bad_file_is_an_error_that_says_what_it_is(tmp_path, content, message):
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        data.load_digit(tmp_path / "bad.png")
    assert "bad.png" in str(error.value)


@pytest.mark.parametrize("name, message", [
    ("nowhere.png", "There is no file: .*nowhere.png"),
    (".", "This is a folder"),
])
def test_missing_file_is_an_error_that_says_what_to_do(tmp_path, name, message):
    with pytest.raises(FileNotFoundError, match=f"{message}.*beside the notebook"):
        data.load_digit(tmp_path / name)


BAD_PICTURES = {
    "a row": (np.zeros(28), r"shape \(H, W\), .* Received: \(28,\)"),
    "several": (np.zeros((2, 28, 28, 1)), r"Received: \(2, 28, 28, 1\)"),
    "two channels": (np.zeros((28, 28, 2)), r"Received: \(28, 28, 2\)"),
    "no pixels": (np.zeros((0, 5)), "non-empty"),
    "integers": (np.zeros((28, 28), int), "Received: dtype int64"),
    "0 to 255": (np.full((28, 28), 255.0), "Received: values from 255.0"),
    "NaN": (np.full((28, 28), np.nan), "finite"),
    "white": (np.full((28, 28), 255, "uint8"), "at least 4 pixels of ink .* 28 × 28 pixels, .* differ by 0.00"),
    "black": (np.zeros((28, 28), "uint8"), "at least 4 pixels of ink"),
    "light alone": (np.linspace(0, 1, 900).reshape(30, 30), "at least 4 pixels of ink"),
    "noise": (0.8 + np.random.default_rng(0).normal(0, 0.01, (90, 90)), "at least 4 pixels of ink"),
    "three pixels": (255 - 255 * np.pad(np.ones((1, 3), "uint8"), 20), "at least 4 pixels of ink"),
    "one pixel": (np.uint8([[7]]), "at least 4 pixels of ink"),
}


@pytest.mark.parametrize("picture, message", BAD_PICTURES.values(), ids=BAD_PICTURES.keys())
@pytest.mark.filterwarnings("error")
def test_bad_picture_is_an_error_that_says_what_was_received(picture, message):
    with pytest.raises(ValueError, match=message):
        data.digit_from_array(picture)


# ---- the sample ----


def test_sample_is_recognised_as_the_4_that_it_is(classifier):
    logits = classifier(data.load_digit(data.SAMPLE_PICTURE)).numpy()[0]
    assert np.exp(logits[4]) / np.exp(logits).sum() > 0.99


def test_sample_is_a_small_file():
    assert data.SAMPLE_PICTURE.stat().st_size < 20_000


def test_sample_is_what_its_script_draws():
    drawn = runpy.run_path(str(data.SAMPLE_PICTURE.with_name("draw_my_digit.py")))["draw"]().convert("RGB")
    stored = Image.open(data.SAMPLE_PICTURE).convert("RGB")
    assert np.abs(np.float32(drawn) - np.float32(stored)).mean() < 1
