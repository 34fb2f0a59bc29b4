"""The family of the scores on noisy labels, for tests that hold for all of them."""

from functools import partial

import numpy as np
from sklearn import metrics as clean

from sklnoise import metrics as noisy


def share_covered(y, y_set, sample_weight=None):
    return np.average(y_set[np.arange(len(y)), y], weights=sample_weight)


def expected_calibration_error(y, y_proba, sample_weight=None, n_bins=15):
    """The textbook's, where all confidences differ and their number is one of bins."""
    hits, confidence = y_proba.argmax(axis=1) == y, y_proba.max(axis=1)
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    bins = np.array_split(np.argsort(confidence), n_bins)
    gaps = [weight[b] @ (hits[b] - confidence[b].astype(float)) for b in bins]
    return np.abs(gaps).sum() / weight.sum()


def pair(name, suffix, kind, **options):
    ours = getattr(noisy, f"noise_corrected_{name}")
    theirs = getattr(clean, suffix or name)
    return kind, partial(ours, **options), partial(theirs, **options)


# The kind of the prediction, our function, and the clean one.
MULTICLASS = {
    "accuracy": pair("accuracy_score", "", "label"),
    "balanced accuracy": pair("balanced_accuracy_score", "", "label"),
    "f1 macro": pair("f1_score", "", "label", average="macro"),
    "f1 micro": pair("f1_score", "", "label", average="micro"),
    "f1 weighted": pair("f1_score", "", "label", average="weighted"),
    "f1 per class": pair("f1_score", "", "label", average=None),
    "log loss": pair("log_loss", "", "proba"),
    "brier": pair("brier_score_loss", "", "proba"),
    "top 1": pair("top_k_accuracy_score", "", "proba", k=1),
    "top 2": pair("top_k_accuracy_score", "", "proba", k=2),
    "auc ovr": pair("roc_auc_score", "", "proba", multi_class="ovr"),
    "auc ovr weighted": pair(
        "roc_auc_score", "", "proba", multi_class="ovr", average="weighted"
    ),
    "auc per class": pair("roc_auc_score", "", "proba", multi_class="ovr", average=None),
    "auc ovo": pair("roc_auc_score", "", "proba", multi_class="ovo"),
    "auc ovo weighted": pair(
        "roc_auc_score", "", "proba", multi_class="ovo", average="weighted"
    ),
    "average precision": pair("average_precision_score", "", "proba"),
    "average precision weighted": pair(
        "average_precision_score", "", "proba", average="weighted"
    ),
    "coverage": ("set", noisy.noise_corrected_coverage_score, share_covered),
    "calibration error": (
        "proba",
        noisy.noise_corrected_calibration_error,
        expected_calibration_error,
    ),
}
BINARY = {
    "accuracy": pair("accuracy_score", "", "label"),
    "balanced accuracy": pair("balanced_accuracy_score", "", "label"),
    "f1": pair("f1_score", "", "label"),
    "log loss": pair("log_loss", "", "second"),
    "brier": pair("brier_score_loss", "", "second"),
    "top 1": pair("top_k_accuracy_score", "", "second", k=1),
    "auc": pair("roc_auc_score", "", "second"),
    "average precision": pair("average_precision_score", "", "second"),
}
UNBIASED = {
    name: MULTICLASS[name]
    for name in ("accuracy", "log loss", "brier", "top 2", "coverage")
}


def predictions(n_samples, n_classes, seed=0, ties=False):
    """Return clean labels, and predictions of each kind."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n_samples) % n_classes)
    logits = rng.normal(size=(n_samples, n_classes)) + 1.5 * np.eye(n_classes)[y]
    y_proba = np.exp(np.round(logits) if ties else logits)
    y_proba /= y_proba.sum(axis=1, keepdims=True)
    return y, {
        "label": y_proba.argmax(axis=1),
        "proba": y_proba,
        "second": y_proba[:, 1],
        "set": y_proba > 0.2,
    }
