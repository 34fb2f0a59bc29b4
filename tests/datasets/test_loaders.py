"""The loaders of real data, and the digits with noisy labels."""

import json
import lzma
import os
import random
import sys
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits

from sklnoise.datasets import fetch_cifar10, fetch_imdb, fetch_mnist, load_noisy_digits

N_TRAIN = {
    "fetch_mnist": 4,
    "fetch_imdb": 4,
    "fetch_cifar10": 20,
    "fetch_cifar100": 5,
}
JPEG_ERROR = 3 / 255


@pytest.fixture(params=["file", "openml"])
def home(request):
    """A folder with the file, or none, so that OpenML is asked."""
    return request.getfixturevalue("folder") if request.param == "file" else None


def rewrite(path, **functions):
    """Apply functions to the arrays of a file; None removes an array."""
    with np.load(path) as arrays:
        arrays = dict(arrays)
    for name, function in functions.items():
        arrays[name] = function(arrays[name])
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez_compressed(path, **kept)


def rewrite_lines(folder, lines):
    with lzma.open(folder / "imdb.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def test_training_samples_are_the_default(loader, folder):
    default, train = loader(data_home=folder), loader(subset="train", data_home=folder)
    assert_array_equal(default.data, train.data)
    assert_array_equal(default.target, train.target)


def test_number_of_training_samples(loader, folder):
    bunch = loader(data_home=folder)
    assert len(bunch.data) == len(bunch.target) == N_TRAIN[loader.__name__]
    assert bunch.target.dtype == np.int64


def test_all_samples_are_the_training_and_then_the_test_samples(loader, folder):
    parts = [loader(subset=s, data_home=folder) for s in ("train", "test")]
    every = loader(subset="all", data_home=folder)
    assert_array_equal(every.data, np.concatenate([part.data for part in parts]))
    assert_array_equal(every.target, np.concatenate([part.target for part in parts]))


@pytest.mark.parametrize("subset", ["train", "test"])
def test_pair_holds_what_the_bunch_holds(loader, folder, subset):
    bunch = loader(subset=subset, data_home=folder)
    data, target = loader(subset=subset, data_home=folder, return_X_y=True)
    assert_array_equal(data, bunch.data)
    assert_array_equal(target, bunch.target)


def test_every_class_has_a_name(loader, folder):
    bunch = loader(subset="all", data_home=folder)
    assert bunch.target.max() < len(bunch.target_names)


def test_unknown_subset_is_refused_with_the_known_ones(loader, folder):
    with pytest.raises(ValueError, match=r"'subset'.*'train'.* Got 'valid' instead"):
        loader(subset="valid", data_home=folder)


@pytest.mark.parametrize("params", [{"data_home": 3}, {"return_X_y": "yes"}])
def test_parameter_of_a_wrong_type_is_refused(loader, params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter of"):
        loader(**params)


def test_loading_leaves_global_state_alone(loader, folder):
    def state():
        numpy_state = np.random.get_state()[1].tolist()  # noqa: NPY002
        return numpy_state, random.getstate(), dict(os.environ), os.getcwd()

    before = state()
    loader(data_home=folder)
    assert state() == before


def test_caller_may_write_into_what_is_loaded(loader, folder):
    first = loader(data_home=folder)
    first.data[0], first.target[0] = first.data[1], 7
    assert loader(data_home=folder).target[0] != 7


def test_pixels_are_flat_and_between_zero_and_one(home, digits):
    X = fetch_mnist(subset="all", data_home=home).data
    assert_array_equal(X, digits[0].reshape(6, 784).astype(np.float32) / 255)
    assert X.dtype == np.float32


def test_order_of_mnist_is_kept(home, digits):
    assert_array_equal(fetch_mnist(subset="all", data_home=home).target, digits[1])


def test_last_digits_are_the_test_samples(home, digits):
    assert_array_equal(fetch_mnist(subset="test", data_home=home).target, digits[1][4:])


def test_images_are_a_view_of_the_data(home, digits):
    bunch = fetch_mnist(data_home=home)
    assert bunch.images.shape == (4, 28, 28)
    assert np.shares_memory(bunch.images, bunch.data)
    assert_array_equal(bunch.images, digits[0][:4].astype(np.float32) / 255)


def test_names_of_mnist_are_the_digits(home):
    assert_array_equal(fetch_mnist(data_home=home).target_names, np.arange(10))


@pytest.mark.parametrize("missing", ["X", "y"])
def test_missing_array_of_mnist_is_named(folder, missing):
    rewrite(folder / "mnist.npz", **{missing: lambda array: None})
    with pytest.raises(ValueError, match=rf"mnist\.npz must hold .*'{missing} is not"):
        fetch_mnist(data_home=folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"X": lambda array: np.zeros((6, 784), np.uint8)},
        {"X": lambda array: np.zeros((6, 28, 28), np.float32)},
        {"X": lambda array: np.zeros((5, 28, 28), np.uint8)},
        {"y": lambda array: np.zeros((6, 1), np.uint8)},
    ],
    ids=["flat", "floats", "few images", "a column of labels"],
)
def test_invalid_array_of_mnist_is_refused_with_the_expected_one(folder, changes):
    rewrite(folder / "mnist.npz", **changes)
    with pytest.raises(ValueError, match=r"X, uint8 of shape \(6, 28, 28\), .*: X is "):
        fetch_mnist(data_home=folder)


def test_mnist_is_read_without_pillow(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert len(fetch_mnist(data_home=folder).data) == 4


def test_pixels_are_channels_first_and_between_zero_and_one(home, photographs):
    X = fetch_cifar10(subset="all", data_home=home).data
    assert (X.shape, X.dtype) == ((30, 3, 32, 32), np.float32)
    assert_allclose(X, photographs[0] / 255, atol=JPEG_ERROR)


def test_pixels_from_openml_are_exact(photographs):
    X = fetch_cifar10(subset="all").data
    assert_array_equal(X, photographs[0].astype(np.float32) / 255)


def test_order_of_cifar10_is_kept(home, photographs):
    bunch = fetch_cifar10(subset="all", data_home=home)
    assert_array_equal(bunch.target, photographs[1])


def test_last_photographs_are_the_test_samples(home, photographs):
    bunch = fetch_cifar10(subset="test", data_home=home)
    assert_array_equal(bunch.target, photographs[1][20:])
    assert_allclose(bunch.data, photographs[0][20:] / 255, atol=JPEG_ERROR)


def test_pixels_are_contiguous(home):
    assert fetch_cifar10(data_home=home).data.flags.c_contiguous


def test_names_of_cifar10_are_in_the_order_of_the_classes(home):
    names = fetch_cifar10(data_home=home).target_names.tolist()
    expected = "airplane automobile bird cat deer dog frog horse ship truck"
    assert names == expected.split()


@pytest.mark.parametrize("missing", ["header", "y"])
def test_missing_array_of_cifar10_is_named(folder, missing):
    rewrite(folder / "cifar10_jpeg.npz", **{missing: lambda array: None})
    with pytest.raises(
        ValueError, match=rf"cifar10_jpeg\.npz must hold .*'{missing} is not"
    ):
        fetch_cifar10(data_home=folder)


@pytest.mark.parametrize(
    ("name", "function", "message"),
    [
        ("y", lambda y: y[1:], r"shape \(30,\), .* y has \(29,\)"),
        ("sizes", lambda sizes: sizes[1:], r"sizes has shape \(29,\)"),
        ("body", lambda body: body[1:], "body has .* bytes, sizes add up to"),
        ("header", lambda header: header[100:], "UnidentifiedImageError"),
    ],
    ids=["few labels", "few sizes", "short body", "cut header"],
)
def test_invalid_arrays_of_cifar10_are_refused(folder, name, function, message):
    rewrite(folder / "cifar10_jpeg.npz", **{name: function})
    with pytest.raises(ValueError, match=f"must hold .*{message}"):
        fetch_cifar10(data_home=folder)


def test_sizes_may_be_integers_of_any_kind(folder):
    expected = fetch_cifar10(data_home=folder).data
    rewrite(folder / "cifar10_jpeg.npz", sizes=lambda sizes: sizes.astype(np.uint64))
    assert_array_equal(fetch_cifar10(data_home=folder).data, expected)


def test_download_without_the_training_samples_first_is_refused(openml):
    X, y = openml.answers[40927]
    openml.answers[40927] = X[::-1], y[::-1]
    with pytest.raises(ValueError, match=r"got \[1, 1, 1, 1, 1, 3, 3, 3, 3, 3\]"):
        fetch_cifar10()


def test_reviews_are_a_list_of_strings_in_their_order(folder, reviews):
    texts = [review["text"] for review in reviews if review["split"] == "train"]
    assert fetch_imdb(data_home=folder).data == texts


def test_split_of_a_review_selects_the_test_samples(folder, reviews):
    texts, y = fetch_imdb(subset="test", data_home=folder, return_X_y=True)
    assert texts == [reviews[1]["text"], reviews[4]["text"]]
    assert y.tolist() == [reviews[1]["y"], reviews[4]["y"]]


def test_all_reviews_are_a_list(folder):
    assert isinstance(fetch_imdb(subset="all", data_home=folder).data, list)


def test_names_are_negative_and_positive(folder):
    assert fetch_imdb(data_home=folder).target_names.tolist() == ["negative", "positive"]


def test_missing_file_of_imdb_is_described(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLNOISE_DATA", "nowhere")
    with pytest.raises(FileNotFoundError, match=r"imdb\.jsonl\.xz is in none") as caught:
        fetch_imdb(data_home=str(tmp_path))
    message = str(caught.value)
    assert f"got data_home={str(tmp_path)!r} and SKLNOISE_DATA='nowhere'" in message
    assert '"split": "train" or "test"' in message
    assert "https://ai.stanford.edu/~amaas/data/sentiment/" in message


def test_openml_is_not_asked(openml):
    with pytest.raises(FileNotFoundError):
        fetch_imdb()
    assert openml.calls == []


@pytest.mark.parametrize("key", ["split", "text"])
def test_missing_key_is_named(folder, reviews, key):
    del reviews[3][key]
    rewrite_lines(folder, map(json.dumps, reviews))
    with pytest.raises(ValueError, match=rf"imdb\.jsonl\.xz must hold .*: '{key}'"):
        fetch_imdb(data_home=folder)


def test_unknown_split_is_named(folder, reviews):
    rewrite_lines(
        folder, map(json.dumps, [*reviews, {"split": "unsup", "y": 0, "text": ""}])
    )
    with pytest.raises(ValueError, match=r"must hold .* KeyError: 'unsup'"):
        fetch_imdb(data_home=folder)


def test_line_that_is_not_json_is_refused(folder):
    rewrite_lines(folder, ["a fine film"])
    with pytest.raises(ValueError, match=r"must hold .* JSONDecodeError"):
        fetch_imdb(data_home=folder)


def test_missing_reviews_are_counted(folder, reviews):
    rewrite_lines(folder, map(json.dumps, reviews[:4]))
    with pytest.raises(
        ValueError, match=r"4 training reviews and 2 test .* it has 3 and 1"
    ):
        fetch_imdb(data_home=folder)


def test_digits_are_those_of_scikit_learn_scaled_to_one():
    X, y = load_digits(return_X_y=True)
    digits = load_noisy_digits(random_state=0)
    assert_allclose(digits.data * 16, X)
    assert_array_equal(digits.clean_target, y)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise_rate", [0.1, 0.4])
def test_noise_rate_is_the_share_of_wrong_labels(noise_rate, seed):
    digits = load_noisy_digits(noise_rate=noise_rate, random_state=seed)
    wrong = (digits.target != digits.clean_target).mean()
    error = np.sqrt(noise_rate * (1 - noise_rate) / len(digits.target))
    assert abs(wrong - noise_rate) < 4 * error


def test_no_noise_leaves_every_label_right():
    digits = load_noisy_digits(noise_rate=0)
    assert_array_equal(digits.target, digits.clean_target)


def test_each_digit_flips_to_one_look_alike():
    digits = load_noisy_digits(noise_rate=1, random_state=0)
    pairs = set(zip(digits.clean_target.tolist(), digits.target.tolist()))
    cycle = "06583941720"
    assert pairs == {(int(a), int(b)) for a, b in pairwise(cycle)}


def test_transition_matrix_is_the_one_that_made_the_labels():
    digits = load_noisy_digits(noise_rate=0.4, random_state=0)
    counts = np.zeros((10, 10))
    np.add.at(counts, (digits.clean_target, digits.target), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert_allclose(digits.transition_matrix, shares, atol=0.15)
    assert_array_equal(digits.transition_matrix > 0, counts > 0)


def test_same_seed_gives_the_same_digits():
    first, again, other = (load_noisy_digits(random_state=s).target for s in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()
