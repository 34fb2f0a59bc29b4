"""A lock keeps others out, and ends with its process; without a file system all enter."""

import os
import signal
import subprocess
import sys
import time
from threading import Thread

import pytest

from sklnoise.classifiers._cache_lock import fcntl, locked

HOLD = """
import sys, time
from sklnoise.classifiers._cache_lock import locked
with locked(sys.argv[1], "key"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(fcntl is None, reason="needs the locks of POSIX")
def test_one_at_a_time_holds_the_lock_of_a_key(tmp_path):
    held, most = [], []

    def hold(key):
        with locked(tmp_path, key):
            held.append(key)
            most.append(held.count(key))
            time.sleep(0.02)
            held.remove(key)

    threads = [Thread(target=hold, args=(key,)) for key in "aabbaa"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(fcntl is None, reason="needs the locks of POSIX")
def test_lock_of_a_process_that_is_killed_can_be_taken(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGKILL)
    with locked(tmp_path, "key"):
        assert os.listdir(tmp_path) == ["key.lock"]


@pytest.mark.parametrize("location", [None, "no/such/folder"])
def test_without_a_folder_nobody_waits(location):
    with locked(location, "key"), locked(location, "key"):
        pass
