"""Errors of parameters that say what may have been meant."""

import re
from difflib import get_close_matches
from numbers import Real

from sklnoise._compat import Interval, StrOptions

# The names of a set, as scikit-learn prints them in no order.
NAMES = re.compile(r"\{('[^{}]*')\}")
PARAMETER = re.compile(r"The '(\w+)' parameter")


class ParameterHintsMixin:
    """Append to scikit-learn's errors of parameters what may have been meant."""

    def _validate_params(self):
        try:
            super()._validate_params()
        except ValueError as error:
            message = NAMES.sub(sort_names, str(error))
            found = PARAMETER.match(message)
            if found is None:
                raise
            value = getattr(self, found[1])
            hint = hint_at(value, self._parameter_constraints[found[1]])
            raise type(error)(f"{message}{hint}") from None


def sort_names(match):
    """Return the names of a set in order."""
    return f"{{{', '.join(sorted(match[1].split(', ')))}}}"


def hint_at(value, constraints):
    """Return a sentence on what a value may have meant, or an empty text."""
    if isinstance(value, str):
        names = [
            name for c in constraints if isinstance(c, StrOptions) for name in c.options
        ]
        close = get_close_matches(value.strip().lower().replace("_", "-"), names, n=1)
        return f" Did you mean {close[0]!r}?" if close else ""
    is_share = any(
        isinstance(c, Interval) and c.type is Real and (c.left, c.right) == (0, 1)
        for c in constraints
    )
    if is_share and isinstance(value, Real) and 1 <= value < 100:
        return f" A share lies between 0 and 1: did you mean {value / 100:g}?"
    return ""
