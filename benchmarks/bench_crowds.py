"""Claim: a network that learns all answers of annotators is better than by a consensus.

"simulated": digits and two tables, at most 1000 training samples, whose classes are
answered by crowds of six kinds (`benchmarks/_crowds.py`): 5 annotators of whom 2 answer
each sample, and 50 of whom 3 do. The accuracy on clean test labels, and that of the
consensus of the training samples, of our classifier and of the same default network
fitted to a consensus: by vote, by models of crowd-kit, and by cleanlab with out-of-fold
probabilities; and of a crowd layer in torch. crowd-kit's GLAD and MACE, which take
minutes, are compared without features in `bench_annotators`.

"human": 5000 images as features with three labels of people each: what one, two and
three labels of a sample are worth.

    pip install --no-deps crowd-kit attrs nltk tqdm click regex
    python -m benchmarks.bench_crowds simulated --seeds 5
    python -m benchmarks.bench_crowds human --seeds 3

A run goes on where another one was stopped.
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks._crowd_systems import SYSTEMS
from benchmarks._crowds import KINDS, draw_answers, draw_matrix
from benchmarks._labelled_data import folder
from benchmarks._rounds import RESULTS
from benchmarks._tables import load_split
from benchmarks.bench_annotators import quietly
from sklnoise import NoiseRobustClassifier
from sklnoise.annotators import MajorityVote

DATA = "digits", "letters", "dry_bean"
SIZES = {"5, 2 answers": (5, 2), "50, 3 answers": (50, 3)}  # annotators
MAX_TRAIN, MAX_HUMAN = 1000, 5000
MAX_LOSS = 0.005  # that is not behind


def measure_simulated(data, kind, size, system, seed):
    """Score one system on one crowd."""
    split = load_split(data, "none", seed)
    X, y = split.X[:MAX_TRAIN], split.y[:MAX_TRAIN]
    K, (n_annotators, per_sample) = y.max() + 1, SIZES[size]
    rng = np.random.default_rng(seed)
    matrices = np.stack([draw_matrix(kind, K, rng) for _ in range(n_annotators)])
    task, worker, label = draw_answers(kind, y, matrices, per_sample, rng)
    answers = np.full((len(y), n_annotators), np.nan)
    answers[task, worker] = label
    consensus, predicted = SYSTEMS[system](X, answers, split.X_test, seed, K)
    right = np.nan if consensus is None else np.mean(consensus == y)
    return {"accuracy": np.mean(predicted == split.y_test), "consensus": right}


def measure_human(n_labels, system, seed):
    """Score one system with some of the three labels of each image."""
    with np.load(folder() / "cifar10n_features.npz") as file:
        X, X_test = (file[name].astype("f4") for name in ("X", "X_test"))
        answers = np.stack([file[f"annotator{i}"] for i in (1, 2, 3)], axis=1)
        clean, y_test = file["clean"], file["y_test"]
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(X))[:MAX_HUMAN]
    X, answers, clean = X[drawn], answers[drawn], clean[drawn]
    order = rng.permuted(np.tile(np.arange(3), (len(X), 1)), axis=1)
    answers = np.where(order < n_labels, answers, np.nan)
    y = answers
    if system != "all answers":
        y = MajorityVote().fit(answers).consensus_
    correction = "none" if system.endswith("cross-entropy") else "default"
    clf = NoiseRobustClassifier(correction=correction, random_state=seed).fit(X, y)
    labels = y
    if system == "all answers":
        labels = clf.classes_[clf.consensus_proba_.argmax(axis=1)]
    accuracy, right = clf.score(X_test, y_test), np.mean(labels == clean)
    return {"accuracy": accuracy, "consensus": right}


PARTS = {
    "simulated": (
        ("data", "kind", "size", "system"),
        list(product(DATA, KINDS, SIZES, SYSTEMS)),
    ),
    "human": (
        ("labels", "system"),
        [
            *product((1, 2, 3), ("majority, cross-entropy", "majority, default")),
            *product((1, 2, 3), ("all answers",)),
        ],
    ),
}
MEASURES = {"simulated": measure_simulated, "human": measure_human}


def summarize(frame, part):
    """Average the seeds, with the standard deviation over seeds for people."""
    scores = ["accuracy", "consensus"]
    if part == "human":
        return frame.groupby(["labels", "system"])[scores].agg(["mean", "std"])
    table = frame.groupby("system", sort=False)[scores].mean()
    cells = frame.pivot_table("accuracy", ["data", "kind", "size"], "system")
    rivals = cells.drop(columns="sklnoise")
    for name in cells.columns:
        behind = rivals.max(axis=1) - cells[name] > MAX_LOSS
        table.loc[name, "cells_behind"] = behind.sum()
        table.loc[name, "largest_loss"] = (rivals.max(axis=1) - cells[name]).max()
    return table.assign(n_cells=len(cells))


def main():
    """Run the cells of a part that its CSV lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="names of systems")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    names, cells = PARTS[args.part]
    path = args.out / f"crowds_{args.part}.csv"
    frame = pd.read_csv(path) if path.exists() else pd.DataFrame()
    for seed, cell in product(range(args.seeds), cells):
        key = dict(zip(names, cell)) | {"seed": seed}
        if args.only and key["system"] not in args.only:
            continue
        if len(frame) and (frame[list(key)] == pd.Series(key)).all(axis=1).any():
            continue
        row = key | quietly(MEASURES[args.part], *cell, seed)
        frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True)
        frame.to_csv(path, index=False, float_format="%.4g")
    table = summarize(frame, args.part)
    if args.part == "human":
        table.columns = ["_".join(names) for names in table.columns]
    table.to_csv(args.out / f"crowds_{args.part}_table.csv", float_format="%.4f")
    print(table.to_string(float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
