"""What a notebook shows of a fitted classifier below scikit-learn's diagram."""

from html import escape

import numpy as np

from sklnoise._text import as_text, percent, shorten
from sklnoise.classifiers._noise_text import (
    caution_sentences,
    largest_flips,
    rate_sentence,
)

MAX_PAIRS = 3
MAX_TITLE_LENGTH = 2000

# No colour of the text: that of the page, which may be dark, is inherited.
BOX_STYLE = (
    "margin:.5em 0 0 .4em;padding:.4em .8em;border-left:3px solid #4c8bc4;"
    "font:13px/1.5 system-ui,sans-serif;max-width:46em"
)


def noise_html(clf):
    """Return the noise summary of a classifier as HTML."""
    if not clf.__sklearn_is_fitted__():
        return ""
    summary, T = clf.noise_summary_, clf.transition_matrix_
    estimated = summary.verdict != "known"
    lines = [escape(rate_sentence(summary, estimated=estimated))]
    names = [name_html(name) for name in clf.classes_]
    pairs = [
        f"{names[i]} labelled {names[j]} ({percent(T[i, j])} of {names[i]})"
        for i, j in largest_flips(T, MAX_PAIRS)
    ]
    if pairs:
        lines.append(f"Most often mistaken: {'; '.join(pairs)}.")
    lines += [
        f"<strong>Caution:</strong> {escape(caution)}"
        for caution in caution_sentences(summary)
    ]
    content = "".join(f"<div>{line}</div>" for line in lines)
    return f'<div class="sklnoise-summary" style="{BOX_STYLE}">{content}</div>'


def name_html(label):
    """Return a class label, shortened, with the whole of a long one as its tooltip."""
    whole, short = as_text(label), shorten(label)
    if short == whole:
        return escape(short)
    return f'<span title="{escape(whole[:MAX_TITLE_LENGTH])}">{escape(short)}</span>'


def with_short_names(attributes):
    """Shorten the names of classes in scikit-learn's table of fitted attributes."""
    for attribute in attributes.values():
        value = attribute["value"]
        if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
            names = [shorten(name) for name in value.ravel().tolist()]
            attribute["value"] = np.array(names, dtype=object).reshape(value.shape)
    return attributes
