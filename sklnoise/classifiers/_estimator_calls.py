"""Calls of the classifier that another one wraps: all classes, and errors explained."""

from contextlib import contextmanager

import numpy as np

from sklnoise._labels import list_some
from sklnoise._text import enumerate_names, shorten
from sklnoise.training import is_net

# Of an estimator, or of its own error, which may print all of X.
MAX_LENGTH = 200

ENCODE = (
    "Encode them in a pipeline, as make_pipeline(make_table_encoder(), clf) does; "
    "make_table_encoder is in sklnoise."
)


@contextmanager
def failure_explained(estimator, X):
    """Say which estimator has failed, and name the columns of X without numbers."""
    try:
        yield
    except IndexError as error:
        if not nets_of(estimator) or "out of bounds" not in str(error):
            raise
        raise ValueError(
            f"estimator={describe(estimator)} fails: {error} A net must have an output "
            "for each class of y, which it gets as the codes 0, 1, ..."
        ) from error
    except (TypeError, ValueError) as error:
        check_no_texts(X, error)
        columns = columns_without_numbers(X)
        kind = TypeError if isinstance(error, TypeError) else ValueError
        if not columns:
            raise kind(f"estimator={describe(estimator)} fails: {error}") from error
        raise kind(
            f"X has columns that hold no numbers: {enumerate_names(columns)}. {ENCODE} "
            f"It failed with: {shorten(error, MAX_LENGTH)}"
        ) from error


def check_no_texts(X, error):
    """Raise a ValueError after an error if the samples are texts."""
    if hasattr(X, "columns") or getattr(X, "ndim", 1) != 1:
        return
    # A list, an array or a series.
    first = next(iter(X), None) if hasattr(X, "__iter__") else None
    if isinstance(first, str):
        raise ValueError(
            f"X holds texts, such as {shorten(first)!r}. Turn them into numbers first, "
            "for instance by TfidfVectorizer in a pipeline, or by a model of embeddings."
        ) from error


def columns_without_numbers(X):
    """List the columns of a frame or an array that hold no numbers, with their types."""
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        types = [str(dtype) for dtype in X.dtypes]
        return [
            f"{shorten(name)!r} ({shorten(dtype)})"
            for name, dtype in zip(X.columns, types)
            if not is_numeric(dtype)
        ]
    try:
        dtype = X.dtype if hasattr(X, "dtype") else np.asarray(X[:1]).dtype
    except (TypeError, ValueError):  # no array at all: the estimator says so
        return []
    return [] if getattr(dtype, "kind", "f") in "biuf" else [f"all ({dtype})"]


def is_numeric(dtype):
    """Return whether the name of a type of pandas or polars is one of numbers."""
    return dtype.lower().startswith(("int", "uint", "float", "bool", "double", "sparse"))


def describe(estimator):
    """Return an estimator as a short text."""
    return shorten(repr(estimator), MAX_LENGTH)


def nets_of(estimator):
    """Find the networks in an estimator, which need codes and draw from torch."""
    parts = estimator.get_params(deep=not is_net(estimator)).values()
    return [part for part in (estimator, *parts) if is_net(part)]


def check_instance(estimator):
    """Raise a TypeError unless an estimator can be cloned."""
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(
            "estimator must be an instance of a classifier of scikit-learn's kind, "
            f"with get_params; got {describe(estimator)}. Pass an "
            "instance instead of a class, and derive a classifier of your own from "
            "ClassifierMixin and BaseEstimator."
        )


def check_classifier(estimator):
    """Raise an error if something is no instance of a classifier with probabilities."""
    check_instance(estimator)
    # Some have it only once they are fitted, such as a StackingClassifier.
    if not hasattr(type(estimator), "predict_proba"):
        check_predicts(estimator, "predict_proba")


def check_predicts(estimator, method):
    """Raise a ValueError if an estimator has no probabilities to find issues by."""
    if method == "predict_proba" and not hasattr(estimator, method):
        raise ValueError(
            "estimator must have predict_proba, by which noisy labels are judged; got "
            f"{describe(estimator)}. Wrap it in CalibratedClassifierCV, "
            "or use a classifier of probabilities."
        )


def predict_all(fitted, X, names, method="predict_proba", missing=0.0):
    """Predict a column for each class, also for those that an estimator does not know."""
    check_predicts(fitted, method)
    output = np.asarray(getattr(fitted, method)(X))
    known = np.asarray(getattr(fitted, "classes_", names))
    if nets_of(fitted) and output.shape[1:] == names.shape:
        known = names  # a net has all columns, whatever it was fitted to
    unknown = set(known.tolist()).difference(names.tolist())
    if unknown:
        raise ValueError(
            f"estimator must predict the classes of y, {list_some(names)}; got "
            f"{type(fitted).__name__}, which predicts {list_some(unknown)} too. If it "
            "was fitted before and is frozen, its classes must be among those of y."
        )
    if method == "decision_function":
        if len(known) == len(names):
            return output  # it may have a column for each pair of classes
        if output.ndim == 1:
            output = np.stack([-output, output], axis=1)
    if output.shape != (len(output), len(known)):
        raise ValueError(
            f"{method} of the estimator must have a column for each of {len(known)} "
            f"classes; got shape {output.shape} from {type(fitted).__name__}. Give a net "
            "an output for each class of y."
        )
    if len(known) == len(names):
        return output
    full = np.full((len(output), len(names)), missing, output.dtype)
    full[:, np.searchsorted(names, known)] = output
    return full
