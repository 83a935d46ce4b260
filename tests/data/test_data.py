"""Data: MNIST is the canonical one, broken files never pass, and pipelines lose and repeat nothing."""

import errno
import hashlib
import http.server
import threading
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf import data


@pytest.fixture(scope="module")
def mnist():
    return data.load_mnist(data.CHECKOUT_DATA)


def numbered_images(count, dtype="float32"):
    """Images of one grey value each, by which they can be told apart: value n/255 or, as bytes, n."""
    grey = np.arange(count).reshape(-1, 1, 1, 1) * np.ones((1, 2, 3, 1))
    return grey.astype("uint8") if dtype == "uint8" else (grey / 255).astype(dtype)


def numbers(batch):
    return np.round(np.asarray(batch)[:, 0, 0, 0] * 255).astype(int)


# ---- MNIST ----------------------------------------------------------------------------------------------------------


def test_the_shipped_mnist_is_the_canonical_file():
    assert data.sha256_of(data.CHECKOUT_DATA / "mnist.npz") == data.FILES["mnist.npz"].sha256[0]


def test_mnist_has_the_canonical_splits(mnist):
    assert mnist.train_images.shape == (60_000, 28, 28, 1)
    assert mnist.test_images.shape == (10_000, 28, 28, 1)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == np.int64


def test_mnist_has_the_canonical_number_of_each_digit(mnist):
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(mnist.train_labels).tolist() == train
    assert np.bincount(mnist.test_labels).tolist() == test


def test_mnist_is_white_on_black_with_the_known_mean(mnist):
    assert mnist.train_images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)  # quoted all over the literature


# ---- the search for a file ------------------------------------------------------------------------------------------


@pytest.fixture
def small_file(tmp_path, monkeypatch):
    """A known data file "small.bin" that is nowhere yet, and the four folders to search, by name."""
    content = b"eight by eight" * 1000
    known = data.DataFile((hashlib.sha256(content).hexdigest(),), ("file:///nowhere/small.bin",))
    monkeypatch.setitem(data.FILES, "small.bin", known)
    folders = {name: tmp_path / name for name in ("argument", "environment", "checkout")}
    folders["cache"] = tmp_path / "home" / "datasets"
    for folder in folders.values():
        folder.mkdir(parents=True)
    monkeypatch.setenv("AIGC_TF_DATA", str(folders["environment"]))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(data.downloading, "CHECKOUT_DATA", folders["checkout"])
    return content, folders


@pytest.mark.parametrize("position", range(4), ids=["argument", "environment", "checkout", "cache"])
def test_folders_are_searched_in_this_order(small_file, position):
    content, folders = small_file
    for folder in list(folders.values())[position:]:
        (folder / "small.bin").write_bytes(content)
    found = data.find_file("small.bin", data_dir=folders["argument"])
    assert found == list(folders.values())[position] / "small.bin"


def test_a_file_with_a_wrong_hash_is_an_error_that_names_it(small_file):
    content, folders = small_file
    path = folders["checkout"] / "small.bin"
    path.write_bytes(content[:-1] + b"?")
    expected, found = hashlib.sha256(content).hexdigest(), data.sha256_of(path)
    with pytest.raises(ValueError, match=f"{path} is broken.* expected SHA-256 {expected}, found {found}"):
        data.find_file("small.bin")


def test_a_truncated_mnist_is_an_error(tmp_path):
    content = (data.CHECKOUT_DATA / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="mnist.npz is broken"):
        data.load_mnist(tmp_path)


class Hostile:
    """An object whose unpickling would be noticed."""

    ran = []

    def __reduce__(self):
        return (Hostile.ran.append, ("it ran",))


def test_a_hostile_file_is_stopped_by_its_hash(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=np.array([Hostile()], dtype=object))
    with pytest.raises(ValueError, match="expected SHA-256"):
        data.load_mnist(tmp_path)
    assert Hostile.ran == []


def test_a_hostile_file_is_never_unpickled_even_if_its_hash_were_trusted(tmp_path, monkeypatch):
    path = tmp_path / "mnist.npz"
    np.savez(path, x_train=np.array([Hostile()], dtype=object))
    monkeypatch.setitem(data.FILES, "mnist.npz", data.DataFile((data.sha256_of(path),), ()))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        data.load_mnist(tmp_path)
    assert Hostile.ran == []


def test_a_missing_file_without_network_says_what_to_put_where(small_file):
    content, folders = small_file
    with pytest.raises(FileNotFoundError) as error:
        data.find_file("small.bin")
    for part in ("small.bin", hashlib.sha256(content).hexdigest(), str(folders["checkout"]), "AIGC_TF_DATA",
                 "file:///nowhere/small.bin"):
        assert part in str(error.value), f"the message does not name {part}"


def test_an_unknown_file_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match="mnist.npz.*Received: name='mnist'"):
        data.find_file("mnist")


@pytest.mark.parametrize("variable", [False, True], ids=["argument", "environment"])
def test_a_data_folder_that_does_not_exist_is_an_error(tmp_path, monkeypatch, variable):
    missing = tmp_path / "missing"
    if variable:
        monkeypatch.setenv("AIGC_TF_DATA", str(missing))
    with pytest.raises(NotADirectoryError, match=f"Received: {missing}"):
        data.find_file("mnist.npz", data_dir=None if variable else missing)


# ---- the download ---------------------------------------------------------------------------------------------------


@pytest.fixture
def server():
    """A web server on this machine; `server.answer` decides what it says. Gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            running.answer(self)
            self.close_connection = True

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.url = f"http://127.0.0.1:{running.server_port}/small.bin"
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def whole(content):
    def answer(request):
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def cut_off(content, chunked):
    """Promises everything, sends half, and hangs up."""
    half = content[: len(content) // 2]

    def answer(request):
        request.send_response(200)
        if chunked:
            request.send_header("Transfer-Encoding", "chunked")
            half_sent = f"{len(content):x}\r\n".encode() + half
        else:
            request.send_header("Content-Length", str(len(content)))
            half_sent = half
        request.end_headers()
        request.wfile.write(half_sent)

    return answer


def use_mirrors(monkeypatch, *urls):
    monkeypatch.setitem(data.FILES, "small.bin", data.FILES["small.bin"]._replace(mirrors=urls))


def test_a_missing_file_is_downloaded_into_the_cache(small_file, server, monkeypatch):
    content, folders = small_file
    server.answer = whole(content)
    use_mirrors(monkeypatch, server.url)
    path = data.find_file("small.bin")
    assert path == folders["cache"] / "small.bin"
    assert path.read_bytes() == content


def test_a_missing_file_is_downloaded_into_the_chosen_folder(small_file, server, monkeypatch):
    content, folders = small_file
    server.answer = whole(content)
    use_mirrors(monkeypatch, server.url)
    assert data.find_file("small.bin", data_dir=folders["argument"]) == folders["argument"] / "small.bin"


def test_the_next_mirror_helps_when_one_is_down(small_file, server, monkeypatch):
    content, _ = small_file
    server.answer = whole(content)
    use_mirrors(monkeypatch, "file:///nowhere/small.bin", server.url)
    assert data.find_file("small.bin").read_bytes() == content


@pytest.mark.parametrize("chunked", [False, True], ids=["promised length", "chunked"])
def test_a_connection_that_is_cut_leaves_nothing_behind(small_file, server, monkeypatch, chunked):
    content, folders = small_file
    server.answer = cut_off(content, chunked)
    use_mirrors(monkeypatch, server.url)
    with pytest.raises(FileNotFoundError, match=f"could not be downloaded .*{server.url}"):
        data.find_file("small.bin")
    assert list(folders["cache"].iterdir()) == []


def test_a_download_with_a_wrong_hash_leaves_nothing_behind(small_file, server, monkeypatch):
    _, folders = small_file
    server.answer = whole(b"<html>Please log in to the hotel's network</html>")
    use_mirrors(monkeypatch, server.url)
    with pytest.raises(FileNotFoundError, match="expected SHA-256"):
        data.find_file("small.bin")
    assert list(folders["cache"].iterdir()) == []


class FullDisk:
    """A file that takes no more bytes."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, block):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_named_and_leaves_nothing_behind(small_file, server, monkeypatch):
    content, folders = small_file
    server.answer = whole(content)
    use_mirrors(monkeypatch, server.url)
    fdopen = data.downloading.os.fdopen
    monkeypatch.setattr(data.downloading.os, "fdopen", lambda *arguments: FullDisk(fdopen(*arguments)))
    with pytest.raises(FileNotFoundError, match="No space left on device"):
        data.find_file("small.bin")
    assert list(folders["cache"].iterdir()) == []


def test_ctrl_c_during_a_download_leaves_nothing_behind(small_file, server, monkeypatch):
    content, folders = small_file
    server.answer = whole(content)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(data.downloading.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data.download(server.url, folders["cache"] / "small.bin", data.FILES["small.bin"].sha256)
    assert list(folders["cache"].iterdir()) == []


# ---- scaling --------------------------------------------------------------------------------------------------------


def test_scale_images_divides_bytes_by_255():
    scaled = data.scale_images(np.array([0, 51, 255], "uint8").reshape(1, 1, 3, 1))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.ravel(), [0, 0.2, 1], rtol=1e-7)


def test_scale_images_lets_floats_in_range_pass():
    images = np.array([0, 0.25, 1]).reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(data.scale_images(images), images.astype("float32"))


BAD_IMAGES = {
    "no channels": (np.zeros((2, 3, 3)), r"shape \(N, H, W, C\). Received: shape \(2, 3, 3\)"),
    "none": (np.zeros((0, 3, 3, 1)), "non-empty"),
    "integers": (np.zeros((2, 3, 3, 1), int), "Received: dtype int64"),
    "text": (np.full((2, 3, 3, 1), "x"), "Received: dtype"),
    "0 to 255": (np.full((2, 3, 3, 1), 255.0), "Received: values from 255.0 to 255.0"),
    "negative": (np.full((2, 3, 3, 1), -0.1), "Received: values from -0.1"),
    "NaN": (np.full((2, 3, 3, 1), np.nan), "finite"),
    "infinite": (np.full((2, 3, 3, 1), np.inf), "finite"),
}


@pytest.mark.parametrize("images, message", BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_bad_images_are_refused(images, message):
    for function in (data.scale_images, lambda images: data.image_dataset(images, batch_size=2)):
        with pytest.raises(ValueError, match=message):
            function(images)


# ---- image_dataset --------------------------------------------------------------------------------------------------


def epoch(dataset):
    """The numbers of the images of one pass."""
    return np.concatenate([numbers(batch) for batch in dataset])


def test_every_image_comes_exactly_once_an_epoch():
    dataset = data.image_dataset(numbered_images(50), batch_size=8)
    for _ in range(2):
        assert Counter(epoch(dataset)) == Counter(range(50))


def test_each_epoch_has_another_order():
    dataset = data.image_dataset(numbered_images(50), batch_size=8, seed=0)
    assert not np.array_equal(epoch(dataset), epoch(dataset))


def test_a_seed_repeats_the_whole_sequence_of_orders():
    one, other = (data.image_dataset(numbered_images(50), batch_size=8, seed=0) for _ in range(2))
    for _ in range(2):
        np.testing.assert_array_equal(epoch(one), epoch(other))


def test_another_seed_gives_another_order():
    one, other = (data.image_dataset(numbered_images(50), batch_size=8, seed=seed) for seed in (0, 1))
    assert not np.array_equal(epoch(one), epoch(other))


def test_without_shuffling_the_order_is_kept():
    np.testing.assert_array_equal(epoch(data.image_dataset(numbered_images(9), batch_size=4, shuffle=False)), range(9))


def test_the_last_batch_holds_what_is_left_over():
    dataset = data.image_dataset(numbered_images(10), batch_size=4)
    assert [len(batch) for batch in dataset] == [4, 4, 2]
    assert len(dataset) == 3


def test_labels_stay_with_their_images():
    for images, labels in data.image_dataset(numbered_images(50), np.arange(50), batch_size=8, seed=0):
        np.testing.assert_array_equal(numbers(images), labels)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_batches_are_float32_from_0_to_1(dtype):
    (batch,) = data.image_dataset(numbered_images(256, dtype), batch_size=256, shuffle=False)
    assert batch.dtype == tf.float32
    np.testing.assert_allclose(batch[:, 0, 0, 0], np.arange(256) / 255, rtol=1e-6)
    assert float(tf.reduce_max(batch)) <= 1.0


def test_images_of_any_size_and_three_channels_pass():
    images = np.random.default_rng(0).random((3, 16, 12, 3), dtype="float32")
    (batch,) = data.image_dataset(images, batch_size=3, shuffle=False)
    np.testing.assert_array_equal(batch, images)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_an_empty_batch_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"at least 1. Received: {batch_size}"):
        data.image_dataset(numbered_images(4), batch_size=batch_size)


@pytest.mark.parametrize("labels", [np.zeros(3), np.zeros((4, 1)), np.zeros((4, 10))])
def test_labels_that_do_not_fit_the_images_are_refused(labels):
    with pytest.raises(ValueError, match=r"4 images need labels of shape \(4,\)"):
        data.image_dataset(numbered_images(4), labels, batch_size=2)


# ---- binarization ---------------------------------------------------------------------------------------------------


def half_grey(count=4, size=28):
    return np.full((count, size, size, 1), 0.5, "float32")


def test_binarized_images_are_zeros_and_ones():
    binary = data.binarize(numbered_images(256), seed=0)
    assert binary.dtype == tf.float32
    assert set(np.unique(binary)) == {0.0, 1.0}


def test_a_pixel_is_1_with_probability_equal_to_its_grey_value():
    grey = np.linspace(0, 1, 11, dtype="float32").reshape(1, 1, 11, 1) * np.ones((20_000, 1, 1, 1), "float32")
    means = tf.reduce_mean(data.binarize(grey, seed=0), axis=(0, 1, 3))
    np.testing.assert_allclose(means, np.linspace(0, 1, 11), atol=5 * 0.5 / 20_000**0.5)  # five standard errors


def test_black_stays_black_and_white_stays_white():
    np.testing.assert_array_equal(data.binarize(np.zeros((50, 28, 28, 1)), seed=0), 0)
    np.testing.assert_array_equal(data.binarize(np.ones((50, 28, 28, 1)), seed=0), 1)


def test_pixels_are_drawn_independently():
    first, second = data.binarize(half_grey(2, 100), seed=0)
    assert abs(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]) < 0.05


# ---- corruptions ----------------------------------------------------------------------------------------------------

RANDOM = {
    "binarize": data.binarize,
    "add_gaussian_noise": lambda images, seed=None: data.add_gaussian_noise(images, 0.3, seed=seed),
    "mask_pixels": lambda images, seed=None: data.mask_pixels(images, 0.5, seed=seed),
    "mask_block": lambda images, seed=None: data.mask_block(images, 5, seed=seed),
}


@pytest.fixture(params=RANDOM.values(), ids=RANDOM.keys())
def transform(request):
    return request.param


def test_a_seed_repeats_the_draw(transform):
    np.testing.assert_array_equal(transform(half_grey(), seed=1), transform(half_grey(), seed=1))


def test_another_seed_draws_anew(transform):
    assert not np.array_equal(transform(half_grey(), seed=1), transform(half_grey(), seed=2))


def test_without_a_seed_every_call_draws_anew(transform):
    assert not np.array_equal(transform(half_grey()), transform(half_grey()))


def test_each_image_gets_a_draw_of_its_own(transform):
    images = transform(half_grey(8), seed=0).numpy()
    assert len({image.tobytes() for image in images}) > 1


def test_values_stay_in_0_to_1(transform):
    images = transform(np.random.default_rng(0).random((8, 28, 28, 3)), seed=0)
    assert images.shape == (8, 28, 28, 3)
    assert 0 <= float(tf.reduce_min(images)) <= float(tf.reduce_max(images)) <= 1


def test_one_image_without_a_batch_is_refused(transform):
    with pytest.raises(ValueError, match=r"shape \(N, H, W, C\). Received: shape \(28, 28, 1\)"):
        transform(half_grey()[0])


def test_a_draw_is_new_in_every_epoch_whatever_the_global_seed(transform):
    tf.random.set_seed(0)  # with which tf.data restarts the random numbers of `Dataset.map` in every pass
    dataset = data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4, shuffle=False), transform, seed=0)
    first, second = (np.concatenate(list(dataset)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_every_batch_of_an_epoch_has_a_draw_of_its_own(transform):
    dataset = data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4), transform, seed=0)
    first, second = dataset
    assert not np.array_equal(first, second)


def test_a_seed_repeats_the_draws_of_all_epochs(transform):
    def draws():
        tf.random.set_seed(0)
        return data.with_new_draws(data.image_dataset(half_grey(8), batch_size=4, seed=0), transform, seed=0)

    one, other = draws(), draws()
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate(list(one)), np.concatenate(list(other)))


def test_new_draws_keep_labels_with_their_images():
    dataset = data.image_dataset(numbered_images(50), np.arange(50), batch_size=8, seed=0)
    for images, labels in data.with_new_draws(dataset, lambda images, seed: images, seed=0):
        np.testing.assert_array_equal(numbers(images), labels)


def test_gaussian_noise_has_the_asked_strength():
    noise = data.add_gaussian_noise(half_grey(100), 0.1, seed=0) - 0.5  # at five deviations from the clipping
    assert float(tf.reduce_mean(noise)) == pytest.approx(0, abs=1e-3)
    assert float(tf.math.reduce_std(noise)) == pytest.approx(0.1, rel=0.02)


def test_no_noise_changes_nothing():
    np.testing.assert_array_equal(data.add_gaussian_noise(half_grey(), 0), half_grey())


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_mask_pixels_takes_the_asked_fraction(fraction):
    masked = data.mask_pixels(np.ones((100, 28, 28, 1)), fraction, seed=0)
    assert 1 - float(tf.reduce_mean(masked)) == pytest.approx(fraction, abs=0.01 * (0 < fraction < 1))


def test_mask_pixels_takes_all_channels_of_a_pixel():
    masked = data.mask_pixels(np.ones((4, 28, 28, 3)), 0.5, seed=0).numpy()
    np.testing.assert_array_equal(masked.min(axis=-1), masked.max(axis=-1))


@pytest.mark.parametrize("size", [1, 5, 12])
def test_mask_block_takes_one_square_of_exactly_that_size(size):
    masked = data.mask_block(np.ones((200, 16, 12, 3)), size, seed=0).numpy()
    for image in masked:
        rows, columns, _ = np.nonzero(image == 0)
        assert len(rows) == size * size * 3
        assert np.ptp(rows) == np.ptp(columns) == size - 1


def test_mask_block_falls_everywhere_with_the_same_probability():
    masked = data.mask_block(np.ones((20_000, 6, 5, 1)), 3, seed=0).numpy()[..., 0]
    corners = [tuple(np.argwhere(image == 0)[0]) for image in masked]
    counts = Counter(corners)
    assert set(counts) == {(top, left) for top in range(4) for left in range(3)}
    expected = 20_000 / 12
    assert all(abs(count - expected) < 5 * expected**0.5 for count in counts.values()), counts


@pytest.mark.parametrize("call, message", [
    (lambda: data.add_gaussian_noise(half_grey(), -0.1), "at least 0. Received: -0.1"),
    (lambda: data.add_gaussian_noise(half_grey(), float("nan")), "at least 0. Received: nan"),
    (lambda: data.mask_pixels(half_grey(), -0.1), r"\[0, 1\]. Received: -0.1"),
    (lambda: data.mask_pixels(half_grey(), 1.1), r"\[0, 1\]. Received: 1.1"),
    (lambda: data.mask_block(half_grey(), 0), "1 to 28 pixels wide. Received: size=0"),
    (lambda: data.mask_block(half_grey(), 29), "1 to 28 pixels wide. Received: size=29"),
])
def test_impossible_corruptions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- texts ----------------------------------------------------------------------------------------------------------


def test_the_help_of_python_is_a_text():
    text = data.load_text("python-docs")
    assert len(text) > 300_000 and "for_stmt" in text


def test_any_file_in_utf8_is_a_text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("春眠不觉晓，\n处处闻啼鸟。\n", encoding="utf8")
    assert data.load_text(path) == data.load_text(str(path)) == "春眠不觉晓，\n处处闻啼鸟。\n"


def test_a_byte_order_mark_is_no_character(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfabc")
    assert data.load_text(path) == "abc"


def test_tinyshakespeare_is_found_by_its_hash():
    try:
        text = data.load_text("tinyshakespeare")
    except FileNotFoundError:
        pytest.skip("tinyshakespeare is not here: set AIGC_TF_DATA to the folder with shakespeare.txt")
    assert len(text) == 1_115_394 and len(set(text)) == 65


def test_another_file_of_its_name_is_refused(tmp_path):
    (tmp_path / "shakespeare.txt").write_text("To be, or not to be")
    with pytest.raises(ValueError, match="expected SHA-256 86c4e6aa"):
        data.load_text("tinyshakespeare", tmp_path)


@pytest.mark.parametrize("content, error, message", [
    (b"abc\xff", ValueError, "not UTF-8 text: byte 3 is 0xff"),
    (b"", ValueError, "must not be empty"),
    (None, FileNotFoundError, "python-docs.*which is no file"),
])
def test_files_that_are_no_text_are_refused(tmp_path, content, error, message):
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=message):
        data.load_text(path)


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(IsADirectoryError, match="must be a file. Received: the folder"):
        data.load_text(tmp_path)
