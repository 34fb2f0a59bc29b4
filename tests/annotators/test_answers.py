"""What is read as the answers of annotators, and what is refused."""

import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose

from sklnoise.annotators import DawidSkene, MajorityVote, annotations_to_frame
from sklnoise.annotators._answers import check_answers
from sklnoise.exceptions import AnnotatorWarning

CODES = np.array([[0, 0, 2], [1, -1, 1], [2, 1, -1], [-1, -1, -1], [0, 0, 0], [1, 2, 2]])
NAMES = np.array(["cat", "dog", "eel"])
PEOPLE = ["Ann", "Bob", "Cid"]
MISSING = CODES < 0


def with_missing(labels, missing, dtype=object):
    answers = labels[CODES].astype(dtype)
    answers[MISSING] = missing
    return answers


TEXT = with_missing(NAMES, None)
SPARSE_TEXT = pd.SparseDtype(object, np.nan)
TABLES = {
    "object array, None": (TEXT, {}),
    "object array, NaN": (with_missing(NAMES, np.nan), {}),
    "object array, pandas.NA": (with_missing(NAMES, pd.NA), {}),
    "nested lists": (TEXT.tolist(), {}),
    "text, empty": (with_missing(NAMES, "", str), {"missing_label": ""}),
    "frame": (pd.DataFrame(TEXT), {}),
    "frame of string": (pd.DataFrame(TEXT).astype("string"), {}),
    "frame of category": (pd.DataFrame(TEXT).astype("category"), {}),
    "sparse": (pd.DataFrame(TEXT).astype(SPARSE_TEXT), {}),
    "sparse, ?": (
        pd.DataFrame(with_missing(NAMES, "?")).astype(SPARSE_TEXT),
        {"missing_label": "?"},
    ),
    "polars": (pl.DataFrame(TEXT.tolist(), schema=PEOPLE, orient="row"), {}),
    "masked": (np.ma.MaskedArray(NAMES[CODES], MISSING), {}),
}
NUMBERS = {
    "floats": (with_missing(np.arange(3), np.nan, float), {}),
    "integers, -1": (CODES, {"missing_label": -1}),
    "Int64": (pd.DataFrame(with_missing(np.arange(3), pd.NA)).astype("Int64"), {}),
    "objects": (with_missing(np.arange(3), None), {}),
    "sparse floats": (
        pd.DataFrame(with_missing(np.arange(3), np.nan, float)).astype("Sparse"),
        {},
    ),
    "sparse floats, filled with 0": (
        pd.DataFrame(with_missing(np.arange(3), np.nan, float)).astype(
            pd.SparseDtype(float, 0)
        ),
        {},
    ),
}


@pytest.mark.parametrize("kind", TABLES | NUMBERS)
def test_answers_are_the_cells_that_are_not_missing(kind):
    y, params = (TABLES | NUMBERS)[kind]
    answers = check_answers(y, **params)
    assert answers.classes.tolist() == ([0, 1, 2] if kind in NUMBERS else NAMES.tolist())
    dense = np.full(CODES.shape, -1)
    dense[answers.sample, answers.annotator] = answers.code
    np.testing.assert_array_equal(dense, CODES)


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0.5, 1.5, 2.5]),
        np.array([False, True, True]),
        np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[D]"),
    ],
    ids=["floats", "booleans", "dates"],
)
def test_labels_may_be_of_any_kind(labels):
    y = np.where(MISSING, None, labels.astype(object)[CODES])
    vote = MajorityVote().fit(y)
    assert vote.classes_.tolist() == sorted(set(labels.tolist()))


def test_columns_name_the_annotators():
    assert MajorityVote().fit(
        pd.DataFrame(TEXT, columns=PEOPLE)
    ).annotators_.tolist() == [*PEOPLE]
    assert MajorityVote().fit(TEXT).annotators_.tolist() == [0, 1, 2]


def test_later_answers_are_placed_by_name():
    frame = pd.DataFrame(TEXT, columns=PEOPLE)
    crowd = DawidSkene().fit(frame)
    expected = crowd.predict_proba(frame)
    np.testing.assert_allclose(crowd.predict_proba(frame[PEOPLE[::-1]]), expected)
    alone = frame.assign(Bob=None, Cid=None)
    np.testing.assert_allclose(
        crowd.predict_proba(frame[["Ann"]].assign(Bob=None)), crowd.predict_proba(alone)
    )


@pytest.mark.parametrize(
    ("y", "match"),
    [
        ([[0], [1]], "at least 2 annotators"),
        ([0, 1, 1], "shape"),
        (np.empty((0, 3)), "shape"),
        (np.full((4, 3), np.nan), "missing"),
        ([[0, "a"], [1, "b"]], "one kind"),
        (pd.DataFrame({"Ann": [0, 1], "Bob": ["a", "b"]}), r"Ann has 0, annotator Bob"),
        ([["a", "nan"], ["b", "a"]], "missing_label"),
        ([[0, 1], [np.inf, 1]], "infinity"),
        ([[0, 1], [1]], r"n_annotators"),
        (np.array([[1j, 0], [0, 1]]), "complex"),
        (pd.DataFrame([[0, 1]], columns=["Ann", "Ann"]), "differ"),
    ],
)
@pytest.mark.parametrize("estimator", [MajorityVote(), DawidSkene()])
def test_bad_answers_are_refused(estimator, y, match):
    with pytest.raises(ValueError, match=match):
        estimator.fit(y)


def test_labels_that_cannot_be_compared_are_refused():
    y = np.empty((2, 2), dtype=object)
    y[:] = [[{0}, {1}], [{0}, {0}]]
    with pytest.raises(TypeError, match="compared"):
        MajorityVote().fit(y)


@pytest.mark.parametrize(
    ("y", "match"),
    [
        (pd.DataFrame({"Ann": ["cat"], "Eve": ["cat"]}), "Eve"),
        (pd.DataFrame({"Ann": ["cat"], "Bob": ["fox"]}), "fox"),
        ([["cat", "dog"]], "each of the 3"),
    ],
)
def test_answers_of_others_are_refused_later(y, match):
    crowd = MajorityVote().fit(pd.DataFrame(TEXT, columns=PEOPLE))
    with pytest.raises(ValueError, match=match):
        crowd.predict(y)


def long_table(y, people=PEOPLE):
    frame = pd.DataFrame(y, columns=people)
    return frame.melt(ignore_index=False).dropna().reset_index()


def test_long_table_becomes_the_frame_that_it_came_from():
    table = long_table(TEXT).sample(frac=1, random_state=0)
    frame = annotations_to_frame(table["index"], table["variable"], table["value"])
    expected = pd.DataFrame(TEXT, columns=PEOPLE).drop(3)
    assert frame.columns.tolist() == PEOPLE
    assert frame.index.tolist() == expected.index.tolist()
    assert (frame.astype(object).fillna("") == expected.fillna("")).all(axis=None)


def test_missing_answers_of_a_long_table_keep_their_samples():
    frame = annotations_to_frame([0, 0, 1], ["a", "b", "b"], [1, 2, None])
    assert frame.shape == (2, 2)
    assert check_answers(frame).n_samples == 2


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (([0, 0], ["a", "a"], [1, 2]), "at most one answer"),
        (([0, 0], ["a", "a"], [1, 1]), "at most one answer"),
        (([0, 1], ["a", None], [1, 1]), "annotator must be known"),
        (([0, 1, 2], ["a", "b"], [1, 1]), "lengths"),
        (([[0, 1]], ["a", "b"], [1, 1]), "shape"),
    ],
)
def test_bad_long_tables_are_refused(columns, match):
    with pytest.raises(ValueError, match=match):
        annotations_to_frame(*columns)


def test_memory_is_that_of_the_answers():
    rng = np.random.RandomState(0)
    n_samples, n_annotators = 10_000, 2500
    worker = np.repeat(np.arange(n_annotators), 50)
    task = np.concatenate([rng.permutation(n_samples)[:50] for _ in range(n_annotators)])
    label = rng.randint(5, size=len(task))
    frame = annotations_to_frame(task, worker, label)
    check_answers(frame.iloc[:, :5])  # what is imported first counts for nothing
    tracemalloc.start()
    answers = check_answers(frame)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(answers) == len(task)
    assert kept < 2 * sum(part.nbytes for part in (task, worker, label))


def ask(n, m, seed=0, accuracy=0.7, n_classes=3):
    """Return clean classes, and answers of which a share is right."""
    rng = np.random.RandomState(seed)
    y = rng.randint(n_classes, size=n)
    wrong = (y[:, None] + rng.randint(1, n_classes, size=(n, m))) % n_classes
    return y, np.where(rng.uniform(size=(n, m)) < accuracy, y[:, None], wrong)


def replace_column(y, at, values):
    y = y.astype(object)
    y[:, at] = values
    return y


PROBLEMS = {
    "no answer": (lambda y: replace_column(y, 1, None), "Bob"),
    "always the same": (lambda y: replace_column(y, 2, 0), "Cid"),
    "a class of one person": (lambda y: np.where(y * [1, 0, 0, 0] == 2, 7, y), "Ann"),
    "copy": (lambda y: replace_column(y, 3, y[:, 0]), "Dan of Ann"),
    "copy of most": (
        lambda y: replace_column(y, 3, np.where(np.arange(len(y)) % 9, y[:, 0], y[:, 3])),
        "Dan of Ann",
    ),
    "identical": (lambda y: y[:, [0, 0, 0, 0]], "all annotators agree"),
    "no sample in common": (
        lambda y: np.where(np.arange(len(y))[:, None] % 4 == np.arange(4), y, np.nan),
        "no sample has answers of two",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_answers_that_mislead_are_warned_of(problem):
    change, match = PROBLEMS[problem]
    _, y = ask(300, 4)
    frame = pd.DataFrame(change(y), columns=[*PEOPLE, "Dan"])
    with pytest.warns(AnnotatorWarning, match=match):
        DawidSkene().fit(frame)


def test_a_column_that_names_samples_is_refused():
    frame = pd.DataFrame({"id": range(50), "label": [0, 1] * 25})
    with pytest.raises(ValueError, match="'id'"):
        DawidSkene().fit(frame)
    with pytest.raises(ValueError, match="labels that recur"):
        DawidSkene().fit(np.random.RandomState(0).standard_normal((30, 2)))


@pytest.mark.parametrize("seed", range(3))
def test_independent_annotators_are_not_warned_of(seed):
    rng = np.random.RandomState(seed)
    y, good = ask(300, 2, seed, accuracy=0.95)
    wrong = rng.randint(3, size=(300, 3))
    answers = np.hstack(
        [good, np.where(rng.uniform(size=(300, 3)) < 0.4, y[:, None], wrong)]
    )
    answers = np.where(rng.uniform(size=answers.shape) < 0.5, np.nan, answers)
    DawidSkene().fit(answers)  # a warning would be an error


def test_a_repeated_annotator_counts_once():
    _, y = ask(200, 4, accuracy=0.6)
    with pytest.warns(AnnotatorWarning, match="count once"):
        repeated = DawidSkene().fit(y[:, [0, 0, 1, 0, 2, 3]])
    alone = DawidSkene().fit(y)
    assert_allclose(repeated.consensus_proba_, alone.consensus_proba_)
    T, expected = repeated.transition_matrices_, alone.transition_matrices_
    assert_allclose(T, expected[[0, 0, 1, 0, 2, 3]])
    assert_allclose(repeated.transition_matrix_, alone.transition_matrix_)
    summary = repeated.annotator_summary_
    assert summary.accuracy_low[0] == summary.accuracy_low[3]
    assert summary.n_answers.tolist() == [200] * 6
    assert_allclose(
        repeated.predict_proba(y[:, [0, 0, 1, 0, 2, 3]]), alone.predict_proba(y)
    )
