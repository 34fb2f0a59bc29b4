"""What a notebook shows of a fitted classifier below scikit-learn's diagram."""

from html import escape

from sklnoise.classifiers._noise_words import (
    caution_words,
    percent,
    rate_words,
    short_name,
    text_of,
    worst_pairs,
)

MOST_PAIRS = 3
LONGEST_TITLE = 2000

BOX = (
    "margin:.5em 0 0 .4em;padding:.4em .8em;border-left:3px solid #4c8bc4;"
    "font:13px/1.5 system-ui,sans-serif;max-width:46em"
)
"""Colours of the text are those of the page, which may be dark."""


def noise_html(clf):
    """Return the noise summary of a classifier as HTML."""
    if not clf.__sklearn_is_fitted__():
        return ""
    estimated = clf.transition_estimator_ is not None
    rate = rate_words(clf.noise_summary_, estimated=estimated)
    told = [f"<div>{escape(rate)}</div>", *pair_lines(clf)]
    told += [
        f"<div><strong>Caution:</strong> {escape(line)}</div>"
        for line in caution_words(clf)
    ]
    return f'<div class="sklnoise-summary" style="{BOX}">{"".join(told)}</div>'


def pair_lines(clf):
    """Tell which classes are mistaken most."""
    T, names = clf.transition_matrix_, [name_html(name) for name in clf.classes_]
    pairs = [
        f"{names[i]} labelled {names[j]} ({percent(T[i, j])} of {names[i]})"
        for i, j in worst_pairs(T, MOST_PAIRS)
    ]
    return [f"<div>Most often mistaken: {'; '.join(pairs)}.</div>"] if pairs else []


def name_html(label):
    """Write a class label, the whole of a long one where the pointer rests on it."""
    whole, short = text_of(label), short_name(label)
    if short == whole:
        return escape(short)
    return f'<span title="{escape(whole[:LONGEST_TITLE])}">{escape(short)}</span>'
