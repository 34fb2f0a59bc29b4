"""Claim: of labels that people gave, our classifier learns more than every rival.

"human": frozen features of images with the labels of three annotators each, a random one
of the three, or the worst; 256 and the first 64 columns; 5000 and 25 000 samples.
Accuracy on 10 000 clean test labels, how well wrong labels are found and ranked, and the
noise rate with its interval.

"images": a small convolutional network on images, with labels that are drawn by the T of
people, or by what another network takes the images for.

"ends": what a correction loses to the best end of its training: the chosen one, and
shares of its epochs and multiples.

"synthetic": the corrections on the tables, texts and digits of `bench_default`, on labels
that are flipped by a T or by the difficulty of the samples.

    SKLNOISE_DATA=... python -m benchmarks.bench_human human --seeds 5 --samples 5000
    SKLNOISE_DATA=... python -m benchmarks.bench_human human --seeds 1 --jobs 2
    SKLNOISE_DATA=... python -m benchmarks.bench_human images --seeds 2
    SKLNOISE_DATA=... python -m benchmarks.bench_human ends --seeds 1
    SKLNOISE_DATA=... python -m benchmarks.bench_human synthetic --seeds 2 --jobs 2
    python -m benchmarks.bench_human show

A run appends to its CSV file what is not in it yet, so that it may be stopped.
"""

import argparse
import warnings
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd
import torch
from cleanlab.filter import find_label_issues as cleanlab_issues
from cleanlab.rank import get_label_quality_scores
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from benchmarks._human_images import IMAGE_NOISES, fit_images
from benchmarks._human_systems import CLEAN, OURS, RIVALS, PlainNet
from benchmarks._labelled_data import folder
from benchmarks._tables import CHOSEN_ON, CONFIRMED_ON, load_split
from sklnoise import NoiseRobustClassifier, find_label_issues, label_quality_scores
from sklnoise.datasets import make_instance_dependent_labels
from sklnoise.metrics import instance_dependence_test

RESULTS = Path(__file__).parent / "results"
LABELS = "annotator 1", "annotator 2", "annotator 3", "random", "worst"
SIZES = (5000, 256), (5000, 64), (25_000, 256), (25_000, 64)
HUMAN_CELLS = [(labels, *size) for size in SIZES for labels in LABELS]
NOISES = "none", "symmetric .2", "symmetric .4", "pair .3", "by difficulty .3"
SYNTHETIC_CELLS = [
    (data, noise) for noise in NOISES for data in (*CHOSEN_ON, *CONFIRMED_ON)
]
END_DATA = "annotator 1", "worst", "digits", "letters", "dry_bean", "crop", "mushrooms"
END_CELLS = [
    (data, noise)
    for data in END_DATA
    for noise in (("people",) if data in LABELS else ("symmetric .2", "pair .3"))
]
COMPARED = "none", "forward", "forward-elr"
MULTIPLES = 0.25, 0.5, 1, 2, 4
SCORES = "self_confidence", "normalized_margin", "confidence_weighted_entropy"
FILTERS = "prune_by_noise_rate", "both", "low_self_confidence", "confident_learning"
FOUND = ["truth", "noise_rate", "low", "high", "verdict", "p_value"]
FLAGS = ["f1", "f1_cleanlab", "ap", "ap_cleanlab", "auroc", "auroc_cleanlab"]
HUMAN_COLUMNS = ["labels", "samples", "columns", "seed", "system", "accuracy", "seconds"]
HUMAN_COLUMNS += ["chosen", *FOUND, *FLAGS]


@cache
def load_images():
    """Load features, clean labels and those of three people; test samples apart."""
    with np.load(folder() / "cifar10n_features.npz") as file:
        of_people = [file[f"annotator{i}"].astype(int) for i in (1, 2, 3)]
        X, X_test = (file[name].astype(np.float32) for name in ("X", "X_test"))
        y, y_test = (file[name].astype(int) for name in ("clean", "y_test"))
    return X, y, np.stack(of_people, axis=1), X_test, y_test


def people_said(labels, y, of_people, rng):
    """Return the labels of one annotator, of a random one, or of the worst."""
    if labels.startswith("annotator"):
        return of_people[:, int(labels[-1]) - 1]
    score = rng.random(of_people.shape)
    if labels == "worst":
        score += of_people != y[:, np.newaxis]
    return of_people[np.arange(len(y)), score.argmax(axis=1)]


def measure_human(labels, n_samples, n_columns, seed):
    """Fit all systems to one cell; return a row for each."""
    torch.set_num_threads(1)
    X, y, of_people, X_test, y_test = load_images()
    rng = np.random.default_rng(seed)
    y_noisy = people_said(labels, y, of_people, rng)
    rows = rng.permutation(len(y))[:n_samples]
    X, X_test = X[rows, :n_columns], X_test[:, :n_columns]
    y, y_noisy = y[rows], y_noisy[rows]
    cell = dict.fromkeys(HUMAN_COLUMNS)
    cell |= dict(zip(HUMAN_COLUMNS, (labels, n_samples, n_columns, seed), strict=False))
    found = []
    with warnings.catch_warnings(), TemporaryDirectory() as memory:
        warnings.simplefilter("ignore")
        for system, make in ({CLEAN: PlainNet} | RIVALS | OURS).items():
            how = {"memory": memory} if system in OURS else {}
            model, start = make(seed=seed, **how), process_time()
            model.fit(X, y if system == CLEAN else y_noisy)
            row = cell | {"system": system, "seconds": process_time() - start}
            row["accuracy"] = 100 * (model.predict(X_test) == y_test).mean()
            if system == "sklnoise, forward":
                row |= describe_noise(model, y, y_noisy)
            if system == "sklnoise, auto":
                row["chosen"] = model.selection_.correction
            found.append(row)
    return found


def describe_noise(clf, y, y_noisy):
    """Return what a fit says of the noise, and how well wrong labels are found."""
    summary, y_proba = clf.noise_summary_, clf.out_of_fold_proba_
    wrong, T = y != y_noisy, clf.transition_estimator_.transition_matrix_
    low, high = summary.noise_rate_interval
    test = instance_dependence_test(y, y_noisy, y_proba, random_state=0)
    row = {"truth": wrong.mean(), "noise_rate": summary.noise_rate, "low": low}
    row |= {"high": high, "verdict": summary.verdict, "p_value": test.p_value}
    known = {"y": y_noisy, "y_proba": y_proba, "transition_matrix": T}
    quality = label_quality_scores(**known)
    row["f1"] = f1_score(wrong, find_label_issues(**known))
    row["f1_cleanlab"] = max(
        f1_score(wrong, cleanlab_issues(y_noisy, y_proba, filter_by=name))
        for name in FILTERS
    )
    ranked = [get_label_quality_scores(y_noisy, y_proba, method=m) for m in SCORES]
    for name, score in (("ap", average_precision_score), ("auroc", roc_auc_score)):
        row[name] = score(wrong, -quality)
        row[f"{name}_cleanlab"] = max(score(wrong, -other) for other in ranked)
    return row


def load_end_cell(data, noise, seed):
    """Load training samples with noisy labels, and test samples."""
    if noise != "people":
        split = load_split(data, noise, seed)
        return split.X, split.y_noisy, split.X_test, split.y_test
    X, y, of_people, X_test, y_test = load_images()
    rng = np.random.default_rng(seed)
    y_noisy = people_said(data, y, of_people, rng)
    rows = rng.permutation(len(y))[:5000]
    return X[rows], y_noisy[rows], X_test, y_test


def measure_ends(data, noise, seed):
    """Fit each correction to its end and to others; return a row for each."""
    torch.set_num_threads(1)
    X, y_noisy, X_test, y_test = load_end_cell(data, noise, seed)
    rows = []
    for correction in COMPARED:
        clf = NoiseRobustClassifier(
            correction=correction, device="cpu", random_state=seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            clf.fit(X, y_noisy)
            accuracies = {"chosen": clf.score(X_test, y_test)}
            n_epochs, n_nets = clf.n_iter_, len(clf.estimators_)
            if correction != "none":
                clf.set_params(transition=clf.transition_matrix_)
            for multiple in MULTIPLES:
                max_epochs = max(1, round(multiple * n_epochs))
                clf.set_params(n_estimators=n_nets, estimator__max_epochs=max_epochs)
                accuracies[multiple] = clf.fit(X, y_noisy).score(X_test, y_test)
        cell = {"data": data, "noise": noise, "seed": seed, "correction": correction}
        rows += [
            cell | {"end": end, "accuracy": 100 * accuracy}
            for end, accuracy in accuracies.items()
        ]
    return rows


def measure_images(noise, seed):
    """Fit all systems to images; return a row for each."""
    torch.set_num_threads(1)
    _, y, of_people, _, _ = load_images()
    columns = ["system", "truth", "accuracy", "seconds"]
    return [
        {"noise": noise, "seed": seed} | dict(zip(columns, found, strict=True))
        for found in fit_images(noise, of_people, y, seed)
    ]


def measure_synthetic(data, noise, seed):
    """Fit each correction to one table; return a row for each."""
    torch.set_num_threads(1)
    by_difficulty = noise.startswith("by difficulty")
    split = load_split(data, "none" if by_difficulty else noise, seed)
    y_noisy = split.y_noisy
    if by_difficulty:
        y_noisy = make_instance_dependent_labels(
            split.X, split.y, float(noise.split()[-1]), random_state=seed
        )
    found = []
    with warnings.catch_warnings(), TemporaryDirectory() as memory:
        warnings.simplefilter("ignore")
        for correction in COMPARED:
            clf = NoiseRobustClassifier(
                correction=correction, device="cpu", memory=memory, random_state=seed
            )
            clf.fit(split.X, y_noisy)
            row = {"data": data, "noise": noise, "seed": seed, "correction": correction}
            row["accuracy"] = 100 * clf.score(split.X_test, split.y_test)
            found.append(row)
    return found


def summarize_human(frame):
    """Return accuracy and share of the loss that is given back, by cell and system."""
    cells = ["labels", "samples", "columns"]
    wide = frame.pivot_table("accuracy", [*cells, "seed"], "system")
    lost = wide[CLEAN] - wide["cross-entropy"]
    kinds = {
        "worst": wide.index.get_level_values("labels") == "worst",
        "others": wide.index.get_level_values("labels") != "worst",
    }
    table = {}
    for kind, kept in kinds.items():
        gained = wide[kept].sub(wide["cross-entropy"][kept], axis=0)
        by_seed = wide[kept].groupby("seed").mean()
        table[f"{kind}: accuracy"] = wide[kept].mean()
        table[f"{kind}: spread"] = by_seed.std()
        table[f"{kind}: given back"] = gained.mean() / lost[kept].mean()
    return pd.DataFrame(table)


def summarize_noise(frame):
    """Return how the noise was described, by cell."""
    described = frame[frame.system == "sklnoise, forward"].copy()
    described["covered"] = (described.low <= described.truth) & (
        described.truth <= described.high
    )
    return described.groupby(["samples", "columns", "labels"])[
        ["truth", "noise_rate", "low", "high", "covered", "p_value", *FLAGS]
    ].mean()


def summarize_ends(frame):
    """Return the mean accuracy of each correction at each end."""
    return frame.pivot_table("accuracy", "correction", "end")


def summarize_images(frame):
    """Return the share of wrong labels and the mean accuracies, by kind of noise."""
    table = frame.pivot_table("accuracy", "noise", "system")
    table.insert(0, "wrong labels", frame.groupby("noise")["truth"].mean())
    return table


def summarize_synthetic(frame):
    """Return the mean accuracy of each correction by kind of noise."""
    table = frame.pivot_table("accuracy", "noise", "correction")
    table.loc["mean"] = table.mean()
    return table


PARTS = {
    "human": (HUMAN_CELLS, measure_human, ["labels", "samples", "columns", "seed"]),
    "ends": (END_CELLS, measure_ends, ["data", "noise", "seed"]),
    "images": ([(noise,) for noise in IMAGE_NOISES], measure_images, ["noise", "seed"]),
    "synthetic": (SYNTHETIC_CELLS, measure_synthetic, ["data", "noise", "seed"]),
}
TABLES = {
    "human_table": ("human", summarize_human),
    "human_noise_table": ("human", summarize_noise),
    "human_ends_table": ("ends", summarize_ends),
    "human_images_table": ("images", summarize_images),
    "human_synthetic_table": ("synthetic", summarize_synthetic),
}


def path_of(part):
    """Return the file of the rows of a part."""
    return RESULTS / ("human.csv" if part == "human" else f"human_{part}.csv")


def measure(part, seeds, jobs, samples=None):
    """Measure what is not measured yet, and append it to the file."""
    cells, measure_cell, key = PARTS[part]
    path, done = path_of(part), set()
    if path.exists():
        done = set(pd.read_csv(path)[key].itertuples(index=False, name=None))
    todo = [(*cell, seed) for seed, cell in product(range(seeds), cells)]
    todo = [cell for cell in todo if cell not in done and samples in (None, *cell)]
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    for rows in parallel(delayed(measure_cell)(*cell) for cell in todo):
        pd.DataFrame(rows).to_csv(
            path, mode="a", header=not path.exists(), index=False, float_format="%.5g"
        )


def show():
    """Print the tables, and write them for the documentation."""
    for name, (part, summarize) in TABLES.items():
        if path_of(part).exists():
            table = summarize(pd.read_csv(path_of(part))).round(3)
            table.to_csv(RESULTS / f"{name}.csv")
            print(f"\n{name}\n{table.to_string()}")


def main():
    """Run a part, or show all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=[*PARTS, "show"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--samples", type=int, choices=[5000, 25_000])
    args = parser.parse_args()
    if args.part != "show":
        measure(args.part, args.seeds, args.jobs, args.samples)
    show()


if __name__ == "__main__":
    main()
