"""The review of some rows: which to look at, and what they say of all."""

import shlex

import numpy as np
import pandas as pd

from sklnoise._text import percent
from sklnoise.cli._audit import beside_file, judged_frame
from sklnoise.cli._decisions import decide, read_decisions
from sklnoise.cli._errors import BadInput, one_line
from sklnoise.cli._model import check_settings, fit_table
from sklnoise.cli._outputs import check_outputs, write_table, written_together
from sklnoise.cli._targets import as_arguments, load_table
from sklnoise.issues import noise_rate_from_review, sample_for_review
from sklnoise.issues._judgement import judge_fitted

# What the review shall show: fewer wrong labels than this are left.
MAX_ERROR_RATE, CONFIDENCE = 0.01, 0.95

# The column by which rows are known in the order in which they were drawn.
ORDER = "order"

# Whether a label is wrong, by the decision on it; all else is undecided.
IS_WRONG = {"right": 0.0, "wrong": 1.0}


def run_review(
    data, columns, settings, reading, *, out, decisions, n_random, n_suspicious
):
    """Write the rows to look at, or say what the decisions on them show."""
    check_settings(settings)
    if out is None and decisions is None:
        raise BadInput(
            "Name a file for the rows to look at by --out, or the file that you have "
            "filled in by --decisions."
        )
    inputs = [data, *([] if decisions is None else [decisions])]
    check_outputs({} if out is None else {"--out": out}, inputs)
    file, table = load_table(data, columns, reading)
    if table.answers is not None:
        raise BadInput(
            "sklnoise review needs the labels of one column, but --target "
            f"{one_line(table.target, 40)!r} names {table.answers.n_annotators}. Name "
            "one column; sklnoise audit --issues lists the suspicious answers of all."
        )
    decided = None
    if decisions is not None:
        decided = read_decisions(decisions)
        print_result(review_result(table, decided, decisions), out)
    if out is not None:
        write_sample(file, table, settings, decided, out, n_random, n_suspicious)
        same_table = [*as_arguments(columns), *as_arguments(reading)]
        command = ["review", str(data), *same_table, "--decisions", str(out)]
        print(f"Then: sklnoise {shlex.join(command)}")


def write_sample(file, table, settings, decided, out, n_random, n_suspicious):
    """Pick the rows to look at, and write them."""
    pipeline, _ = fit_table(table, settings, verbose=0)
    judged = judge_fitted(
        pipeline[-1], table.X, table.y, model=pipeline, trusted=table.trusted
    )
    try:
        sample = sample_for_review(
            judged.quality,
            n_random=n_random,
            n_suspicious=n_suspicious,
            max_error_rate=MAX_ERROR_RATE,
            confidence_level=CONFIDENCE,
            trusted=table.trusted[judged.rows],
            sequential=True,
            random_state=settings.seed,
        )
    except ValueError as error:
        raise BadInput(f"The rows cannot be picked: {one_line(error)}") from error
    frame = judged_frame(judged, table).iloc[sample.rows]
    frame.insert(0, ORDER, np.arange(1, len(frame) + 1))
    frame.insert(1, "part", sample.part)
    frame.insert(5, "decision", "")
    frame.insert(6, "corrected", "")
    if decided is not None:
        frame = with_decisions(frame, decided)
    with written_together([out]) as temporary:
        write_table(beside_file(frame, file.frame), temporary[out])
    print_plan(sample, out)


def with_decisions(frame, decided):
    """Fill in what was decided before."""
    # Rows may be named twice: decisions that contradict were refused before.
    by_row = decided.drop_duplicates("row").set_index("row")
    columns = ["decision", "corrected"]
    known = by_row[columns].reindex(frame.index.astype(str)).fillna("")
    return frame.assign(**{name: known[name].to_numpy() for name in columns})


def print_plan(sample, out):
    """Say what to look at, and when to stop."""
    print(
        f"{sample.n_checks} rows to look at: the {len(sample.suspicious)} most "
        f"suspicious, and {len(sample.random)} drawn at random from all others."
    )
    if sample.n_wrong_allowed >= 0:
        wrong = (
            "none" if sample.n_wrong_allowed == 0 else f"at most {sample.n_wrong_allowed}"
        )
        print(
            f"If {wrong} of the random rows {'is' if wrong == 'none' else 'are'} wrong, "
            f"you may stop: {stop_statement()}"
        )
    else:
        print(f"They are too few to show that {stop_statement()}")
    print(
        f'Written: {out}. Fill in "right", "wrong" or "unsure" as the decision, and the '
        "right label as corrected."
    )


def stop_statement():
    """Return what a review shows in the end."""
    return (
        f"fewer than {100 * MAX_ERROR_RATE:g} in 100 labels are then wrong, with "
        f"{CONFIDENCE:.0%} confidence."
    )


def review_result(table, decided, path):
    """Return what the decisions on the picked rows say of all rows."""
    if not {"part", ORDER} <= set(decided.columns):
        raise BadInput(
            f"{path} has no column 'part' and {ORDER!r}, which tell what was drawn at "
            "random, and when. Use the file that sklnoise review --out wrote."
        )
    # It may have been sorted since.
    decided = decided.iloc[pd.to_numeric(decided[ORDER], errors="coerce").argsort()]
    decide(pd.Series(table.y, index=table.X.index), decided, path)  # of these data?
    part = decided["part"].astype(str).str.strip().to_numpy(dtype=object)
    words = decided["decision"].astype(str).str.strip().str.lower()
    is_wrong = words.map(IS_WRONG).to_numpy(dtype=float)
    # Random rows were drawn in this order: the last ones may wait.
    is_random, is_blank = part == "random", (words == "").to_numpy()
    seen = np.flatnonzero(is_random & ~is_blank)
    waits = is_random & (np.arange(len(part)) > (seen[-1] if len(seen) else -1))
    try:
        return noise_rate_from_review(
            is_wrong[~waits],
            part[~waits],
            len(table.y),
            n_trusted=int(table.trusted.sum()),
            max_error_rate=MAX_ERROR_RATE,
            confidence_level=CONFIDENCE,
            # Nobody knows how often people look before all is decided.
            method="sequential",
        )
    except ValueError as error:
        raise BadInput(f"{path} cannot be evaluated: {one_line(error)}") from error


def print_result(result, out):
    """Say how many labels are wrong, and whether to stop."""
    print(
        f"Wrong labels before the review: {percent(result.noise_rate)} "
        f"({percent(result.low)} to {percent(result.high)} with {CONFIDENCE:.0%} "
        "confidence), whatever any model believes."
    )
    print(
        f"Left once the {result.n_wrong_found} wrong labels that you found are "
        f"corrected: about {percent(result.error_rate_left)}, at most "
        f"{percent(result.error_rate_left_high)}."
    )
    if result.may_stop:
        print(f"You may stop: {stop_statement()}")
    else:
        print(
            f"Not enough to stop: about {result.n_more} more random rows are needed to "
            f"show that {stop_statement()}"
        )
        if out is None:
            print("Draw them by --out with --suspicious as before and a larger --random.")
