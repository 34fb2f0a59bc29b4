"""Which networks give the same bits for any number of threads."""

import hashlib
import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib
import sys
import warnings

import numpy as np
import torch
from skorch import NeuralNetClassifier

from sklnoise import NoiseRobustClassifier
from sklnoise.nn import MLP, TextEmbeddingNet, TextLSTM

torch.set_num_threads(int(sys.argv[2]))
warnings.simplefilter("ignore")
rng = np.random.RandomState(0)
# A narrow layer at a large batch, whose gradient two threads would share.
n_samples, n_classes = (2000, 7) if sys.argv[1] == "TextEmbeddingNet" else (300, 3)
y = rng.randint(n_classes, size=n_samples)
table = (rng.normal(size=(n_samples, 20)) + y[:, None]).astype(np.float32)
texts = rng.randint(1, 1000, size=(n_samples, 30))
text_net = {"module__n_tokens": 1000, "batch_size": 1000, "train_split": None}
lstm = {"module__embedding_dim": 8, "module__hidden": 8, "module__dense": 8}
cases = {
    "default": (None, table, {}),
    "MLP": (MLP, table, {"batch_size": 32}),
    "TextEmbeddingNet": (TextEmbeddingNet, texts, text_net),
    "TextLSTM": (TextLSTM, texts, {"module__n_tokens": 1000} | lstm),
}
module, X, params = cases[sys.argv[1]]
if module is None:
    clf = NoiseRobustClassifier(cv=2, device="cpu", random_state=0)
else:
    net = NeuralNetClassifier(
        module, max_epochs=2, optimizer=torch.optim.Adam, verbose=0, **params
    )
    clf = NoiseRobustClassifier(net, cv=2, device="cpu", random_state=0)
clf.fit(X, y)
state = [*clf.estimator_.module_.state_dict().values()]
arrays = [clf.out_of_fold_proba_, clf.predict_proba(X), *(v.numpy() for v in state)]
print(hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest())
"""


def digest_of_fit(case, n_threads, **variables):
    """Return a digest of the weights and the probabilities of a fit."""
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, case, str(n_threads)],
        env=os.environ | {"OMP_NUM_THREADS": str(n_threads)} | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    digest = completed.stdout.strip()
    assert len(digest) == 2 * hashlib.sha256().digest_size
    return digest


@pytest.mark.slow
@pytest.mark.parametrize("case", ["default", "MLP", "TextEmbeddingNet", "TextLSTM"])
def test_small_steps_give_the_same_bits_for_any_number_of_threads(case):
    assert digest_of_fit(case, 1) == digest_of_fit(case, 2)
