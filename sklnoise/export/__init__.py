"""Fitted classifiers as files: saved whole with skops, or exported without sklnoise."""

from sklnoise.export._file import (
    NotSavedError,
    changed_versions,
    load,
    read_model,
    save,
    save_model,
)
from sklnoise.export._formats import FORMATS, export_nets
from sklnoise.export._trusted import skops_trusted_types

__all__ = [
    "FORMATS",
    "NotSavedError",
    "changed_versions",
    "export_nets",
    "load",
    "read_model",
    "save",
    "save_model",
    "skops_trusted_types",
]
