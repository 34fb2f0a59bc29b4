"""Which columns tell most about the label."""

from sklearn.ensemble import ExtraTreesClassifier

# Rows that the trees learn from.
MAX_ROWS = 5000


def order_columns(encoder, table):
    """Return the names of the columns that are used, the most important first."""
    X = encoder.transform(table.X.iloc[:MAX_ROWS])
    trees = ExtraTreesClassifier(50, max_depth=8, min_samples_leaf=3, random_state=0)
    importance = trees.fit(X, table.y[:MAX_ROWS]).feature_importances_
    # A feature is called after its step and its column, and maybe a part of that.
    features = [name.partition("__")[2] for name in encoder.get_feature_names_out()]
    used = sorted(encoder[0].readings_, key=len, reverse=True)
    total = dict.fromkeys(encoder[0].readings_, 0.0)
    for feature, value in zip(features, importance):
        column = next((name for name in used if name in feature), None)
        if column is not None:
            total[column] += value
    return sorted(total, key=total.get, reverse=True)
