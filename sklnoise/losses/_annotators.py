"""Losses for the answers of several annotators."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax, softmax

from sklnoise._validation import check_transition_matrix
from sklnoise.losses._base import (
    REDUCTIONS,
    NoisyLabelLoss,
    at_least_single_precision,
    check_device,
    check_logits,
    kind_of,
)
from sklnoise.losses._early_learning import EarlyLearningLoss

# An answer that T calls impossible would make the loss infinite.
MIN_ENTRY = 1e-10


class AnnotatorForwardLoss(NoisyLabelLoss):
    r"""Forward correction by the answers of several annotators.

    .. math:: \ell(z, y) = -\log \sum_k p_k \prod_a T_a[k, y_a], \qquad
        p = \mathrm{softmax}(z)

    It is the likelihood of all answers to a sample, which are independent given its
    clean class. Its gradient is `p - q`, with the posterior q of the clean class given
    the answers, so that a sample counts once, however many answers it has.

    Parameters
    ----------
    transition_matrices : array-like of shape (n_annotators, n_classes, n_classes)
        T_a[i, j] = P(answer = j | clean = i) of each annotator; rows sum to 1. Entries
        below 1e-10 count as 1e-10.

    ignore_index : int, default=-100
        Target where an annotator has not answered.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch. The mean is over the
        samples that have an answer.

    Attributes
    ----------
    transition_matrices : torch.Tensor of shape (n_annotators, n_classes, n_classes)
        The matrices.

    Raises
    ------
    ValueError
        If a matrix is not row-stochastic and square, or a parameter is out of its range.

    See Also
    --------
    ForwardLoss : The loss of a single annotator.
    sklnoise.annotators.DawidSkene : Estimates the matrices without features.

    References
    ----------
    Raykar, Yu, Zhao, Valadez, Florin, Bogoni, Moy. Learning from crowds. JMLR 2010.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import AnnotatorForwardLoss
    >>> good, poor = [[0.9, 0.1], [0.1, 0.9]], [[0.6, 0.4], [0.4, 0.6]]
    >>> loss = AnnotatorForwardLoss([good, poor])
    >>> logits = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    >>> loss(logits, torch.tensor([[0, 1], [-100, 0]]))
    tensor(0.8388)
    """

    has_likelihood = True

    def __init__(self, transition_matrices, *, ignore_index=-100, reduction="mean"):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        T = check_transition_matrices(transition_matrices)
        self.n_annotators, self.n_classes = T.shape[:2]
        if 0 <= self.ignore_index < self.n_classes:
            raise ValueError(
                "ignore_index must be no column of the logits, as it stands for a "
                f"missing answer; got {ignore_index} with {self.n_classes} classes."
            )
        self.register_buffer("columns", torch.from_numpy(log_columns(T)))

    @property
    def transition_matrices(self):
        """The matrices of the annotators."""
        return self.columns.exp().transpose(1, 2)

    def forward(self, logits, target):
        """Compute the loss of a batch.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples, n_annotators)
            The answers, integer columns of `logits`, or `ignore_index` where there is
            none.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`. The loss of a
            sample without an answer is 0.

        Raises
        ------
        TypeError
            If logits are no floating tensor, or the target is no tensor of integers.

        ValueError
            If logits and target do not fit each other, or the matrices.
        """
        check_logits(logits, self.n_classes)
        self._check_answers(target, logits)
        kept = target != self.ignore_index
        annotator = torch.arange(self.n_annotators, device=target.device)
        # Of shape (n_samples, n_annotators, n_classes).
        of_answers = self.columns[annotator, target.long().where(kept, 0)]
        log_evidence = of_answers.where(kept[..., None], 0).sum(dim=1)
        has_answer = kept.any(dim=1)
        losses = evidence_losses(at_least_single_precision(logits), log_evidence)
        losses = losses.where(has_answer, 0)
        if self.reduction == "mean":
            return losses.sum() / has_answer.sum()
        return REDUCTIONS[self.reduction](losses)

    def extra_repr(self):
        """Return the number of annotators and of classes, for `repr`.

        Returns
        -------
        text : str
            The numbers.
        """
        return f"n_annotators={self.n_annotators}, n_classes={self.n_classes}"

    def _check_answers(self, target, logits):
        """Raise an error unless a target holds an answer, or none, of each annotator."""
        is_tensor = isinstance(target, torch.Tensor)
        if not is_tensor or target.is_floating_point() or target.is_complex():
            raise TypeError(
                f"target must be a tensor of integers; got {kind_of(target)}. Pass the "
                f"codes of the answers, and {self.ignore_index} where there is none."
            )
        expected = len(logits), self.n_annotators
        if target.shape != expected:
            raise ValueError(
                "target must have a row for each sample and a column for each annotator, "
                f"shape {expected}; got {tuple(target.shape)}."
            )
        check_device(target, logits)
        # A look at the values would wait for another device.
        if target.is_cpu and target.numel() and not torch.compiler.is_compiling():
            answers = target[target != self.ignore_index]
            if len(answers) and (answers.min() < 0 or answers.max() >= self.n_classes):
                raise ValueError(
                    f"target must hold columns of the logits, 0..{self.n_classes - 1}, "
                    f"or the ignore_index {self.ignore_index}; got answers from "
                    f"{answers.min()} to {answers.max()}."
                )


class EvidenceLoss(nn.Module):
    """The loss of `AnnotatorForwardLoss` from the log-likelihood of all answers."""

    reduction = "none"
    has_likelihood = True

    def forward(self, logits, target, log_evidence):
        """Compute the loss of each sample."""
        return evidence_losses(at_least_single_precision(logits), log_evidence)


class EvidenceMemoryLoss(EarlyLearningLoss):  # numpydoc ignore=PR01
    """An `EvidenceLoss` with the memory of early-learning regularisation."""

    def __init__(self, regularization=1.0, delay_steps=None, reduction="none"):
        super().__init__(
            regularization=regularization, delay_steps=delay_steps, reduction=reduction
        )

    def forward(self, logits, target, log_evidence, index, weight=None):
        """Compute the loss of each sample, and remember what is predicted."""
        losses = evidence_losses(at_least_single_precision(logits), log_evidence)
        return losses + self._second_term(losses, logits, index, weight)


class AnswersLoss(nn.Module):
    """Base of the losses whose matrices are learned with the network.

    `answers` holds `annotator * n_classes + answer` in the first columns of a sample, and
    -1 in the rest. The loss of a sample is the mean over them, or cross-entropy with the
    target where there are none, as it is trusted.
    """

    reduction = "none"
    has_likelihood = False

    def __init__(self, n_annotators, n_classes):
        super().__init__()
        eye = torch.eye(n_classes)
        self.n_classes = n_classes
        self.weight = nn.Parameter(eye.repeat(n_annotators, 1, 1))

    def forward(self, logits, target, answers):
        """Compute the loss of each sample."""
        logits = at_least_single_precision(logits)
        given = answers >= 0
        sample, place = given.nonzero(as_tuple=True)
        packed = answers[sample, place].long()
        annotator, code = packed // self.n_classes, packed % self.n_classes
        p = softmax(logits, dim=1)
        log_likelihood = self._log_likelihood(p, sample, annotator, code)
        total = log_likelihood.new_zeros(len(logits)).index_add(0, sample, log_likelihood)
        losses = -total / given.sum(dim=1).clamp(min=1)
        return losses.where(
            given.any(dim=1), cross_entropy(logits, target, reduction="none")
        )


class CrowdLayerLoss(AnswersLoss):
    """The crowd layer of Rodrigues and Pereira (2018): a matrix without bounds."""

    def _log_likelihood(self, p, sample, annotator, code):
        """Return the log-likelihood of answers, with scores that are linear in p."""
        if len(p) * len(self.weight) <= len(sample) * self.n_classes:
            scores = torch.einsum("nk,akj->naj", p, self.weight)[sample, annotator]
        else:
            scores = torch.einsum("nk,nkj->nj", p[sample], self.weight[annotator])
        return log_softmax(scores, dim=1).gather(1, code[:, None]).squeeze(1)

    @property
    def transition_matrices(self):
        """What each annotator answers to a sample that surely is of a class."""
        return softmax(self.weight, dim=2)


class TraceLoss(AnswersLoss):
    """The trace regularisation of Tanno et al. (2019), by rows that are softmaxes."""

    def __init__(self, n_annotators, n_classes, regularization=0.01):
        super().__init__(n_annotators, n_classes)
        self.regularization = regularization
        with torch.no_grad():
            self.weight *= 4.0  # so that annotators are mostly right at first

    def forward(self, logits, target, answers):
        """Compute the loss of each sample."""
        trace = self.transition_matrices.diagonal(dim1=1, dim2=2).sum(dim=1).mean()
        losses = super().forward(logits, target, answers)
        return losses + self.regularization * trace

    def _log_likelihood(self, p, sample, annotator, code):
        """Return the log-likelihood of answers."""
        columns = self.transition_matrices[annotator, :, code]
        return (p[sample] * columns).sum(dim=1).clamp(min=MIN_ENTRY).log()

    @property
    def transition_matrices(self):
        """The matrices of the annotators."""
        return softmax(self.weight, dim=2)


def evidence_losses(logits, log_evidence):
    """Compute `-log Σ_k p_k e_k` of each sample, with the evidence e of its answers."""
    log_evidence = log_evidence.to(logits)
    return -torch.logsumexp(log_softmax(logits, dim=1) + log_evidence, dim=1)


def check_transition_matrices(transition_matrices, names=None):
    """Return the T of each annotator as an array."""
    matrices = transition_matrices
    if isinstance(matrices, torch.Tensor):
        matrices = matrices.detach().cpu().numpy()
    try:
        T = np.asarray(matrices, dtype=np.float64)
        shape = T.shape
    except (TypeError, ValueError):  # of several sizes
        shape = "that differs from one annotator to the next, or no numbers"
    if len(shape) != 3 or not shape[0] or shape[1] != shape[2]:
        raise ValueError(
            "transition_matrices must have shape (n_annotators, n_classes, n_classes); "
            f"got shape {shape}. For a single T use ForwardLoss."
        )
    for name, each in zip(range(len(T)) if names is None else names, T):
        try:
            check_transition_matrix(each)
        except ValueError as error:
            raise ValueError(f"T of annotator {name}: {error}") from error
    return T.copy()


def log_columns(transition_matrices):
    """Return log T with the answers as the second axis, and the clean classes last."""
    return np.log(np.maximum(transition_matrices, MIN_ENTRY).transpose(0, 2, 1))
