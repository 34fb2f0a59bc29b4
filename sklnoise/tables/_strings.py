"""Texts and many categories as a few numbers each."""

import warnings

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from skrub import StringEncoder

from sklnoise.tables._kinds import UNSPACED

# Longer texts are cut: their beginnings tell as much.
MAX_LENGTH = 20_000

# Cells of more words, on average, are texts rather than names.
MIN_WORDS = 5

# Texts of more characters, on average or in a column, are told apart by their words: in
# short texts, n-grams of characters tell more, and cost ten times as much.
MAX_MEAN_LENGTH, MAX_TOTAL_LENGTH = 400, 1_000_000

# A column has no more features than this share of its rows: names that say nothing of the
# label are noise, which small tables cannot bear.
MAX_COMPONENT_SHARE, MIN_COMPONENTS = 0.05, 5


class DistinctStringEncoder(TransformerMixin, BaseEstimator):
    """Encode each distinct text of some columns once with skrub's ``StringEncoder``.

    ``StringEncoder`` encodes all cells of a column, with the same n-grams whatever they
    hold: this counts n-grams of characters in names, codes and short texts, words in long
    texts, and single characters and pairs where no blank parts the words.

    Parameters
    ----------
    n_components : int, default=30
        The features per column of names, codes and long texts, at most.
    n_text_components : int, default=100
        The features per column of short texts, at most.
    random_state : int, default=0
        The seed of the singular value decomposition.
    """

    def __init__(self, n_components=30, n_text_components=100, random_state=0):
        self.n_components = n_components
        self.n_text_components = n_text_components
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit an encoder per column."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Fit an encoder per column, and encode the columns."""
        self.encoders_, parts = {}, []
        for name in X.columns:
            codes, texts = distinct_texts(X[name])
            encoder = self._make_encoder(texts, len(codes))
            # It needs arrays of the transformers inside, and warns where there are fewer
            # n-grams than components, and keeps all.
            with config_context(transform_output="default"), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "The matrix shape is")
                encoded = encoder.fit_transform(texts.rename(name)).to_numpy()
            self.encoders_[name] = encoder
            parts.append(encoded[codes])
        return np.hstack(parts)

    def transform(self, X):
        """Encode the columns."""
        check_is_fitted(self)
        parts = []
        for name, encoder in self.encoders_.items():
            codes, texts = distinct_texts(X[name])
            with config_context(transform_output="default"):
                parts.append(encoder.transform(texts).to_numpy()[codes])
        return np.hstack(parts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features: that of a column and a number."""
        names = [encoder.get_feature_names_out() for encoder in self.encoders_.values()]
        return np.concatenate(names).astype(object)

    def _make_encoder(self, texts, n_rows):
        """Return the encoder of a column with some distinct texts."""
        n_words, lengths = texts.str.count(r"\w+").mean(), texts.str.len()
        n_components, tokens = self.n_components, {"ngram_range": (2, 4)}
        if texts.map(lambda text: len(UNSPACED.findall(text))).mean() > n_words:
            n_components = self.n_text_components
            tokens = {"analyzer": "char", "ngram_range": (1, 2)}
        elif n_words >= MIN_WORDS:
            if lengths.mean() <= MAX_MEAN_LENGTH and lengths.sum() <= MAX_TOTAL_LENGTH:
                n_components = self.n_text_components
            elif texts.str.contains(r"\w{3}").mean() > 0.5:
                tokens = {"analyzer": "word", "ngram_range": (1, 1)}
        most = max(int(MAX_COMPONENT_SHARE * n_rows), MIN_COMPONENTS)
        most = max(min(most, len(texts) - 1), 1)
        return StringEncoder(
            min(n_components, most), random_state=self.random_state, **tokens
        )


def distinct_texts(column):
    """Return the code of each cell, and the distinct texts in the order of the codes."""
    codes, texts = pd.factorize(column.astype(object))
    texts = pd.Series(texts, dtype=object).str.slice(0, MAX_LENGTH)
    return codes, texts.astype("str")
