"""Data files: where they are looked for, what a wrong hash means, and what a broken download leaves."""

import errno
import hashlib
import http.server
import threading

import pytest

from aigc_tf import data


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


# ---- the download ----


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
