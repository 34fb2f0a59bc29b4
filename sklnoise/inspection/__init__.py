"""Displays of what was learned about the noise; the only importer of matplotlib."""

from sklnoise.inspection._annotator_display import AnnotatorDisplay
from sklnoise.inspection._calibration_display import NoisyCalibrationDisplay
from sklnoise.inspection._history_display import TrainingHistoryDisplay
from sklnoise.inspection._issues_display import LabelIssuesDisplay
from sklnoise.inspection._robustness_display import RobustnessCurveDisplay
from sklnoise.inspection._sets_display import PredictionSetDisplay
from sklnoise.inspection._transition_display import TransitionMatrixDisplay
from sklnoise.report import noise_report

__all__ = [
    "AnnotatorDisplay",
    "LabelIssuesDisplay",
    "NoisyCalibrationDisplay",
    "PredictionSetDisplay",
    "RobustnessCurveDisplay",
    "TrainingHistoryDisplay",
    "TransitionMatrixDisplay",
    "noise_report",
]
