"""The steps of a fit of `NoiseRobustClassifier`: folds, network, correction, refit."""

from functools import partial

from sklearn.base import clone

from sklnoise._compat import check_method_params
from sklnoise.classifiers._calibration import refit_temperature
from sklnoise.classifiers._first_pass import make_trees, run_first_pass, run_selection
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._fit_plan import fits_same_net, is_named
from sklnoise.classifiers._net_selection import NetChoice
from sklnoise.classifiers._refit import (
    attributes_in_training,
    fine_tune,
    network_in_training,
    refit_seeds,
    takes_one_training,
)
from sklnoise.classifiers._refit_choice import (
    MIN_NOISE_RATE,
    RefitChoice,
    choose_refit_steps,
    choose_transition,
    count_nets,
    default_correction,
)
from sklnoise.classifiers._selection import (
    WITHOUT_T,
    judge_correction,
    select_correction,
    skip_selection,
)
from sklnoise.classifiers._transition import Transition, feature_space, new_estimator


def run_folds(classifier, plan, progress):
    """Predict the samples by models that did not see them, if T or a choice needs it."""
    if not plan.has_first_pass:
        return None
    space = None
    if plan.transition is None and not plan.is_annotated:
        space = feature_space(new_estimator(classifier.transition))
    n_folds = len(plan.splits)
    message = f"first pass on {n_folds} folds"
    with progress.folds("first pass", message, n_folds) as on_fold_end:
        run = partial(
            run_first_pass,
            splits=plan.splits,
            memory=classifier.memory,
            n_jobs=classifier.n_jobs,
        )
        trainer = plan.first_pass_trainer
        first_pass = run(
            trainer, with_features=space == "hidden", on_fold_end=on_fold_end
        )
        if isinstance(classifier.first_pass, str):
            trees = run(
                trainer.replace(net=make_trees(), fit_params={}),
                with_features=False,
                on_fold_end=None,
            )
            first_pass = first_pass.averaged_with(trees)
    classifier.out_of_fold_proba_ = first_pass.y_proba
    if first_pass.histories is not None:
        classifier.first_pass_history_ = first_pass.histories
    return first_pass


def choose_net(classifier, plan, first_pass):
    """Return the trainer with the net that the data choose, if one is to be fitted.

    The first pass has chosen it where it fits the same net.
    """
    if first_pass is not None and fits_same_net(classifier):
        choice = first_pass.choice
    elif not plan.refits:
        choice = NetChoice({})
    else:
        choice = run_selection(
            plan.trainer.replace(seed=plan.first_pass_seed, observed=False),
            plan.splits,
            memory=classifier.memory,
            n_jobs=classifier.n_jobs,
        )
    classifier.net_selection_ = choice.selection
    trainer = plan.trainer
    if choice.params:
        trainer = trainer.replace(net=clone(trainer.net).set_params(**choice.params))
    return trainer


def choose_refit(classifier, plan, trainer, transition, first_pass, progress):
    """Return the correction of the refit, its T, and the choice of its steps."""
    trainer = trainer.replace(seed=plan.first_pass_seed)
    start_from = first_weights(classifier, first_pass)
    if plan.selects:
        correction, transition, choice = choose_correction(
            classifier, plan, trainer, transition, first_pass, progress
        )
        # Candidates start from scratch: only the refit may take the weights.
        if start_from is not None:
            choice = RefitChoice(trainer)
        return correction, transition, choice
    correction = plan.correction
    if is_named(correction, "default"):
        is_chosen = classifier.net_selection_ is not None and start_from is None
        # Weights need a posterior; a memory may sharpen that of rare classes away.
        is_weighted = classifier.class_weight is not None
        correction = default_correction(trainer, plan.data, is_chosen and not is_weighted)
    splits = plan.splits if start_from is None else []
    choose = partial(step_chooser(classifier, plan.data, splits), trainer)
    # T is judged where nobody has asked for the estimate by its name.
    is_auto = is_named(classifier.transition, "auto")
    if not is_auto or transition.estimator is None or plan.data.trusted.any():
        choice = choose(correction=correction, transition=transition)
        return correction, transition, choice
    # Another model's probabilities, or weighted ones, are nothing to compare with.
    judge = None
    if classifier.first_pass is None and plan.criterion_weight is None:
        judge = partial(
            judge_correction, transition, plan.data, splits, first_pass.y_proba
        )
    choice, transition = choose_transition(
        choose,
        judge,
        correction,
        transition,
        plan.data,
        len(splits),
        classifier.noise_summary_,
    )
    return correction, transition, choice


def choose_correction(classifier, plan, trainer, transition, first_pass, progress):
    """Return the best correction, its T, and the choice of the steps of its refit."""
    data, splits, summary = plan.data, plan.splits, classifier.noise_summary_
    choose_steps = step_chooser(classifier, data, splits)
    reason = None
    if not splits:
        reason = "no sample could be held out"
    elif transition.is_identity or summary.noise_rate < MIN_NOISE_RATE:
        reason = f"the noise rate is below {MIN_NOISE_RATE:.0%}"
    choice = None
    if reason is not None:
        classifier.selection_ = skip_selection(reason)
        if splits:  # the step was announced before
            with progress.step("selection", "no correction to choose"):
                pass
    else:
        with progress.step("selection", "choice of the correction"):
            classifier.selection_, choice = select_correction(
                trainer,
                transition,
                data,
                splits,
                first_pass if classifier.first_pass is None else None,
                choose_steps=choose_steps,
                warm_up=classifier.warm_up,
                report=progress.say,
            )
    correction = classifier.selection_.correction
    if correction in WITHOUT_T:
        transition = Transition.identity(data.n_classes)
        summary.identity_share = 1.0
    if choice is None:
        choice = choose_steps(trainer, correction=correction, transition=transition)
    return correction, transition, choice


def step_chooser(classifier, data, splits):
    """Return a function that chooses the steps of a refit, unless the user has."""
    return partial(
        choose_refit_steps,
        data=data,
        splits=splits if classifier.net_selection_ is not None else [],
        warm_up=classifier.warm_up,
        n_jobs=classifier.n_jobs,
    )


def first_weights(classifier, first_pass):
    """Return the weights that the refit starts from, or None."""
    if classifier.refit == "first-pass" and first_pass is not None:
        return first_pass.weights
    return None


def run_refit(classifier, plan, chosen, first_pass, progress):
    """Fit the networks with the corrected loss; `chosen` is what `choose_refit` found."""
    (correction, transition, choice), data = chosen, plan.data
    start_from = first_weights(classifier, first_pass)
    trainer = trainer_of_refit(classifier, plan, choice)
    n_estimators = classifier.n_estimators
    if n_estimators == "auto":
        is_chosen = classifier.net_selection_ is not None and start_from is None
        n_estimators = (
            count_nets(trainer, correction, transition, data) if is_chosen else 1
        )
    classifier.temperature_ = 1.0
    if plan.criterion_weight is None and not plan.fine_tunes:
        classifier.temperature_ = refit_temperature(
            choice.fitted, data, plan.splits, correction, transition, n_estimators
        )
    with progress.training(
        "refit",
        f"refit on {len(data.rows)} samples",
        partial(
            attributes_in_training,
            transition_matrix=transition.matrix,
            class_weight=classifier.class_weight,
            data=data,
        ),
        one_training=n_estimators == 1 and takes_one_training(correction),
    ) as on_epoch:
        results = refit_seeds(
            trainer.replace(on_epoch=on_epoch),
            [plan.refit_seed, *draw_seeds(plan.refit_seed, n_estimators - 1)],
            correction,
            transition,
            data,
            warm_up=classifier.warm_up,
            start_from=start_from,
            delay_steps=choice.delay_steps,
            report=progress.say,
        )
    return results


def trainer_of_refit(classifier, plan, choice):
    """Return the trainer of the refit: that of a choice may not be observed."""
    return plan.trainer.replace(
        net=choice.trainer.net,
        verbose=max(0, (classifier.verbose or 0) - 1),
        fit_params=check_method_params(
            plan.data.X, plan.trainer.fit_params, indices=plan.data.rows
        ),
    )


def fine_tune_nets(classifier, plan, choice, results, progress):
    """Train the networks further on the trusted samples alone."""
    with progress.training(
        "fine-tuning",
        f"fine-tuning on {plan.data.trusted.sum()} trusted samples",
        network_in_training,
        one_training=len(results) == 1,
    ) as on_epoch:
        trainer = trainer_of_refit(classifier, plan, choice).replace(on_epoch=on_epoch)
        return [
            fine_tune(
                trainer, result.net, result.loss, plan.data, classifier.fine_tune_epochs
            )
            for result in results
        ]
