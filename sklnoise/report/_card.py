"""The model card: a page of Markdown with the numbers of the report."""

import re

from sklnoise._text import as_text, enumerate_names, shorten
from sklnoise.report._page import load_template, reveal

# What Markdown would take for a mark, a character of HTML or mathematics, or a browser
# for a tag.
MARKS = re.compile(r"([\\`*_\[\]<>|~#&$])")


def render_card(context):
    """Return the model card of a context as Markdown."""
    template = load_template("card.md.jinja", finalize=escape_marks, autoescape=False)
    return f"{template.render(context)}\n"


def escape_marks(value):
    """Return a value as one line of text without marks."""
    text = " ".join(reveal(as_text(value)).split())
    return MARKS.sub(r"\\\1", text)


def card_context(findings):
    """Return what a model card says of the use of a model."""
    return {
        "classes": enumerate_names(findings.names),
        "input": input_sentence(findings.clf),
        "verdict": findings.noise.verdict,
    }


def input_sentence(clf):
    """Say what a sample is."""
    names = getattr(clf, "feature_names_in_", None)
    if names is not None:
        shown = enumerate_names(shorten(name) for name in names)
        return f"{len(names)} columns, {shown}"
    shape = getattr(clf, "_sample_shape", (getattr(clf, "n_features_in_", None),))
    if isinstance(shape, dict):
        return enumerate_names(f"{shorten(k)} of shape {v}" for k, v in shape.items())
    if shape == (None,):
        return "samples of its estimator"
    return f"{shape[0]} columns" if len(shape) == 1 else f"samples of shape {shape}"
