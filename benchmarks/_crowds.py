"""Simulated crowds: clean classes, and a long table of the answers of annotators."""

from typing import NamedTuple

import numpy as np
import pandas as pd

KINDS = "experts", "average", "spammers", "adversaries", "class-blind", "self-chosen"


class Crowd(NamedTuple):
    """Clean classes, the T of each annotator, and answers in crowd-kit's columns."""

    y: np.ndarray
    matrices: np.ndarray
    table: pd.DataFrame


def make_crowd(kind, n_samples, n_annotators, n_classes, per_sample, seed):
    """Draw annotators of a kind, and whom each sample was shown to."""
    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.full(n_classes, 5))
    y = rng.choice(n_classes, size=n_samples, p=prior)
    matrices = np.stack([draw_matrix(kind, n_classes, rng) for _ in range(n_annotators)])
    task, worker, label = draw_answers(kind, y, matrices, per_sample, rng)
    table = pd.DataFrame({"task": task, "worker": worker, "label": label})
    return Crowd(y, matrices, table)


def draw_answers(kind, y, matrices, per_sample, rng):
    """Draw who answers each sample and what; return samples, annotators and answers."""
    n_annotators, n_classes = matrices.shape[:2]
    score = rng.random((len(y), n_annotators))
    if kind == "self-chosen":  # people answer what they know
        score += matrices.diagonal(axis1=1, axis2=2)[:, y].T
    worker = np.argsort(-score, axis=1)[:, :per_sample].ravel()
    task = np.repeat(np.arange(len(y)), per_sample)
    cumulated = matrices[worker, y[task]].cumsum(axis=1)
    label = (cumulated < rng.random((len(task), 1))).sum(axis=1).clip(max=n_classes - 1)
    return task, worker, label


def draw_matrix(kind, n_classes, rng):
    """Draw the transition matrix of an annotator."""
    accuracy = rng.uniform(0.45, 0.85)
    odd = rng.random() < 0.3
    if kind == "experts" and odd:
        accuracy = 0.97
    if kind == "spammers" and odd:
        accuracy = 1 / n_classes
    flips = rng.dirichlet(np.full(n_classes - 1, 1.0), size=n_classes)
    if kind == "adversaries" and rng.random() < 0.15:
        accuracy = 0.1
    T = np.empty((n_classes, n_classes))
    for k in range(n_classes):
        T[k] = np.insert((1 - accuracy) * flips[k], k, accuracy)
    if kind == "spammers" and odd:
        T[:] = rng.dirichlet(np.ones(n_classes))
    if kind == "class-blind":  # takes one class for another one
        blind, other = rng.choice(n_classes, size=2, replace=False)
        T[blind] = T[other]
    return T
