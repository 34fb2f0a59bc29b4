"""What a name, a value or a call may have meant."""

import re
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from itertools import islice
from numbers import Real

from sklnoise._text import shorten

# What scikit-learn, skorch and cleanlab call what has another name here, or is the
# parameter of a network.
OTHER_NAMES = {
    "T": ("transition", "transition_matrix"),
    "base_estimator": ("estimator",),
    "clf": ("estimator",),
    "criterion": ("correction",),
    "cv_n_folds": ("cv",),
    "epochs": ("max_epochs",),
    "given_labels": ("y",),
    "hidden_layer_sizes": ("hidden",),
    "learning_rate": ("lr",),
    "learning_rate_init": ("lr",),
    "loss": ("correction",),
    "max_iter": ("max_epochs",),
    "model": ("estimator",),
    "module": ("estimator",),
    "n_epochs": ("max_epochs",),
    "n_folds": ("cv",),
    "noise_matrix": ("transition", "transition_matrix"),
    "noise_rate": ("transition",),
    "pred_probs": ("y_proba",),
    "return_indices_ranked_by": ("return_type",),
    "seed": ("random_state",),
}

# The same of the values of parameters.
OTHER_VALUES = {"ce": "none", "cross-entropy": "none"}

# The same of fitted attributes.
OTHER_ATTRIBUTES = {
    "T": "transition_matrix_",
    "T_": "transition_matrix_",
    "find_label_issues": "label_issues_",
    "get_label_issues": "label_issues_",
    "loss_": "correction_",
    "loss_curve_": "history_[:, 'train_loss']",
    "module_": "estimator_.module_",
    "noise_matrix_": "transition_matrix_",
    "noise_rate": "noise_summary_.noise_rate",
    "noise_rate_": "noise_summary_.noise_rate",
}

# The names of a set, as scikit-learn prints them in no order.
NAMES = re.compile(r"\{('[^{}]*')\}")
PARAMETER = re.compile(r"The '(\w+)' parameter of (\w+)")


def similar_name(name, known, nested=()):
    """Return the known name, or that of the estimator, which another one may mean."""
    others = OTHER_NAMES.get(name, ())
    candidates = (
        next((other for other in others if other in known), None),
        nested_name(name, nested),
        next(iter(get_close_matches(name.lower(), known, n=1)), None),
        *(nested_name(other, nested) for other in others),
    )
    return next((found for found in candidates if found is not None), None)


def nested_name(name, nested):
    """Return how a parameter of the wrapped estimator that ends in a name is called."""
    name = name.removeprefix("estimator__")
    found = [key for key in nested if name in (key, key.split("__")[-1])]
    return f"estimator__{min(found, key=len)}" if found else None


class CallCheck:
    """A check of the arguments of a function, whose errors say how it is called."""

    def __init__(self, function):
        parameters = signature(function).parameters
        # Of a method, its object is no argument.
        self.n_bound = int(next(iter(parameters), None) in ("self", "cls"))
        self.is_open = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
        self.parameters = {
            name: p
            for name, p in islice(parameters.items(), self.n_bound, None)
            if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
        }
        self.placed = [
            name
            for name, p in self.parameters.items()
            if p.kind is Parameter.POSITIONAL_OR_KEYWORD
        ]
        self.required = [
            name for name, p in self.parameters.items() if p.default is Parameter.empty
        ]
        self.is_variadic = any(
            p.kind is Parameter.VAR_POSITIONAL for p in parameters.values()
        )

    def unknown(self, kwargs):
        """List the keywords that are no parameters."""
        return [] if self.is_open else [n for n in kwargs if n not in self.parameters]

    def explain(self, name, args, kwargs, hint_at_unknown=None):
        """Return what is wrong with the arguments of a call, or None."""
        placed = ", ".join(self.placed)
        if len(args) > len(self.placed) and not self.is_variadic:
            example = f"{placed}, name=value" if placed else "name=value"
            return (
                f"{name}() takes {placed or 'no argument'} without a name, and got "
                f"{len(args)} such arguments. Name the others, as in {name}({example})."
            )
        unknown = self.unknown(kwargs)
        given = {*self.placed[: len(args)], *kwargs}
        missing = [n for n in self.required if n not in given]
        if unknown:
            if hint_at_unknown is None:
                hint_at_unknown = self.hint_at_unknown
            named = ", ".join(map(repr, unknown))
            missed = f", and needs {' and '.join(missing)}" if missing else ""
            return (
                f"{name}() got an unexpected keyword argument {named}{missed}."
                f"{hint_at_unknown(unknown, args, kwargs)}"
            )
        if missing:
            return (
                f"{name}() is missing a required argument: {', '.join(missing)}. It is "
                f"called as {name}({', '.join(self.required)}), with more by name."
            )
        return None

    def hint_at_unknown(self, unknown, args, kwargs):
        """Return which parameters unknown keywords may have meant."""
        found = (similar_name(name, [*self.parameters]) for name in unknown)
        found = [repr(name) for name in dict.fromkeys(found) if name is not None]
        if found:
            return f" Did you mean {', '.join(found)}?"
        return f" The parameters are {', '.join(self.parameters)}."


def with_checked_call(hint):
    """Make a decorator of a method whose errors say how it is called, and a hint."""

    def decorate(method):
        check = CallCheck(method)

        @wraps(method)
        def checked(self, *args, **kwargs):
            problem = check.explain(method.__name__, args, kwargs)
            if problem is not None:
                raise TypeError(f"{problem} {hint}")
            return method(self, *args, **kwargs)

        return checked

    return decorate


def explain_parameter(error, owner, values, all_constraints):
    """Return scikit-learn's message on a parameter with what may have been meant.

    Return None where the error is on a parameter of something else.
    """
    found = PARAMETER.match(str(error))
    if found is None or found[2] != owner or found[1] not in all_constraints:
        return None
    message = NAMES.sub(sort_names, str(error))
    value = values[found[1]]
    hint = hint_at(value, all_constraints[found[1]])
    return message + (hint or hint_at_other(value, all_constraints))


def sort_names(match):
    """Return the names of a set in order."""
    return f"{{{', '.join(sorted(match[1].split(', ')))}}}"


def hint_at(value, constraints):
    """Return a sentence on what a value may have meant, or an empty text."""
    options = [name for c in constraints for name in options_of(c)]
    if isinstance(value, str) or value is None:
        spelled = str(value).strip().lower().replace("_", "-")
        spelled = OTHER_VALUES.get(spelled, spelled)
        close = get_close_matches(spelled, options, n=1)
        if close:
            return f" Did you mean {close[0]!r}?"
    is_share = any(
        getattr(c, "type", None) is Real and (c.left, c.right) == (0, 1)
        for c in constraints
    )
    share = share_of(value) if is_share else None
    if share is not None:
        return f" A share lies between 0 and 1: did you mean {share:g}?"
    return ""


def options_of(constraint):
    """Return the texts that a constraint of scikit-learn allows."""
    options = getattr(constraint, "options", ())
    return sorted(option for option in options if isinstance(option, str))


def share_of(value):
    """Return the share that a percentage or a text stands for, or None."""
    if isinstance(value, str):
        try:
            number = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
        share = number / 100 if value.strip().endswith("%") else number
        return share if 0 <= share < 1 else share_of(share)
    is_percentage = isinstance(value, Real) and 1 < value < 100
    return value / 100 if is_percentage else None


def hint_at_other(value, all_constraints):
    """Return which other parameters take a value, or an empty text."""
    row = next(iter(value), None) if isinstance(value, list) else None
    is_matrix = isinstance(row, list) or len(getattr(value, "shape", ())) == 2
    found = [
        name
        for name, constraints in all_constraints.items()
        if (is_matrix and "array-like" in constraints)
        or any(value in options_of(c) for c in constraints if isinstance(value, str))
    ]
    shown = repr(value) if isinstance(value, str) else "..."
    calls = " or ".join(f"{name}={shown}" for name in islice(found, 2))
    return f" Did you mean {calls}?" if calls else ""


def hint_at_attribute(owner, name):
    """Return what the name of a fitted attribute may have meant, or an empty text."""
    found = OTHER_ATTRIBUTES.get(name, f"{name}_")
    first = re.match(r"\w+", found)[0]
    if first in vars(owner) or hasattr(type(owner), first):
        return f"Did you mean {found}?"
    if name.endswith("_") and "classes_" not in vars(owner):
        return "Attributes that end in an underscore are set by fit, which comes first."
    return ""


def explain_estimator(function, name, value):
    """Return what to pass instead of an estimator where an array is expected."""
    kind = type(value).__name__
    message = f"{name} must be an array; got the estimator {shorten(kind)}."
    method = function.__name__
    if hasattr(type(value), method):
        message += (
            f" It judges the samples that it was fitted on by its method {method}(), and "
            "others by label_quality(X, y)."
        )
    return (
        f"{message} Pass {method} arrays, such as the probabilities of cross_val_predict."
    )
