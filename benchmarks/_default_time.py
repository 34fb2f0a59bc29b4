"""CPU time and memory of a fit in a process of its own, by the number of samples.

The process has one thread: threads that wait for a core of a busy machine spin, and the
CPU time of boosted trees grows a hundredfold. It makes the data, and fits the first 200
samples once so that what is imported late is in memory. Then free memory is returned, and
the kernel's high-water mark of the resident set is reset (`/proc/self/clear_refs`, so
Linux only): "peak" is this mark after the fit, for the whole process, and "extra" what it
is above the resident set before the fit, both in MB. (The `ru_maxrss` of a process starts
with that of the process which started it.) "seconds" is the CPU time with that of
children, "wall" the time that passes.

    OMP_NUM_THREADS=1 python -m benchmarks._default_time "boosted trees" 2000
"""

import ctypes
import gc
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification

SAMPLES, MANY = (200, 2000, 20_000, 200_000), 200_000
SYSTEMS = "sklnoise", "boosted trees", "MLPClassifier"
ROUNDS, WARM_UP, NOISE_RATE, N_CLASSES = 3, 200, 0.2, 5


def list_cells():
    """List the system, number of samples and round of each measurement."""
    return [
        (system, n_samples, number)
        for n_samples, number, system in product(SAMPLES, range(ROUNDS), SYSTEMS)
        if n_samples < MANY or (number == 0 and system != "MLPClassifier")
    ]


def measure_apart(system, n_samples, number):
    """Measure in a fresh process with one thread; return a row of the CSV."""
    command = [sys.executable, "-m", "benchmarks._default_time", system, str(n_samples)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    row = {"system": system, "samples": n_samples, "round": number}
    return row | json.loads(done.stdout.splitlines()[-1])


def make_samples(n_samples):
    """Make samples of 50 features and five classes, with symmetric noise."""
    X, y = make_classification(
        n_samples, 50, n_informative=25, n_classes=N_CLASSES, random_state=0
    )
    rng = np.random.default_rng(0)
    wrong = rng.random(n_samples) < NOISE_RATE
    others = (y + rng.integers(1, N_CLASSES, n_samples)) % N_CLASSES
    return X, np.where(wrong, others, y)


def make_system(system):
    """Make a classifier; the imports are here so that each process has only its own."""
    if system == "sklnoise":
        from sklnoise import NoiseRobustClassifier

        return NoiseRobustClassifier(random_state=0)
    if system == "MLPClassifier":
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier((128, 64), max_iter=500, random_state=0)
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=0)


def memory(field):
    """Read the resident set (VmRSS) or its high-water mark (VmHWM) in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith(field))
    return kib * 1024 / 1e6


def cpu_seconds():
    """Return the CPU time of this process and its children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(system, n_samples):
    """Measure one fit."""
    X, y = make_samples(n_samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make_system(system).fit(X[:WARM_UP], y[:WARM_UP])
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = memory("VmRSS")
        start, wall = cpu_seconds(), time.perf_counter()
        make_system(system).fit(X, y)
        wall, seconds = time.perf_counter() - wall, cpu_seconds() - start
    peak = memory("VmHWM")
    return {"seconds": seconds, "wall": wall, "peak": peak, "extra": peak - before}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
