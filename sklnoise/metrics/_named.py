"""The statistics by the names of scikit-learn's scorers, higher is better."""

from dataclasses import dataclass, field

from sklnoise.metrics._calibration_statistics import calibration_error
from sklnoise.metrics._label_statistics import accuracy, balanced_accuracy, f1
from sklnoise.metrics._proba_statistics import brier_score, log_loss, top_k_accuracy
from sklnoise.metrics._ranking_statistics import average_precision, roc_auc

SCORES = "decision_function", "predict_proba"


@dataclass(frozen=True)
class NamedMetric:
    """A statistic, the method whose output it scores, its sign and its options."""

    build: object
    response: str | tuple = "predict"
    sign: int = 1
    options: dict = field(default_factory=dict)

    def statistic(self, samples, prediction):
        """Return the statistic of a prediction, higher is better."""
        statistic = self.build(samples, prediction, **self.options)
        return lambda weights: self.sign * statistic(weights)


NAMED_METRICS = {
    "accuracy": NamedMetric(accuracy),
    "balanced_accuracy": NamedMetric(balanced_accuracy),
    "f1": NamedMetric(f1),
    "f1_micro": NamedMetric(f1, options={"average": "micro"}),
    "f1_macro": NamedMetric(f1, options={"average": "macro"}),
    "f1_weighted": NamedMetric(f1, options={"average": "weighted"}),
    "top_k_accuracy": NamedMetric(top_k_accuracy, SCORES),
    "average_precision": NamedMetric(average_precision, SCORES),
    "roc_auc": NamedMetric(roc_auc, SCORES),
    "roc_auc_ovr": NamedMetric(roc_auc, SCORES, options={"multi_class": "ovr"}),
    "roc_auc_ovo": NamedMetric(roc_auc, SCORES, options={"multi_class": "ovo"}),
    "roc_auc_ovr_weighted": NamedMetric(
        roc_auc, SCORES, options={"multi_class": "ovr", "average": "weighted"}
    ),
    "roc_auc_ovo_weighted": NamedMetric(
        roc_auc, SCORES, options={"multi_class": "ovo", "average": "weighted"}
    ),
    "neg_log_loss": NamedMetric(log_loss, "predict_proba", -1),
    "neg_brier_score": NamedMetric(brier_score, "predict_proba", -1),
    "neg_calibration_error": NamedMetric(calibration_error, "predict_proba", -1),
}


def named_metric(name):
    """Return the metric of a name."""
    if isinstance(name, str) and name in NAMED_METRICS:
        return NAMED_METRICS[name]
    raise ValueError(f"metric must be one of {list(NAMED_METRICS)}; got {name!r}.")
