"""IMDB of Patrini et al. (2017): two networks on tokens, and TF-IDF."""

from functools import cache

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from benchmarks.reproduce._cells import Cell
from benchmarks.reproduce._papers_code import (
    NORMALIZED,
    PapersCodeTextNet,
    floored_cross_entropy,
    losses_of_raw_logits,
)
from benchmarks.reproduce._patrini import (
    NEEDS_NO_T,
    fit_papers,
    judge,
    papers_cells,
    papers_training,
)
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import fetch_imdb, make_noisy_labels, make_transition_matrix
from sklnoise.nn import TextEmbeddingNet, TextLSTM

SEEDS = 3
NOISES = {
    "none": np.eye(2),
    "symmetric .1": make_transition_matrix("symmetric", 2, 0.1),
    "asymmetric .1": make_transition_matrix("imdb-asymmetric", 2, 0.1),
    "asymmetric .4": make_transition_matrix("imdb-asymmetric", 2, 0.4),
}
EMBEDDING, LSTM, TFIDF = "embedding", "embedding + LSTM, reduced", "TF-IDF, defaults"
CODES_NET = "the net of the paper's code"
OF_LSTM = "cross-entropy", "backward, T", "forward, T"
PAPERS_NUMBERS = {  # in the order of NOISES; deviations are not at hand
    EMBEDDING: {
        "cross-entropy": [(86.7, None), (84.6, None), (85.0, None), (58.1, None)],
        "backward, T": [(86.7, None), (85.3, None), (85.7, None), (82.1, None)],
        "backward, T̂": [(87.0, None), (85.1, None), (85.8, None), (77.0, None)],
        "forward, T": [(86.7, None), (85.3, None), (85.9, None), (80.9, None)],
        "forward, T̂": [(87.0, None), (85.2, None), (85.9, None), (73.0, None)],
    }
}
OF_CODES_NET = tuple(PAPERS_NUMBERS[EMBEDDING])
N_WORDS, N_TOKENS = 5000, 400
PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
EPOCHS, PATIENCE = 50, 10
# Of the 400 and the 50 of the paper: what a CPU gets done in half an hour.
LSTM_TOKENS, LSTM_EPOCHS = 50, 3


def cells(seeds):
    """List all cells."""
    tfidf = [
        Cell(TFIDF, noise, (system,), seed)
        for seed in range(seeds)
        for noise in NOISES
        for system in ("none", "forward, T̂")
    ]
    embedding = papers_cells(EMBEDDING, NOISES, seeds)
    codes_net = papers_cells(CODES_NET, list(NOISES)[::-1], 1, OF_CODES_NET)
    lstm = papers_cells(LSTM, ("asymmetric .4",), 1, OF_LSTM)
    return [*tfidf, *embedding, *codes_net, *lstm]


@cache
def texts():
    """Load the reviews."""
    return *fetch_imdb(return_X_y=True), *fetch_imdb(subset="test", return_X_y=True)


@cache
def tokens():
    """Number the most frequent words of the reviews."""
    train, _, test, _ = texts()
    words = CountVectorizer(max_features=N_WORDS, token_pattern=r"\w+").fit(train)
    analyze = words.build_analyzer()
    ids = {word: FIRST_WORD + number for word, number in words.vocabulary_.items()}

    def row(text):
        tail = [ids.get(word, UNKNOWN) for word in analyze(text)][-N_TOKENS:]
        return [PADDING] * (N_TOKENS - len(tail)) + tail

    return tuple(np.array([row(text) for text in part]) for part in (train, test))


@cache
def weights():
    """Weigh words and pairs of words."""
    train, _, test, _ = texts()
    tfidf = TfidfVectorizer(
        max_features=30_000, ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32
    )
    return tfidf.fit_transform(train), tfidf.transform(test)


def run(cell):
    """Fit the systems of a cell."""
    _, y, _, y_test = texts()
    X, X_test = weights() if cell.model == TFIDF else tokens()
    T = NOISES[cell.noise]
    y_noisy = make_noisy_labels(y, T, random_state=cell.seed)
    if cell.model == LSTM:
        X, X_test, y_test = X[:, -LSTM_TOKENS:], X_test[::5, -LSTM_TOKENS:], y_test[::5]
    yield from judge(fit(cell, X, y_noisy, T), X_test, y_test)


def fit(cell, X, y_noisy, T):
    """Fit the systems of a cell to the rows of its model."""
    n_tokens = FIRST_WORD + N_WORDS
    if cell.model == EMBEDDING:
        net = papers_training(
            TextEmbeddingNet, cell.seed, epochs=EPOCHS, module__n_tokens=n_tokens
        )
        yield from fit_papers(cell, net, X, y_noisy, T)
    elif cell.model == CODES_NET:
        net = papers_training(
            PapersCodeTextNet,
            cell.seed,
            epochs=EPOCHS,
            patience=PATIENCE,
            module__n_tokens=n_tokens,
            module__n_positions=N_TOKENS,
            module__normalized=cell.systems[0] in NORMALIZED,
        )
        losses = NEEDS_NO_T | losses_of_raw_logits()
        yield from fit_papers(
            cell,
            net,
            X,
            y_noisy,
            T,
            base_loss=floored_cross_entropy(),
            needs_no_t=losses,
        )
    elif cell.model == LSTM:
        net = papers_training(
            TextLSTM, cell.seed, epochs=LSTM_EPOCHS, module__n_tokens=n_tokens
        )
        yield from fit_papers(cell, net, X, y_noisy, T)
    else:
        for system in cell.systems:
            correction = "none" if system == "none" else "forward"
            clf = NoiseRobustClassifier(
                correction=correction, device="cpu", random_state=cell.seed
            ).fit(X, y_noisy)
            yield system, clf, np.abs(clf.transition_matrix_ - T).sum() / T.sum()
