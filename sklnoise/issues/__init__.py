"""Label quality, label issues, their review, and the clean posterior, from arrays."""

from sklnoise.issues._clean_posterior import clean_posterior
from sklnoise.issues._decisions import apply_decisions
from sklnoise.issues._find import find_label_issues
from sklnoise.issues._quality import label_quality_scores
from sklnoise.issues._review import sample_for_review
from sklnoise.issues._review_rate import noise_rate_from_review

__all__ = [
    "apply_decisions",
    "clean_posterior",
    "find_label_issues",
    "label_quality_scores",
    "noise_rate_from_review",
    "sample_for_review",
]
