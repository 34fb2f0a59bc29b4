"""Do the intervals of the scores on noisy labels cover the clean scores?

One model is fitted per data set, to labels of one draw of the noise. Each seed then
draws test samples from a pool, with replacement, and new noise for each. (Human labels
are what they are, so their samples are drawn without replacement.) The other half of the
data gives T, by `AutoEstimator` on out-of-fold probabilities, anew for each of 20 draws
of the noise.

    SKLNOISE_DATA=... python -m benchmarks._guarantee_metrics --seeds 100 --jobs 2
"""

from functools import cache

import numpy as np
import pandas as pd
from sklearn import metrics as clean
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._labelled_data import folder, human_labels, load_table
from sklnoise import metrics
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.transition import AutoEstimator, transition_matrix_from_labels

DATA = "digits", "letters", "dry_bean", "mnist", "images"
NOISES = "symmetric .2", "pair .3"
CELLS = [
    *((data, noise) for data in DATA for noise in NOISES),
    ("images", "annotator 1"),
]
N_TEST, N_DRAWS, N_TRANSITIONS, N_MNIST = 500, 200, 20, 20_000


def calibration_error(y, y_proba, n_bins=15):
    """Return the calibration error of the top label over bins of equal mass."""
    hits, confidence = y_proba.argmax(axis=1) == y, y_proba.max(axis=1)
    bins = np.array_split(np.argsort(confidence, kind="stable"), n_bins)
    gaps = [np.sum(hits[b] - confidence[b]) for b in bins]
    return np.abs(gaps).sum() / len(y)


def covered_share(y, y_set):
    """Return how often a set holds the label."""
    return y_set[np.arange(len(y)), y].mean()


# Our name, the kind of the prediction, the clean score and its options.
METRICS = {
    "accuracy": ("accuracy_score", "label", clean.accuracy_score, {}),
    "balanced accuracy": (
        "balanced_accuracy_score",
        "label",
        clean.balanced_accuracy_score,
        {},
    ),
    "f1 macro": ("f1_score", "label", clean.f1_score, {"average": "macro"}),
    "roc auc ovr": (
        "roc_auc_score",
        "proba",
        clean.roc_auc_score,
        {"multi_class": "ovr"},
    ),
    "average precision": (
        "average_precision_score",
        "proba",
        clean.average_precision_score,
        {},
    ),
    "top 2": ("top_k_accuracy_score", "proba", clean.top_k_accuracy_score, {"k": 2}),
    "log loss": ("log_loss", "proba", clean.log_loss, {}),
    "brier": ("brier_score_loss", "proba", clean.brier_score_loss, {}),
    "calibration error": ("calibration_error", "proba", calibration_error, {}),
    "coverage": ("coverage_score", "set", covered_share, {}),
}


@cache
def load(data):
    """Load features, of a kernel where they are no embeddings, and clean labels."""
    X, y = load_samples(data)
    if data == "images":
        return X, y
    gamma = 1 / (X.shape[1] * X.var())
    kernel = Nystroem(n_components=200, gamma=gamma, random_state=0)
    return kernel.fit_transform(X), y


def load_samples(data):
    """Load samples and clean labels."""
    if data == "digits":
        X, y = load_digits(return_X_y=True)
        return StandardScaler().fit_transform(X), y
    if data == "images":
        X, y, _ = human_labels("annotator 1")
        return X, y
    if data == "mnist":
        with np.load(folder() / "mnist.npz") as file:
            X, y = (file[name][:N_MNIST] for name in "Xy")
        return X.reshape(N_MNIST, -1).astype(np.float32) / 255, y.astype(int)
    return load_table(data)


def label(data, noise, at, seed):
    """Return noisy labels of some samples, and the T that they are drawn with."""
    _, y = load(data)
    if noise.startswith("annotator"):
        y_noisy = human_labels(noise)[2]
        return y_noisy[at], transition_matrix_from_labels(y, y_noisy)
    kind, rate = noise.split()
    T = make_transition_matrix(kind, y.max() + 1, float(rate))
    return make_noisy_labels(y[at], T, random_state=seed), T


def make_model(data):
    """Make the classifier."""
    return LogisticRegression(C=0.01 if data == "images" else 1, max_iter=100)


@cache
def predict(data, noise):
    """Predict the samples that are tested by a model of the others, fitted once."""
    X, y = load(data)
    known, pool = train_test_split(
        np.arange(len(y)), test_size=0.5, stratify=y, random_state=0
    )
    y_noisy, _ = label(data, noise, known, 0)
    model = make_model(data).fit(X[known], y_noisy)
    return known, pool, model.predict_proba(X[pool])


@cache
def estimate_transition(data, noise, seed):
    """Estimate T on the samples that are not tested, and draw around it."""
    X, y = load(data)
    known, _, _ = predict(data, noise)
    y_noisy, _ = label(data, noise, known, seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = make_model(data)
    y_proba = cross_val_predict(
        model, X[known], y_noisy, cv=folds, method="predict_proba"
    )
    fit = AutoEstimator().fit(y_proba, y_noisy, labels=range(y.max() + 1))
    return fit.transition_matrix_, fit.draw(N_DRAWS, random_state=seed)


def measure_metrics(data, noise, seed, with_estimate=True):
    """Return a row for each metric, with T known and T estimated."""
    _, y = load(data)
    _, pool, y_proba = predict(data, noise)
    rng, is_human = np.random.default_rng(seed), noise.startswith("annotator")
    at = rng.choice(len(pool), size=N_TEST, replace=not is_human)
    y_noisy, T = label(data, noise, pool[at], 1000 + seed)
    transitions = {"known": (T, None)}
    if with_estimate:
        transitions["estimated"] = estimate_transition(
            data, noise, 2000 + seed % N_TRANSITIONS
        )
    predictions = {
        "label": y_proba.argmax(axis=1),
        "proba": y_proba,
        "set": y_proba > 0.5 / y_proba.shape[1],
    }
    rows = []
    for metric, (name, kind, score, options) in METRICS.items():
        prediction = predictions[kind]
        in_sample = score(y[pool][at], prediction[at], **options)
        in_population = score(y[pool], prediction, **options)
        for transition, (matrix, draws) in transitions.items():
            estimate = getattr(metrics, f"noise_corrected_{name}")
            try:
                value, low, high = estimate(
                    y_noisy,
                    prediction[at],
                    matrix,
                    labels=range(len(T)),
                    transition_draws=draws,
                    return_interval=True,
                    random_state=seed,
                    **options,
                )
            except ValueError:  # no clean samples of a class, by the estimate
                value, low, high = np.nan, np.nan, np.nan
            rows.append(
                {
                    "data": data,
                    "noise": noise,
                    "seed": seed,
                    "metric": metric,
                    "transition": transition,
                    "value": value,
                    "clean": in_sample,
                    "population": in_population,
                    "covered": low <= in_sample <= high,
                    "covered_population": low <= in_population <= high,
                    "above": low > in_sample,
                    "width": high - low,
                }
            )
    return rows


def summarize_metrics(rows):
    """Tabulate the coverage and the ratio of the widths, by cell and by metric."""
    table = pd.DataFrame(rows)
    cell = table["data"] + ", " + table["noise"]
    drawn = table[~table["noise"].str.startswith("annotator")]
    found = [
        summarize_by(table.assign(of=cell)),
        summarize_by(drawn.assign(of=drawn["metric"] + ", drawn noise")),
    ]
    return pd.concat(found).rename_axis("data or metric")


def summarize_by(table):
    """Tabulate the coverage of groups, and the ratio of the widths."""
    covered = table.pivot_table("covered", "of", "transition", sort=False)
    widths = table.pivot_table(
        "width", ["of", "data", "noise", "metric", "seed"], "transition", sort=False
    ).dropna()
    return pd.DataFrame(
        {
            "T known": covered.known,
            "T estimated": covered.estimated,
            "ratio of widths": (widths.estimated / widths.known).groupby("of").median(),
        }
    )
