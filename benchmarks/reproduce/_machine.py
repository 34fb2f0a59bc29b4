"""What a result was run on: versions, commit, machine."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = "sklnoise", "scikit-learn", "skorch", "torch", "numpy"


def versions():
    """List the packages that decide on the numbers."""
    return " ".join([*(f"{name}=={version(name)}" for name in PACKAGES), commit()])


@cache
def commit():
    """Name the commit that runs, with "+" where a Python file has changed since."""
    here = Path(__file__).parents[2]

    def git(*arguments):
        answer = subprocess.run(["git", "-C", here, *arguments], capture_output=True)
        return answer.stdout.decode().strip()

    changed = "+" if git("status", "--porcelain", "--", "*.py") else ""
    return f"commit={git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


def machine():
    """Describe the machine: system, cores and GPU."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {gpu}"
