"""Estimators whose errors say which parameter or attribute may have been meant."""

from functools import wraps
from typing import ClassVar

from sklearn.base import BaseEstimator

from sklnoise._hints import (
    CallCheck,
    explain_parameter,
    hint_at_attribute,
    similar_name,
)
from sklnoise._text import shorten


class ParameterHintsMixin:
    """Append to errors of parameters and attributes what may have been meant."""

    # Fitted attributes that not every fit has, and why one is absent.
    _absent_attributes: ClassVar = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = with_checked_init(cls.__init__, cls.__name__)

    def _validate_params(self):
        try:
            super()._validate_params()
        except ValueError as error:
            message = explain_parameter(
                error, type(self).__name__, vars(self), self._parameter_constraints
            )
            if message is None:
                raise
            raise type(error)(message) from None

    @wraps(BaseEstimator.set_params)
    def set_params(self, **params):
        try:
            return super().set_params(**params)
        except ValueError as error:
            known = self.get_params(deep=False)
            unknown = [name for name in params if name.partition("__")[0] not in known]
            nested = self._nested_parameters(known.get("estimator"))
            found = [similar_name(name, known, nested) for name in unknown]
            found = [repr(name) for name in found if name is not None]
            if not found:
                raise
            raise ValueError(f"{error} Did you mean {', '.join(found)}?") from None

    def __getattr__(self, name):
        try:
            # Again, as a property may have raised an error of its own.
            return object.__getattribute__(self, name)
        except AttributeError as error:
            if name.startswith("_") or type(error) is not AttributeError:
                raise
            hint = hint_at_attribute(self, name) or self._absent_attributes.get(name)
            if not hint:
                raise
            # Without its name, for which Python would suggest another one.
            raise AttributeError(f"{error}. {hint}") from None

    @staticmethod
    def _nested_parameters(estimator):
        """List the parameters of the estimator that is wrapped."""
        has_params = hasattr(estimator, "get_params") and not isinstance(estimator, type)
        return list(estimator.get_params()) if has_params else []


def with_checked_init(init, name):
    """Return an `__init__` whose errors say what the caller may have meant."""
    check = CallCheck(init)

    @wraps(init)
    def checked(self, *args, **kwargs):
        def hint(unknown, args, kwargs):
            return hint_at_unknown(self, check, unknown, args, kwargs)

        message = check.explain(name, args, kwargs, hint)
        if message is not None:
            raise TypeError(message)
        init(self, *args, **kwargs)

    return checked


def hint_at_unknown(owner, check, unknown, args, kwargs):
    """Return how parameters of the estimator that is wrapped are set."""
    given = dict(zip(check.placed, args)) | kwargs
    nested = owner._nested_parameters(given.get("estimator"))
    found = {name: similar_name(name, check.parameters, nested) for name in unknown}
    settings = ", ".join(
        f"{name}={shorten(repr(kwargs[key]))}"
        for key, name in found.items()
        if name is not None and "__" in name
    )
    own = [repr(name) for name in found.values() if name is not None and "__" not in name]
    hints = f" Did you mean {', '.join(own)}?" if own else ""
    if settings:
        others = "..." if given.keys() - set(unknown) else ""
        call = f"{type(owner).__name__}({others}).set_params({settings})"
        hints += f" A parameter of its estimator is set by {call}."
    return hints or check.hint_at_unknown(unknown, args, kwargs)
