"""The demo: what the corrections gain on real digits, as tables and one picture."""

import warnings
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from joblib import Parallel, cpu_count, delayed
from rich.columns import Columns
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table
from sklearn.model_selection import train_test_split

from sklnoise import NoiseRobustClassifier
from sklnoise.cli._errors import first_sentence
from sklnoise.cli._output import matrix_table
from sklnoise.datasets import load_noisy_digits
from sklnoise.inspection._demo_picture import draw_demo_picture
from sklnoise.inspection._matplotlib import check_matplotlib

NOISE_RATE = 0.4
TEST_SHARE = 0.3

PLAIN, FORWARD = "plain network, noisy labels", "forward, estimated T"
CLEAN, TRUE_T = "plain network, clean labels", "forward, true T"

# Trainings that correct for the noise and have seen nothing but noisy labels.
CORRECTED = {
    FORWARD: "forward",
    "backward, estimated T": "backward",
    "adaptation, T learned": "adaptation",
}
TRAININGS = (PLAIN, *CORRECTED, TRUE_T, CLEAN)

MAX_WARNING_LENGTH = 250


class Outcome(NamedTuple):
    """What one seed gives."""

    seed: int
    accuracies: dict
    found_T: np.ndarray
    true_T: np.ndarray
    warnings: list


def run_demo(out, n_seeds, n_jobs=None):
    """Fit, print the tables and save the picture."""
    check_matplotlib("sklnoise demo")
    console = Console(highlight=False)
    outcomes = run_seeds(n_seeds, n_jobs or min(n_seeds, cpu_count()), console)
    accuracies = {name: [o.accuracies[name] for o in outcomes] for name in TRAININGS}
    true_T, found_T = outcomes[0].true_T, outcomes[0].found_T

    console.print(accuracy_table(accuracies))
    for line in warning_lines(outcomes):
        console.print(line, style="yellow", markup=False)
    console.print()
    matrices = [matrix_table("True T", true_T), matrix_table("T found", found_T)]
    console.print(Columns(matrices, padding=(0, 4)))
    error = np.abs(found_T - true_T).sum(axis=1).mean()
    console.print(f"T in %, seed 0. Mean absolute row error: {error:.2f} (at most 2)\n")

    before, after = np.mean(accuracies[PLAIN]), np.mean(accuracies[FORWARD])
    title = (
        f"Digits with {NOISE_RATE:.0%} wrong labels: {before:.0%} right without "
        f"correction, {after:.0%} with forward (estimated T)"
    )
    draw_demo_picture(out, title, accuracies, CORRECTED, true_T, found_T)
    console.print(f"Picture: {out}", soft_wrap=True)


def run_seeds(n_seeds, n_jobs, console):
    """Run the seeds in parallel and show a progress bar."""
    outcomes = []
    columns = (BarColumn(), MofNCompleteColumn(), "networks", TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=n_seeds * len(TRAININGS))
        run = Parallel(n_jobs, return_as="generator_unordered")
        for outcome in run(delayed(run_seed)(seed) for seed in range(n_seeds)):
            outcomes.append(outcome)
            progress.advance(bar, len(TRAININGS))
    return sorted(outcomes, key=lambda outcome: outcome.seed)


def run_seed(seed):
    """Train in all ways on one draw of the noise and one split."""
    digits = load_noisy_digits(noise_rate=NOISE_RATE, random_state=seed)
    X, X_test, y_noisy, _, y_clean, y_test = train_test_split(
        digits.data,
        digits.target,
        digits.clean_target,
        test_size=TEST_SHARE,
        stratify=digits.clean_target,
        random_state=seed,
    )
    trainings = {
        PLAIN: ({"correction": "none"}, y_noisy),
        **{name: ({"correction": value}, y_noisy) for name, value in CORRECTED.items()},
        TRUE_T: ({"transition": digits.transition_matrix}, y_noisy),
        CLEAN: ({"correction": "none"}, y_clean),
    }
    fitted, caught = {}, []
    # The corrections have the same first pass: the cache fits it once.
    with TemporaryDirectory(prefix="sklnoise-demo-") as folder:
        for name, (params, y) in trainings.items():
            clf = NoiseRobustClassifier(memory=folder, random_state=seed, **params)
            with warnings.catch_warnings(record=True) as raised:
                warnings.simplefilter("always")
                fitted[name] = clf.fit(X, y)
            caught += [(name, w.category.__name__, str(w.message)) for w in raised]
    return Outcome(
        seed,
        {name: clf.score(X_test, y_test) for name, clf in fitted.items()},
        fitted[FORWARD].transition_matrix_,
        digits.transition_matrix,
        caught,
    )


def accuracy_table(accuracies):
    """Lay out mean and standard deviation over the seeds."""
    n_seeds = len(accuracies[PLAIN])
    repeated = f"mean ± sd of {n_seeds} seeds" if n_seeds > 1 else "1 seed"
    table = Table(title=f"Handwritten digits, {NOISE_RATE:.0%} of the labels wrong")
    table.add_column("training")
    table.add_column(f"clean-test accuracy in %\n{repeated}", justify="right")
    for name, values in accuracies.items():
        spread = f" ± {100 * np.std(values, ddof=1):4.1f}" if n_seeds > 1 else ""
        table.add_row(name, f"{100 * np.mean(values):.1f}{spread}")
    return table


def warning_lines(outcomes):
    """Return one line for each kind of warning of each training."""
    found = {}
    for outcome in outcomes:
        for name, category, message in outcome.warnings:
            found.setdefault((name, category), {})[outcome.seed] = message
    lines = []
    for (name, category), by_seed in found.items():
        sentence = first_sentence(next(iter(by_seed.values())), MAX_WARNING_LENGTH)
        seeds = f"{len(by_seed)} of {len(outcomes)} seeds"
        lines.append(f"{name}, {seeds}: {category}: {sentence}")
    return lines
