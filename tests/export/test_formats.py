"""What is exported predicts as the classifier does, without sklnoise."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier, nn
from sklnoise.nn import ConvNet, TextEmbeddingNet, TextLSTM
from tests.export.modules import ByValue, Deep, TwoInputs

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

CLIENT = """
import json, sys
for name in ("sklnoise", "torch", "sklearn", "skorch"):
    sys.modules[name] = None
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
y_proba = session.run(None, {"X": np.load(sys.argv[2])})[0]
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
np.save(sys.argv[3], y_proba)
print(json.dumps([classes[k] for k in y_proba.argmax(axis=1)]))
"""


def robust(estimator=None, **params):
    clf = NoiseRobustClassifier(
        estimator, **{"transition": 0.1, "n_estimators": 1, "random_state": 0} | params
    )
    return clf.set_params(estimator__max_epochs=2)


def run_onnx(path, inputs):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def check_onnx(clf, X, path, inputs=None):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.export(path)
    inputs = {"X": X} if inputs is None else inputs
    for size in 1, 4:
        some = {name: part[:size] for name, part in inputs.items()}
        samples = some if isinstance(X, dict) else X[:size]
        found, expected = run_onnx(path, some), clf.predict_proba(samples)
        assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_onnx_predicts_without_sklnoise_and_torch(blobs, fitted, tmp_path, capfd):
    X, _ = blobs
    fitted.export(tmp_path / "clf.onnx")
    assert capfd.readouterr() == ("", "")
    np.save(tmp_path / "X.npy", X)
    files = [tmp_path / name for name in ("clf.onnx", "X.npy", "proba.npy")]
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, *files], capture_output=True, text=True, check=True
    )
    expected = fitted.predict_proba(X)
    assert_allclose(np.load(files[2]), expected, rtol=0, atol=1e-5)
    assert json.loads(done.stdout) == fitted.predict(X).tolist()


def test_onnx_has_names_and_a_free_batch(blobs, tmp_path):
    pd = pytest.importorskip("pandas")
    X, y = blobs
    frame = pd.DataFrame(X, columns=["width", "height"])
    clf = robust(correction="unhinged").fit(frame, y)
    path = tmp_path / "clf.onnx"
    clf.export(path)
    model = onnx.load(path)
    onnx.checker.check_model(model)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(about["feature_names"]) == ["width", "height"]
    for size in 1, 7:
        found = run_onnx(path, {"X": X[:size]})
        assert_allclose(found, clf.predict_proba(frame[:size]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_part_of_it(blobs, small, tmp_path, temperature, monkeypatch):
    monkeypatch.setattr(small, "temperature_", temperature)
    check_onnx(small, blobs[0], tmp_path / "clf.onnx")


def test_class_weights_are_part_of_it(blobs, tmp_path):
    X, y = blobs
    clf = robust(class_weight={"cat": 5.0}).fit(X, y)
    check_onnx(clf, X, tmp_path / "clf.onnx")


def test_modules_of_users_and_images_and_texts(blobs, rng, tmp_path):
    X, y = blobs
    images = rng.normal(size=(60, 8, 8)).astype(np.float32)
    ids = rng.randint(9, size=(60, 12))
    codes = np.arange(60) % 2
    check_onnx(robust(Deep).fit(X, y), X, tmp_path / "deep.onnx")
    check_onnx(robust(ConvNet).fit(images, codes), images, tmp_path / "images.onnx")
    for module in TextEmbeddingNet, TextLSTM:
        clf = robust(module).set_params(estimator__module__n_tokens=9)
        check_onnx(clf.fit(ids, codes), ids, tmp_path / "text.onnx")


def test_several_inputs_have_names(rng, tmp_path):
    X = {
        "table": rng.normal(size=(60, 2)).astype(np.float32),
        "ids": rng.randint(5, size=(60, 3)),
    }
    clf = robust(TwoInputs).fit(X, np.arange(60) % 2)
    check_onnx(clf, X, tmp_path / "clf.onnx", X)


def test_net_of_sparse_samples_takes_dense_ones(rng, tmp_path):
    from scipy.sparse import csr_matrix

    X = rng.poisson(0.3, size=(80, 12)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    clf = robust().fit(csr_matrix(X), y)
    clf.export(tmp_path / "clf.onnx")
    found = run_onnx(tmp_path / "clf.onnx", {"X": X})
    assert_allclose(found, clf.predict_proba(csr_matrix(X)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", [str, int, bool, float])
def test_labels_keep_their_type(blobs, tmp_path, kind):
    safetensors = pytest.importorskip("safetensors")
    X, y = blobs
    labels = y if kind is str else (y == "cat").astype(kind)
    clf = robust().fit(X, labels)
    clf.export(tmp_path / "clf.safetensors", format="safetensors")
    with safetensors.safe_open(tmp_path / "clf.safetensors", "pt") as file:
        classes = json.loads(file.metadata()["classes"])
    assert classes == clf.classes_.tolist()
    assert {type(label) for label in classes} == {kind}


def test_program_of_torch(blobs, fitted, tmp_path):
    X, _ = blobs
    fitted.export(tmp_path / "clf.pt2", format="torch")
    files = {"sklnoise.json": ""}
    program = torch.export.load(tmp_path / "clf.pt2", extra_files=files).module()
    for size in 1, 9:
        found = program(torch.from_numpy(X[:size])).numpy()
        assert_allclose(found, fitted.predict_proba(X[:size]), rtol=0, atol=1e-5)
    assert json.loads(json.loads(files["sklnoise.json"])["classes"])[0] == "cat"


def test_safetensors_rebuild_the_default_network(blobs, fitted, tmp_path):
    safetensors = pytest.importorskip("safetensors")
    X, _ = blobs
    path = tmp_path / "clf.safetensors"
    fitted.export(path, format="safetensors")
    with safetensors.safe_open(path, "pt") as file:
        about = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    params = json.loads(about["module_params"])
    encoding = params.pop("encoding")
    encoding = getattr(nn, encoding.pop("class"))(**encoding)
    total = 0
    for number in range(int(about["n_estimators"])):
        module = nn.MLP(**params, encoding=encoding)
        prefix = f"{number}."
        module.load_state_dict(
            {
                name.removeprefix(prefix): value
                for name, value in weights.items()
                if name.startswith(prefix)
            }
        )
        total = total + module.eval()(torch.from_numpy(X)).softmax(dim=1)
    y_proba = total / int(about["n_estimators"])
    y_proba = y_proba.log().div(float(about["temperature"])).softmax(dim=1)
    assert_allclose(y_proba.detach(), fitted.predict_proba(X), rtol=0, atol=1e-5)


class Doubled(NeuralNetClassifier):
    """A net whose evaluation does more than its module."""

    def evaluation_step(self, batch, training=False):
        return 2 * super().evaluation_step(batch, training=training)


@pytest.mark.parametrize("format", ["onnx", "torch"])
def test_what_would_predict_something_else_is_refused(blobs, tmp_path, format):
    net = Doubled(Deep, module__n_features=2, module__n_classes=3, verbose=0)
    clf = NoiseRobustClassifier(net, transition=0.1, random_state=0)
    clf.set_params(estimator__max_epochs=2).fit(*blobs)
    path = tmp_path / "clf.pt2"
    with pytest.raises(ValueError, match="evaluation_step"):
        clf.export(path, format=format)
    assert not path.exists()


def test_module_that_cannot_be_traced_is_explained(blobs, tmp_path):
    clf = robust(ByValue).fit(*blobs)
    with pytest.raises(ValueError, match="safetensors"):
        clf.export(tmp_path / "clf.onnx")
    clf.export(tmp_path / "clf.safetensors", format="safetensors")


def test_bad_arguments_are_refused(blobs, small, tmp_path):
    with pytest.raises(ValueError, match="format"):
        small.export(tmp_path / "clf.h5", format="keras")
    with pytest.raises(ValueError, match="pt2"):
        small.export(tmp_path / "clf.torch", format="torch")
    unhinged = robust(correction="unhinged").fit(*blobs)
    with pytest.raises(ValueError, match="normalised"):
        unhinged.export(tmp_path / "clf.safetensors", format="safetensors")
    no_refit = NoiseRobustClassifier(refit=False, cv=2, random_state=0).fit(*blobs)
    with pytest.raises(ValueError, match="refit"):
        no_refit.export(tmp_path / "clf.onnx")
    assert not hasattr(make_pipeline(StandardScaler(), small), "export")


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_missing_library_is_named(small, tmp_path, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install {library}"):
        small.export(tmp_path / "clf.onnx")
