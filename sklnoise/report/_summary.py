"""The head and the end of a report: what was found, how, and how far to trust it."""

import platform
from importlib.metadata import version

import numpy as np

from sklnoise._text import percent
from sklnoise.classifiers._noise_text import (
    caution_sentences,
    format_interval,
    rate_sentence,
)
from sklnoise.report._html import element, folded, join, table

# Half widths of the interval up to which a noise rate is exact, and still a rough number.
MAX_EXACT, MAX_ROUGH = 0.03, 0.1

PACKAGES = "sklnoise", "scikit-learn", "torch", "skorch", "numpy"

LIMITS = (
    "Names of classes. If more than half of one class is labelled as another and the "
    "other way round, the labels alone look like little noise with the names exchanged. "
    "Only rows whose label is known to be right can tell.",
    "Hard rows. A label that the model finds surprising may be wrong, or the row may be "
    "hard. On clean but hard data every estimate of noise is too high.",
    "Noise that depends on the row. One transition matrix for all rows is an average, "
    "where annotators err more on some rows than on others.",
    "Small classes. With a few dozen rows a class, T says little more than some noise or "
    "hardly any.",
    "Single labels. Quality is a ranking first: look at the row before you change its "
    "label.",
)


def summary_section(clf, judgement, new_rows):
    """Show what was found, and how sure one can be."""
    summary, n_judged = clf.noise_summary_, len(judgement.rows)
    n_issues = int(judgement.is_issue.sum())
    rate = "unknown" if summary.noise_rate is None else percent(summary.noise_rate)
    interval = "no transition matrix"
    if summary.noise_rate is not None:
        interval = format_interval(summary.noise_rate_interval)
        interval = f"95% interval {interval}" if interval else "as given"
    figures = [
        ("Noise rate", rate, interval),
        ("Suspected labels", f"{n_issues:,}", f"{percent(n_issues / n_judged)} of rows"),
        ("Rows", f"{n_judged + judgement.n_left_out:,}", f"{n_judged:,} judged"),
        ("Classes", f"{len(clf.classes_):,}", ""),
    ]
    estimated = clf.transition_estimator_ is not None
    sentences = [
        trusted_sentence(judgement.n_trusted),
        rate_sentence(summary, estimated=estimated)
        if new_rows
        else count_sentence(clf, n_judged, judgement.n_trusted),
        certainty_sentence(summary, estimated),
        source_sentence(judgement, new_rows),
    ]
    cautions = all_cautions(clf, judgement)
    return element(
        "section",
        element("div", (figure(*parts) for parts in figures), class_="figures"),
        element("p", " ".join(filter(None, sentences))),
        join(element("p", caution, class_="caution") for caution in cautions),
        aria_label="Summary",
    )


def count_sentence(clf, n_judged, n_trusted):
    """Say how many labels of the fitted rows are wrong."""
    summary, estimated = clf.noise_summary_, clf.transition_estimator_ is not None
    if summary.noise_rate is None:
        return rate_sentence(summary, estimated=estimated)
    n_untrusted = n_judged - n_trusted
    low, count, high = (
        f"{n_untrusted * rate:,.0f}"
        for rate in np.insert(summary.noise_rate_interval, 1, summary.noise_rate)
    )
    source = "this estimate" if estimated else "the T that was given"
    interval = f" ({low} to {high} with 95% confidence)" if low != high else ""
    labels = f"{n_untrusted:,} {'other ' if n_trusted else ''}labels"
    return f"By {source}, about {count} of the {labels} are wrong{interval}."


def trusted_sentence(n_trusted):
    """Say how many labels are known to be right."""
    if not n_trusted:
        return ""
    labels = "1 label is" if n_trusted == 1 else f"{n_trusted:,} labels are"
    return f"{labels} known to be right: never suspected, and of quality 1."


def figure(name, value, remark):
    """Show one number in large."""
    return element(
        "div",
        element("div", name, class_="quiet"),
        element("div", value, class_="large"),
        element("div", remark, class_="quiet") if remark else [],
    )


def certainty_sentence(summary, estimated):
    """Say how sure the noise rate is."""
    if summary.noise_rate is None:
        return (
            "What follows ranks labels by the probability that the net gives them, "
            "which knows nothing of which classes are mistaken for which."
        )
    if not estimated:
        return "It is as right as the T that was given: no estimate checks it."
    if summary.weak_first_pass:
        return "Do not rely on it, for the reason below."
    low, high = summary.noise_rate_interval
    half = (high - low) / 2
    if low == 0:
        return "The interval reaches 0: the labels may well be clean."
    if half <= MAX_EXACT:
        return "That is a fairly exact estimate, if the noise depends on the class alone."
    if half <= MAX_ROUGH:
        return "Take it as a rough number: the interval is several points wide."
    return "The interval is wide: it says little more than that there is noise."


def source_sentence(judgement, new_rows):
    """Say by which probabilities the labels were judged."""
    if new_rows:
        return (
            "The rows below are new to the net. The noise rate and T are those of the "
            "rows that it was fitted on."
        )
    if judgement.judged_in_sample:
        return ""
    return "Every label was judged by a net that had not seen the row."


def all_cautions(clf, judgement):
    """List the reasons to distrust the report."""
    cautions = caution_sentences(clf.noise_summary_)
    if judgement.judged_in_sample:
        cautions.append(
            "No fold was fitted, so no net could judge rows that it had not seen: the "
            "net has learned these very labels. What it learned by heart looks right, "
            "so wrong labels may be missed. To have them judged by nets that have not "
            'seen them, fit with transition="auto" and a correction that uses T, such '
            'as "forward".'
        )
    if judgement.n_left_out:
        cautions.append(
            f"{judgement.n_left_out:,} rows were never held out by a fold, or have no "
            "weight. They are not judged."
        )
    return cautions


def settings_section(clf):
    """Show the parameters of the classifier, what they became, and the versions."""
    estimator = clf.transition_estimator_
    facts = {
        "loss of the refit": type(clf.correction_).__name__,
        "estimator of T": "none" if estimator is None else type(estimator).__name__,
        "network": network_name(clf),
        "epochs of the refit": clf.n_iter_,
        "condition number of T": f"{clf.noise_summary_.condition_number:.3g}",
    }
    if clf.noise_summary_.identity_share:
        facts["share of the identity that T was shrunk by"] = (
            clf.noise_summary_.identity_share
        )
    params = clf.get_params(deep=False).items()
    versions = {name: version(name) for name in PACKAGES}
    versions["Python"] = platform.python_version()
    return element(
        "section",
        element("h2", "Settings", id="settings"),
        table("What was fitted", ["", "value"], as_lines(facts.items())),
        table("Parameters", ["parameter", "value"], as_lines(params)),
        table("Versions", ["package", "version"], as_lines(versions.items())),
    )


def network_name(clf):
    """Return the class of the network's module."""
    return type(getattr(clf.estimator_, "module_", clf.estimator_)).__name__


def as_lines(pairs):
    """Turn names and values into lines of a table."""
    return [
        [
            element("th", name, scope="row"),
            folded(value if isinstance(value, str) else repr(value)),
        ]
        for name, value in pairs
    ]


def limits_section():
    """Say what noisy labels cannot tell."""
    return element(
        "section",
        element("h2", "What noisy labels cannot tell", id="limits"),
        element("ul", (element("li", limit) for limit in LIMITS)),
        element(
            "p", 'More in the pages "Limits" and "Which labels are wrong" of the guide.'
        ),
    )
