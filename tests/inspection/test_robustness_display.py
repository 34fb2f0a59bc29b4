"""The robustness curve trains on noisy labels and judges on clean ones."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sklnoise import NoiseRobustClassifier
from sklnoise.inspection import RobustnessCurveDisplay

X, Y = make_blobs(200, centers=[[0, 0], [9, 0]], random_state=0)
NEIGHBOURS = {"one": KNeighborsClassifier(1), "many": KNeighborsClassifier(31)}


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it is fitted to and asked for."""

    def __init__(self, log=None):
        self.log = log

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y):
        self.log.append(("fit", X, y))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        self.log.append(("predict", X))
        return np.where(X[:, 0] > 4.5, 1, 0)


def curves(estimators=NEIGHBOURS, **params):
    params = {"noise_rates": [0.0, 0.3], "random_state": 0, **params}
    return RobustnessCurveDisplay.from_estimators(estimators, X, Y, **params)


def test_noise_is_in_the_training_labels_only():
    log = []
    display = curves({"recorder": Recorder(log)}, noise_rates=[0.4], cv=4)
    clean = {tuple(row): label for row, label in zip(X, Y)}
    fits = [
        (rows, labels) for kind, rows, *rest in log if kind == "fit" for labels in rest
    ]
    wrong = [
        np.mean([clean[tuple(row)] != label for row, label in zip(rows, labels)])
        for rows, labels in fits
    ]
    assert len(fits) == 4
    assert 0.3 < np.mean(wrong) < 0.5
    assert (display.accuracies["recorder"] == 1).all()


def test_rows_that_are_judged_are_not_trained_on():
    log = []
    curves({"recorder": Recorder(log)}, noise_rates=[0.1], cv=2)
    for (_, train, _), (_, test) in zip(log[::2], log[1::2]):
        assert len(train) + len(test) == len(X)
        assert not {*map(tuple, train)} & {*map(tuple, test)}


def test_all_estimators_see_the_same_noise():
    first, second = [], []
    curves({"a": Recorder(first), "b": Recorder(second)}, cv=2)
    for (_, *seen), (_, *too) in zip(first, second):
        for a, b in zip(seen, too):
            np.testing.assert_array_equal(a, b)


def test_repetitions_have_noise_of_their_own():
    log = []
    test = {"X_test": X, "y_test": Y}
    curves({"recorder": Recorder(log)}, noise_rates=[0.4], cv=2, **test)
    (_, _, first), (_, _, second) = log[::2]
    assert (first != second).any()


def test_other_rows_to_judge_by_leave_all_for_training():
    log = []
    curves({"a": Recorder(log)}, X_test=X[:9], y_test=Y[:9], cv=1)
    assert {len(entry[1]) for entry in log} == {len(X), 9}


def test_accuracy_is_that_of_the_predictions():
    model = {"frequent": DummyClassifier(strategy="constant", constant=1)}
    display = curves(model, X_test=X, y_test=Y)
    np.testing.assert_array_equal(display.accuracies["frequent"], np.full((2, 3), 0.5))


def test_noise_harms_the_nearest_neighbour_more_than_many():
    accuracies = curves().accuracies
    assert (accuracies["one"][1] < accuracies["many"][1]).all()
    assert (accuracies["one"][0] > 0.95).all()


def test_random_state_decides():
    one, two, other = (curves(random_state=seed).accuracies["one"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    curves(random_state=None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_splitter_decides_the_repetitions():
    splitter = KFold(5, shuffle=True, random_state=0)
    assert curves(cv=splitter).accuracies["one"].shape == (2, 5)
    assert curves(cv=list(splitter.split(X))).accuracies["one"].shape == (2, 5)


def test_estimators_are_not_changed():
    model = LogisticRegression()
    curves({"model": model}, cv=1)
    assert not hasattr(model, "coef_")


def test_our_classifier_and_string_labels_work():
    names = np.array(["no", "yes"])[Y]
    clf = NoiseRobustClassifier(transition=0.2, random_state=0)
    display = RobustnessCurveDisplay.from_estimator(
        make_pipeline("passthrough", clf),
        X,
        names,
        noise_rates=[0.2],
        cv=1,
        random_state=0,
    )
    assert list(display.lines_) == ["NoiseRobustClassifier"]
    assert display.accuracies["NoiseRobustClassifier"][0, 0] > 0.7


def test_line_is_the_mean_and_band_a_standard_deviation():
    display = RobustnessCurveDisplay.from_accuracies(
        [0.0, 0.5], {"model": [[0.8, 1.0], [0.5, 0.5]]}
    )
    np.testing.assert_allclose(display.lines_["model"].get_ydata(), [0.9, 0.5])
    band = display.bands_["model"].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(0.9 + np.std([0.8, 1.0], ddof=1))


def test_rates_are_drawn_in_order():
    line = RobustnessCurveDisplay.from_accuracies([0.4, 0.0], {"m": [0.1, 0.9]}).lines_
    np.testing.assert_array_equal(line["m"].get_xydata(), [[0.0, 0.9], [0.4, 0.1]])


def test_one_repetition_has_no_band():
    display = RobustnessCurveDisplay.from_accuracies([0.0], {"model": [0.8]})
    assert display.bands_ == {}


def test_curves_differ_in_grey():
    accuracies = {f"model {i}": [0.9, i / 20] for i in range(20)}
    lines = RobustnessCurveDisplay.from_accuracies([0, 1], accuracies).lines_.values()
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == 20


def test_own_axes_are_used():
    ax = Figure().subplots()
    display = RobustnessCurveDisplay.from_accuracies([0], {"m": [1]}, ax=ax)
    assert (display.ax_, display.figure_) == (ax, ax.figure)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"estimators": {}}, "got an empty dict"),
        ({"noise_rates": []}, "at least one rate"),
        ({"noise_rates": 0.2}, "at least one rate"),
        ({"noise_rates": [0.1, 20]}, r"probabilities; got 20.*percentages"),
        ({"noise_rates": [np.nan]}, "probabilities; got nan"),
        ({"kind": "other"}, "kind"),
        ({"X_test": X}, "y_test is missing"),
        ({"y_test": Y}, "X_test is missing"),
        ({"X_test": X, "y_test": Y[:3]}, "inconsistent numbers"),
        ({"X_test": X, "y_test": Y, "cv": KFold()}, "number of repetitions.*and X_test"),
        ({"cv": 0}, "cv must be the number of repetitions"),
    ],
)
def test_what_cannot_be_trained_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        curves(**params)


def test_estimators_without_names_are_refused():
    with pytest.raises(
        TypeError, match="dict from names to one classifier each; got list"
    ):
        curves([LogisticRegression()])


@pytest.mark.parametrize("wrong", [[0.1, 0.2, 0.3], [[0.1, 0.2, 0.3]], [[], []], 0.1])
def test_accuracies_that_do_not_fit_the_rates_are_refused(wrong):
    with pytest.raises(ValueError, match="one entry for each of the 2 noise_rates"):
        RobustnessCurveDisplay.from_accuracies([0.0, 0.1], {"model": wrong})


def many_curves(n_names, n_characters, **params):
    names = [f"{i} {'a' * (n_characters - 4)}{i:02}" for i in range(n_names)]
    accuracies = {name: [0.9, 0.8] for name in names}
    return RobustnessCurveDisplay.from_accuracies([0, 1], accuracies, **params)


def test_names_are_shortened_and_stay_apart():
    legend = many_curves(60, 40).ax_.get_legend()
    names = [text.get_text() for text in legend.get_texts()]
    assert max(map(len, names)) == 30
    assert len({*names}) == 60


def test_names_and_kind_are_shown_as_they_are():
    names = ["_private", "cost in $, of $x_"]
    display = RobustnessCurveDisplay.from_accuracies(
        [0, 1], {name: [0.9, 0.8] for name in names}, kind="pair"
    )
    display.figure_.canvas.draw()
    assert [t.get_text() for t in display.ax_.get_legend().get_texts()] == names
    assert display.ax_.get_xlabel() == "Noise rate of the training labels (pair)"


@pytest.mark.parametrize("n_names", [7, 25])
def test_many_names_do_not_cover_the_curves(n_names):
    display = many_curves(n_names, 40)
    display.figure_.canvas.draw()
    ax, legend = display.ax_, display.ax_.get_legend()
    axes, names = ax.get_window_extent(), legend.get_window_extent()
    assert names.x0 >= axes.x1
    assert names.y0 >= 0
    assert names.x1 <= display.figure_.bbox.x1
    points = 72 / display.figure_.dpi * np.array(axes.size)
    assert (points > [300, 200]).all()
