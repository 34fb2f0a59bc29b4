"""What all criteria share: logits in, one loss per sample, then a reduction."""

import torch
from torch import nn

REDUCTIONS = {
    "mean": lambda losses: losses.mean(),
    "sum": lambda losses: losses.sum(),
    "none": lambda losses: losses,
}
HALF_PRECISION = (torch.bfloat16, torch.float16)


class NoisyLabelLoss(nn.Module):
    """Base of the criteria: subclasses give the loss of each sample."""

    wants_features = False
    wants_normalized_logits = False
    n_classes = None

    def __init__(self, *, reduction="mean"):
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"reduction must be one of {sorted(REDUCTIONS)}; got {reduction!r}."
            )
        self.reduction = reduction

    def forward(self, logits, target):
        """Compute the loss of a batch.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples,), dtype=int64
            Noisy labels, as columns of `logits`.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`. In the dtype of
            the logits, but float32 for bfloat16 and float16: a logarithm of a sum needs
            more digits than these have.

        Raises
        ------
        ValueError
            If logits and target do not fit each other, or the loss.
        """
        scores = logits[0] if self.wants_features else logits
        return self._unchecked(logits, check_batch(scores, target, self.n_classes))

    def __repr__(self):
        return f"{type(self).__name__}({self.extra_repr()})"

    def _unchecked(self, logits, target):
        """Compute the loss of a batch that is known to be valid."""
        return self._batch_loss(at_least_single_precision(logits), target)

    def _batch_loss(self, logits, target):
        """Reduce the losses of the samples; override it to compute both at once."""
        return REDUCTIONS[self.reduction](self._sample_losses(logits, target))

    def _sample_losses(self, logits, target):
        """Compute the loss of each sample."""
        raise NotImplementedError


class PerClassLoss(NoisyLabelLoss):  # numpydoc ignore=PR02
    """Base of the losses that need no T: subclasses give the losses under all labels."""

    def _class_losses(self, logits):
        """Compute the loss of each sample under each label, of the shape of `logits`."""
        raise NotImplementedError

    def _sample_losses(self, logits, target):
        """Pick the loss under the label of each sample."""
        return self._class_losses(logits).gather(1, target[:, None]).squeeze(1)


def check_batch(logits, target, n_classes):
    """Validate a batch, whose shapes broadcasting would make into a wrong loss."""
    if logits.ndim != 2 or n_classes not in (None, logits.shape[1]):
        expected = "n_classes" if n_classes is None else n_classes
        raise ValueError(
            f"logits must have shape (n_samples, {expected}), one column per class; got "
            f"{tuple(logits.shape)}."
        )
    if target.shape != logits.shape[:1] or target.is_floating_point():
        raise ValueError(
            f"target must hold one integer label per sample, shape ({len(logits)},); got "
            f"shape {tuple(target.shape)} and {target.dtype}."
        )
    target = target.long()
    # Elsewhere than on the CPU a look at the values would wait for the device.
    if target.is_cpu and len(target):
        smallest, largest = target.aminmax()
        if smallest.item() < 0 or largest.item() >= logits.shape[1]:
            raise ValueError(
                f"target must hold columns of the logits, 0..{logits.shape[1] - 1}; got "
                f"labels from {smallest.item()} to {largest.item()}."
            )
    return target


def at_least_single_precision(output):
    """Convert bfloat16 and float16 to float32, also inside a tuple."""
    if isinstance(output, tuple):
        return tuple(at_least_single_precision(part) for part in output)
    return output.float() if output.dtype in HALF_PRECISION else output


def check_share(name, share):
    """Raise a ValueError if a parameter is not a share of one."""
    if not 0 <= share <= 1:
        raise ValueError(f"{name} must be a share between 0 and 1; got {share!r}.")


def check_positive(name, value):
    """Raise a ValueError if a parameter is not above 0."""
    if not value > 0:
        raise ValueError(f"{name} must be above 0; got {value!r}.")


def check_not_negative(name, value):
    """Raise a ValueError if a parameter is below 0."""
    if not value >= 0:
        raise ValueError(f"{name} must be at least 0; got {value!r}.")
