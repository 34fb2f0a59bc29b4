"""A notebook shows what is known of the noise under scikit-learn's diagram."""

from copy import deepcopy

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch, estimator_html_repr

from sklnoise import NoiseRobustClassifier

T = [[0.8, 0.2, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]]
SUMMARY = "sklnoise-summary"


@pytest.fixture(scope="module")
def fitted():
    X, y = np.arange(30.0)[:, None] / 30, np.repeat(["ant", "<b>", "cat"], 10)
    clf = NoiseRobustClassifier(transition=T, random_state=0)
    return clf.fit(X, y)


@pytest.fixture
def changed(fitted):
    return deepcopy(fitted)


def summary_of(clf):
    return clf._repr_html_().partition(SUMMARY)[2]


def test_diagram_of_scikit_learn_comes_first(fitted):
    html = fitted._repr_html_()
    assert html.startswith("<style>")
    assert html.index("sk-container") < html.index(SUMMARY)


def test_noise_rate_is_shown_with_its_interval(fitted):
    summary = fitted.noise_summary_
    low, high = summary.noise_rate_interval
    told = (
        f"Noise rate by the given T: {100 * summary.noise_rate:.1f}% of the labels "
        f"(95% interval {100 * low:.1f}% to {100 * high:.1f}%)"
    )
    assert told in summary_of(fitted)


def test_estimated_rate_is_called_an_estimate(fitted, quick_net, noisy_blobs):
    X, y_noisy, *_ = noisy_blobs
    clf = NoiseRobustClassifier(quick_net, cv=2, random_state=0).fit(X, y_noisy)
    assert "Estimated noise rate: " in summary_of(clf)


def test_worst_pairs_are_named_and_escaped(fitted):
    # Classes are sorted: "<b>" is the first.
    told = "&lt;b&gt; labelled ant (20.0% of &lt;b&gt;); ant labelled cat (10.0% of ant)."
    assert told in summary_of(fitted)
    assert "<b>" not in summary_of(fitted)


def test_reasons_for_doubt_are_shown(changed):
    changed.noise_summary_.update(
        weak_first_pass=True,
        verdict="upper bound only",
        diagnostics=Bunch(impurity=0.5, accuracy_over_majority=0.0),
        indistinguishable_classes=[("<b>", "cat")],
        dominated_classes=["ant"],
    )
    html = summary_of(changed)
    assert html.count("Caution") == 3
    assert "wrong on 50.0% of the samples" in html
    assert "&lt;b&gt; / cat" in html
    assert "as themselves: ant" in html
    changed.noise_summary_.verdict = "nothing can be said"
    changed.noise_summary_.diagnostics.accuracy_over_majority = -0.012
    assert "1.2 points below" in summary_of(changed)


def test_nothing_is_claimed_without_a_transition(fitted):
    X, y = np.arange(10.0)[:, None], np.arange(10) % 2
    clf = NoiseRobustClassifier(correction="none", random_state=0).fit(X, y)
    assert "Nothing is known of the noise rate" in summary_of(clf)
    assert "mistaken" not in summary_of(clf)


def test_nothing_is_added_before_fit(fitted):
    for clf in (NoiseRobustClassifier(), clone(fitted)):
        assert SUMMARY not in clf._repr_html_()


def test_notebooks_get_the_same(fitted):
    bundle = fitted._repr_mimebundle_()
    assert bundle["text/plain"] == repr(fitted)
    assert SUMMARY in bundle["text/html"]


def test_text_display_has_no_html(fitted):
    with sklearn.config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")
        assert "text/html" not in fitted._repr_mimebundle_()


def test_pipeline_shows_its_diagram(fitted):
    pipe = make_pipeline(StandardScaler(), fitted)
    assert "NoiseRobustClassifier" in pipe._repr_html_()
    assert estimator_html_repr(pipe).startswith("<style>")


def test_long_names_stand_whole_in_a_title(changed):
    long = "<b> " * 30
    changed.classes_ = np.array([f"{long}1", f"{long}2", "cat"])
    html = summary_of(changed)
    assert f'title="{"&lt;b&gt; " * 30}1"' in html
    assert f'title="{"&lt;b&gt; " * 30}2"' in html
    assert "<b>" not in html


def test_many_and_very_long_names_make_no_large_page(changed):
    for names in ([f"{'x' * 10**6}{k}" for k in range(3)], [f"{k}" for k in range(3000)]):
        changed.classes_ = np.array(names, dtype=object)
        changed.transition_matrix_ = np.eye(len(names))
        assert len(changed._repr_html_()) < 10**5
        assert len(repr(changed)) < 10**4


def test_no_pair_is_named_where_all_are_alike(changed):
    changed.transition_matrix_ = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    assert "mistaken" not in summary_of(changed)


def test_long_lists_are_counted(changed):
    changed.noise_summary_.dominated_classes = [f"class {k}" for k in range(11)]
    assert "class 7 and 3 more" in summary_of(changed)


def test_long_names_keep_their_ends_and_surrogates_are_replaced(changed):
    changed.classes_ = np.array(["x" * 100 + "1", "a\ud800b", "cat"], dtype=object)
    html = summary_of(changed)
    assert "x" * 20 + "…" + "x" * 18 + "1" in html
    assert "a?b" in html
