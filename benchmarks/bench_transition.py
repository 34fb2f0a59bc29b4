"""Claim: the default estimator of T is good on most data, and nowhere the worst.

More exactly: the best or within its spread of the best on at least two thirds of the
rows, and never the worst. Each row is a data set with a kind of noise: digits, the first
20 000 rows of MNIST, TF-IDF of the IMDB reviews, and two clean problems that are too hard
for their first pass, where the right answer is the identity. Five seeds draw the noise,
the folds and the weights. The error is the L1 distance of T to the truth, relative to it.

    SKLNOISE_DATA=... python -m benchmarks.bench_transition --jobs 2

`--data digits imdb` runs some of the data and replaces their rows of the CSV.
"""

import argparse
import time
import warnings
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits, make_classification
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import (
    fetch_imdb,
    fetch_mnist,
    make_noisy_labels,
    make_transition_matrix,
)
from sklnoise.nn import MLP
from sklnoise.transition import (
    AnchorEstimator,
    ClusterabilityEstimator,
    ConfidentJointEstimator,
    ConfusionEstimator,
    DualTransitionEstimator,
    LabelFrequencyEstimator,
)

CSV = Path(__file__).parent / "results" / "transition.csv"
TABLE = CSV.with_name("transition_table.csv")
SEEDS = 5
ESTIMATORS = {
    "frequency": LabelFrequencyEstimator(),
    "anchor 97": AnchorEstimator(percentile=97),
    "anchor 100": AnchorEstimator(percentile=100),
    "confident-joint": ConfidentJointEstimator(),
    "confusion": ConfusionEstimator(),
    "dual": DualTransitionEstimator(),
    "clusterability": ClusterabilityEstimator(random_state=0),
}
ten_classes = partial(make_transition_matrix, n_classes=10)
two_classes = partial(make_transition_matrix, n_classes=2)
TEN_CLASS_NOISES = {
    "asymmetric .2": ten_classes("mnist-asymmetric", noise_rate=0.2),
    "asymmetric .4": ten_classes("mnist-asymmetric", noise_rate=0.4),
    "symmetric .2": ten_classes("symmetric", noise_rate=0.2),
    "symmetric .5": ten_classes("symmetric", noise_rate=0.5),
    "pair .4": ten_classes("pair", noise_rate=0.4),
}
# With two classes symmetric .5 says nothing of the clean class, and pair is symmetric.
TWO_CLASS_NOISES = {
    "asymmetric .2": two_classes("imdb-asymmetric", noise_rate=0.2),
    "asymmetric .4": two_classes("imdb-asymmetric", noise_rate=0.4),
    "symmetric .2": two_classes("symmetric", noise_rate=0.2),
    "symmetric .4": two_classes("symmetric", noise_rate=0.4),
}
NOISES = {
    "digits": TEN_CLASS_NOISES,
    "mnist": TEN_CLASS_NOISES,
    "imdb": TWO_CLASS_NOISES,
    "hard, digits in 2-D": {"none": np.eye(10)},
    "hard, weak linear": {"none": np.eye(3)},
}


class Problem(NamedTuple):
    """Rows, clean labels, the model of the first pass and where neighbours are searched.

    Without `features`, those are the hidden layer of the first pass, which is a net.
    """

    X: np.ndarray | csr_matrix
    y: np.ndarray
    first_pass: object
    features: np.ndarray | None = None


@cache
def load_problem(data, seed):
    """Load a data set; the seed matters where it is made."""
    if data == "digits":
        X, y = load_digits(return_X_y=True)
        return Problem((X / 16).astype(np.float32), y, MLP)
    if data == "mnist":
        X, y = fetch_mnist(return_X_y=True)
        return Problem(X[:20_000], y[:20_000], MLP)
    if data == "imdb":
        return load_tfidf()
    if data == "hard, digits in 2-D":
        X, y = load_digits(return_X_y=True)
        X = PCA(2, random_state=0).fit_transform(X / 16)
    else:
        X, y = make_classification(
            3000, n_informative=3, n_classes=3, class_sep=0.5, flip_y=0, random_state=seed
        )
    return Problem(X, y, LogisticRegression(max_iter=1000), X)


@cache
def load_tfidf():
    """Load IMDB as TF-IDF, and as 100 dense features for neighbours."""
    texts, y = fetch_imdb(return_X_y=True)
    X = TfidfVectorizer(max_features=5000, sublinear_tf=True, dtype=np.float32)
    X = X.fit_transform(texts)
    features = TruncatedSVD(100, random_state=0).fit_transform(X)
    return Problem(X, y, LogisticRegression(max_iter=1000), features)


class FirstPassKeeper(BaseEstimator):
    """An estimator of T that keeps what a classifier hands it."""

    def __init__(self, *, space="hidden"):
        self.space = space

    def fit(self, y_proba, y, sample_weight=None, *, features=None, folds=None):
        """Keep the arguments; T is the identity."""
        self.y_proba_, self.features_, self.folds_ = y_proba, features, folds
        self.transition_matrix_ = np.eye(y_proba.shape[1])
        return self


class KnownProba(ClassifierMixin, BaseEstimator):
    """A classifier that looks the probabilities of a row up by its number."""

    def __init__(self, y_proba):
        self.y_proba = y_proba

    def fit(self, X, y):
        """Learn nothing."""
        self.classes_ = np.arange(self.y_proba.shape[1])
        return self

    def predict_proba(self, X):
        """Return what is known of the rows, whose numbers are a share of all rows."""
        return self.y_proba[np.rint(X[:, 0] * len(self.y_proba)).astype(int)]


def classifier(**params):
    """Make a classifier of which only the first pass and T matter."""
    net = NeuralNetClassifier(MLP, max_epochs=1, verbose=0)
    return NoiseRobustClassifier(net, device="cpu", **params)


def hold_out(data, noise, seed):
    """Run the first pass on noisy labels."""
    X, y, first_pass, features = load_problem(data, seed)
    y_noisy = make_noisy_labels(y, NOISES[data][noise], random_state=seed)
    clf = classifier(
        first_pass=first_pass, transition=FirstPassKeeper(), random_state=seed
    )
    kept = clf.fit(X, y_noisy).transition_estimator_
    if features is None:
        return y_noisy, kept.y_proba_, kept.features_, kept.folds_
    return y_noisy, kept.y_proba_, features, None


def default_estimator(y_proba, y_noisy):
    """Return the estimator that `transition="auto"` takes for these probabilities.

    They are handed over as a first pass: its own would give the same once more.
    """
    numbers = np.arange(len(y_noisy))[:, np.newaxis] / len(y_noisy)
    clf = classifier(first_pass=KnownProba(y_proba), random_state=0)
    return clf.fit(numbers, y_noisy).transition_estimator_


def run(data, noise, seed):
    """Fit every estimator of T to the same held-out probabilities."""
    rows = []
    truth = NOISES[data][noise]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the one epoch of refit is of no interest
        y_noisy, y_proba, features, folds = hold_out(data, noise, seed)
        default = default_estimator(y_proba, y_noisy)
    for name, estimator in {"default": default, **ESTIMATORS}.items():
        start = time.perf_counter()
        estimator.fit(y_proba, y_noisy, features=features, folds=folds)
        seconds = time.perf_counter() - start
        T = estimator.transition_matrix_
        rows.append(
            {
                "data": data,
                "noise": noise,
                "seed": seed,
                "estimator": name,
                "error": np.abs(T - truth).sum() / truth.sum(),
                "seconds": seconds,
                "mean_diagonal": T.diagonal().mean(),
                "true_mean_diagonal": truth.diagonal().mean(),
            }
        )
    return rows


def judge(means, spreads):
    """Say how the default stands among the estimators of one row."""
    default, others = means["default"], means.drop("default")
    best = others.idxmin()
    if default <= others[best]:
        return "best"
    if default - others[best] <= np.hypot(spreads["default"], spreads[best]):
        return "within spread"
    return "worst" if default >= others.max() else "behind"


def tabulate(frame):
    """Table mean ± standard deviation of the error and the verdict of each row."""
    names = ["default", *ESTIMATORS]
    means, spreads = (
        frame.pivot_table("error", ["data", "noise"], "estimator", f)[names]
        for f in ("mean", "std")
    )
    table = means.map("{:.3f}".format) + " ± " + spreads.map("{:.3f}".format)
    table["verdict"] = [judge(means.loc[row], spreads.loc[row]) for row in means.index]
    return table


def main():
    """Run the cells, update the CSV and print the table of all its rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    families = list(dict.fromkeys(data.split(",")[0] for data in NOISES))
    parser.add_argument("--data", nargs="+", choices=families, default=families)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    chosen = [data for data in NOISES if data.split(",")[0] in args.data]
    cells = [(d, noise, s) for d in chosen for noise in NOISES[d] for s in range(SEEDS)]
    tables = Parallel(args.jobs)(delayed(run)(*cell) for cell in cells)
    frame = pd.DataFrame(chain.from_iterable(tables))
    if CSV.exists():
        known = pd.read_csv(CSV)
        frame = pd.concat([known[~known.data.isin(chosen)], frame])
    frame.to_csv(CSV, index=False, float_format="%.4f")
    table = tabulate(frame)
    table.to_csv(TABLE)
    print(table.to_string())
    good = table.verdict.isin(["best", "within spread"]).sum()
    worst = (table.verdict == "worst").sum()
    print(f"\ndefault: best or within spread on {good} of {len(table)}, worst on {worst}")


if __name__ == "__main__":
    main()
