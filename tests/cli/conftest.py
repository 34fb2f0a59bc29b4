"""Tables on disk, and the command line run in this process."""

import pkgutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

import sklnoise.cli
from sklnoise.cli import main
from sklnoise.cli._fit import fit_table


def run_main(*arguments):
    """Run the command line; return exit code, stdout and stderr."""
    out, err = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["sklnoise", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    code = stop.value.code or 0
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())


@pytest.fixture(scope="session")
def cli():
    """The command line as a function."""
    return run_main


@pytest.fixture
def forget(monkeypatch):
    """Have modules imported anew, and all put back afterwards."""
    # One that is imported anew only would be left over, with parents of its own.
    for module in pkgutil.iter_modules(sklnoise.cli.__path__, "sklnoise.cli."):
        import_module(module.name)

    def forget(*prefixes):
        for name in [name for name in sys.modules if name.startswith(prefixes)]:
            package, _, child = name.rpartition(".")
            # An import writes the new module to its package too.
            if hasattr(sys.modules.get(package), child):
                old = getattr(sys.modules[package], child)
                monkeypatch.setattr(sys.modules[package], child, old)
            monkeypatch.delitem(sys.modules, name)

    return forget


@pytest.fixture(scope="session")
def blobs():
    """Two easy classes of 40 rows; the labels of rows 3 and 50 are wrong."""
    X, y = make_blobs(80, centers=[[0, 0], [9, 9]], shuffle=False, random_state=0)
    y[[3, 50]] = 1 - y[[3, 50]]
    table = pd.DataFrame(X.round(3), columns=["width", "height"])
    return table.assign(label=np.array(["cat", "dog"])[y])


@pytest.fixture
def blob_file(blobs, tmp_path):
    """The same as a CSV file."""
    path = tmp_path / "blobs.csv"
    blobs.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def blob_fit(blobs):
    """In place of the fit of an audit of the blobs: the same, done once for all tests."""
    trusted = np.zeros(len(blobs), dtype=bool)
    setting = {"correction": "forward", "device": "cpu", "seed": 0, "jobs": None}
    X, y = blobs.drop(columns="label"), blobs["label"].to_numpy(str)
    fitted = fit_table(X, y, trusted, **setting, verbose=0)
    return lambda *args, **params: fitted


@pytest.fixture(scope="session")
def blob_audit(cli, blobs, tmp_path_factory):
    """Their audit as a JSON document, without progress."""
    path = tmp_path_factory.mktemp("audit") / "blobs.csv"
    blobs.to_csv(path, index=False)
    return cli("audit", path, "--target", "label", "--json", "--quiet")
