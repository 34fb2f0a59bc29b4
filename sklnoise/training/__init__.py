"""Training of nets: the only package that imports skorch."""

from sklnoise.training._callbacks import interruptible
from sklnoise.training._candidates import (
    chooses_net,
    chooses_steps,
    chosen_net,
    chosen_params,
    describe_candidate,
    ends_trials,
    is_deep,
    is_unfinished,
    is_wide,
    lengthen_training,
    list_candidates,
    longest_training,
    prolong_training,
    shorten_training,
    stops_by_itself,
)
from sklnoise.training._class_weight import (
    CleanCrossEntropy,
    check_plain_criterion,
    clean_loss_of,
    take_out_class_weight,
)
from sklnoise.training._config import (
    TrainingConfig,
    available_threads,
    isolated,
    resolve_device,
    resolve_dtype,
    resolve_half,
)
from sklnoise.training._criterion import NormalizedLogits, first_output
from sklnoise.training._data import (
    LabelledData,
    as_features,
    dtype_of,
    sample_kind,
    sample_shape,
)
from sklnoise.training._folds import make_splits
from sklnoise.training._history import epochs_of, snapshot, without_training
from sklnoise.training._net import (
    AutoSizedNet,
    as_net,
    is_module_class,
    is_net,
    keeps_to_epochs,
    net_parameters,
    takes_any_number,
)
from sklnoise.training._net_checks import check_validation_labels
from sklnoise.training._parts import as_labels, check_names, check_parts
from sklnoise.training._plain import from_plain, is_net_class, to_plain
from sklnoise.training._prediction import (
    hidden_features,
    mean_transition,
    predict_proba,
    weights_of,
)
from sklnoise.training._processes import (
    check_same_data,
    compute_together,
    is_main_process,
    is_shared,
    of_main_process,
    refuse_shared,
    resolve_device_of,
    without_accelerator,
)
from sklnoise.training._sources import as_dataset, is_sequential
from sklnoise.training._trainer import Trainer
from sklnoise.training._trajectory import best_checkpoint, trajectory_of
from sklnoise.training._workers import attempt

__all__ = [
    "AutoSizedNet",
    "CleanCrossEntropy",
    "LabelledData",
    "NormalizedLogits",
    "Trainer",
    "TrainingConfig",
    "as_dataset",
    "as_features",
    "as_labels",
    "as_net",
    "attempt",
    "available_threads",
    "best_checkpoint",
    "check_names",
    "check_parts",
    "check_plain_criterion",
    "check_same_data",
    "check_validation_labels",
    "chooses_net",
    "chooses_steps",
    "chosen_net",
    "chosen_params",
    "clean_loss_of",
    "compute_together",
    "describe_candidate",
    "dtype_of",
    "ends_trials",
    "epochs_of",
    "first_output",
    "from_plain",
    "hidden_features",
    "interruptible",
    "is_deep",
    "is_main_process",
    "is_module_class",
    "is_net",
    "is_net_class",
    "is_sequential",
    "is_shared",
    "is_unfinished",
    "is_wide",
    "isolated",
    "keeps_to_epochs",
    "lengthen_training",
    "list_candidates",
    "longest_training",
    "make_splits",
    "mean_transition",
    "net_parameters",
    "of_main_process",
    "predict_proba",
    "prolong_training",
    "refuse_shared",
    "resolve_device",
    "resolve_device_of",
    "resolve_dtype",
    "resolve_half",
    "sample_kind",
    "sample_shape",
    "shorten_training",
    "snapshot",
    "stops_by_itself",
    "take_out_class_weight",
    "takes_any_number",
    "to_plain",
    "trajectory_of",
    "weights_of",
    "without_accelerator",
    "without_training",
]
