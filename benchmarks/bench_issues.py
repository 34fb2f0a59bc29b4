"""Claim: label quality finds wrong labels at least as well as cleanlab's best score.

"quality": average precision and AUROC of the label quality against injected flips, from
the same out-of-fold probabilities as the three scores of cleanlab and the issues that it
finds, ranked first; the F1 of the issues; and how often the suggested label is right, in
all rows and among the issues. Six data sets, four kinds of noise, five seeds.

"flags": precision, recall and F1 of the issues, and the average precision of the quality,
against the filters of cleanlab, from the same probabilities: people's labels of images
and public tables whose labels are flipped. The rule was chosen on
one half of the data; all of them had been looked at before.

"classes": time for many classes: few samples of 3900, and four labels of each of 2000.

"scale": time and memory for up to a million samples of 100 classes and 200 000 of 1000,
interleaved, median of rounds, of which the largest has one, CPU time on one thread; and
the exponent of the growth.

"classifier": ConfidentLearningClassifier against cleanlab's CleanLearning around the
same estimator, accuracy on clean test rows. MNIST has 2000 rows here; the slow
estimators leave out MNIST and IMDB.

    SKLNOISE_DATA=... python -m benchmarks.bench_issues quality --jobs 2
    SKLNOISE_DATA=... python -m benchmarks.bench_issues flags --jobs 2
    python -m benchmarks.bench_issues classes
    python -m benchmarks.bench_issues scale
    SKLNOISE_DATA=... python -m benchmarks.bench_issues classifier --jobs 2
"""

import argparse
import time
import warnings
from functools import partial
from itertools import chain, product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from cleanlab.classification import CleanLearning
from cleanlab.filter import find_label_issues as cleanlab_issues
from cleanlab.rank import get_label_quality_scores
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_recall_fscore_support,
    roc_auc_score,
)
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from skorch import NeuralNetClassifier

from benchmarks._footprint import MB, footprint
from benchmarks._labelled_data import (
    ANNOTATORS,
    FLIPS,
    TABLES,
    TEXTS,
    flipped_labels,
    human_labels,
    predict_held_out,
)
from benchmarks._problems import EASY, NOISES, add_noise, hold_out, load_easy
from benchmarks._rounds import timed
from sklnoise import (
    ConfidentLearningClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.nn import MLP

RESULTS = Path(__file__).parent / "results"
PARTS = "quality", "flags", "classes", "scale", "classifier"
SEEDS, SCALE_ROUNDS, FLAG_SEEDS, CLASSES_ROUNDS = 5, 2, 1, 7
CLEANLAB = "self_confidence", "normalized_margin", "confidence_weighted_entropy"
FILTERS = "prune_by_noise_rate", "both", "low_self_confidence", "confident_learning"
CHOSEN_ON = "annotator 1", "majority", "letters", "dry_bean", "ecoli", "adult", "german"
MANY_CLASSES = {"300 x 3900": (300, 3900), "8000 x 2000": (8000, 2000)}
SCALES = (10_000, 100), (100_000, 100), (50_000, 1000), (1_000_000, 100), (200_000, 1000)
ALL_RIVALS, MANY_VALUES = (1_000_000, 100), 10**8
GROWING = "cleanlab", "confident-learning", "posterior"
SLOW = "random forest", "hist gradient boosting", "skorch"


def measure_quality(data, noise, seed):
    """Score the label quality of all methods for one draw of the noise."""
    torch.set_num_threads(1)
    X, y, first_pass = load_easy(data)
    y_noisy = add_noise(X, y, noise, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y_proba = hold_out(X, y_noisy, first_pass, seed)
    wrong = y_noisy != y
    qualities = {
        f"cleanlab {m}": get_label_quality_scores(y_noisy, y_proba, method=m)
        for m in CLEANLAB
    }
    qualities["sklnoise"] = label_quality_scores(y_noisy, y_proba)
    frame = find_label_issues(y_noisy, y_proba, return_type="frame")
    found = {
        "sklnoise": frame.is_issue.to_numpy(),
        "cleanlab": cleanlab_issues(y_noisy, y_proba, n_jobs=1),
    }
    first = qualities["cleanlab self_confidence"] - found["cleanlab"]
    qualities["cleanlab find_label_issues"] = first
    suggested = {
        "sklnoise": frame.suggested_label.to_numpy(),
        "cleanlab": y_proba.argmax(axis=1),
    }
    rows = [
        ("average precision", method, average_precision_score(wrong, -quality))
        for method, quality in qualities.items()
    ]
    rows += [("AUROC", m, roc_auc_score(wrong, -q)) for m, q in qualities.items()]
    rows += [("F1 of issues", m, f1_score(wrong, mask)) for m, mask in found.items()]
    for method, labels in suggested.items():
        right = labels == y
        rows.append(("right suggestions", method, right.mean()))
        rows.append(("right among issues", method, right[found[method]].mean()))
    cell = {"data": data, "noise": noise, "seed": seed}
    return [cell | {"metric": a, "method": b, "value": c} for a, b, c in rows]


def list_flag_cells():
    """List data, noise, seed and model of each cell of "flags"."""
    for name in ANNOTATORS:
        yield name, "people", 0, "linear"
    for name, flips, seed in product(TABLES, FLIPS, range(FLAG_SEEDS)):
        yield name, flips, seed, "linear"
        if name not in TEXTS:
            yield name, flips, seed, "boosting"


def measure_flags(data, noise, seed, model):
    """Compare the issues of sklnoise and cleanlab with the wrong labels of a data set."""
    if noise == "people":
        X, y, y_noisy = human_labels(data)
    else:
        X, y, y_noisy = flipped_labels(data, noise, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y_proba = predict_held_out(X, y_noisy, model, seed)
        found = {
            f"cleanlab {f}": cleanlab_issues(y_noisy, y_proba, filter_by=f, n_jobs=1)
            for f in FILTERS
        }
    wrong = y_noisy != y
    confidence = get_label_quality_scores(y_noisy, y_proba)
    quality = dict.fromkeys(found, confidence)
    found["sklnoise"] = find_label_issues(y_noisy, y_proba)
    found["sklnoise, threshold=.5"] = find_label_issues(y_noisy, y_proba, threshold=0.5)
    ours = label_quality_scores(y_noisy, y_proba)
    quality |= {"sklnoise": ours, "sklnoise, threshold=.5": ours}
    rows = []
    for method, is_issue in found.items():
        precision, recall, f1, _ = precision_recall_fscore_support(
            wrong, is_issue, average="binary", zero_division=0
        )
        rows.append(
            {
                "data": data,
                "noise": noise,
                "seed": seed,
                "model": model,
                "half": "chosen" if data in CHOSEN_ON else "shown",
                "wrong": wrong.mean(),
                "method": method,
                "flagged": is_issue.mean(),
                "precision": precision,
                "recall": recall,
                "f1": f1,
                "average_precision": average_precision_score(wrong, -quality[method]),
            }
        )
    return rows


def make_probabilities(n_samples, n_classes, seed=0):
    """Draw clean posteriors, flip labels by a T, and predict them as a model would."""
    rng = np.random.default_rng(seed)
    T = 0.8 * np.eye(n_classes) + 0.2 * rng.dirichlet(np.full(n_classes, 0.1), n_classes)
    y_proba = np.empty((n_samples, n_classes), np.float32)
    y_noisy = np.empty(n_samples, np.int64)
    for start in range(0, n_samples, 50_000):
        block = slice(start, start + 50_000)
        n_rows = len(y_noisy[block])
        y = rng.integers(n_classes, size=n_rows)
        logits = rng.standard_normal((n_rows, n_classes))
        logits[np.arange(n_rows), y] += 4 + 6 * rng.random(n_rows)
        clean = np.exp(logits)
        noisy = (clean / clean.sum(axis=1, keepdims=True)) @ T
        error = np.exp(0.3 * rng.standard_normal(noisy.shape))  # no model is exact
        y_proba[block] = noisy * error / (noisy * error).sum(axis=1, keepdims=True)
        y_noisy[block] = (T.cumsum(axis=1)[y] < rng.random((n_rows, 1))).sum(axis=1)
    return y_noisy.clip(max=n_classes - 1), y_proba, T


def measure_scale(n_samples, n_classes):
    """Time the rivals in rotating order, and measure their memory."""
    y, y_proba, T = make_probabilities(n_samples, n_classes)
    symmetric = np.full_like(T, 0.2 / (n_classes - 1))
    np.fill_diagonal(symmetric, 0.8)
    rivals = {
        "cleanlab": lambda: cleanlab_issues(y, y_proba, n_jobs=1),
        "cleanlab, confident_learning": lambda: cleanlab_issues(
            y, y_proba, filter_by="confident_learning", n_jobs=1
        ),
        "confident-learning": lambda: find_label_issues(
            y, y_proba, filter_by="confident-learning"
        ),
        "posterior": lambda: find_label_issues(y, y_proba),
        "posterior, T known": lambda: find_label_issues(y, y_proba, transition_matrix=T),
        "posterior, T symmetric": lambda: find_label_issues(
            y, y_proba, transition_matrix=symmetric
        ),
    }
    if (n_samples, n_classes) != ALL_RIVALS:
        rivals = {name: rivals[name] for name in GROWING}
    rows = []
    for number in range(SCALE_ROUNDS if y_proba.size <= MANY_VALUES else 1):
        shift = number % len(rivals)
        for name in [*rivals][shift:] + [*rivals][:shift]:
            with footprint() as found:
                seconds = timed(rivals[name], 1, "cpu")
            peak = 1 + found[0] * MB / y_proba.nbytes
            rows += [(name, number, "seconds", seconds), (name, number, "memory", peak)]
    cell = {"samples": n_samples, "classes": n_classes}
    names = "rival", "round", "metric", "value"
    return [cell | dict(zip(names, row)) for row in rows]


def measure_classes():
    """Time issues and quality of many classes against cleanlab, in rotating order."""
    rows = []
    warnings.simplefilter("ignore")  # cleanlab's, one for each rare class
    for shape, (n_samples, n_classes) in MANY_CLASSES.items():
        rng = np.random.default_rng(0)
        y = rng.integers(n_classes, size=n_samples)
        logits = rng.standard_normal((n_samples, n_classes))
        logits[np.arange(n_samples), y] += np.log(n_classes) + 2
        y_proba = np.exp(logits)
        y_proba /= y_proba.sum(axis=1, keepdims=True)
        wrong = rng.random(n_samples) < 0.2
        y = np.where(wrong, rng.integers(n_classes, size=n_samples), y)
        y[0] = 0  # so that codes are known to start at 0
        rivals = [
            ("cleanlab", partial(cleanlab_issues, y, y_proba, n_jobs=1)),
            ("find_label_issues", partial(find_label_issues, y, y_proba)),
            ("label_quality_scores", partial(label_quality_scores, y, y_proba)),
        ]
        for _, run in rivals:  # warm up
            run()
        for number in range(CLASSES_ROUNDS):
            for name, run in rivals[number % 3 :] + rivals[: number % 3]:
                start = time.perf_counter()
                run()
                seconds = time.perf_counter() - start
                rows.append(
                    {"shape": shape, "round": number, "rival": name, "seconds": seconds}
                )
    return pd.DataFrame(rows)


def make_estimators():
    """Return the estimators that both wrappers are put around, by name."""
    linear = make_pipeline(MaxAbsScaler(), LogisticRegression(max_iter=1000))
    net = NeuralNetClassifier(
        MLP,
        module__hidden=64,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.01,
        max_epochs=30,
        verbose=0,
        train_split=None,
    )
    return {
        "logistic regression": linear,
        "random forest": RandomForestClassifier(random_state=0),
        "hist gradient boosting": HistGradientBoostingClassifier(
            max_iter=50, random_state=0
        ),
        "skorch": net,
    }


def measure_classifiers(data, noise, seed, name):
    """Fit both wrappers and the bare estimator, and score them on clean rows."""
    torch.set_num_threads(1)
    X, y, _ = load_easy(data)
    if data == "mnist":
        X, y = X[:2000], y[:2000]
    y_noisy = add_noise(X, y, noise, seed)
    X, X_test, y_noisy, _, _, y_test = train_test_split(X, y_noisy, y, random_state=seed)
    estimator = make_estimators()[name]
    if name == "skorch":
        X, X_test = (np.asarray(part, dtype=np.float32) for part in (X, X_test))
        X, X_test = X / X.std(), X_test / X.std()
        params = {"n_features": X.shape[1], "n_classes": len(np.unique(y))}
        estimator.set_params(**{f"module__{k}": v for k, v in params.items()})
    systems = {
        "bare": clone(estimator),
        "CleanLearning": CleanLearning(clone(estimator), seed=seed),
        "ConfidentLearningClassifier": ConfidentLearningClassifier(
            estimator, random_state=seed
        ),
    }
    rows = []
    for system, clf in systems.items():
        torch.manual_seed(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                accuracy = np.mean(clf.fit(X, y_noisy).predict(X_test) == y_test)
            except Exception as error:  # of a rival: it is a result
                print(f"{system} around {name} on {data}, {noise}: {error!r}")
                accuracy = np.nan
        rows.append(
            {
                "data": data,
                "noise": noise,
                "seed": seed,
                "estimator": name,
                "system": system,
                "accuracy": 100 * accuracy,
            }
        )
    return rows


def tabulate(frame, by, ours, rivals):
    """Table the mean and spread of ours and of the best rival in each row."""
    lines = []
    for cell, rows in frame.groupby(by, sort=False):
        wide = rows.pivot_table("value", "seed", "method")
        rival = wide[[c for c in wide if c in rivals]].mean().idxmax()
        gain = wide[ours] - wide[rival]
        spread = np.hypot(wide[ours].std(), wide[rival].std())
        verdict = "ahead" if gain.mean() > spread else "equal"
        verdict = "behind" if gain.mean() < -spread else verdict
        means = wide[ours].mean(), wide[rival].mean()
        lines.append((*cell, *means, rival, gain.mean(), spread, verdict))
    columns = [*by, "ours", "rival", "best rival", "gain", "spread", "verdict"]
    return pd.DataFrame(lines, columns=columns)


def show_quality():
    """Print the tables of what the CSV holds."""
    frame = pd.read_csv(RESULTS / "issues.csv")
    rivals = {m for m in frame.method if m.startswith("cleanlab")}
    tables = []
    for metric, rows in frame.groupby("metric", sort=False):
        table = tabulate(rows, ["metric", "data", "noise"], "sklnoise", rivals)
        best = rows.groupby("method").value.mean().drop("sklnoise").max()
        print(f"\n{metric}: mean {table.ours.mean():.3f}, best rival {best:.3f}")
        print(table.round(3).to_string(index=False))
        tables.append(table.round(3))
    pd.concat(tables).to_csv(RESULTS / "issues_table.csv", index=False)


def show_flags():
    """Print the means of each data set, and where the issues are behind cleanlab's."""
    frame = pd.read_csv(RESULTS / "issues_flags.csv")
    scores = ["flagged", "precision", "recall", "f1", "average_precision"]
    frame["source"] = np.where(frame.noise == "people", "people", "tables")
    for by in (["source", "half", "method"], ["source", "noise", "method"], ["method"]):
        print(frame.groupby(by)[["wrong", *scores]].mean().round(3).to_string())
    f1 = frame.pivot_table("f1", ["data", "noise"], "method")
    f1.insert(0, "wrong", frame.groupby(["data", "noise"]).wrong.mean())
    f1["gain"] = f1["sklnoise"] - f1[f"cleanlab {FILTERS[0]}"]
    f1.round(3).to_csv(RESULTS / "issues_flags_table.csv")
    print(f1.round(3).to_string())
    print(f"behind by more than .01: {(f1.gain < -0.01).sum()} of {len(f1)} cells")
    means = frame.pivot_table("f1", "data", "method").round(3)
    print(means.to_string())


def show_classes():
    """Print median seconds, and the median ratio to cleanlab's."""
    frame = pd.read_csv(RESULTS / "issues_classes.csv")
    seconds = frame.pivot_table("seconds", ["shape", "round"], "rival")
    ratios = seconds.div(seconds["cleanlab"], axis=0).add_prefix("ratio ")
    table = seconds.join(ratios).groupby("shape").median()
    print(table.round(3).to_string())


def show_scale():
    """Print medians, ratios, memory and exponents of the growth with the samples."""
    frame = pd.read_csv(RESULTS / "issues_scale.csv")
    cell = ["classes", "samples"]
    timed = frame[frame.metric == "seconds"]
    seconds = timed.pivot_table("value", [*cell, "round"], "rival")
    ratios = seconds.div(seconds["cleanlab"], axis=0).groupby(cell).median()
    table = frame.pivot_table("value", [*cell, "rival"], "metric", aggfunc="median")
    table["/ cleanlab"] = [ratios.loc[key[:2], key[2]] for key in table.index]
    for _, of_call in table.groupby(["classes", "rival"]):
        n_samples = of_call.index.get_level_values("samples")
        if len(of_call) > 1:
            slope = np.polyfit(np.log(n_samples), np.log(of_call["seconds"]), 1)[0]
            table.loc[of_call.index[-1], "exponent"] = slope
    table = table[["seconds", "/ cleanlab", "exponent", "memory"]].round(3)
    table = table.rename_axis(index={"rival": "call"})
    table.to_csv(RESULTS / "issues_scale_table.csv")
    print(table.to_string())


def show_classifiers():
    """Print the table of what the CSV holds."""
    frame = pd.read_csv(RESULTS / "issues_classifier.csv")
    frame = frame.rename(columns={"system": "method", "accuracy": "value"})
    table = tabulate(
        frame,
        ["estimator", "data", "noise"],
        "ConfidentLearningClassifier",
        {"CleanLearning"},
    )
    table = table.round(2).drop(columns="best rival")
    table.to_csv(RESULTS / "issues_classifier_table.csv", index=False)
    print(table.to_string(index=False))
    print(frame.pivot_table("value", "estimator", "method").round(2))
    print(table.verdict.value_counts().to_string())


def main():
    """Run one part, write its CSV and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--shapes", type=int, help="of scale: the first ones only")
    parser.add_argument("--show", action="store_true", help="only print the tables")
    args = parser.parse_args()
    seeds = range(SEEDS)
    if args.part == "quality":
        if not args.show:
            cells = product(EASY, NOISES, seeds)
            rows = Parallel(args.jobs)(delayed(measure_quality)(*c) for c in cells)
            frame = pd.DataFrame(chain.from_iterable(rows))
            frame.to_csv(RESULTS / "issues.csv", index=False, float_format="%.5f")
        show_quality()
    elif args.part == "flags":
        if not args.show:
            cells = list_flag_cells()
            rows = Parallel(args.jobs)(delayed(measure_flags)(*c) for c in cells)
            frame = pd.DataFrame(chain.from_iterable(rows))
            frame.to_csv(RESULTS / "issues_flags.csv", index=False, float_format="%.4f")
        show_flags()
    elif args.part == "classes":
        if not args.show:
            frame = measure_classes()
            frame.to_csv(RESULTS / "issues_classes.csv", index=False, float_format="%.4f")
        show_classes()
    elif args.part == "scale":
        if not args.show:
            measure_scale(2000, 100)  # warm up
            rows, path = [], RESULTS / "issues_scale.csv"
            for shape in SCALES[: args.shapes]:  # saved after each, since it takes long
                rows += measure_scale(*shape)
                pd.DataFrame(rows).to_csv(path, index=False, float_format="%.4f")
        show_scale()
    else:
        if not args.show:
            cells = [
                cell
                for cell in product(EASY, NOISES, seeds, make_estimators())
                if cell[3] not in SLOW or cell[0] not in ("mnist", "imdb")
            ]
            rows = Parallel(args.jobs)(delayed(measure_classifiers)(*c) for c in cells)
            frame = pd.DataFrame(chain.from_iterable(rows))
            frame.to_csv(
                RESULTS / "issues_classifier.csv", index=False, float_format="%.3f"
            )
        show_classifiers()


if __name__ == "__main__":
    main()
