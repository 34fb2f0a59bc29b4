"""The systems that learn from the labels of people: rivals around one net, and ours."""

from functools import partial

import numpy as np
import torch
from cleanlab.classification import CleanLearning
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sklnoise import NoiseRobustClassifier
from sklnoise.losses import (
    EarlyLearningLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    SoftBootstrappingLoss,
)

WIDTH, N_EPOCHS, BATCH_SIZE, LEARNING_RATE = 256, 15, 256, 2e-3


class PlainNet(ClassifierMixin, BaseEstimator):
    """A net with one hidden layer, as somebody would write it, with any loss."""

    def __init__(self, make_loss=nn.CrossEntropyLoss, seed=0):
        self.make_loss = make_loss
        self.seed = seed

    def fit(self, X, y):
        """Train with AdamW, dropout and a learning rate that decays along a cosine."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        X = torch.from_numpy(np.asarray(X, dtype=np.float32))
        codes, loss = torch.from_numpy(codes), self.make_loss()
        remembers = isinstance(loss, EarlyLearningLoss)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.module_ = nn.Sequential(
                nn.Linear(X.shape[1], WIDTH),
                nn.ReLU(),
                nn.Dropout(0.5),
                nn.Linear(WIDTH, len(self.classes_)),
            )
            optimizer = torch.optim.AdamW(self.module_.parameters(), lr=LEARNING_RATE)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, N_EPOCHS)
            for _ in range(N_EPOCHS):
                for rows in torch.randperm(len(X)).split(BATCH_SIZE):
                    batch = (self.module_(X[rows]), codes[rows])
                    optimizer.zero_grad()
                    loss(*batch, *([rows] if remembers else [])).backward()
                    optimizer.step()
                schedule.step()
        self.module_.eval()
        return self

    @torch.no_grad()
    def predict_proba(self, X):
        """Return the probabilities of the classes."""
        X = torch.from_numpy(np.asarray(X, dtype=np.float32))
        return self.module_(X).softmax(dim=1).double().numpy()

    def predict(self, X):
        """Return the most probable classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def logistic_regression():
    """Return logistic regression on scaled columns."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))


LOSSES = {
    "cross-entropy": nn.CrossEntropyLoss,
    "GCE": GeneralizedCrossEntropyLoss,
    "ELR": partial(EarlyLearningLoss, balanced=False),
    "ELR, balanced": EarlyLearningLoss,
    "bootstrapping, soft": SoftBootstrappingLoss,
    "bootstrapping, hard": HardBootstrappingLoss,
}
RIVALS = {
    **{name: partial(PlainNet, loss) for name, loss in LOSSES.items()},
    "logistic regression": lambda seed: logistic_regression(),
    "kNN": lambda seed: KNeighborsClassifier(50),
    "cleanlab, logistic regression": lambda seed: CleanLearning(
        logistic_regression(), seed=seed
    ),
    "cleanlab, net": lambda seed: CleanLearning(PlainNet(seed=seed), seed=seed),
}
# The ceiling: the net that all rivals share, fitted to clean labels.
CLEAN = "clean labels"
CORRECTIONS = "none", "forward", "forward-elr", "elr", "auto"
OURS = {
    f"sklnoise, {correction}": partial(
        lambda correction, seed, **how: NoiseRobustClassifier(
            correction=correction, device="cpu", random_state=seed, **how
        ),
        correction,
    )
    for correction in CORRECTIONS
}
