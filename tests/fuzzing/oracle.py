"""Judge what a program of the fuzz comes to."""

import ast
import linecache
import os
import pickle
import random
import re
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import sklearn
import torch
from matplotlib import pyplot
from numpydoc.docscrape import NumpyDocString
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from torch import nn

import sklnoise
from sklnoise.exceptions import FoldFitError, NonFiniteLossError
from tests.fuzzing.problem import NAMES, make_problem, public_names

MAX_SECONDS = 60
MAX_MESSAGE = 2000
MAX_TRIED = 50  # programs, to simplify one
OWN_ERRORS = (
    ValueError,
    TypeError,
    ModuleNotFoundError,
    OSError,
    NotFittedError,
    FoldFitError,
    NonFiniteLossError,
)
# Where scikit-learn raises what we call it for.
VALIDATION = re.compile(
    r"sklearn/utils/"
    r"(validation|_param_validation|multiclass|_metadata_requests|_available_if)\.py$"
)
PACKAGE = str(Path(sklnoise.__file__).parent)
# Documented as NaN where something is not known, or as infinite for a singular T.
MAY_BE_NAN = {"out_of_fold_proba_", "label_quality_", "standard_error_", "standard_error"}
MAY_BE_NAN |= {"largest_standard_error", "disagreement"}
MAY_BE_NAN |= {"answer_quality", "alpha"}
MAY_BE_NAN |= {"y"}  # labels that are missing stay so
MAY_BE_INFINITE = {"condition_number", "log_proba", "threshold_"}


class TooSlow(BaseException):
    """A call has taken longer than MAX_SECONDS; no handler of Exception swallows it."""


@dataclass(frozen=True)
class Outcome:
    """What a program comes to; failures of the same group have the same cause."""

    kind: str  # "result", "own error", "no such value", "foreign", "wrong" or "slow"
    group: tuple = ()
    detail: str = ""
    n_steps: int | None = None  # up to the one of a failure

    @property
    def is_failure(self):
        return self.kind in ("foreign", "wrong", "slow")


def run(program):
    """Run a program and return its outcome."""
    try:
        return run_steps(program)
    finally:
        pyplot.close("all")


def run_steps(program):
    """Run the steps until one fails, and judge what they have fitted."""
    names = NAMES | make_problem(**program.sizes)
    it = None
    for number, step in enumerate(program.steps, start=1):
        outcome, result = run_step(step, names | {"it": it}, it)
        if step.method is None:
            it = result
        elif step.method == "fit" and outcome.kind == "result":
            outcome = judge_fitted(it)
        if outcome.kind != "result":
            return replace(outcome, n_steps=number)
    return Outcome("result")


def run_step(step, names, it):
    """Make the arguments of a step, call it, and judge what comes out."""
    try:
        args = {name: make_value(text, names) for name, text in step.args}
    except Exception:  # for instance two folds of one sample
        return Outcome("no such value"), None
    function = names[step.owner]
    if step.method is not None:
        function = getattr(function if it is None else it, step.method, None)
        if function is None:
            return Outcome("result"), None  # not every estimator has it
    where = f"{step.owner}.{step.method}".replace(".None", "")
    watched = [(name, value, fingerprint(value)) for name, value in args.items()]
    state, fitted = global_state(), fitted_names(it)
    result, problems = None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        try:
            with time_limit():
                result = function(**args)
            outcome = Outcome("result")
        except TooSlow as error:
            outcome = Outcome("slow", ("slow", where, innermost(error)), "more than 60 s")
        except Exception as error:
            outcome = judge_error(error)
            if outcome.is_failure and is_of_estimator(error, it, step, args):
                outcome = Outcome("own error", ("of the user's estimator",))
            if fitted_names(it) != fitted:
                problems.append("half fitted")
        if warnings.filters != filters:
            problems.append("warnings.filters changed")
    if outcome.is_failure:
        return outcome, None
    if isinstance(result if it is None else it, nn.Module):  # weights, dropout
        state["torch"] = global_state()["torch"]
    changed = [key for key, value in global_state().items() if value != state[key]]
    problems += [f"global state changed: {key}" for key in changed]
    problems += [
        f"argument {name} mutated"
        for name, value, before in watched
        if before is not None and fingerprint(value) != before
    ]
    if outcome.kind == "result":
        is_module = isinstance(it, nn.Module)
        if not (is_module and not all(map(is_finite, args.values()))):
            problems += find_faults(result_name(step), result)
        if step.method == "predict" and not set(listed(result)) <= set(
            listed(it.classes_)
        ):
            problems.append("predicts what is no class")
    if problems:
        return Outcome("wrong", ("wrong", where, problems[0]), "; ".join(problems)), None
    for warning in caught:
        if is_foreign_warning(warning):
            message = f"{warning.category.__name__}: {warning.message}"
            group = (message[:60], relative(warning.filename), warning.lineno)
            return Outcome("foreign", group, message), None
    return outcome, result


def make_value(text, names):
    """Evaluate the expression of an argument."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(text, names)


def judge_error(error):
    """Tell our own errors from those of others."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    path, text = frame.f_code.co_filename, str(error)
    if len(text) > MAX_MESSAGE and not path.endswith("_param_validation.py"):
        detail = f"{type(error).__name__} of {len(text)} characters: {text[:80]}"
        return Outcome("wrong", ("long message", relative(path), line), detail)
    is_ours = path.startswith(PACKAGE) or VALIDATION.search(path)
    if is_ours and isinstance(error, OWN_ERRORS) and line in raising_lines(path):
        return Outcome("own error", (type(error).__name__,))
    if isinstance(error, AttributeError) and VALIDATION.search(path):  # available_if
        return Outcome("own error", ("AttributeError",))
    start = re.sub(r"0x[0-9a-f]+|\d+", "#", text.split("\n")[0])[:60]
    detail = f"{type(error).__name__}: {text.splitlines()[0][:200] if text else ''}"
    return Outcome("foreign", (type(error).__name__, start, innermost(error)), detail)


def is_of_estimator(error, it, step, args):
    """Return whether the estimator that is pruned for says the same by itself."""
    if step.owner != "ConfidentLearningClassifier" or step.method is None:
        return False
    try:
        alone = it.estimator_ if hasattr(it, "estimator_") else clone(it.estimator)
        getattr(alone, step.method)(**args)
    except Exception as again:
        return type(again) is type(error) and str(again) == str(error)
    return False


def innermost(error):
    """Return the last line of the package in a traceback, and where it ends."""
    stack = [
        f"{relative(frame.f_code.co_filename)}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    ours = [place for place in stack if place.startswith("sklnoise/")]
    return " > ".join(dict.fromkeys([*ours[-1:], stack[-1]]))


def relative(path):
    """Return a path from the package that it belongs to."""
    return re.sub(r".*/(?:site-packages/|lib/python[\d.]+/|(?=sklnoise/))", "", path)


@cache
def raising_lines(path):
    """Return the lines of a file that belong to a raise statement."""
    tree = ast.parse("".join(linecache.getlines(path)))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    return {line for node in found for line in range(node.lineno, node.end_lineno + 1)}


def is_foreign_warning(warning):
    """Return whether a warning is numerical, or comes from a library below."""
    if "sklearn/" in warning.filename:  # of the user's own models
        return False
    below = ("/torch/", "/skorch/", "/scipy/", "/numpy/")
    return issubclass(warning.category, RuntimeWarning) or any(
        name in warning.filename for name in below
    )


def result_name(step):
    """Return the name of what a function returns, by its docstring."""
    public = public_names()[step.owner]
    if step.method is not None:
        public = getattr(public, step.method, None)
    if not isinstance(getattr(public, "__doc__", None), str) or isinstance(public, type):
        return step.owner
    returned = NumpyDocString(public.__doc__)["Returns"]
    return returned[0].name if len(returned) == 1 else step.owner


def find_faults(name, value):
    """List what is not sensible in a result."""
    if isinstance(value, dict):
        faults = [fault for key, v in value.items() for fault in find_faults(str(key), v)]
        return faults + intervals_beside(value)
    if isinstance(value, list | tuple) and not all(map(is_number, value)):
        return [fault for v in value for fault in find_faults(name, v)]
    if isinstance(value, BaseEstimator):
        attributes = vars(value).items()
        return find_faults(name, {k: v for k, v in attributes if k.endswith("_")})
    if isinstance(value, pd.DataFrame | pl.DataFrame):
        return find_faults(name, {column: value[column] for column in value.columns})
    array = as_numbers(value)
    if array is None or not array.size:
        return []
    return faults_of_array(name, array)


def faults_of_array(name, array):
    """List what is wrong with numbers, by the name that they have."""
    of_answers = name == "quality" and array.ndim == 2  # where nobody has answered
    may_be_nan = name in MAY_BE_NAN or of_answers
    is_allowed = np.ones_like(array, bool) if may_be_nan else np.isfinite(array)
    if name in MAY_BE_INFINITE:
        is_allowed |= np.isinf(array)
    if not is_allowed.all():
        return [f"{name} is not finite"]
    known = array[np.isfinite(array).all(axis=-1)] if array.ndim else array
    is_distribution = "transition_matri" in name or (
        "proba" in name and "log" not in name
    )
    if is_distribution and array.ndim >= 2 and known.size:
        off = np.abs(known.sum(axis=-1) - 1).max()
        if off > 1e-4 or known.min() < -1e-9:
            return [f"{name}: rows sum to 1 ± {off:.2g}, minimum {known.min():.2g}"]
    is_share = "quality" in name or name.startswith("noise_rate")
    if is_share and known.size and not (known.min() >= 0 and known.max() <= 1):
        return [f"{name} is between {known.min():.3g} and {known.max():.3g}"]
    return []


def intervals_beside(values):
    """List the intervals that do not hold the value of the same name."""
    faults = []
    for name, value in values.items():
        interval = values.get(f"{name}_interval")
        if interval is not None and value is not None:
            low, high = np.asarray(interval, dtype=float).T
            if not ((low <= value) & (value <= high)).all():
                faults.append(f"{name}_interval does not hold {name}")
    return faults


def judge_fitted(it):
    """Judge what a fitted estimator shows, and what becomes of its copies."""
    faults = find_faults("it", it)
    for show in (repr, getattr(it, "_repr_html_", str)):
        try:
            text = show(it) if show is repr else show()
            if len(text) > 300_000:
                faults.append(f"{show.__name__} of {len(text)} characters")
        except Exception as error:
            return judge_error(error)
    try:
        clone(it)
        again = pickle.loads(pickle.dumps(it))
    except Exception as error:
        group = (type(error).__name__, str(error)[:60], "pickle or clone")
        return Outcome("foreign", group, f"{type(error).__name__}: {str(error)[:200]}")
    if vars(again).keys() != vars(it).keys():
        faults.append("a pickle loses attributes")
    if faults:
        group = ("wrong", type(it).__name__, re.sub(r"[\d.e+-]+", "#", faults[0]))
        return Outcome("wrong", group, "; ".join(faults))
    return Outcome("result")


def fitted_names(it):
    """Return the names of what a fit has left."""
    attributes = vars(it) if isinstance(it, BaseEstimator) else {}
    return {name for name in attributes if name.endswith("_")}


def listed(values):
    """Return values as a list, of labels that can be compared."""
    return np.asarray(values).ravel().tolist()


def is_number(value):
    """Return whether a value is a number."""
    return isinstance(value, bool | int | float | np.number)


def as_numbers(value):
    """Return an array of floats, or None for what holds none."""
    if isinstance(value, torch.Tensor):
        value = value.detach().to_dense().double().cpu().numpy()
    try:
        array = np.asarray(value)
    except Exception:
        return None
    return array.astype(float) if array.dtype.kind == "f" else None


def is_finite(value):
    """Return whether an argument holds no NaN, infinity or huge number."""
    if isinstance(value, tuple | list):
        return all(map(is_finite, value))
    if isinstance(value, torch.Tensor) and value.is_meta:
        return False
    array = as_numbers(value)
    return array is None or not array.size or bool((np.abs(array) < 1e4).all())


def fingerprint(value):
    """Return a hash of what an argument holds; None where it may change."""
    if isinstance(value, np.random.RandomState | np.random.Generator | joblib.Memory):
        return None
    if isinstance(value, Iterator):  # to read it is what it is for
        return None
    if sparse.issparse(value):  # both keep caches, which change
        value = value.toarray()
    if isinstance(value, pd.DataFrame | pd.Series):
        value = (value.to_numpy(object).tolist(), list(value.index), str(value.dtypes))
    try:
        return joblib.hash(value)
    except Exception:
        return None


def global_state():
    """Return what no call may change."""
    return {
        "numpy": joblib.hash(np.random.get_state()),  # noqa: NPY002
        "random": hash(random.getstate()),
        "torch": joblib.hash(torch.get_rng_state().numpy()),
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "numpy errors": np.geterr(),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "scikit-learn": sklearn.get_config(),
        "Ctrl-C": signal.getsignal(signal.SIGINT),
        "recursion limit": sys.getrecursionlimit(),
    }


@contextmanager
def time_limit():
    """Raise TooSlow in what takes longer than MAX_SECONDS, where there are alarms."""
    if not hasattr(signal, "SIGALRM"):  # Windows
        start = time.perf_counter()
        yield
        if time.perf_counter() - start > MAX_SECONDS:
            raise TooSlow
        return

    def stop(*_):
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MAX_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def simplify(program, outcome):
    """Return a shorter program of the same outcome, by plainer arguments one by one."""
    program = replace(program, steps=program.steps[: outcome.n_steps])
    tried = {str(program)}
    while len(tried) < MAX_TRIED:
        for simpler in program.simpler():
            if str(simpler) not in tried:
                tried.add(str(simpler))
                if run(simpler).group == outcome.group:
                    program = simpler
                    break
        else:
            break
    return program
