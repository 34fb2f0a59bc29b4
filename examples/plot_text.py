"""
Texts: TF-IDF in a pipeline
===========================

The data are requests to a help desk, sorted into three queues, with mistakes.
`NoiseRobustClassifier` is the last step of a pipeline and accepts the sparse matrix of
`TfidfVectorizer`.
"""

# %%
# Texts from templates
# --------------------
# Most words are specific to a queue; every text also has words that are not. A third of
# the requests about accounts are labelled as billing.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklnoise import NoiseRobustClassifier, find_label_issues
from sklnoise.datasets import make_noisy_labels

QUEUES = {
    "account": "password login locked email profile username reset verify sign-in",
    "billing": "invoice refund charge card payment receipt price tax subscription",
    "delivery": "parcel courier late address tracking shipped box damaged warehouse",
}
FILLERS = "please help today again thanks since monday team urgent hello"


def write_request(queue, rng):
    """Draw words of the queue, sometimes of another one, and some that say nothing."""
    words = list(rng.choice(QUEUES[queue].split(), 2, replace=False))
    if rng.random() < 0.4:
        other = rng.choice([name for name in QUEUES if name != queue])
        words.append(rng.choice(QUEUES[other].split()))
    words += list(rng.choice(FILLERS.split(), 4, replace=False))
    return " ".join(rng.permutation(words))


rng = np.random.default_rng(0)
y = np.array(list(QUEUES))[rng.integers(3, size=1500)]
texts = [write_request(queue, rng) for queue in y]
T = [[0.67, 0.33, 0.0], [0.0, 1.0, 0.0], [0.0, 0.05, 0.95]]
y_noisy = make_noisy_labels(y, T, random_state=0)
texts, texts_test, y_noisy, _, y, y_test = train_test_split(
    texts, y_noisy, y, random_state=0
)
print(texts[0], "→", y_noisy[0])

# %%
# Two pipelines
# -------------

accuracy = {}
for name in ("none", "forward"):
    model = make_pipeline(
        TfidfVectorizer(dtype=np.float32),
        NoiseRobustClassifier(correction=name, random_state=0),
    )
    accuracy[name] = model.fit(texts, y_noisy).score(texts_test, y_test)
    print(f"{name}: {accuracy[name]:.1%} of the clean test labels")

# %%
# Label issues
# ------------
# The out-of-fold probabilities of the last step correspond to the samples of `fit`; the
# data frame has one line per text.

clf = model[-1]
frame = find_label_issues(y_noisy, clf.out_of_fold_proba_, return_type="frame")
worst = frame[frame.is_issue].sort_values("quality").head(8)
cells = [
    [
        texts[row],
        label,
        suggested,
        f"{quality:.2f}",
        "yes" if suggested == y[row] else "no",
    ]
    for row, (label, suggested, quality, _) in zip(worst.index, worst.to_numpy())
]

fig, (top, bottom) = plt.subplots(
    2, 1, figsize=(10, 5.4), height_ratios=(0.6, 1), layout="constrained"
)
bars = top.barh(list(accuracy), list(accuracy.values()), color=["0.6", "C0"], height=0.6)
top.bar_label(bars, fmt=" {:.1%}")
top.set(title="Accuracy on clean test labels", xlim=(0, 1.1), ylim=(1.5, -0.5))
top.spines[["right", "top"]].set_visible(False)
table = bottom.table(
    cells,
    colLabels=["text", "label", "suggested", "quality", "right?"],
    colWidths=[0.6, 0.11, 0.11, 0.09, 0.09],
    cellLoc="left",
    loc="center",
)
table.auto_set_font_size(False)
table.set_fontsize(9)
table.scale(1, 1.4)
for (_, column), cell in table.get_celld().items():
    cell.PAD = 0.02 if column == 0 else 0.1
bottom.set_title("The most suspect labels")
bottom.axis("off")
plt.show()

# %%
# These texts are generated from templates and are easier to classify than real ones:
# each request belongs to exactly one queue.
