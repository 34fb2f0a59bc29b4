"""Labels that are judged by a classifier which was fitted to them cause a warning."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.sparse import csc_array, csr_array
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.exceptions import FittedSamplesWarning
from sklnoise.inspection import LabelIssuesDisplay


@pytest.fixture(autouse=True)
def only_this_warning():
    """Other warnings of small fits are no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", FittedSamplesWarning)
        yield


@pytest.fixture
def robust(quick_net):
    return NoiseRobustClassifier(quick_net, transition=0.3, random_state=0)


MODELS = {
    "pruning": ConfidentLearningClassifier(LogisticRegression(), random_state=0),
    "calibrated": NoiseCalibratedClassifier(LogisticRegression(), random_state=0),
}


def fit(kind, robust, X, y):
    return clone(MODELS.get(kind, robust)).fit(X, y)


def warns(function, *args, **params):
    """Return whether a call warns of samples of a fit."""
    try:
        function(*args, **params)
    except FittedSamplesWarning:
        return True
    return False


@pytest.mark.parametrize("kind", ["robust", *MODELS])
def test_probabilities_of_the_samples_of_the_fit_warn(robust, noisy_blobs, kind):
    X, y, _, _ = noisy_blobs
    clf = fit(kind, robust, X, y)
    for predict in (clf.predict_proba, clf.predict_noisy_proba):
        assert warns(find_label_issues, y, predict(X))
        assert warns(label_quality_scores, y, predict(X))
        assert warns(LabelIssuesDisplay.from_predictions, y, predict(X))
    named = pd.DataFrame(clf.predict_proba(X), columns=clf.classes_)[[2, 0, 1]]
    assert warns(find_label_issues, y, named)
    assert warns(clf.label_quality, X, y)


@pytest.mark.parametrize("kind", ["robust", *MODELS])
def test_other_samples_do_not_warn(robust, noisy_blobs, kind):
    X, y, _, _ = noisy_blobs
    clf = fit(kind, robust, X[:120], y[:120])
    clf.predict_proba(X[:120])
    for other in (X[120:], X[:119], X[119::-1]):
        labels = y[: len(other)]
        find_label_issues(labels, clf.predict_proba(other))
        clf.label_quality(other, labels)


def test_probabilities_of_other_models_do_not_warn(robust, noisy_blobs):
    X, y, _, _ = noisy_blobs
    for model in (robust, clone(robust).set_params(transition="auto"), *MODELS.values()):
        clf = clone(model).fit(X, y)
        clf.predict_proba(X)
        held_out = cross_val_predict(clf, X, y, cv=2, method="predict_proba")
        find_label_issues(y, held_out)
        if hasattr(clf, "out_of_fold_proba_"):
            find_label_issues(y, clf.out_of_fold_proba_)


def test_trees_that_predict_held_out_samples_as_those_of_the_fit_do_not_warn(rng):
    """Their probabilities are 0 or 1, so that both are the same."""
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] > 0).astype(int)
    X[:, 0] += np.where(y, 5, -5)
    trees = RandomForestClassifier(5, max_features=None)
    clf = ConfidentLearningClassifier(trees, random_state=0).fit(X, y)
    known = clf.predict_proba(X)
    held_out = cross_val_predict(clf, X, y, cv=2, method="predict_proba")
    assert np.mean(known == held_out) > 0.9
    find_label_issues(y, held_out)


@pytest.mark.parametrize(
    "convert",
    [
        list,
        torch.tensor,
        csr_array,
        csc_array,
        lambda X: pd.DataFrame(X, columns=["a", "b"]),
        lambda X: pl.DataFrame(X, schema=["a", "b"]),
        lambda X: X.astype(np.float32),
    ],
    ids=["list", "tensor", "csr", "csc", "pandas", "polars", "float32"],
)
def test_samples_of_any_container_are_known(robust, noisy_blobs, convert):
    X, y, _, _ = noisy_blobs
    clf = robust.fit(convert(X), y)
    assert warns(clf.label_quality, convert(X), y)
    assert not warns(clf.label_quality, convert(X + 1), y)


def test_other_type_of_the_same_samples_is_known(robust, noisy_blobs):
    X, y, _, _ = noisy_blobs
    clf = robust.fit(X, y)
    assert warns(clf.label_quality, X.astype(np.float32), y)
    assert warns(clf.label_quality, X.tolist(), y)
    assert warns(clf.label_quality, pd.DataFrame(X), y)


def test_samples_in_a_file_and_images_are_known(robust, noisy_blobs, rng, tmp_path):
    y = noisy_blobs[1]
    on_disk = np.memmap(tmp_path / "X", dtype=np.float32, mode="w+", shape=(240, 3, 4, 4))
    on_disk[:] = rng.normal(size=on_disk.shape)
    clf = robust.fit(on_disk, y)
    assert warns(clf.label_quality, on_disk, y)
    assert not warns(clf.label_quality, on_disk[::-1], y)


def test_texts_and_mixed_columns_of_a_pipeline_are_known(rng):
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = np.array(["ant", "bee", "fly", "cat", "dog", "emu"])
    texts = [" ".join(words[rng.randint(6, size=5)]) for _ in range(90)]
    y = np.array(["cat" in text for text in texts])
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    clf = ConfidentLearningClassifier(model, random_state=0).fit(texts, y)
    assert warns(clf.label_quality, texts, y)
    assert not warns(clf.label_quality, texts[::-1], y)


@pytest.mark.parametrize("step", [StandardScaler(), PCA(2)])
def test_pipelines_and_searches_warn(robust, noisy_blobs, step):
    X, y, _, _ = noisy_blobs
    model = make_pipeline(step, robust)
    assert warns(find_label_issues, y, model.fit(X, y).predict_proba(X))
    find_label_issues(y[:239], model.predict_proba(X[:239]))
    search = GridSearchCV(model, {"noiserobustclassifier__warm_up": [0.0]}, cv=2)
    assert warns(find_label_issues, y, search.fit(X, y).predict_proba(X))


def test_samples_are_known_after_a_pickle(robust, noisy_blobs):
    X, y, _, _ = noisy_blobs
    clf = pickle.loads(pickle.dumps(robust.fit(X, y)))
    assert warns(clf.label_quality, X, y)


def test_samples_of_an_earlier_fit_do_not_warn(robust, noisy_blobs):
    X, y, _, _ = noisy_blobs
    clf = robust.fit(X, y).fit(X + 1, y)
    find_label_issues(y, clf.predict_proba(X))
    clf.label_quality(X, y)


def test_few_different_samples_do_not_warn(robust):
    """Others of the same table of yes and no can be the same by chance."""
    X = np.tile([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], (30, 1))
    y = X.any(axis=1)
    robust.fit(X, y).label_quality(X.copy(), y)


@pytest.mark.parametrize("params", [{}, {"transition": "auto"}, {"correction": "gce"}])
def test_remedy_in_the_warning_can_be_run(robust, noisy_blobs, params):
    X, y, _, _ = noisy_blobs
    clf = robust.set_params(**params).fit(X, y)
    with pytest.raises(FittedSamplesWarning) as caught:
        clf.label_quality(X, y)
    call = str(caught.value).partition("NoiseRobustClassifier")[2]
    call = call.strip(" :,.").removeprefix("use ").removesuffix(" instead")
    scope = {"clf": clf, "clone": clone, "X": X, "y": y}
    scope["find_label_issues"] = find_label_issues
    for expression in call.split(" or "):
        assert eval(expression, scope).sum() > 10
