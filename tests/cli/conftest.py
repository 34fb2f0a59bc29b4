"""Tables on disk, and the command line run in this process."""

import pkgutil
import sys
import warnings
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
from sklnoise.cli._model import load_model


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


@pytest.fixture(scope="session")
def check_refused():
    """A check of exit code 2, and of one line on stderr that holds some messages."""

    def check_refused(done, *messages):
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("sklnoise: ")
        assert done.err.count("\n") == 1
        assert done.err.endswith("\n")
        for message in messages:
            assert message in done.err

    return check_refused


@pytest.fixture
def forget(monkeypatch):
    """Have modules imported anew, and all put back afterwards."""
    # All are loaded first: only what was there is put back.
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
def blob_audit(cli, blobs, tmp_path_factory):
    """Their audit as a JSON document, without progress, and the model that it wrote."""
    folder = tmp_path_factory.mktemp("audit")
    data, model = folder / "blobs.csv", folder / "model.skops"
    blobs.to_csv(data, index=False)
    options = ("--target", "label", "--json", "--quiet", "--model", model)
    return SimpleNamespace(**vars(cli("audit", data, *options)), model=model)


@pytest.fixture
def quick_fit(blob_audit, monkeypatch):
    """Let a fit to 80 rows take over what the fit to the blobs has found.

    `trusted` is that of the last fit; what `attributes` holds is taken over instead.
    """
    clf = load_model(blob_audit.model)[0][-1]
    params = clf.get_params(deep=False)
    fitted = {name: value for name, value in vars(clf).items() if name not in params}
    quick = SimpleNamespace(trusted=None, attributes={}, warning=None)

    def fit(self, X, y, sample_weight=None, *, trusted=None):
        quick.trusted = trusted
        if quick.warning is not None:
            warnings.warn(quick.warning, stacklevel=1)
        vars(self).update(fitted | {"classes_": np.unique(y)} | quick.attributes)
        return self

    monkeypatch.setattr("sklnoise.NoiseRobustClassifier.fit", fit)
    return quick


@pytest.fixture
def fit_input(monkeypatch):
    """End an audit where its fit begins; hold what the fit was called with."""
    seen = {}

    def fit(self, X, y, sample_weight=None, *, trusted=None):
        seen.update(X=X, y=y, trusted=trusted)
        raise ValueError("seen enough")

    monkeypatch.setattr("sklnoise.NoiseRobustClassifier.fit", fit)
    return seen
