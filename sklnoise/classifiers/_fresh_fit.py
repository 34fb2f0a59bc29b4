"""All or nothing: a fit that fails leaves the estimator as it was."""

from contextlib import contextmanager

from sklnoise._compat import CALLBACK_STATE


@contextmanager
def fresh_fit(estimator):
    """Forget what was fitted before, and bring it back if the new fit fails."""
    before = vars(estimator).copy()
    for name in before:
        if name.endswith("_") and not name.startswith("_"):
            delattr(estimator, name)
    try:
        yield
    except BaseException:
        state = vars(estimator)
        before |= {name: state[name] for name in CALLBACK_STATE if name in state}
        state.clear()
        state.update(before)
        raise
