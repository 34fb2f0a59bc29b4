"""What all criteria share: logits in, one loss per sample, then a reduction."""

from numbers import Integral, Real

import torch
from torch import nn

from sklnoise._text import shorten

REDUCTIONS = {
    "mean": lambda losses: losses.mean(),
    "sum": lambda losses: losses.sum(),
    "none": lambda losses: losses,
}
HALF_PRECISION = (torch.bfloat16, torch.float16)
LABEL_TYPES = frozenset(
    getattr(torch, f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)
)

# Largest error of the sum of a soft target, in single and in half precision.
SUM_TOLERANCE, HALF_SUM_TOLERANCE = 1e-3, 2e-2


class NoisyLabelLoss(nn.Module):
    """Base of the criteria: subclasses give the loss of each sample."""

    wants_features = False
    wants_normalized_logits = False
    n_classes = None

    def __init__(self, *, ignore_index=-100, reduction="mean"):
        super().__init__()
        if not isinstance(reduction, str) or reduction not in REDUCTIONS:
            raise ValueError(
                f"reduction must be one of {sorted(REDUCTIONS)}; got {reduction!r}."
            )
        check_integer("ignore_index", ignore_index)
        self.ignore_index = int(ignore_index)
        self.reduction = reduction

    def forward(self, logits, target):
        """Compute the loss of a batch.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples,) or (n_samples, n_classes)
            Noisy labels, integer columns of `logits` or `ignore_index`; or, floating,
            the probability of each label, over which the loss is averaged.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`. In the dtype of
            the logits, but float32 for bfloat16 and float16: a logarithm of a sum needs
            more digits than these have. The mean is over the samples that are not
            ignored, NaN if there are none; the loss of an ignored sample is 0.

        Raises
        ------
        TypeError
            If logits are no floating tensor, or the target is no tensor.

        ValueError
            If logits and target do not fit each other, or the loss.
        """
        scores = logits[0] if self.wants_features else logits
        check_logits(scores, self.n_classes)
        target, kept = check_target(target, scores, self.ignore_index)
        if kept is None:
            return self._unchecked(logits, target)
        logits = without_ignored(at_least_single_precision(logits), kept)
        losses = self._sample_losses(logits, target).masked_fill(~kept, 0)
        if self.reduction == "mean":
            return losses.sum() / kept.sum()
        return REDUCTIONS[self.reduction](losses)

    def __repr__(self):
        return f"{type(self).__name__}({self.extra_repr()})"

    def _unchecked(self, logits, target):
        """Compute the loss of a batch that is known to be valid."""
        logits = at_least_single_precision(logits)
        if target.ndim == 1:
            return self._batch_loss(logits, target)
        losses = self._class_losses(logits)
        return REDUCTIONS[self.reduction]((target.to(losses) * losses).sum(dim=1))

    def _batch_loss(self, logits, target):
        """Reduce the losses of the samples; override it to compute both at once."""
        return REDUCTIONS[self.reduction](self._sample_losses(logits, target))

    def _sample_losses(self, logits, target):
        """Compute the loss of each sample."""
        raise NotImplementedError

    def _class_losses(self, logits):
        """Compute the loss of each sample under each label; override it to be faster."""
        scores = logits[0] if self.wants_features else logits
        n_samples, n_classes = scores.shape
        labels = torch.arange(n_classes, device=scores.device)
        losses = [self._sample_losses(logits, j.expand(n_samples)) for j in labels]
        return torch.stack(losses, dim=1)


class PerClassLoss(NoisyLabelLoss):  # numpydoc ignore=PR02
    """Base of the losses that need no T: subclasses give the losses under all labels."""

    def _class_losses(self, logits):
        """Compute the loss of each sample under each label, of the shape of `logits`."""
        raise NotImplementedError

    def _sample_losses(self, logits, target):
        """Pick the loss under the label of each sample."""
        return self._class_losses(logits).gather(1, target[:, None]).squeeze(1)


def check_logits(logits, n_classes):
    """Raise an error unless logits are a floating tensor with a column per class."""
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        raise TypeError(
            f"logits must be a floating tensor; got {kind_of(logits)}. Pass what the "
            "net returns, or torch.as_tensor(logits).float()."
        )
    if logits.layout is not torch.strided:
        raise TypeError(
            f"logits must be a dense tensor; got one of layout {logits.layout}. Pass "
            "logits.to_dense()."
        )
    if logits.ndim != 2 or n_classes not in (None, logits.shape[1]):
        expected = "n_classes" if n_classes is None else n_classes
        raise ValueError(
            f"logits must have shape (n_samples, {expected}), one column per class; got "
            f"{tuple(logits.shape)}."
        )


def check_target(target, logits, ignore_index):
    """Validate a target, whose shape broadcasting would make into a wrong loss.

    Returns it with 0 in place of labels that are ignored, and the mask of those that are
    not; None instead of the mask if there are none to ignore.
    """
    if not isinstance(target, torch.Tensor):
        raise TypeError(
            f"target must be a tensor; got {kind_of(target)}. Pass "
            "torch.as_tensor(target)."
        )
    n_samples, n_classes = logits.shape
    if target.dtype not in LABEL_TYPES or target.shape != (n_samples,):
        check_soft_target(target, logits, ignore_index)
        return target, None
    if target.dtype != torch.int64:
        target = target.long()
    # Elsewhere than on the CPU a look at the values would wait for the device, and in a
    # compiled graph it would break it.
    if target.is_cpu and logits.is_cpu and not torch.compiler.is_compiling():
        if not n_samples or not has_ignored(target, n_classes, ignore_index):
            return target, None
    else:
        check_device(target, logits)
    kept = target != ignore_index
    return target.where(kept, 0), kept


def has_ignored(target, n_classes, ignore_index):
    """Return whether labels may be ignored; raise a ValueError if one is wrong."""
    smallest, largest = target.aminmax()
    if smallest.item() >= 0 and largest.item() < n_classes:
        return 0 <= ignore_index < n_classes
    labels = target[target != ignore_index]
    if len(labels) and (labels.min() < 0 or labels.max() >= n_classes):
        raise ValueError(
            f"target must hold columns of the logits, 0..{n_classes - 1}, or the "
            f"ignore_index {ignore_index}; got labels from {labels.min()} to "
            f"{labels.max()}. Encode the labels as 0, 1, ..., and leave out samples "
            "without one, or set ignore_index to what they have."
        )
    return True


def check_soft_target(target, logits, ignore_index):
    """Raise a ValueError if a target holds no distributions over the labels."""
    is_dense = target.layout == torch.strided and target.is_floating_point()
    if target.shape != logits.shape or not logits.shape[1] or not is_dense:
        raise ValueError(
            f"target must hold one integer label per sample, shape ({len(logits)},), or "
            f"floating probabilities of each label, shape {tuple(logits.shape)}; got "
            f"shape {tuple(target.shape)} and {target.dtype}. Convert it with "
            "target.long() or target.float(), and squeeze a column of labels."
        )
    if ignore_index >= 0:
        raise ValueError(
            f"ignore_index={ignore_index} is for integer labels; the target holds "
            "probabilities. Leave such samples out, or keep ignore_index at -100."
        )
    check_device(target, logits)
    if not target.is_cpu or torch.compiler.is_compiling() or not len(target):
        return
    rows = target.detach().float()
    tolerance = HALF_SUM_TOLERANCE if target.dtype in HALF_PRECISION else SUM_TOLERANCE
    is_valid = ((rows.sum(dim=1) - 1).abs() <= tolerance) & (rows >= 0).all(dim=1)
    if not is_valid.all():
        sample = is_valid.logical_not().nonzero()[0].item()
        raise ValueError(
            "target must hold the probability of each label, at least 0 and of sum 1 "
            f"per sample; sample {sample} has a sum of {rows[sample].sum():.3g} and a "
            f"smallest entry of {rows[sample].min():.3g}. Divide each row by its sum."
        )


def check_device(target, logits):
    """Raise a ValueError if logits and target are on different devices."""
    if target.device != logits.device:
        raise ValueError(
            f"target must be on the device of the logits, {logits.device}; got "
            f"{target.device}. Move it there with target.to(logits.device)."
        )


def without_ignored(output, kept):
    """Replace the outputs for ignored samples by 0, so that their gradient is 0 too."""
    if isinstance(output, tuple):
        return tuple(without_ignored(part, kept) for part in output)
    return output.masked_fill(~kept[:, None], 0)


def kind_of(value):
    """Name the type of a value, of a tensor also that of its entries."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of {value.dtype}"
    return f"{type(value).__module__}.{type(value).__name__}"


def at_least_single_precision(output):
    """Convert bfloat16 and float16 to float32, also inside a tuple."""
    if isinstance(output, tuple):
        return tuple(at_least_single_precision(part) for part in output)
    return output.float() if output.dtype in HALF_PRECISION else output


def check_share(name, share):
    """Raise an error if a parameter is not a share of one."""
    check_real(name, share)
    if not 0 <= share <= 1:
        raise ValueError(f"{name} must be a share between 0 and 1; got {share!r}.")


def check_positive(name, value):
    """Raise an error if a parameter is not above 0."""
    check_real(name, value)
    if not value > 0:
        raise ValueError(f"{name} must be above 0; got {value!r}.")


def check_not_negative(name, value):
    """Raise an error if a parameter is below 0."""
    check_real(name, value)
    if not value >= 0:
        raise ValueError(f"{name} must be at least 0; got {value!r}.")


def check_real(name, value):
    """Raise a TypeError if a parameter is not a real number."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number; got {shorten(repr(value))}.")


def check_integer(name, value):
    """Raise a TypeError if a parameter is not an integer."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer; got {shorten(repr(value))}.")
