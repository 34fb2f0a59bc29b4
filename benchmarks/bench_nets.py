"""Claim: narrow, linear and sparse nets are trained to the end; rare classes are found.

"ends": log loss on clean test labels, without noise or correction, of the linear net, of
one with a hidden layer of 8 units, of a linear module of the user and, for texts, of the
default, less that of logistic regression on the same samples. "rare": a class is thinned
to 3 % or 1 % of the training samples; recall on clean test labels as predicted, and at
the threshold with the precision of MLPClassifier. Three seeds of splits and of noise.

    SKLNOISE_DATA=... python -m benchmarks.bench_nets ends
    SKLNOISE_DATA=... python -m benchmarks.bench_nets rare

A cell that is in the CSV file already is not computed again.
"""

import argparse
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, precision_score, recall_score
from sklearn.neural_network import MLPClassifier
from torch import nn

from benchmarks._tables import CHOSEN_ON, CONFIRMED_ON, TEXTS, flip, load_split
from benchmarks.bench_default import run_missing
from sklnoise import NoiseRobustClassifier

RESULTS = Path(__file__).parent / "results"
SEEDS = range(3)
RARE = {"bank": 1, "adult": 1, "sms": 1, "mushrooms": 1, "letters": 0, "dry_bean": 0}
SHARES, RARE_NOISES = (0.03, 0.01), ("none", "symmetric .2")


class UserLinear(nn.Linear):
    """A linear module as a user would write it."""

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)


def make_nets(is_text):
    """Make the nets by name."""
    plain = partial(NoiseRobustClassifier, correction="none")
    if is_text:
        return {"default": plain()}
    return {
        "hidden=()": plain().set_params(estimator__module__hidden=()),
        "hidden=(8,)": plain().set_params(estimator__module__hidden=(8,)),
        "linear module": plain(UserLinear),
    }


def losses_of(model, split):
    """Return the loss of each test sample."""
    y_proba = model.predict_proba(split.X_test)
    of_label = y_proba[np.arange(len(y_proba)), split.y_test]
    return -np.log(of_label.clip(min=np.finfo(np.float32).eps))


def measure_end(data, seed, net):
    """Compare the loss of a net with that of logistic regression."""
    split = load_split(data, "none", seed)
    rival = LogisticRegression(max_iter=1000).fit(split.X, split.y_noisy)
    model = make_nets(data in TEXTS)[net].set_params(random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(split.X, split.y_noisy)
    losses, rival_losses = losses_of(model, split), losses_of(rival, split)
    difference = losses - rival_losses
    return {
        "data": data,
        "seed": seed,
        "net": net,
        "loss": losses.mean(),
        "logistic regression": rival_losses.mean(),
        "difference": difference.mean(),
        "error": difference.std() / np.sqrt(len(difference)),
        "accuracy": model.score(split.X_test, split.y_test),
        "accuracy of logistic regression": rival.score(split.X_test, split.y_test),
        "warnings": " ".join(sorted({one.category.__name__ for one in caught})),
    }


def thin(split, label, share, seed):
    """Return training samples where a class has a share, and whether each is of it."""
    is_rare = split.y == label
    n_rare = round(share * (~is_rare).sum() / (1 - share))
    kept = np.random.default_rng(seed).permutation(np.flatnonzero(is_rare))[:n_rare]
    rows = np.sort(np.concatenate([np.flatnonzero(~is_rare), kept]))
    return split.X[rows], is_rare[rows].astype(int)


def measure_rare(data, share, noise, seed):
    """Compare the recall of a rare class with that of MLPClassifier."""
    split = load_split(data, "none", seed)
    X, y = thin(split, RARE[data], share, seed)
    y_noisy, y_test = flip(y, noise, 100 + seed), (split.y_test == RARE[data]).astype(int)
    rival = MLPClassifier((128, 64), max_iter=500, random_state=seed)
    ours = NoiseRobustClassifier(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rival.fit(X, y_noisy)
        ours.fit(X, y_noisy)
    y_pred = rival.predict(split.X_test)
    precision = precision_score(y_test, y_pred, zero_division=0)
    curve = precision_recall_curve(y_test, ours.predict_proba(split.X_test)[:, 1])
    as_precise = curve[0][:-1] >= precision
    own = ours.predict(split.X_test)
    return {
        "data": data,
        "share": share,
        "noise": noise,
        "seed": seed,
        "samples": int(y.sum()),
        "precision of MLPClassifier": precision,
        "recall of MLPClassifier": recall_score(y_test, y_pred),
        "recall at its precision": curve[1][:-1][as_precise].max(initial=0),
        "precision": precision_score(y_test, own, zero_division=0),
        "recall": recall_score(y_test, own),
    }


def main():
    """Measure what is missing, and show the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["ends", "rare"])
    parser.add_argument("--folder", type=Path, default=RESULTS, help="of the CSV files")
    args = parser.parse_args()
    path = args.folder / f"nets_{args.part}.csv"
    if args.part == "ends":
        cells = [
            (data, seed, net)
            for seed, data in product(SEEDS, CHOSEN_ON + CONFIRMED_ON)
            for net in make_nets(data in TEXTS)
        ]
        run_missing(path, ["data", "seed", "net"], cells, measure_end)
        lines = ["net", "data"]
    else:
        cells = list(product(RARE, SHARES, RARE_NOISES, SEEDS))
        run_missing(path, ["data", "share", "noise", "seed"], cells, measure_rare)
        lines = ["noise", "share", "data"]
    table = pd.read_csv(path).groupby(lines, sort=False).mean(numeric_only=True)
    table = table.drop(columns="seed").round(3)
    table.to_csv(args.folder / f"nets_{args.part}_table.csv")
    print(table.to_string())


if __name__ == "__main__":
    main()
