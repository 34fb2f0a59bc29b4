"""Classifiers from the answers of several annotators: ours, and those of others."""

import numpy as np
import pandas as pd
import torch
from cleanlab.multiannotator import get_label_quality_multiannotator
from crowdkit import aggregation
from torch import nn

from sklnoise import NoiseRobustClassifier

WIDTH, N_STEPS, BATCH_SIZE, LEARNING_RATE = 256, 1500, 128, 2e-3


class CrowdLayerNet:
    """The crowd layer of Rodrigues and Pereira, as their code for Keras, in torch."""

    def __init__(self, seed):
        self.seed = seed

    def fit(self, X, answers, n_classes):
        """Train with a matrix per annotator on top of the softmax, from the identity."""
        X = torch.from_numpy(np.asarray(X, dtype=np.float32))
        given = ~np.isnan(answers)
        X, answers, given = (part[given.any(axis=1)] for part in (X, answers, given))
        codes = torch.from_numpy(np.where(given, answers, 0).astype(np.int64))
        given = torch.from_numpy(given).float()
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            self.module_ = nn.Sequential(
                nn.Linear(X.shape[1], WIDTH),
                nn.ReLU(),
                nn.Dropout(0.5),
                nn.Linear(WIDTH, n_classes),
                nn.Softmax(dim=1),
            )
            eye = torch.eye(n_classes).repeat(answers.shape[1], 1, 1)
            weight = nn.Parameter(eye)
            params = [*self.module_.parameters(), weight]
            optimizer = torch.optim.Adam(params, lr=LEARNING_RATE)
            for _ in range(N_STEPS):
                rows = torch.randint(len(X), (BATCH_SIZE,))
                p = self.module_(X[rows])
                log_p = torch.einsum("nk,akj->naj", p, weight).log_softmax(dim=2)
                chosen = log_p.gather(2, codes[rows][..., None])[..., 0]
                optimizer.zero_grad()
                (-(chosen * given[rows]).sum(dim=1).mean()).backward()
                optimizer.step()
        self.module_.eval()
        return self

    @torch.no_grad()
    def predict(self, X):
        """Return the most probable codes."""
        X = torch.from_numpy(np.asarray(X, dtype=np.float32))
        return self.module_(X).argmax(dim=1).numpy()


def plain_net(seed, **params):
    """Return the default network, fitted with cross-entropy to one label a sample."""
    return NoiseRobustClassifier(correction="none", random_state=seed, **params)


def by_crowdkit(make):
    """Return a function from answers to the consensus of a model of crowd-kit."""

    def consensus(X, answers, seed):
        sample, annotator = np.nonzero(~np.isnan(answers))
        label = answers[sample, annotator].astype(int)
        table = pd.DataFrame({"task": sample, "worker": annotator, "label": label})
        found = make().fit_predict(table)
        labels = np.full(len(answers), -1)
        labels[found.index] = found.to_numpy()
        return labels

    return consensus


def by_cleanlab(X, answers, seed):
    """Return cleanlab's consensus, by a network that learned the majority's labels."""
    majority = by_crowdkit(aggregation.MajorityVote)(X, answers, seed)
    kept = majority >= 0
    net = plain_net(seed, refit=False).fit(X[kept], majority[kept])
    p = np.zeros((kept.sum(), int(np.nanmax(answers)) + 1))
    p[:, net.classes_] = net.out_of_fold_proba_
    frame = pd.DataFrame(answers[kept]).astype("Int64")
    frame = frame.loc[:, frame.notna().any()]
    found = get_label_quality_multiannotator(frame, p, verbose=False)
    labels = np.full(len(answers), -1)
    labels[kept] = found["label_quality"]["consensus_label"].to_numpy()
    return labels


def net_by(find):
    """Return a system: the default network, fitted to a consensus."""

    def predict(X, answers, X_test, seed, n_classes):
        labels = find(X, answers, seed)
        kept = labels >= 0
        net = plain_net(seed).fit(X[kept], labels[kept])
        return labels, net.predict(X_test)

    return predict


def crowd_layer(X, answers, X_test, seed, n_classes):
    """Return no consensus and the predictions of a crowd layer."""
    return None, CrowdLayerNet(seed).fit(X, answers, n_classes).predict(X_test)


def ours(X, answers, X_test, seed, n_classes):
    """Return the consensus and the predictions of our classifier, with its defaults."""
    clf = NoiseRobustClassifier(random_state=seed).fit(X, answers)
    labels = clf.classes_[clf.consensus_proba_.argmax(axis=1)]
    return labels, clf.predict(X_test)


# Functions to the consensus, None if there is none, and the predictions of a system.
SYSTEMS = {
    "majority vote, net": net_by(by_crowdkit(aggregation.MajorityVote)),
    "crowd-kit DawidSkene, net": net_by(by_crowdkit(aggregation.DawidSkene)),
    "crowd-kit OneCoinDawidSkene, net": net_by(
        by_crowdkit(aggregation.OneCoinDawidSkene)
    ),
    "crowd-kit M-MSR, net": net_by(by_crowdkit(lambda: aggregation.MMSR(random_state=0))),
    "cleanlab, net": net_by(by_cleanlab),
    "crowd layer in torch": crowd_layer,
    "sklnoise": ours,
}
