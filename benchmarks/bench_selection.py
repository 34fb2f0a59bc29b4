"""Claim: "auto" does no harm where noise is invented, and noisy labels can choose.

"auto": on hard data without noise and a linear network, the accuracy of "auto", "none"
and "forward" on clean test rows, and how often the first pass is flagged as weak; the
same on easier data with noise and the default network. Ten seeds.

"grid": corrections × learning rates, chosen on noisy labels alone by four rules, against
the best candidate on clean test rows. Two seeds.

    python -m benchmarks.bench_selection auto --jobs 2
    python -m benchmarks.bench_selection grid --jobs 2
"""

import argparse
import warnings
from itertools import chain, product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks._problems import (
    HARD,
    NOISES,
    add_noise,
    load_easy,
    load_hard,
    transition_of,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels, make_transition_matrix
from sklnoise.metrics import (
    make_noise_corrected_scorer,
    noisy_log_likelihood_scorer,
)

RESULTS = Path(__file__).parent / "results"
SEEDS, GRID_SEEDS = 10, 2
NOISY = "digits", "wine", "breast cancer"
GRID = {
    "correction": ["none", "forward", "gce"],
    "estimator__lr": [1e-4, 1e-3, 1e-2],
}
CELLS = [
    *product(["digits"], ["symmetric .2", "asymmetric .4", "pair .4"]),
    *product(["breast cancer"], ["symmetric .2", "asymmetric .4"]),
    *product(["six clouds"], ["symmetric .2", "pair .4"]),
]


def measure_auto(data, noise, seed):
    """Fit "none", "forward" and "auto" to three quarters of the rows."""
    torch.set_num_threads(1)
    base = NoiseRobustClassifier(device="cpu", random_state=seed)
    if noise == "none":
        X, y = load_hard(data, seed)
        base.set_params(estimator__module__hidden=(), estimator__lr=0.05)
    else:
        X, y, _ = load_easy(data)
        X = StandardScaler().fit_transform(X).astype(np.float32)
    y_noisy = add_noise(X, y, noise, seed)
    X, X_test, y_noisy, _, _, y_test = train_test_split(X, y_noisy, y, random_state=seed)
    row = {"data": data, "noise": noise, "seed": seed}
    for correction in ("none", "forward", "auto"):
        clf = base.set_params(correction=correction)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clf.fit(X, y_noisy)
        row[correction] = 100 * clf.score(X_test, y_test)
    summary, selection = clf.noise_summary_, clf.selection_
    row |= {
        "chosen": selection.correction,
        "noise_rate": summary.noise_rate,
        "impurity": summary.diagnostics.impurity,
        "weak": summary.weak_first_pass,
    }
    return row


def load_grid_data(data, seed):
    """Load rows to learn from, and clean ones to test on."""
    if data == "six clouds":
        centers = np.random.default_rng(seed).standard_normal((6, 10))
        X, y = make_blobs(12_000, centers=centers, random_state=seed)
    else:
        X, y, _ = load_easy(data)
    X = StandardScaler().fit_transform(X).astype(np.float32)
    train = 2000 if data == "six clouds" else 0.67
    return train_test_split(X, y, train_size=train, random_state=seed, stratify=y)


def measure_grid(data, noise, seed):
    """Search the grid on noisy labels, then fit each candidate to all of them."""
    torch.set_num_threads(1)
    X, X_test, y, y_test = load_grid_data(data, seed)
    kind, rate = noise.split()
    if kind == "pair":
        T = make_transition_matrix("pair", len(np.unique(y)), float(rate))
    else:
        T = transition_of(noise, len(np.unique(y)))
    y_noisy = make_noisy_labels(y, T, random_state=seed)
    params = {"device": "cpu", "random_state": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shared = NoiseRobustClassifier(**params).fit(X, y_noisy).transition_matrix_
        clf = NoiseRobustClassifier(transition=shared, **params)
        search = GridSearchCV(
            clf.set_params(estimator__lr=1e-3),
            GRID,
            scoring={
                "noisy accuracy": "accuracy",
                "unbiased accuracy": make_noise_corrected_scorer(shared),
                "likelihood": noisy_log_likelihood_scorer,
            },
            refit=False,
            cv=StratifiedKFold(3, shuffle=True, random_state=seed),
        ).fit(X, y_noisy)
        rows = []
        for number, candidate in enumerate(search.cv_results_["params"]):
            clf.set_params(**candidate).fit(X, y_noisy)
            row = {"data": data, "noise": noise, "seed": seed, **candidate}
            row["clean"] = 100 * clf.score(X_test, y_test)
            for name in ("noisy accuracy", "unbiased accuracy", "likelihood"):
                row[name] = search.cv_results_[f"mean_test_{name}"][number]
                row[f"{name} std"] = search.cv_results_[f"std_test_{name}"][number]
            rows.append(row)
    return rows


def show_auto():
    """Print what "auto" costs, gains and flags."""
    frame = pd.read_csv(RESULTS / "selection_auto.csv")
    frame["is_none"] = frame.chosen == "none"
    columns = ["none", "forward", "auto", "is_none", "weak", "noise_rate", "impurity"]
    table = frame.groupby(["data", "noise"], sort=False)[columns].mean()
    table["auto - none"] = table.auto - table.none
    table["spread"] = (
        (frame.auto - frame.none).groupby([frame.data, frame.noise], sort=False).std()
    )
    table = table.round(2)
    table.to_csv(RESULTS / "selection_auto_table.csv")
    print(table.to_string())


def rule_out(rows):
    """Choose by the unbiased accuracy, out of those whose likelihood is near the best."""
    likelihood = rows["likelihood"]
    best = likelihood.idxmax()
    error = rows.loc[best, "likelihood std"] / np.sqrt(2)
    kept = rows[likelihood.isna() | (likelihood >= likelihood[best] - 2 * error)]
    return kept["unbiased accuracy"].idxmax()


def show_grid():
    """Print how far each rule falls short of the best candidate."""
    frame = pd.read_csv(RESULTS / "selection_grid.csv")
    rules = {
        "noisy accuracy": lambda rows: rows["noisy accuracy"].idxmax(),
        "unbiased accuracy": lambda rows: rows["unbiased accuracy"].idxmax(),
        "likelihood": lambda rows: rows["likelihood"].idxmax(),
        "ruled out, then accuracy": rule_out,
    }
    lines = []
    for cell, rows in frame.groupby(["data", "noise", "seed"], sort=False):
        clean = {name: rows.clean[rule(rows)] for name, rule in rules.items()}
        lines.append((*cell, rows.clean.max(), *clean.values()))
    table = pd.DataFrame(lines, columns=["data", "noise", "seed", "oracle", *rules])
    means = table.groupby(["data", "noise"], sort=False).mean().drop(columns="seed")
    means.round(2).to_csv(RESULTS / "selection_grid_table.csv")
    print(means.round(2).to_string())
    print((means.oracle.mean() - means.mean()).round(2).to_string())


def main():
    """Run one part, write its CSV and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["auto", "grid"])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="only print the tables")
    args = parser.parse_args()
    parallel = Parallel(args.jobs)
    if args.part == "auto":
        if not args.show:
            cells = chain(
                product([*HARD, "moons"], ["none"], range(SEEDS)),
                product(NOISY, NOISES, range(SEEDS)),
            )
            rows = parallel(delayed(measure_auto)(*cell) for cell in cells)
            frame = pd.DataFrame(rows)
            frame.to_csv(RESULTS / "selection_auto.csv", index=False, float_format="%.4f")
        show_auto()
    else:
        if not args.show:
            cells = [(*cell, s) for cell in CELLS for s in range(GRID_SEEDS)]
            rows = parallel(delayed(measure_grid)(*cell) for cell in cells)
            frame = pd.DataFrame(chain.from_iterable(rows))
            frame.to_csv(RESULTS / "selection_grid.csv", index=False, float_format="%.5f")
        show_grid()


if __name__ == "__main__":
    main()
