"""Files are replaced whole and together; what is no regular file is written into."""

import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

from sklnoise._writing import replaced_together, write_whole

posix = pytest.mark.skipif(os.name != "posix", reason="needs FIFOs and signals")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_all(writable, error=None):
    for path in writable.values():
        path.write_text("new")
    if error is not None:
        raise error


@pytest.mark.parametrize("data", ["grün\n", "grün\n".encode()])
def test_text_and_bytes_are_written(tmp_path, data):
    write_whole(tmp_path / "a.txt", data)
    assert (tmp_path / "a.txt").read_bytes() == "grün\n".encode()
    assert names(tmp_path) == ["a.txt"]


def test_files_are_put_in_place_together(tmp_path):
    paths = [tmp_path / "a.csv", str(tmp_path / "b.html")]
    with replaced_together(paths) as writable:
        assert [path.suffix for path in writable.values()] == [".csv", ".html"]
        for path in paths:
            writable[path].write_text("new")
        assert not any(os.path.exists(path) for path in paths)
    assert names(tmp_path) == ["a.csv", "b.html"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_failure_leaves_all_as_it_was(tmp_path, error):
    paths = [tmp_path / "a", tmp_path / "b"]
    paths[0].write_text("old")
    with pytest.raises(error), replaced_together(paths) as writable:
        write_all(writable, error)
    assert names(tmp_path) == ["a"]
    assert paths[0].read_text() == "old"


def test_none_is_moved_where_one_is_missing(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(FileNotFoundError), replaced_together(paths) as writable:
        writable[paths[0]].write_text("new")
    assert names(tmp_path) == []


def test_error_says_what_was_written(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]

    def write_and_block(writable):
        write_all(writable)
        paths[1].mkdir()  # in the meantime, by somebody else

    with (
        pytest.raises(OSError, match=r"only .*a was written"),
        replaced_together(paths) as writable,
    ):
        write_and_block(writable)
    assert names(tmp_path) == ["a", "b"]


@posix
def test_permissions_stay(tmp_path):
    path = tmp_path / "private.html"
    path.write_text("old")
    path.chmod(0o600)
    write_whole(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix
def test_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "a.html", tmp_path / "b.html"
    link.symlink_to(target)
    for text in "first", "second":
        write_whole(link, text)
        assert link.is_symlink()
        assert target.read_text() == text
    assert names(tmp_path / "there") == ["a.html"]


@posix
def test_circle_of_links_is_refused(tmp_path):
    link = tmp_path / "a"
    link.symlink_to(link)
    with pytest.raises(OSError, match=r"(?i)symbolic links"):
        write_whole(link, "new")
    assert link.is_symlink()


@posix
def test_fifo_is_written_into(tmp_path):
    fifo, read = tmp_path / "fifo", []
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: read.append(fifo.read_text()))
    reader.start()
    write_whole(fifo, "text")
    reader.join(10)
    assert read == ["text"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert names(tmp_path) == ["fifo"]


@posix
def test_device_is_written_into():
    before = os.stat("/dev/null")
    write_whole("/dev/null", "text")
    assert os.stat("/dev/null").st_ino == before.st_ino


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no /dev/stdout")
@pytest.mark.parametrize("to_file", [False, True])
def test_standard_output_is_written_into(tmp_path, to_file):
    code = "from sklnoise._writing import write_whole; write_whole('/dev/stdout', 'text')"
    command, path = [sys.executable, "-c", code], tmp_path / "out.txt"
    if to_file:
        with path.open("w") as file:
            before = os.fstat(file.fileno()).st_ino
            subprocess.run(command, stdout=file, check=True)
        assert path.stat().st_ino == before
        assert path.read_text() == "text"
    else:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "text"


def test_folder_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="Add a name"):
        write_whole(tmp_path, "text")


def test_missing_folder_is_refused_before_the_work(tmp_path):
    paths = [tmp_path / "a", tmp_path / "none" / "b"]
    with (
        pytest.raises(FileNotFoundError, match="does not exist"),
        replaced_together(paths),
    ):
        pytest.fail("the block was run")


TERMINATED = """
import os, signal, sys, time
from sklnoise._writing import replaced_together

# Where these tests run in the background, some signals are ignored.
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
with replaced_together(["a", "b"]) as writable:
    writable["a"].write_text("new")
    print("written", flush=True)
    time.sleep(60)
"""


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_signal_leaves_nothing_behind(tmp_path, name):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "written\n"
        assert len(names(tmp_path)) == 1
        process.send_signal(getattr(signal, name))
        assert process.wait(20) != 0
    assert names(tmp_path) == []


@posix
def test_handlers_of_others_stay(tmp_path):
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    try:
        with replaced_together([tmp_path / "a"]) as writable:
            signal.raise_signal(signal.SIGTERM)
            writable[tmp_path / "a"].write_text("new")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]
    assert names(tmp_path) == ["a"]
    write_whole(tmp_path / "a", "again")
    assert signal.getsignal(signal.SIGTERM) is before
