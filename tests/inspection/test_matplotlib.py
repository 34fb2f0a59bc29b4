"""matplotlib is imported when something is drawn, and asked for where it is missing."""

import subprocess
import sys

import pytest

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
