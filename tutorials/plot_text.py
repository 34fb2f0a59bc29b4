"""
Texts: TF-IDF and embeddings
============================

Users report spam, but mostly do not care to: four in ten spam messages are not
reported, and a few others are by mistake. A classifier learns from what is reported.
"""

# %%
# Load
# ----
# :download:`sms.csv.gz` is a sample of the SMS Spam Collection of the UCI Machine
# Learning Repository, with more spam than the whole has. Its labels are taken for
# clean.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import sklnoise
from sklnoise import NoiseRobustClassifier
from sklnoise.datasets import make_noisy_labels

table = pd.read_csv("sms.csv.gz")
y = table.label.to_numpy()
y_noisy = make_noisy_labels(y, [[0.95, 0.05], [0.4, 0.6]], random_state=0)
texts, texts_test, y_noisy, _, y, y_test = train_test_split(
    table.text.to_numpy(), y_noisy, y, test_size=400, random_state=0
)

# %%
# Look
# ----

for text, label in zip(texts[:4], y_noisy):
    print(f"{label:4} {text[:70]}")
for name, labels in {"noisy": y_noisy, "clean": y}.items():
    print(f"{name} labels: {np.mean(labels == 'spam'):.0%} are spam")

# %%
# Fit
# ---
# The classifier takes the sparse matrix as it is. By default it estimates `T` from the
# noisy labels, and corrects the loss if that gains on held-out labels. With two classes
# there is often no evidence, and then `identity_share` is 1: nothing was corrected.
# What helps is to read 150 messages, **drawn at random**, and to pass them as
# `trusted`.

tfidf = TfidfVectorizer(
    analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True, dtype=np.float32
)
trusted = np.zeros(len(y), dtype=bool)
trusted[np.random.default_rng(0).choice(len(y), 150, replace=False)] = True
y_known = np.where(trusted, y, y_noisy)


def fit(vectorizer, labels, trusted=None, **parameters):
    """Fit a pipeline whose last step is the classifier."""
    clf = NoiseRobustClassifier(random_state=0, **parameters)
    model = make_pipeline(vectorizer, clf)
    return model.fit(texts, labels, noiserobustclassifier__trusted=trusted)


models = {
    "TF-IDF, plain": fit(tfidf, y_known, correction="none"),
    "TF-IDF, default": fit(tfidf, y_noisy),
    "TF-IDF, 150 trusted": fit(tfidf, y_known, trusted),
}

# %%
# Believe it or not
# -----------------

for name in ("TF-IDF, default", "TF-IDF, 150 trusted"):
    clf = models[name][-1]
    summary = clf.noise_summary_
    low, high = summary.noise_rate_interval
    print(
        f"{name}: {summary.verdict}, noise rate between {low:.2f} and {high:.2f};",
        end=" ",
    )
    print(f"identity share {summary.identity_share:.0f}")
print(f"in truth: {np.mean(y_known != y):.2f}")
print(pd.DataFrame(clf.transition_matrix_, clf.classes_, clf.classes_).round(2))

# %%
# The messages whose label is most likely wrong, with what they are:

issues = clf.find_label_issues(return_type="frame").sort_values("quality").head(8)
issues = issues.assign(truth=y[issues.index], text=[t[:45] for t in texts[issues.index]])
print(issues.drop(columns="is_issue").to_string(float_format="{:.2f}".format))

# %%
# Embeddings instead
# ------------------
# Embeddings of sentences are features like any others. This page must not download a
# model, so the leading components of TF-IDF stand in for them. With a model, replace
# `texts` by::
#
#     from sentence_transformers import SentenceTransformer
#     encoder = SentenceTransformer("all-MiniLM-L6-v2")
#     X = encoder.encode(list(texts))
#
# and fit `NoiseRobustClassifier(random_state=0)` to `X`, without a vectorizer.

embedding = make_pipeline(tfidf, TruncatedSVD(100, random_state=0))
models["embeddings, plain"] = fit(embedding, y_known, correction="none")
models["embeddings, 150 trusted"] = fit(embedding, y_known, trusted)

# %%
# Result
# ------

scores = {name: model.score(texts_test, y_test) for name, model in models.items()}
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
bars = ax.barh(
    list(scores), list(scores.values()), color=["0.6", "C1", "C0", "0.6", "C0"]
)
ax.bar_label(bars, fmt=" {:.1%}")
ax.set(xlim=(0.5, 1.05), title="Accuracy on clean test labels")
ax.invert_yaxis()
plt.show()

# %%
# Save
# ----
# The vectorizer is saved with the classifier, so that it takes texts.

path = Path(tempfile.mkdtemp()) / "spam.skops"
sklnoise.save(models["TF-IDF, 150 trusted"], path)
again = sklnoise.load(path)
print(again.predict(["Win a free prize now, text WIN to 80085", "see you at 8"]))
