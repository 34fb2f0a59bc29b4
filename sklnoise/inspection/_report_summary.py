"""The head of a report: the noise rate, and how far to trust it."""

import numpy as np

from sklnoise._text import percent
from sklnoise.classifiers._noise_text import (
    caution_sentences,
    format_interval,
    rate_sentence,
)
from sklnoise.inspection._report_html import element, join

NARROW, WIDE = 0.03, 0.1
"""Half widths of the interval below which a rate is exact, above which it is rough."""


def headline(clf, judgement, new_rows):
    """Tell what was found, and how sure one can be."""
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
    told = [
        trusted_words(judgement.n_trusted),
        rate_sentence(summary, estimated=estimated)
        if new_rows
        else count_words(clf, n_judged, judgement.n_trusted),
        certainty(summary, estimated),
        judged_by(judgement, new_rows),
    ]
    cautions = cautions_on(clf, judgement)
    return element(
        "section",
        element("div", (figure(*parts) for parts in figures), class_="figures"),
        element("p", " ".join(filter(None, told))),
        join(element("p", caution, class_="caution") for caution in cautions),
        aria_label="Summary",
    )


def count_words(clf, n_judged, n_trusted):
    """Tell how many labels of the fitted rows are wrong."""
    summary, estimated = clf.noise_summary_, clf.transition_estimator_ is not None
    if summary.noise_rate is None:
        return rate_sentence(summary, estimated=estimated)
    n_doubted = n_judged - n_trusted
    low, count, high = (
        f"{n_doubted * rate:,.0f}"
        for rate in np.insert(summary.noise_rate_interval, 1, summary.noise_rate)
    )
    source = "this estimate" if estimated else "the T that was given"
    interval = f" ({low} to {high} with 95% confidence)" if low != high else ""
    labels = f"{n_doubted:,} {'other ' if n_trusted else ''}labels"
    return f"By {source}, about {count} of the {labels} are wrong{interval}."


def trusted_words(n_trusted):
    """Tell how many labels are known to be right."""
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


def certainty(summary, estimated):
    """Tell how sure the noise rate is."""
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
    if half <= NARROW:
        return "That is a fairly exact estimate, if the noise depends on the class alone."
    if half <= WIDE:
        return "Take it as a rough number: the interval is several points wide."
    return "The interval is wide: it says little more than that there is noise."


def judged_by(judgement, new_rows):
    """Tell by which probabilities the labels were judged."""
    if new_rows:
        return (
            "The rows below are new to the net. The noise rate and T are those of the "
            "rows that it was fitted on."
        )
    if judgement.learned:
        return ""
    return "Every label was judged by a net that had not seen the row."


def cautions_on(clf, judgement):
    """List the reasons to distrust the report."""
    cautions = caution_sentences(clf.noise_summary_)
    if judgement.learned:
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
