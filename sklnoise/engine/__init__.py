"""Training of nets: the only floor that knows skorch."""

from sklnoise.engine._data import LabelledData, dtype_of, row_shape
from sklnoise.engine._device import (
    Setting,
    resolve_device,
    resolve_dtype,
    resolve_half,
    threads_at_hand,
)
from sklnoise.engine._folds import make_splits
from sklnoise.engine._net import AutoSizedNet, as_net, is_net
from sklnoise.engine._prediction import (
    hidden_features,
    mean_transition,
    predict_proba,
    weights_of,
)
from sklnoise.engine._routes import attempt, fit_nets
from sklnoise.engine._snapshot import epochs_of, snapshot
from sklnoise.engine._trainer import Trainer, TrainingConfig
from sklnoise.engine._training import fit_net
from sklnoise.engine._watch import keeps_to_epochs, undisturbed

__all__ = [
    "AutoSizedNet",
    "LabelledData",
    "Setting",
    "Trainer",
    "TrainingConfig",
    "as_net",
    "attempt",
    "dtype_of",
    "epochs_of",
    "fit_net",
    "fit_nets",
    "hidden_features",
    "is_net",
    "keeps_to_epochs",
    "make_splits",
    "mean_transition",
    "predict_proba",
    "resolve_device",
    "resolve_dtype",
    "resolve_half",
    "row_shape",
    "snapshot",
    "threads_at_hand",
    "undisturbed",
    "weights_of",
]
