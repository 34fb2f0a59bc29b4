"""Consensus of the answers of several annotators, and what each of them is worth."""

from sklnoise.annotators._agreement import krippendorff_alpha
from sklnoise.annotators._dawid_skene import DawidSkene
from sklnoise.annotators._likelihood import annotator_log_likelihood
from sklnoise.annotators._long_table import annotations_to_frame
from sklnoise.annotators._majority_vote import MajorityVote
from sklnoise.annotators._next import suggest_next
from sklnoise.annotators._summary import annotator_summary

__all__ = [
    "DawidSkene",
    "MajorityVote",
    "annotations_to_frame",
    "annotator_log_likelihood",
    "annotator_summary",
    "krippendorff_alpha",
    "suggest_next",
]
