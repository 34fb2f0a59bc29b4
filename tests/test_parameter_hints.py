"""Errors of parameters, calls and attributes name what may have been meant."""

import inspect

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklnoise import (
    ConfidentLearningClassifier,
    NoiseCalibratedClassifier,
    NoiseRobustClassifier,
    NoiseRobustConformalClassifier,
    find_label_issues,
    label_quality_scores,
)
from sklnoise.inspection import noise_report

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


@pytest.mark.parametrize(
    ("estimator", "hint"),
    [
        (NoiseRobustClassifier(correction="foward"), "Did you mean 'forward'?"),
        (NoiseRobustClassifier(correction="Forward_ELR"), "Did you mean 'forward-elr'?"),
        (NoiseRobustClassifier(transition="confidentjoint"), "'confident-joint'?"),
        (NoiseRobustClassifier(refit="first_pass"), "Did you mean 'first-pass'?"),
        (NoiseRobustClassifier(transition=20), "did you mean 0.2?"),
        (NoiseRobustClassifier(transition="20 %"), "did you mean 0.2?"),
        (NoiseRobustClassifier(transition="0.2"), "did you mean 0.2?"),
        (NoiseRobustClassifier(correction=None), "Did you mean 'none'?"),
        (NoiseRobustClassifier(correction="cross_entropy"), "Did you mean 'none'?"),
        (NoiseRobustClassifier("forward"), "Did you mean correction='forward'?"),
        (NoiseRobustClassifier(np.eye(2)), "Did you mean transition="),
        (
            ConfidentLearningClassifier(LogisticRegression(), action="weight"),
            "Did you mean 'reweight'?",
        ),
        (
            NoiseCalibratedClassifier(LogisticRegression(), method="temprature"),
            "Did you mean 'temperature'?",
        ),
        (NoiseRobustConformalClassifier(confidence_level=90), "did you mean 0.9?"),
    ],
)
def test_error_says_what_may_have_been_meant(estimator, hint):
    with pytest.raises(ValueError, match="parameter of") as caught:
        estimator.fit(X, Y)
    assert hint in str(caught.value)


def test_names_are_sorted():
    with pytest.raises(ValueError, match="among") as caught:
        NoiseRobustClassifier(correction="?").fit(X, Y)
    names = str(caught.value).partition("{")[2].partition("}")[0].split(", ")
    assert names == sorted(names)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (find_label_issues, (None, X, Y), "got the estimator|takes y, y_proba without"),
        (noise_report, (None, X, Y, "x.html"), "takes estimator, X, y without"),
    ],
)
def test_arguments_that_need_their_name_are_told(function, arguments, message):
    with pytest.raises(TypeError, match=message):
        function(*arguments)


def test_unknown_keyword_of_fit_is_told_before_the_folds():
    with pytest.raises(TypeError, match=r"sample_wieght.*Did you mean 'sample_weight'"):
        NoiseRobustClassifier().fit(X, Y, sample_wieght=np.ones(10))


def test_texts_are_told_to_be_turned_into_numbers():
    with pytest.raises(ValueError, match="X holds texts, such as 'a b'"):
        NoiseRobustClassifier().fit(["a b", "c d"] * 5, Y)


@pytest.mark.parametrize("labels", [[-1, 0, 1], [-1, 1, 3], [0, 1, 2]])
def test_class_that_elsewhere_means_no_label_warns(labels, recwarn):
    y = np.array(labels)[np.arange(30) % 3]
    NoiseRobustClassifier(transition=0.1, random_state=0).fit(y[:, None] * 1.0, y)
    told = [str(w.message) for w in recwarn if "-1" in str(w.message)]
    assert bool(told) == (labels == [-1, 0, 1])


@pytest.mark.parametrize(
    ("value", "hint"),
    [("confident_learning", "'confident-learning'?"), ("low_self_confidence", "'self-")],
)
def test_function_says_what_a_value_may_have_meant(value, hint):
    with pytest.raises(ValueError, match="parameter of find_label_issues") as caught:
        find_label_issues(Y, np.full((10, 2), 0.5), filter_by=value)
    assert hint in str(caught.value)


def net():
    return NoiseRobustClassifier()


def forest():
    return ConfidentLearningClassifier(RandomForestClassifier())


def linear():
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return ConfidentLearningClassifier(model)


@pytest.mark.parametrize(
    ("make", "name", "value", "meant"),
    [
        (net, "max_epochs", 50, "estimator__max_epochs"),
        (net, "lr", 0.1, "estimator__lr"),
        (net, "batch_size", 32, "estimator__batch_size"),
        (net, "hidden", (5,), "estimator__module__hidden"),
        (net, "weight_decay", 0.1, "estimator__optimizer__weight_decay"),
        (net, "hidden_layer_sizes", (5,), "estimator__module__hidden"),
        (net, "max_iter", 5, "estimator__max_epochs"),
        (net, "estimator__lr", 0.1, "estimator__lr"),
        (forest, "n_estimators", 10, "estimator__n_estimators"),
        (linear, "C", 10.0, "estimator__logisticregression__C"),
    ],
)
def test_parameter_of_the_wrapped_estimator_is_told_how_to_set(make, name, value, meant):
    clf = make()
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'") as init:
        type(clf)(clf.estimator, **{name: value})
    call = str(init.value).partition("set by ")[2].removesuffix(".")
    assert f"set_params({meant}={value!r})" in call
    settings = eval(call.partition(".set_params")[2].replace("(", "dict(", 1))
    assert clone(clf).set_params(**settings).get_params()[meant] == value
    if name != meant:
        with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
            clf.set_params(**{name: value})
        with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
            GridSearchCV(clf, {name: [value]}, error_score="raise").fit(X, Y)


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        (NoiseRobustClassifier, "corection", "correction"),
        (NoiseRobustClassifier, "transition_matrix", "transition"),
        (NoiseRobustClassifier, "noise_rate", "transition"),
        (NoiseRobustClassifier, "criterion", "correction"),
        (NoiseRobustClassifier, "module", "estimator"),
        (NoiseRobustClassifier, "seed", "random_state"),
        (ConfidentLearningClassifier, "clf", "estimator"),
        (ConfidentLearningClassifier, "cv_n_folds", "cv"),
    ],
)
def test_unknown_keyword_names_the_parameter_that_was_meant(kind, name, meant):
    with pytest.raises(TypeError, match=f"'{name}'.*Did you mean '{meant}'"):
        kind(**{name: 1})


def test_keyword_like_no_other_lists_the_parameters():
    with pytest.raises(TypeError, match=r"'zzz'.*parameters are estimator, cv"):
        ConfidentLearningClassifier(LogisticRegression(), zzz=1)


def test_class_of_a_user_may_take_other_parameters():
    class Own(NoiseRobustClassifier):
        def __init__(self, width=3, *, transition=0.1):
            super().__init__(transition=transition)
            self.width = width

    assert Own(5).get_params()["width"] == 5
    with pytest.raises(TypeError, match=r"Own.*'width'"):
        Own(widht=5)

    class Open(NoiseRobustClassifier):
        def __init__(self, **params):
            super().__init__(**params)

    assert Open(warm_up=0.5).warm_up == 0.5
    with pytest.raises(TypeError, match=r"'warmup'.*'warm_up'"):
        Open(warmup=0.5)


@pytest.mark.parametrize(
    "kind",
    [NoiseRobustClassifier, ConfidentLearningClassifier, NoiseCalibratedClassifier],
)
def test_signature_is_that_of_the_parameters(kind):
    names = [*inspect.signature(kind).parameters]
    assert names[0] == "estimator"
    assert sorted(names) == kind._get_param_names()


def test_arguments_without_their_name_are_told():
    with pytest.raises(TypeError, match="takes estimator without a name, and got 2"):
        NoiseRobustClassifier(torch.nn.Linear, "forward")
    with pytest.raises(TypeError, match="missing a required argument: estimator"):
        ConfidentLearningClassifier()


@pytest.mark.parametrize("function", [find_label_issues, label_quality_scores])
def test_names_of_cleanlab_are_translated(function):
    with pytest.raises(TypeError, match=r"needs y and y_proba.*Did you mean 'y_proba'"):
        function(labels=Y, pred_probs=X)
    with pytest.raises(TypeError, match="missing a required argument: y_proba"):
        function(Y)


@pytest.mark.parametrize("arguments", [(X, Y), (X,)])
def test_estimator_in_place_of_labels_is_told_to_judge_itself(arguments):
    with pytest.raises(TypeError, match=r"got the estimator.*method find_label_issues"):
        find_label_issues(NoiseRobustClassifier(), *arguments)


def test_method_for_the_samples_of_fit_takes_no_samples():
    with pytest.raises(TypeError, match=r"samples of fit.*label_quality"):
        NoiseRobustClassifier().find_label_issues(X, Y)


@pytest.fixture(scope="module")
def known():
    return NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("transition_matrix", "transition_matrix_"),
        ("history", "history_"),
        ("label_issues", "label_issues_"),
        ("noise_rate_", "noise_summary_.noise_rate"),
        ("T_", "transition_matrix_"),
    ],
)
def test_attribute_that_may_have_been_meant_is_named(known, name, meant):
    with pytest.raises(AttributeError, match=f"Did you mean {meant}"):
        getattr(known, name)


def test_absent_attribute_says_why(known):
    with pytest.raises(AttributeError, match="no fold was fitted: T is known"):
        _ = known.out_of_fold_proba_
    with pytest.raises(AttributeError, match='correction="auto"'):
        _ = known.selection_
    with pytest.raises(AttributeError, match="set by fit"):
        _ = NoiseRobustClassifier().transition_matrix_
    unfinished = NoiseRobustClassifier(transition=0.1, refit=False, random_state=0)
    with pytest.raises(AttributeError, match="refit=False"):
        _ = unfinished.fit(X, Y).history_


def test_attributes_that_no_one_means_are_absent_as_ever(known):
    assert not hasattr(known, "decision_function")
    assert not hasattr(known, "_anything")
    with pytest.raises(AttributeError) as caught:
        _ = known.decision_function
    assert "Did you mean" not in str(caught.value)
