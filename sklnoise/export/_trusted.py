"""The types that a file of a classifier may hold."""

from functools import cache
from importlib import import_module
from inspect import getmembers, isclass, isroutine
from pkgutil import iter_modules

import torch
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import KFold
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from sklnoise.metrics._named import NAMED_METRICS
from sklnoise.training import is_net_class

PACKAGES = "classifiers", "losses", "nn", "training", "transition"

# Where torch.nn.functional defines its functions.
OF_FUNCTIONS = "torch.nn.functional", "torch._C._nn"

# What classifiers, and searches over them, hold besides estimators and modules.
NAMED = {
    "builtins": ["print"],
    "pandas._libs.missing": ["NAType"],
    "functools": ["partial"],
    "sklearn.metrics._scorer": ["_CurveScorer", "_PassthroughScorer", "_Scorer"],
    "sklearn.utils._metadata_requests": ["MetadataRequest", "MethodMetadataRequest"],
    "sklearn.utils._bunch": ["Bunch"],
    "skorch.callbacks.logging": ["EpochTimer", "PrintLog"],
    "skorch.callbacks.lr_scheduler": ["LRScheduler"],
    "skorch.callbacks.regularization": ["GradientNormClipping"],
    "skorch.callbacks.scoring": ["BatchScoring", "EpochScoring", "PassthroughScoring"],
    "skorch.callbacks.training": ["EarlyStopping", "Freezer", "InputShapeSetter"],
    "skorch.dataset": ["Dataset", "ValidSplit"],
    "skorch.utils": ["_indexing_other", "to_numpy"],
    "torch.utils.data.dataloader": ["DataLoader"],
    "sklnoise.annotators._likelihood": ["annotator_log_likelihood"],
    "sklnoise._calibration": ["IsotonicScaling", "TemperatureScaling", "VectorScaling"],
    "sklnoise.classifiers._calibration": ["Calibration", "MeanCalibration"],
    "sklnoise.classifiers._conformal_threshold": ["Calibration", "Events", "Threshold"],
    "sklnoise.losses._adaptation": ["_follow_columns"],
    "sklnoise.losses._early_learning": ["PredictionMemory"],
    "sklnoise.metrics._estimated_transition": ["HeldOutTransition"],
    "sklnoise.metrics._likelihood_scorer": ["NoisyLogLikelihoodScorer"],
    "sklnoise.metrics._named": ["NamedMetric"],
    "sklnoise.metrics._scorer": ["NoiseCorrectedScorer", "mean_score"],
    "sklnoise.training._batches": ["make_batches"],
    "sklnoise.training._callbacks": ["KeepBest"],
    "sklnoise.training._data": ["HoldOut"],
    "sklnoise.training._loop": ["label_codes"],
    "sklnoise.training._output": ["identity", "softmax"],
    "sklnoise.training._plain": ["Plain"],
    "sklnoise.transition._agreement": ["Spread"],
}

# What the table encoder holds besides estimators of ours and of skrub.
OF_ENCODER = {
    "numpy.dtype",
    "sklearn.compose._column_transformer.make_column_selector",
    *(f"sklnoise.tables.{name}" for name in ("_dates.DateFormat", "_kinds.Kind")),
    *("sklnoise.tables._kinds.BooleanFormat", "sklnoise.tables._numbers.NumberFormat"),
    *("sklnoise.tables._pipeline.mark_missing", "sklnoise.tables._pipeline.to_float32"),
    "sklnoise.tables._reading.Reading",
    *("skrub._table_vectorizer.PassThrough", "skrub._table_vectorizer.ShortReprDict"),
    "skrub._table_vectorizer._created_by_predicate",
    *(f"skrub._dataframe._common.is_{kind}" for kind in ("any_date", "categorical")),
    "skrub._dataframe._common.is_numeric",
    *(f"skrub.selectors._base.{name}" for name in ("All", "And", "Cols", "Filter")),
    *("skrub.selectors._base.Sub", "skrub.selectors._selectors._cardinality_below"),
}


def skops_trusted_types():
    """List the types that `skops.io.load` may make of a file of a classifier.

    They are the classes of sklnoise, of `torch.nn` and `torch.optim`, and the splitters
    and scorers of scikit-learn that fitted classifiers and searches hold. None of them
    runs anything of the file. Trees are not among them: scikit-learn follows their nodes
    without a check, so that a crafted file could crash the process. Networks of skorch
    are not among them: skorch restores these by pickle, which sklnoise does not use.

    Returns
    -------
    types : list of str
        Names with their modules, for the `trusted` of `skops.io.load`. Append the
        names of modules, losses and callbacks of your own.

    See Also
    --------
    load : Load a file that was written by `save`, and check that it is whole.

    Examples
    --------
    >>> from sklnoise import skops_trusted_types
    >>> "sklnoise.nn._mlp.MLP" in skops_trusted_types()
    True
    """
    return list(known_types())


@cache
def known_types():
    """List the types once: that takes a second."""
    named = {f"{module}.{name}" for module, names in NAMED.items() for name in names}
    functions = getmembers(torch.nn.functional, isroutine)
    splitters = getmembers(import_module(KFold.__module__), isclass)
    scorers = map(get_scorer, get_scorer_names())
    found = {
        *(kind for package in PACKAGES for kind in classes_of(f"sklnoise.{package}")),
        *classes_of("torch.nn.modules"),
        *classes_of("torch.optim"),
        *(f for _, f in functions if f.__module__ in OF_FUNCTIONS),
        *(kind for _, kind in splitters if hasattr(kind, "split")),
        *(scorer._score_func for scorer in scorers),
        *(metric.build for metric in NAMED_METRICS.values()),
    }
    return sorted(named | {f"{kind.__module__}.{kind.__name__}" for kind in found})


def classes_of(package):
    """Return the classes of estimators and of parts of nets in a package."""
    bases = BaseEstimator, torch.nn.Module, Optimizer, LRScheduler
    for module in iter_modules(import_module(package).__path__, f"{package}."):
        for _, kind in getmembers(import_module(module.name), isclass):
            is_here = kind.__module__.startswith(f"{package}.")
            if is_here and issubclass(kind, bases) and not is_net_class(kind):
                yield kind


def is_trusted(name):
    """Return whether a type is one of classifiers, or of the encoder of tables."""
    if name in known_types() or name in OF_ENCODER:
        return True
    kind = find(name) if name.startswith(("skrub.", "sklnoise.tables.")) else None
    return isclass(kind) and issubclass(kind, BaseEstimator)


def find(name):
    """Return what a name with its module stands for, or None."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute, None)
    except ImportError:
        return None
