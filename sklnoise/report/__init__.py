"""The report on label noise: one HTML file that needs nothing else."""

from sklnoise.report._report import noise_report

__all__ = ["noise_report"]
