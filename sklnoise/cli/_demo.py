"""The demo: what the corrections gain on real digits, as tables and one picture."""

import numpy as np
from joblib import Parallel, cpu_count, delayed
from rich.columns import Columns
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from sklnoise.cli._study import BLIND, FORWARD, NOISE_RATE, PLAIN, ROWS, study_seed
from sklnoise.cli._tables import accuracy_table, matrix_table, warning_lines
from sklnoise.inspection._demo_picture import draw_demo_picture
from sklnoise.inspection._matplotlib import check_matplotlib


def run_demo(out, n_seeds, n_jobs=None):
    """Fit, print the tables and save the picture."""
    check_matplotlib("sklnoise demo")
    console = Console(highlight=False)
    outcomes = study(n_seeds, n_jobs or min(n_seeds, cpu_count()), console)
    accuracies = {row: [o.accuracies[row] for o in outcomes] for row in ROWS}
    true_T, found_T = outcomes[0].true_T, outcomes[0].found_T

    console.print(accuracy_table(accuracies, NOISE_RATE))
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
    draw_demo_picture(out, title, accuracies, BLIND, true_T, found_T)
    console.print(f"Picture: {out}", soft_wrap=True)


def study(n_seeds, n_jobs, console):
    """Study the seeds in parallel behind a progress bar."""
    outcomes = []
    columns = (BarColumn(), MofNCompleteColumn(), "networks", TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=n_seeds * len(ROWS))
        run = Parallel(n_jobs, return_as="generator_unordered")
        for outcome in run(delayed(study_seed)(seed) for seed in range(n_seeds)):
            outcomes.append(outcome)
            progress.advance(bar, len(ROWS))
    return sorted(outcomes, key=lambda outcome: outcome.seed)
