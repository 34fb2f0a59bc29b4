"""Early-learning regularisation: a memory of what was predicted for each sample."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy, log_softmax, softmax

from sklnoise.losses._base import (
    REDUCTIONS,
    NoisyLabelLoss,
    PerClassLoss,
    at_least_single_precision,
    check_integer,
    check_not_negative,
    check_positive,
    check_share,
    kind_of,
)
from sklnoise.losses._correction import ForwardLoss

# Above so many classes only the most probable ones of each sample are remembered.
MAX_DENSE_CLASSES, N_KEPT = 200, 8
MAX_MEMORY_BYTES = 2**32

# A logarithm of 0 has no gradient.
MIN_PROBABILITY = 1e-4


class EarlyLearningLoss(NoisyLabelLoss):
    r"""Early-learning regularisation, alone or with forward correction.

    .. math:: \ell(z, y) = -\log p_y
        + \lambda w \log\left(1 - \langle t, p \rangle\right), \qquad
        t \leftarrow \beta t + (1 - \beta) \, p, \qquad p = \mathrm{softmax}(z)

    A network learns the right labels first, and the wrong ones later, by heart. The loss
    remembers in `t` what was predicted for each sample, and its second term keeps the
    predictions there: wrong labels then have hardly any gradient. With a T the first
    term is that of :class:`ForwardLoss`. It needs no assumption that the mistakes of a
    class are alike for all its samples, as those of people are not.

    The second term pulls each sample towards its most probable class, and the network
    with it, so that a rare class would be lost. The weights w balance the pull: in each
    batch the samples of each class, by their memory, have the same total weight.

    Parameters
    ----------
    transition_matrix : array-like of shape (n_classes, n_classes), default=None
        T[i, j] = P(noisy = j | clean = i); rows sum to 1. None is cross-entropy.

    regularization : float, default=3.0
        The weight λ of the second term. With a T less is needed: 1 is a good value.

    momentum : float, default=0.7
        The share β of the memory that a sample keeps at each visit.

    delay_steps : int, default=None
        Number of first calls in training mode that only fill the memory. It is best to
        wait until the network has learned: what it does not know yet it would not learn
        any more. The classifier counts steps of the optimizer instead of calls, and with
        None it chooses their number; in a loop of your own None is 0.

    balanced : bool, default=True
        Whether the second term is balanced over the classes. With False w is 1, as in
        the paper.

    n_samples : int, default=None
        Number of training samples. With None the memory grows with the indices that
        come, for which each batch waits for an accelerator.

    ignore_index : int, default=-100
        Target of the samples that are left out, as in `torch.nn.CrossEntropyLoss`.

    reduction : {"mean", "sum", "none"}, default="mean"
        How the losses of the samples become the loss of the batch.

    Attributes
    ----------
    transition_matrix : torch.Tensor of shape (n_classes, n_classes) or None
        T, a buffer.

    Raises
    ------
    ValueError
        If T is not a row-stochastic square matrix, or a parameter is out of its range.

    See Also
    --------
    ForwardLoss : The first term, with a T.

    Notes
    -----
    The memory belongs to one training: `forget` empties it, a copy or a pickle of the
    loss has none, and in evaluation mode (`loss.eval()`) it is neither used nor changed.
    Of more than 200 classes it keeps the 8 most probable of each sample.

    The second term sharpens the probabilities. Their likelihood of noisy labels is no
    measure of a network then, and no sign of when to end its training.

    References
    ----------
    Liu, Niles-Weed, Razavian, Fernandez-Granda. Early-learning regularization prevents
    memorization of noisy labels. NeurIPS 2020.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.losses import EarlyLearningLoss
    >>> loss = EarlyLearningLoss(n_samples=100)
    >>> logits, y = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    >>> index = torch.tensor([17, 42])  # which of the training samples these are
    >>> loss(logits, y, index)
    tensor(0.3154)
    >>> loss.eval()(logits, y)
    tensor(1.1269)
    """

    wants_index = True

    def __init__(
        self,
        transition_matrix=None,
        *,
        regularization=3.0,
        momentum=0.7,
        delay_steps=None,
        balanced=True,
        n_samples=None,
        ignore_index=-100,
        reduction="mean",
    ):
        super().__init__(ignore_index=ignore_index, reduction=reduction)
        check_not_negative("regularization", regularization)
        check_share("momentum", momentum)
        if not isinstance(balanced, bool | np.bool_):
            raise TypeError(f"balanced must be True or False; got {balanced!r}.")
        for name, value in ("delay_steps", delay_steps), ("n_samples", n_samples):
            if value is not None:
                check_integer(name, value)
                check_not_negative(name, value)
        self.regularization = regularization
        self.momentum = momentum
        self.delay_steps = delay_steps
        self.balanced = balanced
        self.counts_calls = True
        kept = {"ignore_index": ignore_index, "reduction": "none"}
        if transition_matrix is None:
            self.likelihood = CrossEntropy(**kept)
        else:
            self.likelihood = ForwardLoss(transition_matrix, **kept)
        self.n_classes = self.likelihood.n_classes
        self.memory = PredictionMemory(momentum, n_samples)
        self.forget()

    @property
    def has_likelihood(self):
        """Whether no second term sharpens the probabilities."""
        return self.regularization == 0

    @property
    def transition_matrix(self):
        """T, or None."""
        return getattr(self.likelihood, "transition_matrix", None)

    def forward(self, logits, target, index=None, weight=None):
        """Compute the loss of a batch, and remember what is predicted.

        Parameters
        ----------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax, of the clean classes.

        target : torch.Tensor of shape (n_samples,) or (n_samples, n_classes)
            Noisy labels, integer columns of `logits` or `ignore_index`; or, floating,
            the probability of each label, over which the loss is averaged.

        index : torch.Tensor of shape (n_samples,), default=None
            Which of the training samples these are, from 0 on. It must be given in
            training mode.

        weight : torch.Tensor of shape (n_samples,), default=None
            Weights by which the loss of each sample will be multiplied, so that classes
            are balanced by them. None is equal weights.

        Returns
        -------
        loss : torch.Tensor
            A scalar, or of shape (n_samples,) with `reduction="none"`; in evaluation
            mode without the second term.

        Raises
        ------
        TypeError
            If logits are no floating tensor, the target is no tensor, or the index is
            missing or not of integers.

        ValueError
            If logits, target and index do not fit each other, or the loss, or the memory
            would take more than 4 GiB.
        """
        losses = self.likelihood(logits, target)
        kept = None if target.ndim == 2 else target != self.ignore_index
        if self.training:
            check_index(index, len(logits))
            check_sample_weight(weight, len(logits))
        losses = losses + self._second_term(losses, logits, index, weight, kept)
        if self.reduction == "mean" and kept is not None:
            return losses.sum() / kept.sum()
        return REDUCTIONS[self.reduction](losses)

    def forget(self, n_samples=None, *, n_of_each=None):
        """Empty the memory, for a new training.

        Parameters
        ----------
        n_samples : int, default=None
            Number of its samples; None is as many as before.

        n_of_each : int, default=None
            Where several networks are trained at once, the number of samples of each:
            the first one has the indices below it, the next one as many, and so on.
            Classes are balanced for each of them. It needs the number of all samples.

        Raises
        ------
        ValueError
            If `n_of_each` is not above 0, or is given where the number of all samples is
            not known.
        """
        n_samples = self.memory.n_samples if n_samples is None else n_samples
        if n_of_each is not None:
            check_positive("n_of_each", n_of_each)
            check_integer("n_of_each", n_of_each)
            if n_samples is None:
                raise ValueError(
                    f"n_samples must be given with n_of_each={n_of_each}; got None. Pass "
                    "the number of samples of all networks together."
                )
        self.memory = PredictionMemory(self.momentum, n_samples)
        self._n_of_each = n_of_each
        self._n_steps = 0
        # A flag: torch.compile would compile each value of the counter anew.
        self._waits = self._delay > 0

    @property
    def _delay(self):
        return self.delay_steps or 0

    def extra_repr(self):
        """Return the parameters, for `repr`.

        Returns
        -------
        text : str
            Names and values.
        """
        return f"regularization={self.regularization}, momentum={self.momentum}"

    def _count_step(self):
        """Count a step of the training, and begin with the second term in time."""
        self._n_steps += 1
        self._waits = self._n_steps < self._delay

    def _second_term(self, losses, logits, index, weight=None, kept=None):
        """Remember what is predicted, and return the second term, 0 while it waits."""
        if not self.training or not self.regularization:
            return 0.0
        counted = torch.ones_like(losses) if weight is None else weight.to(losses)
        counted = (counted if kept is None else counted.where(kept, 0)).detach()
        term = self.regularization * self._memory_term(logits, index, counted)
        waits = self._waits
        if self.counts_calls:
            self._count_step()
        if waits:
            return 0.0
        return term if kept is None else term.where(kept, 0)

    def _memory_term(self, logits, index, counted):
        """Compute `w log(1 - <t, p>)` for each sample; `counted` are their weights."""
        p = softmax(at_least_single_precision(logits), dim=1)
        p = p.clamp(MIN_PROBABILITY, 1 - MIN_PROBABILITY)
        agreement, classes = self.memory.agreement(index, p)
        term = torch.log1p(-agreement)
        if not self.balanced:
            return term
        n_classes = p.shape[1]
        n_nets = 1
        if self._n_of_each is not None:
            n_nets = -(-self.memory.n_samples // self._n_of_each)
            classes = classes + n_classes * (index // self._n_of_each)
        return term * balancing_weights(classes, counted, n_classes, n_nets)

    def __getstate__(self):
        kept = PredictionMemory(self.momentum, self.memory.n_samples)
        of_start = {"memory": kept, "_n_steps": 0, "_waits": self._delay > 0}
        return super().__getstate__() | of_start


class CrossEntropy(PerClassLoss):  # numpydoc ignore=PR02
    """Cross-entropy with the checks and the soft targets of our losses."""

    def _class_losses(self, logits):
        return -log_softmax(logits, dim=1)

    def _batch_loss(self, logits, target):
        return cross_entropy(logits, target, reduction=self.reduction)


class PredictionMemory:
    """A running mean of the probabilities of each sample."""

    def __init__(self, momentum, n_samples=None):
        self.momentum = momentum
        self.n_samples = n_samples
        self.values = None  # of shape (n_samples, n_classes), or (n_samples, N_KEPT)
        self.classes = None  # those of the values, where they are not all

    def agreement(self, index, p):
        """Move the memory of some samples towards `p`.

        Return its product with `p`, and its most probable class.
        """
        self._make_room(index, p)
        new = p.detach() / p.detach().sum(dim=1, keepdim=True)
        if self.classes is None:
            t = self.momentum * self.values[index] + (1 - self.momentum) * new
            self.values[index] = t
            return (t * p).sum(dim=1), t.argmax(dim=1)
        t = (1 - self.momentum) * new
        t.scatter_add_(1, self.classes[index], self.momentum * self.values[index])
        t, classes = t.topk(N_KEPT, dim=1)
        self.values[index], self.classes[index] = t, classes
        return (t * p.gather(1, classes)).sum(dim=1), classes[:, 0]

    def _make_room(self, index, p):
        """Let the memory have a row for each index."""
        n_rows = 0 if self.values is None else len(self.values)
        n_samples = self.n_samples
        if n_samples is None:
            n_samples = int(index.max()) + 1 if len(index) else 0
        elif n_rows == n_samples and not index.is_cpu:
            return  # a look at the indices would wait for the device
        if len(index) and index.is_cpu:
            smallest, largest = index.aminmax()
            if smallest < 0 or largest >= n_samples:
                raise ValueError(
                    f"index must hold positions of training samples, 0..{n_samples - 1};"
                    f" got {smallest} to {largest}. Pass the position of each sample in "
                    "the whole training set, and their number as n_samples."
                )
        if self.values is not None and n_rows >= n_samples:
            return
        grows = self.n_samples is None
        self._allocate(max(n_samples, 2 * n_rows) if grows else n_samples, p)

    def _allocate(self, n_samples, p):
        """Make a larger memory, which begins with what is remembered."""
        n_classes = p.shape[1]
        is_dense = n_classes <= MAX_DENSE_CLASSES
        n_kept = n_classes if is_dense else N_KEPT
        n_bytes = n_samples * n_kept * (p.element_size() + (0 if is_dense else 8))
        if n_bytes > MAX_MEMORY_BYTES:
            raise ValueError(
                f"the memory of {n_samples} samples and {n_kept} classes would take "
                f"{n_bytes / 2**30:.1f} GiB, more than {MAX_MEMORY_BYTES / 2**30:.0f}. "
                'Use a loss without a memory, such as correction="forward".'
            )
        old_values, old_classes = self.values, self.classes
        self.values = p.new_zeros(n_samples, n_kept)
        if old_values is not None:
            self.values[: len(old_values)] = old_values
        if is_dense:
            return
        # Classes that differ, as a scatter adds up those that do not.
        first = torch.arange(N_KEPT, device=p.device)
        self.classes = first.expand(n_samples, N_KEPT).clone()
        if old_classes is not None:
            self.classes[: len(old_classes)] = old_classes


def balancing_weights(classes, sample_weight, n_classes, n_nets=1):
    """Return factors of mean 1 that give each class that occurs the same total weight.

    Classes of several networks are balanced for each of them: those of the first are
    below `n_classes`, of the next as many, and so on.
    """
    total = sample_weight.new_zeros(n_nets * n_classes)
    total = total.index_add(0, classes, sample_weight).view(n_nets, n_classes)
    occurs = total > 0
    mean = total.sum(dim=1, keepdim=True) / occurs.sum(dim=1, keepdim=True)
    return (mean / total).where(occurs, 0).ravel()[classes]


def check_sample_weight(weight, n_samples):
    """Raise an error unless the weights, if there are any, fit the samples."""
    if weight is None:
        return
    if not isinstance(weight, torch.Tensor):
        raise TypeError(f"weight must be a tensor or None; got {kind_of(weight)}.")
    if weight.shape != (n_samples,):
        raise ValueError(
            f"weight must have one entry per sample, shape ({n_samples},); got shape "
            f"{tuple(weight.shape)}."
        )


def check_index(index, n_samples):
    """Raise an error unless an index has an integer for each sample."""
    if index is None or not isinstance(index, torch.Tensor) or index.is_floating_point():
        raise TypeError(
            "index must be a tensor of integers, which of the training samples these are;"
            f" got {'none' if index is None else kind_of(index)}. Let the dataset give "
            "the index of each sample, or call loss.eval() for samples that are held out."
        )
    if index.shape != (n_samples,):
        raise ValueError(
            f"index must have one entry per sample, shape ({n_samples},); got shape "
            f"{tuple(index.shape)}."
        )
