"""The parameters that the loaders of real data share, and the rows of a subset."""

import os

from sklnoise._compat import StrOptions, validate_params

validate_loader = validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "data_home": [str, os.PathLike, None],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)


def rows_of(subset, n_train):
    """Find the rows of a subset where the training rows come first."""
    return {
        "train": slice(n_train),
        "test": slice(n_train, None),
        "all": slice(None),
    }[subset]
