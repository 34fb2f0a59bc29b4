"""The rival TabM, from the package `tabm`, with the interface of scikit-learn.

The settings are those of its README: 32 members, two blocks, dropout .1, piecewise-linear
embeddings of 16 numbers from 48 bins, AdamW with a learning rate of .002 and a weight
decay of 3e-4, clipped gradients, batches of 256. The loss is the mean of the members'.
The epoch with the best log loss on 15 % of the samples is kept, with a patience of 16
epochs. Reduced, so that a fit of 1000 samples takes less than 40 s on one core: blocks of
256 instead of 512 units, and at most 200 epochs.
"""

import copy
import warnings

import numpy as np
import torch
from rtdl_num_embeddings import PiecewiseLinearEmbeddings, compute_bins
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from tabm import TabM
from torch.nn.functional import cross_entropy

BATCH, PATIENCE, HELD_OUT = 256, 16, 0.15
N_BINS, D_EMBEDDING = 48, 16


class TabMClassifier(ClassifierMixin, BaseEstimator):
    """TabM with early stopping; X is dense and standardised."""

    def __init__(self, k=32, d_block=256, max_epochs=200, random_state=0):
        self.k = k
        self.d_block = d_block
        self.max_epochs = max_epochs
        self.random_state = random_state

    def fit(self, X, y):
        """Fit, and keep the epoch that is the best on held-out samples."""
        with torch.random.fork_rng():
            torch.manual_seed(self.random_state)
            return self._fit(np.asarray(X, dtype=np.float32), y)

    def _fit(self, X, y):
        """Fit with the seed set."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        counts = np.bincount(codes)
        train, held_out = train_test_split(
            np.arange(len(X)),
            test_size=max(HELD_OUT, len(counts) / len(X)),
            stratify=codes if counts.min() > 1 else None,
            random_state=self.random_state,
        )
        self.kept_ = np.ptp(X[train], axis=0) > 0  # a constant column has no bins
        X, codes = torch.from_numpy(X[:, self.kept_]), torch.from_numpy(codes)
        self.module_ = self._make_module(X[train])
        optimizer = torch.optim.AdamW(
            self.module_.parameters(), lr=2e-3, weight_decay=3e-4
        )
        best, best_state, waited = np.inf, None, 0
        for _ in range(self.max_epochs):
            self._train_epoch(optimizer, X[train], codes[train])
            loss = self._held_out_loss(X[held_out], codes[held_out])
            waited += 1
            if loss < best:
                best, waited = loss, 0
                best_state = copy.deepcopy(self.module_.state_dict())
            if waited >= PATIENCE:
                break
        self.module_.load_state_dict(best_state)
        return self

    def _make_module(self, X):
        """Make the network for training samples."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*just two bin edges")
            bins = compute_bins(X, n_bins=min(N_BINS, len(X) - 1))
            embeddings = PiecewiseLinearEmbeddings(
                bins, D_EMBEDDING, activation=False, version="B"
            )
        return TabM.make(
            n_num_features=X.shape[1],
            d_out=len(self.classes_),
            num_embeddings=embeddings,
            k=self.k,
            d_block=self.d_block,
        )

    def _train_epoch(self, optimizer, X, codes):
        """Train once on all samples, with the mean loss of the members."""
        self.module_.train()
        for batch in torch.randperm(len(X)).split(BATCH):
            logits = self.module_(X[batch])
            targets = codes[batch].repeat_interleave(self.k)
            optimizer.zero_grad()
            cross_entropy(logits.flatten(0, 1), targets).backward()
            torch.nn.utils.clip_grad_norm_(self.module_.parameters(), 1.0)
            optimizer.step()

    def _held_out_loss(self, X, codes):
        """Return the log loss of the mean probabilities."""
        y_proba = self._mean_proba(X)
        return float(-y_proba.clamp_min(1e-12).log()[range(len(X)), codes].mean())

    def _mean_proba(self, X):
        """Average the probabilities of the members."""
        self.module_.eval()
        with torch.no_grad():
            parts = [self.module_(part) for part in X.split(1024)]
        return torch.cat(parts).double().softmax(-1).mean(1)

    def predict_proba(self, X):
        """Return the mean probabilities of the members."""
        X = np.asarray(X, dtype=np.float32)[:, self.kept_]
        return self._mean_proba(torch.from_numpy(X)).numpy()

    def predict(self, X):
        """Return the classes with the highest probability."""
        return self.classes_[self.predict_proba(X).argmax(1)]
