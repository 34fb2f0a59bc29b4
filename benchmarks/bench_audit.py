"""Claim: `sklnoise audit` finds the wrong labels of a file better than ten lines of code.

The twelve shared tables, at most 3000 rows of each, are written as files in three
dialects: "euro" (semicolon, decimal comma, cp1252), "dollar" (`$`, `%` and 28-Jul-18) and
"excel" (a workbook), with 15 % of the labels flipped. The rival is what a practitioner
would write: pandas with the separator, the decimal sign and the encoding given, skrub's
`tabular_pipeline` with boosted trees, out-of-fold probabilities, cleanlab's quality of
labels. Each runs as a process of its own; the CPU seconds are those of the process,
imports included.

"first-pass": what the out-of-fold probabilities of an audit come from. Boosted trees,
extremely randomised trees, the default network, and the means of the network with each;
chosen on one half of the tables, shown on the other.

    SKLNOISE_DATA=... python -m benchmarks.bench_audit run --seeds 1
    SKLNOISE_DATA=... python -m benchmarks.bench_audit first-pass --seeds 2
    SKLNOISE_DATA=... python -m benchmarks.bench_audit show

A run appends to its CSV file what is not in it yet, so that it may be stopped.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import warnings
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from benchmarks._tables import CHOSEN_ON, flip
from sklnoise import NoiseRobustClassifier, label_quality_scores, make_table_encoder

RESULTS = Path(__file__).parent / "results"
TABLES = (
    "accelerometer",
    "adult",
    "bank",
    "banking77",
    "crop",
    "dry_bean",
    "ecoli",
    "german",
    "letters",
    "mushrooms",
    "sms",
    "wheat_seeds",
)
DIALECTS = "euro", "dollar", "excel"
MAX_ROWS, MAX_CLASSES, MIN_CLASS = 3000, 30, 6
RATE = "symmetric .15"
SYSTEMS = "audit", "audit --fast", "trees and cleanlab"
MODELS = {
    "network": None,
    "boosted trees": HistGradientBoostingClassifier(),
    "randomised trees": ExtraTreesClassifier(100, min_samples_leaf=3),
}
COLUMNS = ["table", "dialect", "seed", "system", "auroc", "precision", "seconds"]
COLUMNS += ["noise_rate", "low", "high", "weak_first_pass"]

RIVAL = """
import sys
import pandas as pd
from cleanlab.rank import get_label_quality_scores
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import LabelEncoder
from skrub import tabular_pipeline

path, dialect, out = sys.argv[1:]
if dialect == "excel":
    X = pd.read_excel(path)
elif dialect == "euro":
    X = pd.read_csv(path, sep=";", decimal=",", encoding="cp1252")
else:
    X = pd.read_csv(path)
y = LabelEncoder().fit_transform(X.pop("label").astype(str))
model = tabular_pipeline("classifier")
y_proba = cross_val_predict(model, X, y, cv=5, method="predict_proba")
quality = get_label_quality_scores(y, y_proba)
pd.Series(quality, name="quality").to_csv(out, index=False)
"""


def load_rows(name, seed):
    """Load some rows of a table, with the labels as text, and their codes."""
    folder = Path(os.environ["SKLNOISE_DATA"])
    frame = pd.read_csv(folder / "tables" / f"{name}.csv.xz", dtype={"label": str})
    counts = frame["label"].value_counts()
    kept = counts[counts >= MIN_CLASS].index[:MAX_CLASSES]
    frame = frame[frame["label"].isin(kept)].reset_index(drop=True)
    if len(frame) > MAX_ROWS:
        rows = np.arange(len(frame))
        rows, _ = train_test_split(
            rows, train_size=MAX_ROWS, stratify=frame["label"], random_state=seed
        )
        frame = frame.iloc[rows].reset_index(drop=True)
    return frame


def write_file(frame, dialect, folder, seed):
    """Write a table in a dialect; return the path and which labels are wrong."""
    names, codes = np.unique(frame["label"], return_inverse=True)
    noisy = flip(codes, RATE, 100 + seed)
    frame = frame.assign(label=names[noisy])
    if dialect == "excel":
        path = folder / "table.xlsx"
        frame.to_excel(path, index=False)
    elif dialect == "euro":
        path = folder / "table.csv"
        frame.to_csv(
            path, sep=";", decimal=",", index=False, encoding="cp1252", errors="replace"
        )
    else:
        path = folder / "table.csv"
        as_people_write(frame, seed).to_csv(path, index=False)
    return path, noisy != codes


def as_people_write(frame, seed):
    """Write the first numbers of a table as prices, shares and dates, row for row."""
    written = frame.copy()
    numeric = [name for name in frame if frame[name].dtype.kind in "if"]
    for place, name in enumerate(numeric):
        values = frame[name]
        if place % 3 == 0:
            written[name] = [f"${v:,.4f}" if np.isfinite(v) else "" for v in values]
        elif place % 3 == 1:
            written[name] = [f"{100 * v:.4f}%" if np.isfinite(v) else "" for v in values]
    # A date that says nothing, as most files have one.
    days = np.random.RandomState(seed).randint(0, 1000, len(frame))
    written.insert(0, "entered", pd.Timestamp(2018, 1, 1) + pd.to_timedelta(days, "D"))
    written["entered"] = written["entered"].dt.strftime("%d-%b-%y")
    return written


def run_system(system, path, dialect, folder):
    """Run a system on a file; return qualities, CPU seconds and what it says of noise."""
    out = folder / "quality.csv"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    if system == "trees and cleanlab":
        command = [sys.executable, "-c", RIVAL, str(path), dialect, str(out)]
    else:
        command = [sys.executable, "-m", "sklnoise", "audit", str(path)]
        command += ["--target", "label", "--issues", str(out), "--all-rows", "--json"]
        command += ["--quiet", *system.split()[1:]]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if system == "trees and cleanlab":
        return pd.read_csv(out)["quality"].to_numpy(), seconds, {}
    found = json.loads(done.stdout)
    low, high = found["noise_rate_interval"]
    said = {"noise_rate": found["noise_rate"], "low": low, "high": high}
    said["weak_first_pass"] = found["weak_first_pass"]
    return pd.read_csv(out).sort_values("row")["quality"].to_numpy(), seconds, said


def run_cell(table, dialect, seed):
    """Yield a line for each system on a file."""
    with TemporaryDirectory() as folder:
        folder = Path(folder)
        path, is_wrong = write_file(load_rows(table, seed), dialect, folder, seed)
        for system in SYSTEMS:
            quality, seconds, said = run_system(system, path, dialect, folder)
            worst = np.argsort(quality, kind="stable")[:20]
            yield {
                "table": table,
                "dialect": dialect,
                "seed": seed,
                "system": system,
                "auroc": roc_auc_score(~is_wrong, quality),
                "precision": is_wrong[worst].mean(),
                "seconds": seconds,
                **said,
                "truth": is_wrong.mean(),
            }


def run(n_seeds):
    """Run what is not in the CSV file yet."""
    path = RESULTS / "audit.csv"
    known = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(known[["table", "dialect", "seed"]].itertuples(index=False, name=None))
    for seed, dialect, table in product(range(n_seeds), DIALECTS, TABLES):
        if (table, dialect, seed) in done:
            continue
        lines = pd.DataFrame(run_cell(table, dialect, seed))
        known = pd.concat([known, lines]) if len(known) else lines
        known.round(4).to_csv(path, index=False)
        print(lines[["table", "dialect", "system", "auroc", "precision", "seconds"]])


def run_first_pass(table, seed):
    """Yield how well each first pass, and the mean of two, ranks the wrong labels."""
    frame = load_rows(table, seed)
    y = np.unique(frame["label"], return_inverse=True)[1]
    y_noisy = flip(y, RATE, 100 + seed)
    X = make_table_encoder().fit_transform(frame.drop(columns="label"))
    y_proba, seconds = {}, {}
    for name, model in MODELS.items():
        start = process_time()
        clf = NoiseRobustClassifier(first_pass=model, refit=False, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y_proba[name] = clf.fit(X, y_noisy).out_of_fold_proba_
        seconds[name] = process_time() - start
    for name in list(MODELS)[1:]:
        both = f"network and {name}"
        y_proba[both] = (y_proba["network"] + y_proba[name]) / 2
        seconds[both] = seconds["network"] + seconds[name]
    for name, proba in y_proba.items():
        quality = label_quality_scores(y_noisy, proba, method="self-confidence")
        yield {
            "table": table,
            "half": "chosen on" if table in CHOSEN_ON else "confirmed on",
            "seed": seed,
            "model": name,
            "auroc": roc_auc_score(y_noisy == y, quality),
            "seconds": seconds[name],
        }


def compare_first_passes(n_seeds):
    """Run what is not in the CSV file yet, and print the means of each half."""
    path = RESULTS / "audit_first_pass.csv"
    known = (
        pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["table", "seed"])
    )
    done = set(known[["table", "seed"]].itertuples(index=False, name=None))
    for seed, table in product(range(n_seeds), TABLES):
        if (table, seed) not in done:
            lines = pd.DataFrame(run_first_pass(table, seed))
            known = pd.concat([known, lines]) if len(known) else lines
            known.round(4).to_csv(path, index=False)
    means = known.pivot_table(index="model", columns="half", values=["auroc", "seconds"])
    means.columns = [f"{value}, {half}" for value, half in means.columns]
    means = means.round(4).sort_values("auroc, chosen on")
    means.to_csv(RESULTS / "audit_first_pass_table.csv")
    print(means.to_string())


def show():
    """Print and write the means, and what the audit says of the noise."""
    found = pd.read_csv(RESULTS / "audit.csv")
    by_system = found.pivot_table(
        index=["table", "dialect"], columns="system", values="auroc"
    )
    table = found.groupby("system")[["auroc", "precision", "seconds"]].mean().round(4)
    behind = by_system.rsub(by_system["trees and cleanlab"], axis=0) > 0.01
    table["behind"] = behind.sum()
    table["files"] = len(by_system)
    said = found.dropna(subset="noise_rate")
    covers = (said["low"] <= said["truth"]) & (said["truth"] <= said["high"])
    table["covered"] = covers.groupby(said["system"]).sum()
    is_weak = said["weak_first_pass"].astype(bool)
    false_cautions = is_weak & (said["auroc"] >= 0.98)
    table["false_cautions"] = false_cautions.groupby(said["system"]).sum()
    table["silent_misses"] = (~covers & ~is_weak).groupby(said["system"]).sum()
    table.to_csv(RESULTS / "audit_table.csv")
    print(table.to_string())
    print(by_system.round(3).to_string())


def main():
    """Run or show."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=["run", "first-pass", "show"])
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    if options.part == "first-pass":
        compare_first_passes(options.seeds)
        return
    if options.part == "run":
        run(options.seeds)
    show()


if __name__ == "__main__":
    main()
