"""A saved classifier is loaded as it was, or not at all, and runs nothing."""

import io
import json
import os
import pickle
import zipfile
from hashlib import sha256
from importlib.metadata import version

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

import sklnoise
from sklnoise import (
    ConfidentLearningClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
)
from sklnoise.metrics import make_noise_corrected_scorer
from tests.export.modules import Block, Deep

skops_io = pytest.importorskip("skops.io")

N_DAMAGES = 200


@pytest.fixture(scope="module")
def saved(small, tmp_path_factory):
    """The file of a small classifier, as bytes."""
    path = tmp_path_factory.mktemp("saved") / "small.skops"
    small.save(path, keep="model")
    return path.read_bytes()


class Malicious:
    """What would make a folder where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class DeepNet(NeuralNetClassifier):
    """A net of a user, as a class of its own."""


def weights_of(clf):
    states = [net.module_.state_dict() for net in clf.estimators_]
    return sum(v.numel() * v.element_size() for state in states for v in state.values())


@pytest.mark.parametrize("keep", ["everything", "model"])
def test_loaded_classifier_predicts_the_same(blobs, fitted, tmp_path, keep):
    X, y = blobs
    fitted.save(tmp_path / "clf.skops", keep=keep)
    again = sklnoise.load(tmp_path / "clf.skops")
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    some = fitted.label_quality(X[:50], y[:50])
    assert_array_equal(again.label_quality(X[:50], y[:50]), some)
    assert again.noise_summary_.verdict == fitted.noise_summary_.verdict
    assert repr(again) == repr(fitted)
    assert "Estimated noise rate" in again._repr_html_()


def test_everything_includes_what_is_known_of_the_training_samples(
    blobs, fitted, tmp_path
):
    fitted.save(tmp_path / "all.skops")
    fitted.save(tmp_path / "model.skops", keep="model")
    again = sklnoise.load(tmp_path / "all.skops")
    assert_array_equal(again.find_label_issues(), fitted.find_label_issues())
    lean = sklnoise.load(tmp_path / "model.skops")
    assert not hasattr(lean, "out_of_fold_proba_")
    with pytest.raises(ValueError, match="keep="):
        lean.find_label_issues()
    with pytest.raises(AttributeError, match="keep="):
        _ = lean.correction_
    lean.set_params(transition=0.1).fit(*blobs)
    with pytest.raises(AttributeError, match="no fold"):
        _ = lean.out_of_fold_proba_
    assert hasattr(fitted, "out_of_fold_proba_")


def test_model_takes_little_more_than_the_weights(blobs, tmp_path):
    clf = NoiseRobustClassifier(Deep, transition=0.1, random_state=0)
    clf.set_params(estimator__module__width=256, estimator__max_epochs=1).fit(*blobs)
    clf.save(tmp_path / "model.skops", keep="model")
    size = (tmp_path / "model.skops").stat().st_size
    assert size <= 1.2 * weights_of(clf) + 20_000


def lengths_in(path):
    """Return the lengths of all arrays in a file."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        arrays = [np.load(io.BytesIO(archive.read(name))) for name in names]
    return {len(array) for array in arrays if array.ndim}


@pytest.mark.parametrize("name", ["pipeline", "search", "frozen", "fitted", "transition"])
def test_model_holds_no_label_in_whatever_it_is(blobs, tmp_path, name):
    X, y = blobs
    inner = robust(transition="auto", cv=2)
    pipeline = make_pipeline(StandardScaler(), inner)
    grid = {"noiserobustclassifier__warm_up": [0, 0.2]}
    clf = {
        "pipeline": lambda: ConfidentLearningClassifier(pipeline, cv=2),
        "search": lambda: ConfidentLearningClassifier(
            GridSearchCV(pipeline, grid, cv=2), cv=2
        ),
        "frozen": lambda: NoiseRobustConformalClassifier(
            FrozenEstimator(pipeline.fit(X[::3], y[::3]))
        ),
        "fitted": lambda: ConfidentLearningClassifier(inner.fit(X[::3], y[::3]), cv=2),
        "transition": lambda: robust(
            transition=FrozenEstimator(inner.fit(X[::3], y[::3]))
        ),
    }[name]().fit(X, y)
    samples = {len(X[::3])}
    if name != "frozen":  # whose sets need a score of each sample
        samples.add(len(X))
    path, before = tmp_path / "clf.skops", repr(clf)
    clf.save(path)
    assert samples & lengths_in(path)
    clf.save(path, keep="model")
    assert not samples & lengths_in(path)
    again = sklnoise.load(path)
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert repr(again) == repr(clf) == before
    clf.save(path)
    assert samples & lengths_in(path)


def test_wrappers_are_saved_too(blobs, tmp_path):
    X, y = blobs
    clf = ConfidentLearningClassifier(LogisticRegression(), cv=2, random_state=0)
    clf.fit(X, y)
    for keep in "everything", "model":
        clf.save(tmp_path / "clf.skops", keep=keep)
        again = sklnoise.load(tmp_path / "clf.skops")
        assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
        assert hasattr(again, "out_of_fold_proba_") == (keep == "everything")


def test_pipeline_is_saved_with_the_encoder_of_a_table(tmp_path):
    pytest.importorskip("skrub")
    table = pd.DataFrame(
        {
            "price": ["$1,200", "$80", None, "$7"] * 20,
            "since": ["2020-01-02", "2021-05-06", "2021-07-08", None] * 20,
            "colour": ["red", "blue", "blue", "red"] * 20,
        }
    )
    clf = NoiseRobustClassifier(transition=0.1, n_estimators=1, random_state=0)
    pipeline = make_pipeline(sklnoise.make_table_encoder(), clf)
    pipeline.fit(table, table["colour"])
    sklnoise.save(pipeline, tmp_path / "pipeline.skops")
    again = sklnoise.load(tmp_path / "pipeline.skops")
    assert_array_equal(again.predict_proba(table), pipeline.predict_proba(table))


def robust(**params):
    params = {"transition": 0.1, "n_estimators": 1, "random_state": 0} | params
    return NoiseRobustClassifier(**params).set_params(estimator__max_epochs=2)


def search(**params):
    model = make_pipeline(StandardScaler(), robust())
    grid = {"noiserobustclassifier__warm_up": [0, 0.2]}
    return GridSearchCV(model, grid, **{"cv": 2} | params)


FRAME = pd.DataFrame(T := np.eye(3) * 0.7 + 0.1, *[["eel", "cat", "dog"]] * 2)

KNOWN = {
    "frame": lambda tmp_path: robust(transition=FRAME),
    "folds": lambda tmp_path: robust(transition="auto", cv=StratifiedKFold(2)),
    "memory": lambda tmp_path: robust(transition="auto", cv=2, memory=tmp_path / "c"),
    "search": lambda tmp_path: search(),
    "splits": lambda tmp_path: search(
        cv=ShuffleSplit(2, random_state=0), scoring="accuracy"
    ),
    "corrected": lambda tmp_path: search(
        scoring=make_noise_corrected_scorer(T, metric="roc_auc_ovr")
    ),
    "estimated": lambda tmp_path: search(
        scoring=make_noise_corrected_scorer("auto", first_pass=LogisticRegression())
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_settings_of_scikit_learn_need_no_trust(blobs, tmp_path, name):
    X, y = blobs
    clf, path = KNOWN[name](tmp_path).fit(X, y), tmp_path / "model.skops"
    sklnoise.save(clf, path)
    again = sklnoise.load(path)
    assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert repr(again) == repr(clf)
    assert_array_equal(again.fit(X, y).predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize(
    ("trees", "kind"),
    [
        (RandomForestClassifier(3, random_state=0), "sklearn.tree._tree.Tree"),
        (
            HistGradientBoostingClassifier(max_iter=2),
            "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        ),
    ],
)
def test_trees_are_trusted_by_their_name(blobs, tmp_path, trees, kind):
    path = tmp_path / "trees.skops"
    clf = ConfidentLearningClassifier(trees, cv=2, random_state=0).fit(*blobs)
    clf.save(path)
    with pytest.raises(ValueError, match=kind):
        sklnoise.load(path)
    again = sklnoise.load(path, trusted=[kind])
    assert_array_equal(again.predict_proba(blobs[0]), clf.predict_proba(blobs[0]))


def test_unfitted_pipeline_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError):
        sklnoise.save(
            make_pipeline(StandardScaler(), NoiseRobustClassifier()), tmp_path / "m"
        )
    assert not list(tmp_path.iterdir())


def test_file_is_one_of_skops_and_says_what_it_holds(blobs, small, saved):
    types = sklnoise.skops_trusted_types()
    again = skops_io.loads(saved, trusted=types)
    assert_array_equal(again.predict_proba(blobs[0]), small.predict_proba(blobs[0]))
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        about = json.loads(archive.read("sklnoise.json"))
    assert about["class"] == "NoiseRobustClassifier"
    assert about["classes"] == ["cat", "dog", "eel"]
    libraries = {"sklnoise", "scikit-learn", "torch", "numpy", "skorch"}
    assert about["versions"].keys() >= libraries


def test_any_damage_is_an_error(saved, tmp_path):
    rng = np.random.RandomState(0)
    path = tmp_path / "damaged.skops"
    for number in range(N_DAMAGES):
        place = rng.randint(len(saved))
        damaged = bytearray(saved)
        if number % 2:
            damaged[place] ^= 1 << rng.randint(8)
        else:
            del damaged[place:]
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="no whole file"):
            sklnoise.load(path)


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump], ids=["pickle", "joblib"])
@pytest.mark.parametrize("compress", [0, 3])
def test_pickles_are_refused_before_they_run(tmp_path, dump, compress):
    path, trap = tmp_path / "model.skops", tmp_path / "trap"
    if dump is joblib.dump:
        joblib.dump(Malicious(trap), path, compress=compress)
    else:
        path.write_bytes(pickle.dumps(Malicious(trap), protocol=2 + compress))
    with pytest.raises(ValueError, match="can run any code"):
        sklnoise.load(path)
    assert not trap.exists()


def as_saved(content):
    """Return a file of skops as one that is whole."""
    buffer = io.BytesIO(content)
    versions = {name: version(name) for name in ("sklnoise", "scikit-learn")}
    about = {"format": 1, "versions": versions}
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("sklnoise.json", json.dumps(about))
        archive.comment = b"sklnoise sha256 " + bytes(64)
    content = buffer.getvalue()[:-64]
    return content + sha256(content).hexdigest().encode()


def test_no_module_is_imported_because_a_file_names_it(small, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    mark, path = tmp_path / "mark", tmp_path / "model.skops"
    (tmp_path / "evil_module.py").write_text(f"open({str(mark)!r}, 'w').close()")
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(skops_io.dumps(small))) as old:
        files = {name: old.read(name) for name in old.namelist()}
    schema = json.loads(files["schema.json"])
    named = {"__module__": "evil_module", "__class__": "x", "content": "1"}
    schema["extra"] = named | {"__loader__": "ObjectNode"}
    files["schema.json"] = json.dumps(schema)
    with zipfile.ZipFile(content, "w") as new:
        for name, text in files.items():
            new.writestr(name, text)
    path.write_bytes(as_saved(content.getvalue()))
    sklnoise.load(path)
    assert not mark.exists()


def test_net_that_skorch_would_unpickle_is_refused(blobs, tmp_path):
    path, trap = tmp_path / "model.skops", tmp_path / "trap"
    net = DeepNet(Deep)
    vars(net)["module_"] = Malicious(trap)
    vars(net)["cuda_dependent_attributes_"] = ["module_"]
    path.write_bytes(as_saved(skops_io.dumps(net)))
    with pytest.raises(ValueError, match="pickle"):
        sklnoise.load(path, trusted=[DeepNet, Deep, "skorch.dataset.Dataset"])
    assert not trap.exists()


def test_net_inside_of_another_estimator_is_not_saved(blobs, tmp_path):
    net = NeuralNetClassifier(
        Deep,
        module__n_features=2,
        module__n_classes=3,
        criterion=torch.nn.CrossEntropyLoss,
        max_epochs=1,
        verbose=0,
    )
    model = make_pipeline(StandardScaler(), net)
    clf = ConfidentLearningClassifier(model, cv=2, random_state=0).fit(*blobs)
    with pytest.raises(ValueError, match="NoiseRobustClassifier"):
        clf.save(tmp_path / "clf.skops")
    assert not (tmp_path / "clf.skops").exists()


def test_types_of_users_are_named_until_they_are_trusted(blobs, tmp_path):
    path = tmp_path / "clf.skops"
    clf = NoiseRobustClassifier(Deep, transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=1).fit(*blobs).save(path)
    with pytest.raises(ValueError, match=r"modules\.Block, .*modules\.Deep"):
        sklnoise.load(path)
    name = f"{Block.__module__}.Block"
    again = sklnoise.load(path, trusted=[Deep, name])
    assert_array_equal(again.predict_proba(blobs[0]), clf.predict_proba(blobs[0]))


def test_what_cannot_be_found_again_is_not_saved(blobs, tmp_path):
    class Local(Deep):
        pass

    clf = NoiseRobustClassifier(Local, transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=1).fit(*blobs)
    with pytest.raises(ValueError, match="Local"):
        clf.save(tmp_path / "clf.skops")
    assert list(tmp_path.iterdir()) == []


def test_another_version_is_warned_of(saved, tmp_path, monkeypatch):
    path = tmp_path / "clf.skops"
    path.write_bytes(saved)
    monkeypatch.setattr("sklnoise.export._file.version", lambda library: "99.0")
    with pytest.warns(UserWarning, match=r"here is 99\.0"):
        sklnoise.load(path)


def test_bad_arguments_are_refused(small, tmp_path):
    with pytest.raises(ValueError, match="everything"):
        small.save(tmp_path / "clf.skops", keep="all")
    with pytest.raises(NotFittedError):
        NoiseRobustClassifier().save(tmp_path / "clf.skops")
    with pytest.raises(FileNotFoundError):
        small.save(tmp_path / "missing" / "clf.skops")
    with pytest.raises(FileNotFoundError):
        sklnoise.load(tmp_path / "clf.skops")


def test_missing_skops_is_named(small, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(ModuleNotFoundError, match="pip install skops"):
        small.save(tmp_path / "clf.skops")
