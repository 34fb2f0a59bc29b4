"""The noise rate, its interval and its verdict, and what "auto" makes of them."""

import warnings
from time import process_time

import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks import _tables
from benchmarks._labelled_data import TABLES, folder, human_labels
from benchmarks._tables import Split, flip
from sklnoise import NoiseRobustClassifier, label_quality_scores

NOISES = "none", "symmetric .1", "symmetric .3", "pair .3"
LARGE = "imdb 3000", "images, one annotator", "images, worst label"
LARGEST = "mnist 20000", "imdb 25000"
DATA = (*TABLES, "digits", *LARGE, *LARGEST)
# What the constants of the estimate were chosen on; the others show what they are worth.
CHOSEN_ON = (
    "letters",
    "dry_bean",
    "crop",
    "wheat_seeds",
    "german",
    "mushrooms",
    "sms",
    "images, one annotator",
    "mnist 20000",
)
CORRECTIONS = "none", "forward", "auto"
CELLS = [
    (data, noise)
    for data in DATA
    for noise in NOISES
    if data != "images, worst label" or noise == "none"
]
COLUMNS = ["data", "noise", "seed", "correction", "seconds", "accuracy", "chosen"]
COLUMNS += ["truth", "noise_rate", "low", "high", "verdict", "impurity"]
COLUMNS += ["ranking", "self_confidence"]
GOOD, BAD = 0.03, 0.06  # errors of a noise rate


def load(data, noise, seed):
    """Load training samples with noisy labels, and test samples with clean ones."""
    if data.startswith("images"):
        name = "worst" if "worst" in data else "annotator 1"
        X, y, labels = human_labels(name)
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:10_000], order[10_000:15_000]
        y_noisy = flip(labels[train], noise, 100 + seed)
        return Split(X[train], y_noisy, X[test], y[test], y[train])
    if data == "mnist 20000":
        with np.load(folder() / "mnist.npz") as file:
            X = file["X"].reshape(70_000, -1).astype(np.float32) / 255
            y = file["y"].astype(int)
        train = np.random.default_rng(seed).permutation(60_000)[:20_000]
        y_noisy = flip(y[train], noise, 100 + seed)
        return Split(X[train], y_noisy, X[60_000:], y[60_000:], y[train])
    if data.startswith("imdb"):
        return load_reviews(int(data.split()[1]), noise, seed)
    return _tables.load_split(data, noise, seed)


def load_reviews(n_train, noise, seed):
    """Load film reviews as TF-IDF."""
    frame = pd.read_json(folder() / "imdb.jsonl.xz", lines=True)
    train = frame[frame.split == "train"].sample(n_train, random_state=seed)
    test = frame[frame.split == "test"].sample(5000, random_state=0)
    encoder = TfidfVectorizer(
        min_df=2, sublinear_tf=True, dtype=np.float32, max_features=20_000
    )
    X, y = encoder.fit_transform(train.text), train.y.to_numpy()
    y_noisy = flip(y, noise, 100 + seed)
    return Split(X, y_noisy, encoder.transform(test.text), test.y.to_numpy(), y)


def measure_verdict(data, noise, seed, memory=None, corrections=CORRECTIONS):
    """Fit each correction to one data set; return a row for each."""
    torch.set_num_threads(1)
    split = load(data, noise, seed)
    truth = float((split.y != split.y_noisy).mean())
    rows = []
    for correction in corrections:
        clf = NoiseRobustClassifier(
            correction=correction, memory=memory, device="cpu", random_state=seed
        )
        start = process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clf.fit(split.X, split.y_noisy)
        row = dict.fromkeys(COLUMNS)  # all rows have the same columns in the file
        row |= {"data": data, "noise": noise, "seed": seed, "correction": correction}
        row["seconds"] = process_time() - start
        row["accuracy"] = 100 * clf.score(split.X_test, split.y_test)
        if correction == "forward":
            row |= describe(clf, split, truth)
        if correction == "auto":
            row["chosen"] = clf.selection_.correction
        rows.append(row)
    return rows


def describe(clf, split, truth):
    """Return what a fit says of the noise, and how well labels are ranked by it."""
    summary, y_proba = clf.noise_summary_, clf.out_of_fold_proba_
    low, high = summary.noise_rate_interval
    row = {"truth": truth, "noise_rate": summary.noise_rate, "low": low, "high": high}
    row |= {"verdict": summary.verdict, "impurity": summary.diagnostics.impurity}
    wrong = split.y != split.y_noisy
    if 0 < truth < 1:
        known = {"labels": clf.classes_, "y": split.y_noisy, "y_proba": y_proba}
        T = clf.transition_estimator_.transition_matrix_
        by_T = label_quality_scores(**known, transition_matrix=T)
        plain = label_quality_scores(**known, method="self-confidence")
        row["ranking"] = area(by_T, wrong)
        row["self_confidence"] = area(plain, wrong)
    return row


def area(quality, wrong):
    """Return the area under the ROC curve of wrong labels."""
    order = np.argsort(np.argsort(quality, kind="stable"), kind="stable")
    n_wrong, n_right = wrong.sum(), (~wrong).sum()
    return (order[~wrong].sum() - n_right * (n_right - 1) / 2) / (n_wrong * n_right)


def summarize_verdict(rows):
    """Return the shares that the verdict is judged by, for each half of the data."""
    frame = pd.DataFrame(rows)
    wide = frame.pivot_table("accuracy", ["data", "noise", "seed"], "correction")
    seconds = frame.pivot_table("seconds", ["data", "noise", "seed"], "correction")
    found = frame[frame.correction == "forward"]
    halves = {
        "chosen on": set(CHOSEN_ON),
        "confirmed on": set(DATA) - set(CHOSEN_ON),
        "all": set(DATA),
    }
    lines = []
    for half, names in halves.items():
        of_half = found[found.data.isin(names)]
        error = (of_half.noise_rate - of_half.truth).abs()
        covered = (of_half.low <= of_half.truth + 1e-9) & (
            of_half.truth <= of_half.high + 1e-9
        )
        estimated = of_half.verdict == "estimated"
        means = of_half.groupby("data")[["truth", "low", "high"]].mean()
        mean_covered = (means.low <= means.truth) & (means.truth <= means.high)
        gain = (of_half.ranking - of_half.self_confidence).dropna()
        line = {
            "half": half,
            "runs": len(of_half),
            "mean error": error.mean(),
            "covered": covered.mean(),
            "data sets whose mean is covered": f"{mean_covered.sum()} of {len(means)}",
            "width where estimated": (of_half.high - of_half.low)[estimated].mean(),
            f"estimated where error <= {GOOD}": estimated[error <= GOOD].mean(),
            f"estimated where error > {BAD}": estimated[error > BAD].mean(),
            f"error > {BAD} where estimated": (error[estimated] > BAD).mean(),
            "ranking above self-confidence": gain.mean(),
            "ranking behind by > .002": (gain < -0.002).mean(),
        }
        scores = wide[wide.index.get_level_values("data").isin(names)]
        if "auto" in scores:
            scores = scores.dropna()
            best = scores[["none", "forward"]].max(axis=1)
            for name in ("auto", "forward"):
                behind = best - scores[name]
                line[f"{name}: accuracy"] = scores[name].mean()
                line[f"{name}: behind the better"] = behind.mean()
                cells = behind.groupby(["data", "noise"]).mean()
                line[f"{name}: cells behind by > 1.5"] = (cells > 1.5).mean()
            cost = (seconds.auto / seconds.forward).loc[scores.index]
            line["auto: time of forward"] = cost.median()
        lines.append(line)
    return pd.DataFrame(lines).round(3).set_index("half").T
