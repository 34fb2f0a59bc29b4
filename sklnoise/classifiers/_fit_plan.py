"""What a fit of `NoiseRobustClassifier` is to do, before anything is trained."""

from dataclasses import dataclass

from sklearn.utils import Bunch

from sklnoise._compat import routing_enabled
from sklnoise.classifiers._annotator_input import (
    AnnotatedInput,
    check_annotated_input,
    check_single_correction,
    is_annotated,
)
from sklnoise.classifiers._class_weight import check_class_weight
from sklnoise.classifiers._correction import as_loss, check_clean_loss
from sklnoise.classifiers._first_pass import (
    check_first_pass,
    check_trees,
    make_first_pass_splits,
)
from sklnoise.classifiers._fit_input import (
    FitInput,
    check_fit_input,
    draw_seeds,
    route_fit,
)
from sklnoise.classifiers._refit import clean_loss_for
from sklnoise.classifiers._transition import Transition, known_transition
from sklnoise.training import (
    Trainer,
    TrainingConfig,
    as_net,
    available_threads,
    check_names,
    check_plain_criterion,
    check_same_data,
    check_validation_labels,
    chooses_net,
    dtype_of,
    is_module_class,
    is_net,
    of_main_process,
    resolve_device_of,
    resolve_dtype,
    resolve_half,
)


@dataclass(frozen=True, eq=False)
class FitPlan:
    """The validated input of a fit, its trainers, and which steps it takes.

    `transition` is T where it is known, and `correction` may still be "auto" or
    "default". The folds of `splits` estimate T only if `has_first_pass`.
    """

    data: FitInput
    trainer: Trainer
    first_pass_trainer: Trainer
    criterion_weight: object
    correction: object
    transition: Transition | None
    splits: list
    has_first_pass: bool
    refits: bool
    fine_tunes: bool

    @property
    def is_annotated(self):
        """Whether several annotators have answered."""
        return isinstance(self.data, AnnotatedInput)

    @property
    def refit_seed(self):
        return self.trainer.seed

    @property
    def first_pass_seed(self):
        return self.first_pass_trainer.seed

    @property
    def selects(self):
        """Whether the correction is chosen on held-out samples."""
        return is_named(self.correction, "auto")

    @property
    def n_steps(self):
        """The number of steps that callbacks are told of."""
        n_steps = self.refits * (1 + self.fine_tunes)
        has_selection = self.selects or self.is_annotated
        return n_steps + self.has_first_pass * (1 + has_selection)


def plan_fit(classifier, X, y, sample_weight, trusted, fit_params):
    """Validate the parameters and the input of a fit."""
    routed = route_metadata(classifier, sample_weight, fit_params)
    net, model = as_net(classifier.estimator), first_pass_model(classifier)
    several = is_annotated(y)
    check_input = check_annotated_input if several else check_fit_input
    data = check_input(classifier, X, y, sample_weight, trusted)
    check_first_pass(model, data.X, sample_weight, routed.first_pass.fit)
    if isinstance(classifier.first_pass, str):
        check_trees(data.X)
    check_names(net, data.X, routed.estimator.fit)
    for checked in (net, model):
        check_validation_labels(checked, data.classes)
    # Two seeds: the refit must not depend on whether folds were fitted before.
    seeds = of_main_process(net, draw_seeds(classifier.random_state, 2))
    first_pass_seed, refit_seed = seeds
    check_same_data(net, data.labelled)
    trainer = Trainer(
        net=net,
        data=data.labelled,
        config=training_config(classifier, data),
        seed=refit_seed,
        fit_params=routed.estimator.fit,
    )
    refits = classifier.refit is not False
    correction = classifier.correction if refits else "forward"
    selects = is_named(correction, "auto")
    if is_net(classifier.first_pass):
        check_plain_criterion(classifier.first_pass)
    clean_loss = clean_loss_for(trainer, data)
    check_class_weight(classifier.class_weight, data.classes, clean_loss.weight)
    if several:
        check_plain_loss(clean_loss)
        transition = None
    else:
        check_single_correction(correction)
        check_clean_loss(correction, clean_loss)
        loss = as_loss("forward" if selects else correction)
        transition = known_transition(classifier.transition, loss, data.classes)
    # A known T needs no folds, but held-out labels choose a correction, and are all
    # that a fit without a refit can judge labels by.
    has_first_pass = transition is None or selects or not refits
    splits = []
    if has_first_pass or chooses_net(net, data.X, trainer.fit_params):
        splits = make_first_pass_splits(
            classifier.cv,
            data,
            first_pass_seed,
            routed.splitter.split,
            estimates=has_first_pass,
        )
        splits = of_main_process(net, splits)
    return FitPlan(
        data=data,
        trainer=trainer,
        # Callbacks of the user's net that only observe it are for its refit.
        first_pass_trainer=trainer.replace(
            net=model,
            seed=first_pass_seed,
            fit_params=routed.first_pass.fit,
            observed=not fits_same_net(classifier),
        ),
        criterion_weight=clean_loss.weight,
        correction=correction,
        transition=transition,
        splits=splits,
        has_first_pass=has_first_pass and bool(splits),
        refits=refits,
        fine_tunes=classifier.fine_tune_epochs > 0 and bool(data.trusted.any()),
    )


def check_plain_loss(clean_loss):
    """Raise a ValueError if the net weights or smooths the labels that it is given."""
    if not clean_loss.is_plain:
        raise ValueError(
            "criterion__weight and criterion__label_smoothing of the net are for one "
            "label a sample; got them with the answers of several annotators. Use "
            "class_weight of the classifier."
        )


def is_named(correction, name):
    """Return whether a correction, which may be a loss, is given by a name."""
    return isinstance(correction, str) and correction == name


def fits_same_net(classifier):
    """Return whether the first pass fits the network of the refit, maybe beside trees."""
    return classifier.first_pass is None or isinstance(classifier.first_pass, str)


def first_pass_model(classifier):
    """Return the model of the first pass."""
    model = classifier.first_pass
    if model is None:
        return as_net(classifier.estimator)
    if isinstance(model, type) and not is_module_class(model):
        name = model.__name__
        raise TypeError(
            "first_pass must be None, 'with-trees', a classifier with predict_proba, "
            "a skorch net or a class of torch modules; got the class "
            f"{name}. Pass an instance, first_pass={name}()."
        )
    if classifier.refit == "first-pass":
        raise ValueError(
            'refit="first-pass" starts from the weights of the first pass, which '
            "must then be the same network: leave first_pass at None, or use "
            f'refit="scratch"; got first_pass={model!r}.'
        )
    if isinstance(model, str):
        return as_net(classifier.estimator)
    if hasattr(model, "predict_proba"):
        return model
    return as_net(model, "first_pass")


def route_metadata(classifier, sample_weight, fit_params):
    """Sort metadata into what the splitter and what the models get."""
    routed = route_fit(classifier, sample_weight, fit_params)
    if not routing_enabled():
        # Parameters of a training loop mean nothing to another model.
        of_nets = routed.estimator.fit if fits_same_net(classifier) else {}
        routed.first_pass = Bunch(fit=of_nets)
    return routed


def training_config(classifier, data):
    """Return the device, the type and the threads of the trainings."""
    device = resolve_device_of(as_net(classifier.estimator), classifier.device)
    return TrainingConfig(
        n_classes=data.n_classes,
        device=device,
        dtype=resolve_dtype(classifier.dtype, dtype_of(data.X), len(data.rows), device),
        n_threads=available_threads(),
        half=resolve_half(classifier.dtype, device),
    )
