"""The steps of a fit to the answers of several annotators, after its first pass."""

from dataclasses import replace
from functools import partial

import numpy as np

from sklnoise.annotators._summary import summarize
from sklnoise.classifiers._annotator_model import (
    estimate_annotators,
    log_likelihood,
    pack_answers,
    prior_of_samples,
    summarize_noise,
    with_errors,
    with_evidence,
)
from sklnoise.classifiers._fit_input import draw_seeds
from sklnoise.classifiers._fit_plan import fits_same_net
from sklnoise.classifiers._fit_steps import first_weights, run_refit
from sklnoise.classifiers._net_selection import fit_nets, select_net, without_fold
from sklnoise.classifiers._refit import Refit
from sklnoise.classifiers._refit_choice import (
    RefitChoice,
    choose_refit_steps,
    default_correction,
)
from sklnoise.classifiers._transition import Transition
from sklnoise.losses import AnnotatorForwardLoss
from sklnoise.losses._annotators import (
    AnswersLoss,
    CrowdLayerLoss,
    EvidenceLoss,
    EvidenceMemoryLoss,
    TraceLoss,
)
from sklnoise.training import predict_proba, weights_of

LEARNED = {"crowd-layer": CrowdLayerLoss, "trace": TraceLoss}

MAX_ROUNDS = 5
# Gain of the log-likelihood per answer below which another round is not worth its time.
MIN_GAIN = 1e-4


def fit_annotators(classifier, plan, trainer, first_pass, progress):
    """Estimate the annotators and fit the networks to all answers, in turns.

    The first pass has learned a consensus without features. The folds are therefore
    fitted again, to all answers, and the annotators are estimated again by them.

    Returns the plan with the data that the networks were told of the answers, these
    networks, and the choice of their steps.
    """
    data, y_proba = plan.data, getattr(first_pass, "y_proba", None)
    prior = prior_of_samples(y_proba, data, data.first)
    crowd = estimate_annotators(data, prior)
    told = with_evidence(data, crowd)
    is_same = fits_same_net(classifier) and first_pass is not None
    plan = replace(plan, data=told)
    keeps_weights = first_weights(classifier, first_pass) is not None
    with progress.step("selection", "folds with the answers of all annotators"):
        if (is_same or plan.refits) and not keeps_weights:
            trainer = choose_net_again(classifier, plan, trainer)
        choose_steps = partial(
            choose_refit_steps,
            trainer.replace(seed=plan.first_pass_seed),
            splits=plan.splits if classifier.net_selection_ is not None else [],
            transition=Transition.identity(data.n_classes),
            warm_up=classifier.warm_up,
            n_jobs=classifier.n_jobs,
        )
        choice = RefitChoice(trainer)
        if is_same or plan.refits:
            choice = choose_steps(told, correction=EvidenceLoss())
        if is_same:
            y_proba = predict_folds(choice, told, plan, classifier.n_jobs)
            prior = prior_of_samples(y_proba, data, crowd.model)
            crowd = estimate_annotators(data, prior)
    if y_proba is not None:
        classifier.out_of_fold_proba_ = y_proba
    data = with_evidence(data, crowd)
    keep_annotators(classifier, crowd, data)
    if not plan.refits:
        return plan, None, None
    if keeps_weights:
        choice, choose_steps = RefitChoice(trainer), keep_steps
    return refit_to_answers(
        classifier, plan, data, choice, choose_steps, first_pass, progress
    )


def choose_net_again(classifier, plan, trainer):
    """Return the trainer with the net that all answers choose, if the data choose it.

    Before, a consensus without features has chosen it, which may be often wrong.
    """
    if classifier.net_selection_ is None:
        return trainer
    trials = plan.trainer.replace(
        seed=plan.first_pass_seed, observed=False, data=plan.data.labelled
    )
    with without_fold():
        # All answers tell networks apart that a label for each sample would not.
        chosen = select_net(
            trials, plan.splits, classifier.n_jobs, EvidenceLoss(), tie=0.0
        )
    classifier.net_selection_ = chosen.net_selection
    return trainer.replace(net=chosen.net)


def keep_steps(data, *, correction, plain=None):
    """Leave the steps of a refit from first weights as they are."""
    return plain


def keep_annotators(classifier, crowd, data):
    """Set the fitted attributes that tell what is known of the annotators."""
    answers, crowd = data.answers, with_errors(crowd, data)
    summary = summarize(answers, crowd)
    classifier._leader = data.leader
    classifier.annotators_ = answers.annotators
    classifier._fitted_answers = answers.sample, answers.annotator, answers.code
    classifier.annotator_summary_ = summary
    classifier.transition_matrices_ = crowd.transition_matrices_
    classifier.standard_error_ = crowd.standard_error_
    classifier.transition_matrix_ = crowd.transition_matrix_
    classifier.transition_estimator_ = None
    classifier.consensus_proba_ = crowd.consensus_proba_
    classifier.noise_summary_ = summarize_noise(crowd, summary, data)


def predict_folds(choice, data, plan, n_jobs):
    """Predict the samples by nets that learned the answers of the others."""
    fitted, splits = list(choice.fitted), plan.splits
    rest = splits[len(fitted) :]
    if rest:
        trainer = choice.trainer.replace(
            seed=plan.first_pass_seed, observed=False, data=data.labelled
        )
        with without_fold():
            fitted += fit_nets(trainer, rest, EvidenceLoss(), n_jobs)
    total, times = np.zeros((len(data.y), data.n_classes)), np.zeros(len(data.y))
    for net, (_, test) in zip(fitted, splits, strict=True):
        total[test] += predict_proba(net, data.X, test)
        times[test] += 1
    with np.errstate(invalid="ignore"):
        return total / times[:, np.newaxis]


def refit_to_answers(classifier, plan, data, choice, choose_steps, first_pass, progress):
    """Fit the networks of the refit with the correction that was asked for."""
    correction, loss = plan.correction, EvidenceLoss()
    if correction == "default":
        is_chosen = classifier.net_selection_ is not None
        is_chosen &= classifier.class_weight is None and classifier.refit == "scratch"
        correction = default_correction(choice.trainer, data, is_chosen)
    if correction == "majority":
        majority = data.counted.votes.argmax(axis=1)
        majority = np.where(data.trusted, data.y, majority)
        data, loss = replace(data, y=majority, of_answers=None), "none"
        choice = choose_steps(data, correction="none", plain=choice)
    elif correction == "forward-elr":
        loss = EvidenceMemoryLoss
        choice = choose_steps(data, correction=loss, plain=choice)
    elif correction in LEARNED:
        data = replace(data, of_answers=pack_answers(data.counted))
        loss = LEARNED[correction](data.counted.n_annotators, data.n_classes)
    plan = replace(plan, data=data)
    chosen = loss, Transition.identity(data.n_classes), choice
    results = run_refit(classifier, plan, chosen, first_pass, progress)
    if correction == "em":
        if classifier.n_estimators == "auto":
            results = results[:1]
        return plan, alternate(plan, choice, results, progress.say), choice
    if isinstance(results[0].loss, AnswersLoss):
        keep_learned(classifier, [result.loss for result in results], data)
    elif correction != "majority":
        loss = AnnotatorForwardLoss(classifier.transition_matrices_)
        results = [result._replace(loss=loss) for result in results]
    return plan, results, choice


def keep_learned(classifier, losses, data):
    """Set the matrices that were learned with the networks."""
    learned = [loss.transition_matrices.detach().cpu().numpy() for loss in losses]
    T = np.mean(learned, axis=0, dtype=np.float64)
    n_answers = data.answers.usage.sum(axis=1)
    T = T[data.place]
    classifier.transition_matrices_ = T
    classifier.standard_error_ = np.full_like(T, np.nan)
    classifier.transition_matrix_ = np.average(T, axis=0, weights=n_answers)


def alternate(plan, choice, results, report):
    """Fit the annotators and each network in turns until the likelihood hardly gains."""
    seeds = [plan.refit_seed, *draw_seeds(plan.refit_seed, len(results) - 1)]
    return [
        alternate_net(plan.data, choice.trainer.replace(seed=seed), result, report)
        for seed, result in zip(seeds, results, strict=True)
    ]


def alternate_net(data, trainer, first, report):
    """Fit the annotators and a network in turns until the likelihood hardly gains."""
    net, crowd, best = first.net, data.first, -np.inf
    for number in range(1, MAX_ROUNDS + 1):
        prior = prior_of_samples(predict_proba(net, data.X), data, crowd)
        found = estimate_annotators(data, prior)
        likelihood = log_likelihood(data.counted, found, prior)
        report(f"EM round {number}: log-likelihood {likelihood:.6f} per answer")
        if likelihood < best + MIN_GAIN:
            break
        best, crowd, T = likelihood, found.model, found.transition_matrices_
        data = with_evidence(data, found)
        net = trainer.fit(
            data.rows,
            EvidenceLoss(),
            data=data.labelled,
            start_from=weights_of(net),
        )
    return Refit(net, AnnotatorForwardLoss(T), first.transition_matrix)
