"""
How much noise is too much?
===========================

Robustness curves: the accuracy on clean labels against the share of wrong labels in
training, for the plain network, a robust loss, and forward correction with an estimated
`T`.
"""

# %%
# Clean labels, to which noise is added
# -------------------------------------
# :class:`sklnoise.inspection.RobustnessCurveDisplay` takes clean labels. It flips those
# of the training part of each split, here to the next digit, and scores on the clean
# labels of the rest. So it is a tool for experiments on data with known clean labels. A
# small network keeps the 27 fits short.

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from sklnoise import NoiseRobustClassifier
from sklnoise.exceptions import SwappableClassesWarning, WeakFirstPassWarning
from sklnoise.inspection import RobustnessCurveDisplay
from sklnoise.nn import MLP

X, y = load_digits(return_X_y=True)
X, y = (X[:900] / 16).astype("float32"), y[:900]
estimators = {
    name: NoiseRobustClassifier(MLP, correction=correction, random_state=0).set_params(
        estimator__max_epochs=20
    )
    for name, correction in {
        "no correction": "none",
        "generalised cross-entropy": "gce",
        "forward, T estimated": "forward",
    }.items()
}
with warnings.catch_warnings():  # near the limit they say what the figure shows
    warnings.simplefilter("ignore", SwappableClassesWarning)
    warnings.simplefilter("ignore", WeakFirstPassWarning)
    display = RobustnessCurveDisplay.from_estimators(
        estimators,
        X,
        y,
        noise_rates=(0.0, 0.2, 0.4),
        kind="pair",
        cv=3,
        random_state=0,
    )
plt.show()

# %%
# Lines are means over three splits, bands one standard deviation. Without noise the
# three are similar. The robust loss does not use `T`, and hardly helps if all flips of
# a class go to the same other class. Forward correction keeps its accuracy the longest.
# From 0.5 on, the noisy labels do not distinguish a digit from the next one, and it
# would fail too.
