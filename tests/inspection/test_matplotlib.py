"""matplotlib is imported when something is drawn, and asked for where it is missing."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.sparse import csr_array

from sklnoise.inspection import (
    LabelIssuesDisplay,
    RobustnessCurveDisplay,
    TrainingHistoryDisplay,
    TransitionMatrixDisplay,
)

DISPLAYS = [
    LabelIssuesDisplay([0], [0], [1.0], [False]),
    RobustnessCurveDisplay([0.0], {"model": [[1.0]]}),
    TrainingHistoryDisplay([{"train_loss": 1.0}]),
    TransitionMatrixDisplay([[1.0]]),
]


@pytest.mark.parametrize("display", DISPLAYS, ids=lambda display: type(display).__name__)
def test_missing_matplotlib_says_what_to_install(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = rf'{type(display).__name__}.plot needs .* pip install "sklnoise\[plot\]"'
    with pytest.raises(ImportError, match=message):
        display.plot()


@pytest.mark.parametrize("display", DISPLAYS, ids=lambda display: type(display).__name__)
def test_plot_returns_the_display(display):
    assert display.plot() is display


@pytest.mark.slow
def test_importing_the_displays_does_not_import_matplotlib():
    code = "import sys, sklnoise.inspection; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("ax", ["axes", 1.0, [], {}, Figure, np.zeros((2, 2)), print])
@pytest.mark.parametrize("display", DISPLAYS, ids=lambda display: type(display).__name__)
def test_what_is_no_axes_is_refused(display, ax):
    with pytest.raises((TypeError, ValueError), match="ax must be"):
        display.plot(ax=ax)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("include_values", "maybe"),
        ("include_values", np.ones(2)),
        ("values_format", "abc"),
        ("values_format", 2),
        ("cmap", ["Blues"]),
        ("xticks_rotation", "askew"),
        ("colorbar", None),
        ("im_kw", 1),
        ("text_kw", "bold"),
    ],
)
def test_options_of_no_use_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        TransitionMatrixDisplay([[1.0]]).plot(**{name: value})


@pytest.mark.parametrize("y_proba", [None, 0.5, [0.5, 0.5], csr_array(np.eye(2))])
def test_what_is_no_table_of_probabilities_is_refused(y_proba):
    with pytest.raises((TypeError, ValueError)):
        LabelIssuesDisplay.from_predictions([0, 1], y_proba)
