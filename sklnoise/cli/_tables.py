"""What the commands print, laid out: accuracies, warnings and matrices."""

import re
from textwrap import shorten

import numpy as np
from rich.table import Table
from rich.text import Text

SHOWN = 0.05
"""Entries of T below this are a dot."""


def accuracy_table(accuracies, noise_rate):
    """Lay out mean and standard deviation over the seeds."""
    n_seeds = len(next(iter(accuracies.values())))
    repeated = f"mean ± sd of {n_seeds} seeds" if n_seeds > 1 else "1 seed"
    table = Table(title=f"Handwritten digits, {noise_rate:.0%} of the labels wrong")
    table.add_column("training")
    table.add_column(f"clean-test accuracy in %\n{repeated}", justify="right")
    for row, values in accuracies.items():
        spread = f" ± {100 * np.std(values, ddof=1):4.1f}" if n_seeds > 1 else ""
        table.add_row(row, f"{100 * np.mean(values):.1f}{spread}")
    return table


def warning_lines(outcomes):
    """Tell each kind of warning of each row once."""
    found = {}
    for outcome in outcomes:
        for row, category, message in outcome.warnings:
            found.setdefault((row, category.__name__), {})[outcome.seed] = message
    lines = []
    for (row, category), by_seed in found.items():
        first_sentence = re.split(r"(?<=\.)\s", next(iter(by_seed.values())))[0]
        told = shorten(first_sentence, 150, placeholder=" ...")
        seeds = f"{len(by_seed)} of {len(outcomes)} seeds"
        lines.append(f"{row}, {seeds}: {category}: {told}")
    return lines


def matrix_table(title, transition_matrix, names=None):
    """Lay out T compactly, small entries as dots."""
    gap = 0 if names is None else (0, 1)
    names = [str(i) for i in range(len(transition_matrix))] if names is None else names
    table = Table(title=title, box=None, padding=gap, header_style="dim")
    for name in ("", *names):
        table.add_column(Text(name), justify="right", min_width=3)
    for name, row in zip(names, transition_matrix):
        cells = (f"{100 * p:.0f}" if p >= SHOWN else "·" for p in row)
        table.add_row(Text(name, style="dim"), *cells)
    return table
