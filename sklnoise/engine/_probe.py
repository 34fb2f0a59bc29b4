"""Try a net on a few rows before it is trained, to see what its module gives."""

import torch

from sklnoise.engine._criterion import first_output


def check_output(net, dataset, n_classes):
    """Try the module on a few rows: right number of columns, logits or probabilities."""
    batch = dataset.probe()
    name = type(net.module_).__name__
    try:
        output = first_output(net.evaluation_step((batch, None)))
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{name} cannot be applied to a batch of X of shape {tuple(batch.shape)} and "
            f"type {batch.dtype}: {error}"
        ) from error
    if output.ndim != 2 or output.shape[1] != n_classes:
        raise ValueError(
            f"{name} must give one logit for each of the {n_classes} classes, shape "
            f"(n_samples, {n_classes}); got shape {tuple(output.shape)}. Give its "
            "__init__ a parameter n_classes, which is filled in, or set module__..."
        )
    sums = output.sum(dim=1)
    is_proba = output.min() >= 0 and torch.allclose(sums, sums.new_ones(1), atol=1e-3)
    net.criterion_.from_probabilities = bool(is_proba)
    net.set_params(predict_nonlinearity=identity if is_proba else softmax)


def softmax(logits):
    """Turn logits into probabilities."""
    return logits.softmax(dim=1)


def identity(proba):
    """Leave probabilities as they are."""
    return proba
