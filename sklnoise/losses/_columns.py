"""The columns of a fixed T, in the form that the likelihood of a label needs."""

import math

import torch

LOG_IMPOSSIBLE = math.log(torch.finfo(torch.float32).tiny)


def log_transition_columns(transition_matrix):
    """Return `log T`, transposed, so that row j is what is needed for the label j.

    Zeros of T become -inf: a floor would break T = I. Only a column without any mass,
    a label that T calls impossible, gets a constant: its likelihood then has no gradient
    instead of a NaN.

    Parameters
    ----------
    transition_matrix : torch.Tensor of shape (n_classes, n_classes)
        T.

    Returns
    -------
    columns : torch.Tensor of shape (n_classes, n_classes)
        Row j is the logarithm of column j of T.
    """
    columns = transition_matrix.log().T.contiguous()
    columns[(transition_matrix == 0).all(dim=0)] = LOG_IMPOSSIBLE
    return columns
