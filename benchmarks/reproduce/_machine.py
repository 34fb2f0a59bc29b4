"""What a result was run on: versions, commit, machine."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = "sklnoise", "scikit-learn", "skorch", "torch", "numpy"


def versions():
    """List the packages that decide on the numbers.

    Returns
    -------
    versions : str
        Names and versions, and the commit of this repository.
    """
    return " ".join([*(f"{name}=={version(name)}" for name in PACKAGES), commit()])


@cache
def commit():
    """Tell which state of this repository runs.

    Returns
    -------
    commit : str
        Such as "commit=1a2b3c4", with "+" where a Python file has been changed since;
        "commit=unknown" outside of a repository.
    """
    here = Path(__file__).parents[2]

    def git(*arguments):
        told = subprocess.run(["git", "-C", here, *arguments], capture_output=True)
        return told.stdout.decode().strip()

    changed = "+" if git("status", "--porcelain", "--", "*.py") else ""
    return f"commit={git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


def machine():
    """Tell on what kind of machine this runs.

    Returns
    -------
    machine : str
        The system, the cores and, if there is one, the GPU.
    """
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {gpu}"
