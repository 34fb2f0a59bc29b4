"""Displays are drawn without a screen and leave the settings of matplotlib alone."""

import matplotlib
import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def _agg():
    matplotlib.use("agg")
    settings = dict(matplotlib.rcParams)
    yield
    plt.close("all")
    assert dict(matplotlib.rcParams) == settings
