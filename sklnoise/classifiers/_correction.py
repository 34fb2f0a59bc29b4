"""From the name of a correction, or a loss, to a criterion bound to T."""

import inspect
from copy import deepcopy
from functools import partial

import numpy as np
import torch
from torch import nn

from sklnoise._text import shorten
from sklnoise._transition_matrix import MAX_CONDITION, mix_with_identity
from sklnoise._validation import SINGULAR_CONDITION_THRESHOLD, check_transition_matrix
from sklnoise._warnings import warn_caller
from sklnoise.exceptions import IllConditionedTransitionWarning
from sklnoise.losses import (
    BackwardLoss,
    ClippedCrossEntropyLoss,
    ComplexAdaptationLoss,
    EarlyLearningLoss,
    ForwardLoss,
    GeneralizedCrossEntropyLoss,
    HardBootstrappingLoss,
    LabelSmoothingLoss,
    MeanAbsoluteErrorLoss,
    ReweightedLoss,
    SavageLoss,
    SigmoidLoss,
    SimpleAdaptationLoss,
    SoftBootstrappingLoss,
    SparseAdaptationLoss,
    UnhingedLoss,
)
from sklnoise.losses._base import PerClassLoss
from sklnoise.losses._correction import losses_of_each_class

# Weight of the volume of T in the loss, as in the paper on minimum volume.
VOLUME_WEIGHT = 1e-4

CORRECTIONS = {
    "default": ForwardLoss,  # until the net is known
    "none": nn.CrossEntropyLoss,
    "forward": ForwardLoss,
    "backward": BackwardLoss,
    "reweight": ReweightedLoss,
    "adaptation": SimpleAdaptationLoss,
    "adaptation-complex": ComplexAdaptationLoss,
    "adaptation-sparse": SparseAdaptationLoss,
    "adaptation-volume": partial(SimpleAdaptationLoss, volume_weight=VOLUME_WEIGHT),
    "em": ForwardLoss,  # of the first net, before the rounds
    # With None there is no T to give.
    "elr": partial(EarlyLearningLoss, transition_matrix=None),
    "forward-elr": partial(EarlyLearningLoss, regularization=1.0),
    "bootstrap-soft": SoftBootstrappingLoss,
    "bootstrap-hard": HardBootstrappingLoss,
    "unhinged": UnhingedLoss,
    "sigmoid": SigmoidLoss,
    "savage": SavageLoss,
    "gce": GeneralizedCrossEntropyLoss,
    "mae": MeanAbsoluteErrorLoss,
    "label-smoothing": LabelSmoothingLoss,
    "clipped": ClippedCrossEntropyLoss,
}

# Share of the identity that a singular T is mixed with.
SINGULAR_SHARE = 0.05
# Shares that are tried.
IDENTITY_WEIGHTS = np.linspace(0, 1, 21)


def as_loss(correction):
    """Return the loss of a name, or the loss itself."""
    return CORRECTIONS[correction] if isinstance(correction, str) else correction


def loss_class(loss):
    """Return the class of a loss that is not an instance yet, otherwise None."""
    made_by = loss.func if isinstance(loss, partial) else loss
    return made_by if inspect.isclass(made_by) else None


def chosen_params(loss):
    """Return the parameters that a `functools.partial` of a loss sets."""
    if not isinstance(loss, partial):
        return {}
    signature = "unknown"
    try:
        signature = inspect.signature(loss.func)
        return signature.bind_partial(*loss.args, **loss.keywords).arguments
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"correction={shorten(loss, 200)} sets what the loss does not take: {error}. "
            f"Its signature is {signature}."
        ) from error


def needs_transition(loss):
    """Return whether a loss must be given T."""
    made_by = loss_class(loss)
    if made_by is None or "transition_matrix" in chosen_params(loss):
        return False
    return "transition_matrix" in inspect.signature(made_by).parameters


def has_transition(loss):
    """Return whether a loss has or needs a T."""
    if needs_transition(loss):
        return True
    given = chosen_params(loss).get("transition_matrix")
    return given is not None or getattr(loss, "transition_matrix", None) is not None


def own_transition(loss, classes):
    """Return the T that a loss brings along; the identity if it has none."""
    n_classes = len(classes)
    T = chosen_params(loss).get("transition_matrix")
    if T is None and loss_class(loss) is None and hasattr(loss, "transition_matrix"):
        T = transition_of(loss, n_classes)
    if T is None:
        return np.eye(n_classes)
    return check_transition_matrix(T, n_classes, classes)


def needs_features(loss):
    """Return whether a loss must be given the number of hidden features."""
    made_by = loss_class(loss)
    if made_by is None or "n_features" in chosen_params(loss):
        return False
    return issubclass(made_by, ComplexAdaptationLoss)


def has_memory(loss):
    """Return whether a loss remembers the predictions of each sample."""
    return getattr(loss_class(loss) or loss, "wants_index", False)


def delay_memory(loss, delay_steps):
    """Let a loss use its memory after so many steps, unless the user says when."""
    is_chosen = loss_class(loss) is None or "delay_steps" in chosen_params(loss)
    return loss if is_chosen else partial(loss, delay_steps=delay_steps)


def bind_loss(loss, transition, clean_loss):
    """Return an instance of a loss with T that gives one value per sample."""
    return with_clean_loss(bind_transition(loss, transition), deepcopy(clean_loss))


def bind_transition(loss, transition):
    """Return an instance of a loss with T that gives one value per sample."""
    made_by = loss_class(loss)
    names = dir(loss) if made_by is None else inspect.signature(made_by).parameters
    if "reduction" not in names:
        raise TypeError(
            "correction must be a loss with a reduction, as in torch.nn and "
            f"sklnoise.losses, so that weights can reach each sample; got {loss!r}."
        )
    if 0 <= getattr(loss, "ignore_index", -100) < len(transition.matrix):
        raise ValueError(
            f"ignore_index={loss.ignore_index} of the loss would leave out a class: "
            "labels are encoded as 0, 1, .... Give such samples a sample_weight of 0."
        )
    if made_by is None:
        # The instance of the user stays as it is.
        loss = deepcopy(loss)
        loss.reduction = "none"
        return loss
    params = {"reduction": "none"}
    if needs_transition(loss):
        params["transition_matrix"] = transition.matrix
        # A T that the user gives is taken as it is, or is an error of the loss.
        if not transition.is_known:
            params |= regularize_estimate(loss, transition.matrix)
    bound = loss(**params)
    drops_estimate = transition.is_identity and not transition.is_known
    if has_memory(loss) and needs_transition(loss) and drops_estimate:
        # There is nothing to correct: a memory would only keep the net from learning.
        bound.regularization = 0.0
    return bound


def check_clean_loss(correction, clean_loss):
    """Raise a ValueError if a correction cannot take over the loss of a clean class."""
    if clean_loss.is_plain:
        return
    loss = as_loss("forward" if correction == "auto" else correction)
    kind = loss_class(loss) or type(loss)
    name = correction if isinstance(correction, str) else kind.__name__
    if clean_loss.label_smoothing and kind is not nn.CrossEntropyLoss:
        raise ValueError(
            'criterion__label_smoothing of the net is for correction="none"; '
            f'got correction="{name}". Use correction="label-smoothing", or '
            "functools.partial(BackwardLoss, "
            "base_loss=torch.nn.CrossEntropyLoss(label_smoothing=...))."
        )
    if has_memory(loss):
        raise ValueError(
            "criterion__weight of the net would be lost, as "
            f'correction="{name}" remembers the predictions of each sample. Pass '
            'sample_weight, or use a correction without a memory, such as "gce".'
        )
    divides = correction == "em" or issubclass(kind, ReweightedLoss)
    if has_transition(loss) and not divides and not issubclass(kind, BackwardLoss):
        raise ValueError(
            "criterion__weight of the net needs a correction with a loss per clean "
            'class: "none", "backward", "reweight", "em" or a robust loss; '
            f'"{name}" has a likelihood of noisy labels only. Use one of those, or pass '
            "sample_weight, which weights the samples in the estimate of T too."
        )
    if divides and clean_loss.weight.min() == 0:
        raise ValueError(
            f'with correction="{name}" criterion__weight of the net must be above 0 for '
            "each class, as the posterior is computed by dividing by the weights."
        )


def is_plain_cross_entropy(loss):
    """Return whether a loss is torch's cross-entropy without parameters."""
    is_exact = type(loss) is nn.CrossEntropyLoss
    return is_exact and loss.weight is None and not loss.label_smoothing


def with_clean_loss(loss, clean_loss):
    """Take the loss of a clean class over into a bound loss that has such a loss."""
    if clean_loss.is_plain:
        return loss
    if is_plain_cross_entropy(loss):
        return clean_loss
    if clean_loss.label_smoothing:
        raise ValueError(
            "criterion__label_smoothing of the net would be lost, as correction="
            f"{loss!r} has parameters of its own. Set label_smoothing there."
        )
    if isinstance(loss, BackwardLoss):
        loss.base_loss = ClassWeightedLoss(loss.base_loss, clean_loss.weight)
        return loss
    if isinstance(loss, ReweightedLoss):
        return ReweightedCleanLoss(loss, clean_loss)
    return ClassWeightedLoss(loss, clean_loss.weight)


class ClassWeightedLoss(PerClassLoss):
    """A loss of the label times the weight of that class, one value per sample."""

    has_likelihood = False

    def __init__(self, loss, class_weight):
        super().__init__(reduction="none")
        self.loss = loss
        self.wants_normalized_logits = getattr(loss, "wants_normalized_logits", False)
        self.register_buffer("class_weight", class_weight)

    def _class_losses(self, logits):
        losses = losses_of_each_class(self.loss, logits)
        return self.class_weight.to(losses) * losses

    def _sample_losses(self, logits, target):
        losses = self.loss(logits, target)
        return self.class_weight.to(losses)[target] * losses

    def extra_repr(self):
        return repr(self.loss)


class ReweightedCleanLoss(nn.Module):
    """Importance reweighting of a weighted cross-entropy, one value per sample.

    The net learns the weight of a class times its posterior: the weight is divided out
    where the posterior is needed.
    """

    has_likelihood = False
    reduction = "none"

    def __init__(self, loss, clean_loss):
        super().__init__()
        self.loss = loss
        self.clean_loss = clean_loss
        self.transition_matrix = loss.transition_matrix

    def forward(self, logits, target):
        """Compute `w_y β_y ℓ(z, y)`, with `β` of `softmax(z - log w)`."""
        posterior = logits - self.clean_loss.weight.to(logits).log()
        weight = self.loss.importance_weights(posterior, target)
        return weight * self.clean_loss(logits, target)


def regularize_estimate(loss, transition_matrix):
    """Mix an estimate of T with the identity for a loss that a singular one breaks."""
    chosen, T = chosen_params(loss), transition_matrix
    if issubclass(loss_class(loss), BackwardLoss) and "identity_weight" not in chosen:
        return {"identity_weight": stable_identity_weight(T)}
    if (
        chosen.get("volume_weight")
        and not np.linalg.cond(T) < SINGULAR_CONDITION_THRESHOLD
    ):
        warn_caller(
            "the estimated T is singular, so its rows enclose no volume; the layer "
            f"starts with a share {SINGULAR_SHARE} of the identity mixed in.",
            IllConditionedTransitionWarning,
        )
        return {"transition_matrix": mix_with_identity(T, SINGULAR_SHARE)}
    return {}


def stable_identity_weight(transition_matrix):
    """Find the share of the identity that makes T safe to invert, and warn of it."""
    weight = min_identity_weight(transition_matrix)
    if weight > 0:
        condition = np.linalg.cond(transition_matrix)
        warn_caller(
            f"the estimated T has condition number {condition:.3g}; its inverse "
            f"would blow up the noise, so a share {weight:.2f} of the identity is mixed "
            'in and the correction is biased. "forward" needs no inverse.',
            IllConditionedTransitionWarning,
        )
    return weight


def min_identity_weight(transition_matrix):
    """Find the smallest share of the identity that makes T safe to invert."""
    conditions = [
        np.linalg.cond(mix_with_identity(transition_matrix, a)) for a in IDENTITY_WEIGHTS
    ]
    return float(IDENTITY_WEIGHTS[np.argmax(np.array(conditions) <= MAX_CONDITION)])


def transition_of(loss, n_classes):
    """Return the T of a loss as an array; the identity if it has none."""
    T = getattr(loss, "transition_matrix", None)
    if T is None:
        return np.eye(n_classes)
    return np.asarray(torch.as_tensor(T).detach().cpu(), dtype=np.float64)
