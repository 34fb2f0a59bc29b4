"""Which columns tell most about the label."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

# Rows that the trees learn from.
MAX_ROWS = 5000


def order_columns(encoder, table):
    """Return the names of the columns that are used, the most important first."""
    # Spread over the table, which may be sorted by its label.
    n_rows = len(table.X)
    rows = np.linspace(0, n_rows - 1, min(n_rows, MAX_ROWS)).astype(int)
    X = encoder.transform(table.X.iloc[rows])
    trees = ExtraTreesClassifier(50, max_depth=8, min_samples_leaf=3, random_state=0)
    importance = trees.fit(X, table.class_codes[rows]).feature_importances_
    total = dict.fromkeys(encoder[0].readings_, 0.0)
    for feature, value in zip(encoder.get_feature_names_out(), importance):
        # A feature is called after its step and its column, and maybe a part of that.
        name = feature.partition("__")[2].removeprefix("missingindicator_")
        columns = [column for column in total if name.startswith(column)]
        if columns:
            total[max(columns, key=len)] += value
    return sorted(total, key=total.get, reverse=True)
