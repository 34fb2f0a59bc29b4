"""What all criteria share: logits in, one loss a row, then a reduction."""

from torch import nn

REDUCTIONS = {
    "mean": lambda losses: losses.mean(),
    "sum": lambda losses: losses.sum(),
    "none": lambda losses: losses,
}


class NoisyLabelLoss(nn.Module):
    """Base of the criteria: subclasses give the loss of each row.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the rows become the loss of the batch.
    """

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
            A scalar, or of shape (n_samples,) with `reduction="none"`.
        """
        return REDUCTIONS[self.reduction](self.row_losses(logits, target))

    def row_losses(self, logits, target):
        """Compute the loss of each row; subclasses override this."""
        raise NotImplementedError
