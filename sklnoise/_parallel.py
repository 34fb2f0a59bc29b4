"""Tasks that run in parallel, by whatever backend of joblib is set."""

from concurrent.futures import CancelledError

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

# What a backend of a cluster takes for large, in bytes, by a good margin.
MIN_SIZE = 2**20

# A task that needs too much memory takes its worker with it each time.
MAX_LOSSES = 3


class Common:
    """The arguments that all tasks of a call have in common.

    The backend of dask sends an argument that is large, as `__sizeof__` says, once to a
    worker, and not with each task.
    """

    def __init__(self, args):
        self.args = args

    def __sizeof__(self):
        return max(MIN_SIZE, sum(getattr(arg, "nbytes", 0) for arg in self.args))


def run_parallel(function, common, *varying, n_jobs):
    """Yield `function(*common, *args)` for each of the zipped `varying` arguments.

    Tasks whose arguments were lost with a worker of a cluster are run again.
    """
    tasks = list(zip(*varying, strict=True))
    if effective_n_jobs(n_jobs) == 1:  # which the backend of dask would not heed
        yield from (function(*common, *args) for args in tasks)
        return
    common = Common(common)
    n_done = n_losses = 0
    while n_done < len(tasks):
        try:
            for outcome in start(function, common, tasks[n_done:], n_jobs):
                n_done += 1
                yield outcome
        except CancelledError as error:
            n_losses += 1
            if n_losses > MAX_LOSSES:
                raise RuntimeError(
                    f"workers were lost {n_losses} times while {len(tasks)} tasks ran on "
                    f"the cluster; {n_done} are done. Did they run out of memory? Give "
                    "them more, or let fewer threads share it."
                ) from error


def start(function, common, tasks, n_jobs):
    """Start tasks; return an iterator, or a list where the backend has no other way."""
    backend, _ = get_active_backend()
    return_as = "generator" if backend.supports_return_generator else "list"
    return Parallel(n_jobs=n_jobs, return_as=return_as)(
        delayed(call)(function, common, *args) for args in tasks
    )


def call(function, common, *args):
    """Call a function with the arguments that all tasks share and those of one."""
    return function(*common.args, *args)
