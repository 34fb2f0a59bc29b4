"""Claim: with its defaults, our classifier is ahead of every rival if labels are wrong.

"accuracy": clean test labels of sixteen data sets, four kinds of noise, three seeds of
splits and of noise, against rivals with their defaults. "time": CPU seconds and memory
by the number of samples, in processes of their own. Both show their tables in the end.

    SKLNOISE_DATA=... python -m benchmarks.bench_default accuracy --systems rivals
    SKLNOISE_DATA=... python -m benchmarks.bench_default accuracy --systems ours
    python -m benchmarks.bench_default time
    python -m benchmarks.bench_default show

A cell that is in the CSV file already is not computed again.
"""

import argparse
import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.classification import CleanLearning
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, recall_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from benchmarks._default_tables import show
from benchmarks._default_time import list_cells, measure_apart
from benchmarks._tables import CHOSEN_ON, CONFIRMED_ON, NOISES, TEXTS, load_split
from benchmarks._tabm import TabMClassifier
from sklnoise import NoiseRobustClassifier

RESULTS = Path(__file__).parent / "results"
SEEDS = 3


def boosted_trees(is_text, seed):
    """Boosted trees; of texts, of their 100 leading components."""
    trees = HistGradientBoostingClassifier(random_state=seed)
    if not is_text:
        return trees
    return make_pipeline(TruncatedSVD(100, random_state=seed), trees)


RIVALS = {
    "logistic regression": lambda is_text, seed: LogisticRegression(max_iter=1000),
    "random forest": lambda is_text, seed: RandomForestClassifier(random_state=seed),
    "SVC": lambda is_text, seed: SVC(C=10, random_state=seed),
    "MLPClassifier": lambda is_text, seed: MLPClassifier(
        (128, 64), max_iter=500, random_state=seed
    ),
    "boosted trees": boosted_trees,
    "cleanlab, logistic regression": lambda is_text, seed: CleanLearning(
        LogisticRegression(max_iter=1000), seed=seed
    ),
    "cleanlab, boosted trees": lambda is_text, seed: CleanLearning(
        boosted_trees(is_text, seed), seed=seed
    ),
    "TabM": lambda is_text, seed: TabMClassifier(random_state=seed),
}
OURS = {
    "sklnoise": lambda is_text, seed: NoiseRobustClassifier(random_state=seed),
    "sklnoise, none": lambda is_text, seed: NoiseRobustClassifier(
        correction="none", random_state=seed
    ),
}
SYSTEMS = RIVALS | OURS
GROUPS = {"rivals": RIVALS, "ours": OURS, "all": SYSTEMS}
# TabM takes minutes a fit on the other tables.
TABM_ON = "wheat_seeds", "ecoli", "wine", "breast_cancer", "german", "crop"
# 77 classes of boosted trees take ten minutes a fit, and cleanlab fits six times.
TOO_SLOW = {("boosted trees", "banking77"), ("cleanlab, boosted trees", "banking77")}


def is_run(system, data):
    """Say whether a system is fitted on a data set."""
    if system == "TabM":
        return data in TABM_ON
    return (system, data) not in TOO_SLOW


def measure(data, noise, seed, system):
    """Return the scores of a system on clean test labels, and its time."""
    split = load_split(data, noise, seed)
    model = SYSTEMS[system](data in TEXTS, seed)
    row = {"data": data, "noise": noise, "seed": seed, "system": system}
    start = time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(split.X, split.y_noisy)
        except ValueError as error:  # cleanlab, where a class has lost its samples
            return row | {"error": str(error)[:100]}
    row["seconds"] = time.process_time() - start
    row["warnings"] = " ".join(sorted({warning.category.__name__ for warning in caught}))
    y_pred = model.predict(split.X_test)
    row["accuracy"] = accuracy_score(split.y_test, y_pred)
    row["macro_recall"] = recall_score(
        split.y_test, y_pred, average="macro", zero_division=0
    )
    if hasattr(model, "predict_proba"):
        n_classes = split.y.max() + 1
        y_proba = np.zeros((len(y_pred), n_classes))
        classes = getattr(model, "clf", model).classes_  # cleanlab's has none itself
        y_proba[:, classes] = model.predict_proba(split.X_test)
        row["log_loss"] = log_loss(split.y_test, y_proba, labels=np.arange(n_classes))
        row["brier"] = np.square(y_proba - np.eye(n_classes)[split.y_test]).sum(1).mean()
    return row


def append(path, row):
    """Append a row to a CSV file."""
    frame = pd.read_csv(path) if path.exists() else pd.DataFrame()
    frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True)
    frame.to_csv(path, index=False, float_format="%.5g")


def run_missing(path, key, cells, measure):
    """Measure the cells that are not in the CSV file yet; `key` names its columns."""
    done = set()
    if path.exists():
        done = set(pd.read_csv(path)[key].itertuples(index=False, name=None))
    for cell in cells:
        if cell not in done:
            append(path, measure(*cell))


def measure_all(path, systems, names, seeds):
    """Measure the accuracy of some systems on some data sets."""
    cells = [
        (data, noise, seed, system)
        for seed, noise, data, system in product(range(seeds), NOISES, names, systems)
        if is_run(system, data)
    ]
    run_missing(path, ["data", "noise", "seed", "system"], cells, measure)


def main():
    """Measure what is missing, or show what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["accuracy", "time", "show"])
    parser.add_argument("--systems", choices=GROUPS, default="all")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--folder", type=Path, default=RESULTS, help="of the CSV files")
    args = parser.parse_args()
    path = args.folder / "default.csv"
    if args.part == "accuracy":
        names = CHOSEN_ON + CONFIRMED_ON
        measure_all(path, GROUPS[args.systems], names, args.seeds)
    elif args.part == "time":
        cells = [c for c in list_cells() if c[0] in GROUPS[args.systems]]
        times = args.folder / "default_time.csv"
        run_missing(times, ["system", "samples", "round"], cells, measure_apart)
    show(args.folder)


if __name__ == "__main__":
    main()
