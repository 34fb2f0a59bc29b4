"""The transformers of a table, one a group of columns of the same kind."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklnoise.cli._dates import date_part_names, date_parts

FARTHEST = 1e4
"""Standard deviations that a value is from the mean at most: more would overflow in a
network, and no value of less than 100 million rows has so many."""

COUNTED = {
    "words": {"token_pattern": r"(?u)\b\w+\b"},
    "characters": {"analyzer": "char", "ngram_range": (1, 2)},
}
"""What is counted in a text, by the detail of its kind."""


def number_part():
    """Return the transformer of numbers and booleans."""
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        FunctionTransformer(
            np.clip,
            kw_args={"a_min": -FARTHEST, "a_max": FARTHEST},
            feature_names_out="one-to-one",
        ),
    )


def date_part():
    """Return the transformer of dates."""
    taken_apart = FunctionTransformer(date_parts, feature_names_out=date_part_names)
    return make_pipeline(taken_apart, number_part())


def category_part(max_categories):
    """Return the transformer of categories."""
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=2,
        max_categories=max_categories,
        dtype=np.float32,
    )


def text_part(counted, max_words):
    """Return the transformer of one column of text."""
    return TfidfVectorizer(
        max_features=max_words, sublinear_tf=True, dtype=np.float32, **COUNTED[counted]
    )
