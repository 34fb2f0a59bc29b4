"""Displays of what was learned about the noise; the only importer of matplotlib."""

from sklnoise.inspection._transition_display import TransitionMatrixDisplay

__all__ = ["TransitionMatrixDisplay"]
