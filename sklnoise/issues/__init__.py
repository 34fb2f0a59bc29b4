"""Label quality, label issues and the clean posterior, from arrays of any classifier."""

from sklnoise.issues._clean_posterior import clean_posterior
from sklnoise.issues._find import find_label_issues
from sklnoise.issues._quality import label_quality_scores

__all__ = ["clean_posterior", "find_label_issues", "label_quality_scores"]
