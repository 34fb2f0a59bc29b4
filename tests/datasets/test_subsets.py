"""What the loaders of real data have in common."""

import inspect
import os
import random

import numpy as np
import pytest
from numpy.testing import assert_array_equal

N_TRAIN = {"fetch_mnist": 4, "fetch_imdb": 4, "fetch_cifar10": 20}


def test_training_rows_are_the_default(loader, folder):
    default, train = loader(data_home=folder), loader(subset="train", data_home=folder)
    assert_array_equal(default.data, train.data)
    assert_array_equal(default.target, train.target)


def test_training_rows_are_as_many_as_expected(loader, folder):
    bunch = loader(data_home=folder)
    assert len(bunch.data) == len(bunch.target) == N_TRAIN[loader.__name__]


def test_all_rows_are_those_to_train_on_and_then_those_to_test_on(loader, folder):
    parts = [loader(subset=s, data_home=folder) for s in ("train", "test")]
    every = loader(subset="all", data_home=folder)
    assert_array_equal(every.data, np.concatenate([part.data for part in parts]))
    assert_array_equal(every.target, np.concatenate([part.target for part in parts]))


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_pair_holds_what_the_bunch_holds(loader, folder, subset):
    bunch = loader(subset=subset, data_home=folder)
    data, target = loader(subset=subset, data_home=folder, return_X_y=True)
    assert_array_equal(data, bunch.data)
    assert_array_equal(target, bunch.target)


def test_labels_are_int64(loader, folder):
    assert loader(data_home=folder).target.dtype == np.int64


def test_every_class_has_a_name(loader, folder):
    bunch = loader(subset="all", data_home=folder)
    assert bunch.target.max() < len(bunch.target_names)


def test_unknown_subset_is_answered_with_the_known_ones(loader, folder):
    with pytest.raises(ValueError, match=r"'subset'.*'train'.* Got 'valid' instead"):
        loader(subset="valid", data_home=folder)


@pytest.mark.parametrize("params", [{"data_home": 3}, {"return_X_y": "yes"}])
def test_parameter_of_a_wrong_type_is_refused(loader, params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter of"):
        loader(**params)


def test_parameters_are_passed_by_name(loader):
    kinds = {param.kind for param in inspect.signature(loader).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


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
