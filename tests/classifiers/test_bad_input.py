"""Each mistake has its own clear error, and nothing is lost by it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy.sparse import coo_array, csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from skorch import NeuralNetClassifier

from sklnoise import ConfidentLearningClassifier, NoiseRobustClassifier
from sklnoise.exceptions import FoldFitError, NonFiniteLossError, RareClassWarning
from sklnoise.losses import ForwardLoss
from sklnoise.nn import MLP
from sklnoise.transition import AnchorEstimator

ones = np.ones(240)
PARAMETERS = [
    ({"correction": "foward"}, r"'correction' parameter .* must be"),
    ({"transition": "anchors"}, r"'transition' parameter .* must be"),
    ({"transition": 1.0}, r"'transition' parameter .* must be"),
    ({"refit": "warm"}, r"'refit' parameter .* must be"),
    ({"device": "gpu"}, r'device must be "auto" or a device .* got \'gpu\''),
    ({"transition": np.eye(2)}, r"must be of shape \(3, 3\).* got shape \(2, 2\)"),
    ({"transition": np.eye(3) * 2 - 1 / 3}, r"must hold probabilities; entry \[0, 1\]"),
    ({"transition": np.full((3, 3), 0.3)}, r"row 0 sums to 0.9"),
    (
        {"transition": [[0.5, 0.1, 0], [0.25, 0.8, 0], [0.25, 0.1, 1]]},
        r"columns do sum to 1: it is transposed",
    ),
    (
        {"transition": np.full((3, 3), 1 / 3), "correction": "backward"},
        r"condition number .* \(1 - a\) T \+ a I",
    ),
    ({"first_pass": LogisticRegression(), "refit": "first-pass"}, "leave first_pass at"),
    ({"transition": FrozenEstimator(AnchorEstimator())}, "is not fitted yet"),
    ({"n_jobs": 0}, "n_jobs"),
    ({"cv": KFold(3)}, r"split 1 of cv.*class 0"),
    ({"cv": KFold(500)}, "split 1 of"),
    ({"cv": GroupKFold(3)}, "groups"),
]
DATA = [
    (lambda X, y: (np.where(X > 5, np.nan, X), y), {}, "contains NaN"),
    (lambda X, y: (np.where(X > 5, np.inf, X), y), {}, "contains infinity"),
    (lambda X, y: (X[:, 0], y), {}, "Expected 2D array, got 1D array"),
    (lambda X, y: (X, np.where(y == 1, np.nan, y)), {}, "y contains NaN"),
    (lambda X, y: (X, np.where(y == 1, None, "a")), {}, "y must h"),
    (lambda X, y: (X, pd.Series(y, dtype="Int64").mask(y == 1)), {}, "missing values"),
    (lambda X, y: (X, y + 0.5 * X[:, 0]), {}, "Unknown label type: continuous"),
    (lambda X, y: (X, y[:-1]), {}, "inconsistent numbers of samples"),
    (lambda X, y: (X, y), {"sample_weight": ones[:9]}, r"shape \(240,\); got .*\(9,\)"),
    (lambda X, y: (X, y), {"sample_weight": -ones}, "must not be negative"),
    (lambda X, y: (X, y), {"sample_weight": 0 * ones}, "all are zero"),
    (lambda X, y: (X, y), {"groups": ones}, "folds that ignore them"),
    (lambda X, y: (X, y), {"groups": ones[:9]}, "inconsistent numbers of samples"),
]


FRAME = pd.DataFrame({"a": np.arange(240.0)})
OTHER = {
    "category": pd.Categorical(["u", "v"] * 120),
    "string": ["u", "v"] * 120,
    "date": np.datetime64("2020-01-01"),
    "time": np.timedelta64(1, "s"),
}


def as_polars(frame):
    return pl.DataFrame({name: frame[name].tolist() for name in frame})


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.ClassCollapseWarning")
@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("convert", [lambda X: X, as_polars], ids=["pandas", "polars"])
@pytest.mark.parametrize("at_predict", [False, True])
def test_column_that_holds_no_numbers_is_named(
    quick_net, noisy_blobs, kind, alone, convert, at_predict
):
    X = FRAME.assign(spoilt=OTHER[kind])[["spoilt"] if alone else ["a", "spoilt"]]
    clf, y_noisy = (
        NoiseRobustClassifier(quick_net, random_state=0, correction="none"),
        noisy_blobs[1],
    )
    if at_predict:
        clf.fit(FRAME.assign(spoilt=1.0)[X.columns], y_noisy)
    with pytest.raises((TypeError, ValueError), match="'spoilt'"):
        clf.predict(convert(X)) if at_predict else clf.fit(convert(X), y_noisy)


@pytest.mark.parametrize(
    ("X", "keyword"),
    [
        (None, "X must hold"),
        (3, "X must hold"),
        ("text", "X must hold"),
        ((row for row in np.zeros((240, 2))), "X must hold"),
        (torch.utils.data.DataLoader([0] * 240), "dataset"),
        (torch.utils.data.TensorDataset(torch.zeros(0, 2)), "length 0"),
        ([[1.0], [1.0, 2.0]] * 120, "one shape"),
        (np.zeros((240, 2), dtype="M8[s]"), "numbers"),
        (np.zeros((240, 2), dtype="m8[s]"), "numbers"),
        (np.full((240, 2), "a"), "numbers"),
        (np.full((240, 2), object()), "numbers"),
        (np.zeros((240, 0)), "0 feature"),
        (np.zeros((240, 0, 3)), "features|at least one value"),
        (np.zeros((240, 3, 0)), "features|at least one value"),
        (np.zeros((240, 2), dtype=complex), "Complex"),
        (coo_array((np.ones(1), ([0], [0], [0])), shape=(240, 2, 2)), r"\(240, 2, 2\)"),
        (coo_array((np.ones(1), ([0],)), shape=(240,)), r"\(240,\)"),
        (pd.DataFrame(np.zeros((240, 2)), columns=["a", "a"]), "names that differ"),
    ],
)
@pytest.mark.parametrize("at_predict", [False, True])
def test_samples_of_an_unknown_kind_are_explained(
    quick_net, noisy_blobs, X, keyword, at_predict
):
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none")
    if at_predict:
        clf.fit(*noisy_blobs[:2])
    with pytest.raises((TypeError, ValueError), match=keyword) as error:
        clf.predict(X) if at_predict else clf.fit(X, noisy_blobs[1])
    assert len(str(error.value)) < 3000


CODES = np.arange(240) % 3


@pytest.mark.parametrize(
    ("y", "keyword"),
    [
        (None, "y to be passed"),
        (np.eye(3)[CODES], r"argmax.*sample_weight"),
        (pd.DataFrame(np.eye(3)[CODES]), r"argmax.*sample_weight"),
        (csr_array(np.eye(3)[CODES]), "sparse"),
        (1, "one label per sample"),
        ("abc", r"fit\(df.drop\(columns='abc'\), df\['abc'\]\)"),
        (LogisticRegression(), "one label per sample|labels"),
        ([[1], [1, 2]] * 120, "one label per sample"),
        ([{1}] * 240, "sample 0"),
        (np.array([None] * 240), "sample 0"),
        (np.arange(240), "all 240 labels differ"),
        (np.array([f"id{i}" for i in range(240)]), "all 240 labels differ"),
        (np.array([f"{i}{'x' * 10**5}" for i in range(240)], dtype=object), "240 labels"),
    ],
    ids=str,
)
@pytest.mark.parametrize("prunes", [False, True])
@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_target_that_is_no_labels_is_explained(
    quick_net, noisy_blobs, y, keyword, prunes
):
    clf = NoiseRobustClassifier(quick_net, random_state=0)
    if prunes:
        clf = ConfidentLearningClassifier(LogisticRegression())
    with pytest.raises(ValueError, match=keyword) as error:
        clf.fit(noisy_blobs[0], y)
    assert len(str(error.value)) < 1000
    assert not [name for name in vars(clf) if name.endswith("_")]


def test_dataset_needs_labels_beside_it(quick_net, noisy_blobs):
    with pytest.raises(ValueError, match="beside it"):
        NoiseRobustClassifier(quick_net, random_state=0).fit(
            as_dataset(noisy_blobs[0]), None
        )


@pytest.mark.parametrize(("params", "message"), PARAMETERS)
def test_bad_parameter_is_explained(quick_net, noisy_blobs, params, message):
    X, y_noisy, _, _ = noisy_blobs
    order = np.argsort(y_noisy, kind="stable")
    with pytest.raises((ValueError, NotFittedError), match=message):
        NoiseRobustClassifier(quick_net, random_state=0, **params).fit(
            X[order], y_noisy[order]
        )


@pytest.mark.parametrize(("spoil", "more", "message"), DATA)
def test_bad_data_are_explained(quick_net, noisy_blobs, spoil, more, message):
    X, y = spoil(*noisy_blobs[:2])
    with pytest.raises(ValueError, match=message):
        NoiseRobustClassifier(quick_net, random_state=0).fit(X, y, **more)


@pytest.mark.parametrize(
    "estimator",
    [MLP(2, 3), LogisticRegression(), LogisticRegression, NeuralNetClassifier],
)
def test_estimator_that_is_no_network_is_explained(noisy_blobs, estimator):
    X, y_noisy, _, _ = noisy_blobs
    with pytest.raises(TypeError, match="estimator must be None, a torch"):
        NoiseRobustClassifier(estimator).fit(X, y_noisy)


@pytest.mark.parametrize(
    "first_pass", [MLP(2, 3), LogisticRegression, NeuralNetClassifier]
)
def test_first_pass_that_is_no_classifier_is_explained(
    quick_net, noisy_blobs, first_pass
):
    with pytest.raises(TypeError, match="first_pass must be None"):
        NoiseRobustClassifier(quick_net, random_state=0, first_pass=first_pass).fit(
            *noisy_blobs[:2]
        )


def test_other_number_of_features_at_predict_is_an_error(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none").fit(
        X, y_noisy
    )
    with pytest.raises(ValueError, match="X has 1 features"):
        clf.predict(X[:, :1])


def test_other_shape_of_a_row_at_predict_is_an_error(quick_net, rng):
    images, y = rng.normal(size=(30, 4, 5)), rng.randint(2, size=30)
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none").fit(
        images, y
    )
    with pytest.raises(ValueError, match=r"samples of shape \(4, 5\), as in fit"):
        clf.predict(images[:, :, :4])


def test_predict_before_fit_is_an_error(noisy_blobs):
    with pytest.raises(NotFittedError):
        NoiseRobustClassifier().predict(noisy_blobs[0])


def as_dataset(X):
    return torch.utils.data.TensorDataset(torch.from_numpy(X))


def test_dataset_needs_a_net_in_the_first_pass(quick_net, noisy_blobs):
    clf = NoiseRobustClassifier(
        quick_net, random_state=0, first_pass=LogisticRegression()
    )
    with pytest.raises(
        ValueError, match=r"first_pass=LogisticRegression\(\) cannot learn"
    ):
        clf.fit(as_dataset(noisy_blobs[0]), noisy_blobs[1])


def test_nan_in_a_dataset_is_named_by_its_row(quick_net, noisy_blobs):
    X = noisy_blobs[0].copy()
    X[7, 0] = np.nan
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none")
    with pytest.raises(ValueError, match="item 7 of the Dataset"):
        clf.fit(as_dataset(X), noisy_blobs[1])


class Stream(torch.utils.data.IterableDataset):
    """Has no rows that could be indexed."""

    def __iter__(self):
        return iter(np.zeros((240, 2)))


class Unsized(torch.utils.data.Dataset):
    """Has no length."""

    def __getitem__(self, row):
        return np.zeros(2)


@pytest.mark.parametrize("X", [Stream(), Unsized()])
def test_dataset_that_cannot_be_split_is_explained(quick_net, noisy_blobs, X):
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none")
    with pytest.raises(ValueError, match="one after another"):
        clf.fit(X, noisy_blobs[1])


class Records(torch.utils.data.Dataset):
    """Its items are no rows."""

    def __len__(self):
        return 240

    def __getitem__(self, row):
        return "text"


def test_items_of_a_dataset_that_are_no_rows_are_explained(quick_net, noisy_blobs):
    clf = NoiseRobustClassifier(quick_net, random_state=0, correction="none")
    with pytest.raises(TypeError, match=r"items of a Dataset must be.*got str"):
        clf.fit(Records(), noisy_blobs[1])


@pytest.mark.parametrize("loss", [torch.nn.ReLU, torch.nn.ReLU()])
def test_loss_without_a_reduction_is_explained(quick_net, noisy_blobs, loss):
    X, y_noisy, _, _ = noisy_blobs
    with pytest.raises(TypeError, match="a loss with a reduction"):
        NoiseRobustClassifier(quick_net, random_state=0, correction=loss).fit(X, y_noisy)


def test_loss_instance_for_other_classes_is_explained(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(
        quick_net, random_state=0, correction=ForwardLoss(np.eye(4))
    )
    with pytest.raises(ValueError, match=r"must be of shape \(3, 3\)"):
        clf.fit(X, y_noisy)


class PredictsNan(LogisticRegression):
    """Does not know."""

    def predict_proba(self, X):
        return np.full((len(X), 3), np.nan)


def test_first_pass_that_predicts_nan_is_an_error(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    with pytest.raises(FoldFitError, match="in fold 1 that are not finite"):
        NoiseRobustClassifier(quick_net, random_state=0, first_pass=PredictsNan()).fit(
            X, y_noisy
        )


class TwoOutputs(torch.nn.Linear):
    """Has two outputs, whatever the classes."""

    def __init__(self):
        super().__init__(2, 2)


def test_wrong_number_of_outputs_is_explained(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    with pytest.raises(ValueError, match=r"shape \(n_samples, 3\); got shape \(8, 2\)"):
        NoiseRobustClassifier(TwoOutputs, correction="none").fit(X, y_noisy)


def test_module_that_fails_on_the_rows_is_explained(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    net = clone(quick_net).set_params(module__n_features=5)
    with pytest.raises(ValueError, match="MLP cannot be applied to a batch of X"):
        NoiseRobustClassifier(net, correction="none").fit(X, y_noisy)


@pytest.mark.parametrize("callbacks", [None, "disable"])
def test_loss_that_turns_nan_stops_and_names_the_epoch(quick_net, noisy_blobs, callbacks):
    X, y_noisy, _, _ = noisy_blobs
    net = clone(quick_net).set_params(
        optimizer=torch.optim.SGD, lr=1e30, callbacks=callbacks
    )
    clf = NoiseRobustClassifier(net, correction="none", random_state=0)
    with pytest.raises(NonFiniteLossError, match=r"in epoch [1-9]"):
        clf.fit(X, y_noisy)


class FailsWithoutDogs(LogisticRegression):
    """Fails to fit unless there are three classes."""

    def fit(self, X, y, sample_weight=None):
        if len(np.unique(y)) < 3:
            raise KeyError("no dog")
        return super().fit(X, y, sample_weight)


def test_fold_that_fails_is_named_and_keeps_its_cause(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    y = np.where(np.arange(240) == 7, 2, y_noisy % 2)
    clf = NoiseRobustClassifier(
        quick_net, random_state=0, first_pass=FailsWithoutDogs(), cv=KFold(2)
    )
    with pytest.raises(FoldFitError, match="in fold 1 of 2: 'no dog'") as error:
        clf.fit(X, y)
    assert isinstance(error.value.__cause__, KeyError)


class Interrupted(torch.nn.Linear):
    """Stands for a user who presses Ctrl-C in the third step of training."""

    steps = 0

    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)

    def forward(self, X):
        Interrupted.steps += self.training
        if Interrupted.steps == 3:
            raise KeyboardInterrupt
        return super().forward(X)


def test_interrupt_in_a_fold_stops_the_whole_fit(noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    Interrupted.steps = 0
    with pytest.raises(KeyboardInterrupt):
        NoiseRobustClassifier(Interrupted, random_state=0).fit(X, y_noisy)
    assert Interrupted.steps == 3


def test_failed_fit_leaves_what_was_fitted_before(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0).fit(X, y_noisy)
    before = vars(clf).copy()
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(np.full((240, 9), np.nan), y_noisy)
    assert vars(clf) == before
    assert_array_equal(clf.predict(X[:3]).shape, (3,))


def test_failed_first_fit_leaves_nothing(quick_net, noisy_blobs):
    X, _, _, _ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, random_state=0, transition=np.eye(2))
    with pytest.raises(ValueError, match="shape"):
        clf.fit(X, noisy_blobs[1])
    assert not [name for name in vars(clf) if name.endswith("_")]


@pytest.mark.filterwarnings("ignore::sklnoise.exceptions.SwappableClassesWarning")
def test_class_rarer_than_the_folds_is_warned_of_by_name(quick_net, rng):
    X = rng.normal(size=(60, 2))
    y = np.array(["dog"] * 30 + ["cat"] * 27 + ["emu"] * 3)
    with pytest.warns(RareClassWarning, match="'emu' has 3 samples.* 3 folds are made"):
        clf = NoiseRobustClassifier(quick_net, random_state=0).fit(X, y)
    assert np.isfinite(clf.out_of_fold_proba_).all()


def test_fold_that_fails_leaves_the_threads_as_they_were(quick_net, noisy_blobs):
    X, y_noisy, _, _ = noisy_blobs
    net = clone(quick_net).set_params(module__hidden=(128, 128), batch_size=240, lr=1e30)
    net.set_params(optimizer=torch.optim.SGD, max_epochs=3)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(FoldFitError) as error:
            NoiseRobustClassifier(net, cv=3).fit(np.tile(X, 20), y_noisy)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert error.value.__traceback__ is not None


CLASSIFIERS = [
    NoiseRobustClassifier(transition=0.1, random_state=0),
    ConfidentLearningClassifier(LogisticRegression(), random_state=0),
]


@pytest.mark.parametrize("clf", CLASSIFIERS)
@pytest.mark.parametrize("convert", [list, pd.Series, np.array])
def test_texts_are_told_to_be_turned_into_numbers(clf, convert):
    with pytest.raises(ValueError, match=r"X holds texts, such as 'a b'.*Tfidf"):
        clone(clf).fit(convert(["a b", "c d"] * 20), [0, 1] * 20)


@pytest.mark.parametrize("clf", CLASSIFIERS)
def test_columns_of_strings_are_told_to_be_encoded(clf):
    X = pd.DataFrame({"n": [1.0, 2.0] * 20, "s": ["a", "b"] * 20})
    with pytest.raises(ValueError, match=r"'s'.*make_pipeline\(make_table_encoder\(\)"):
        clone(clf).fit(X, [0, 1] * 20)


@pytest.mark.parametrize("clf", CLASSIFIERS)
def test_label_of_an_unknown_class_is_told_to_be_fitted(clf, noisy_blobs):
    X, y, _, _ = noisy_blobs
    fitted = clone(clf).fit(X, y)
    with pytest.raises(ValueError, match=r"got \[7\] too.*not fitted to these classes"):
        fitted.label_quality(X[:2], [0, 7])
