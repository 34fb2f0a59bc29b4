"""The steps of a fit of `NoiseRobustClassifier`, in the way of the data."""

import os
from functools import partial

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils.validation import check_memory

from sklnoise._compat import routing_enabled
from sklnoise._transition_matrix import shrink_dominated_rows
from sklnoise.classifiers._ambiguity import warn_of_permutation, warn_of_swaps
from sklnoise.classifiers._collapse import judged_rows, warn_of_collapse
from sklnoise.classifiers._correction import as_loss, has_transition
from sklnoise.classifiers._digest import Digested
from sklnoise.classifiers._door import check_fit_input, draw_seeds
from sklnoise.classifiers._noise_summary import empty_summary, summarize_fit
from sklnoise.classifiers._out_of_fold import check_first_pass, made_by, run_first_pass
from sklnoise.classifiers._refit import (
    attributes_in_training,
    count_trainings,
    fine_tune,
    refit,
)
from sklnoise.classifiers._routing import route_fit
from sklnoise.classifiers._selection import (
    CANDIDATES,
    draw_to_identity,
    leaves_choice,
    select_correction,
)
from sklnoise.classifiers._transition import (
    fit_transition,
    known_transition,
    new_estimator,
    standard_error_of,
    wanted_features,
)
from sklnoise.engine import (
    Setting,
    as_net,
    dtype_of,
    fit_net,
    make_splits,
    predict_proba,
    resolve_device,
    resolve_dtype,
    resolve_half,
    snapshot,
    threads_at_hand,
)


class FitSteps:
    """Gives the classifier the steps of its fit, which set its fitted attributes."""

    def _fit(self, X, y, sample_weight, trusted, fit_params, progress):
        routed = self._route_fit(sample_weight, fit_params)
        net, first_pass = as_net(self.estimator), self._first_pass()
        chooses = isinstance(self.correction, str) and self.correction == "auto"
        check_first_pass(first_pass, X, sample_weight, routed.first_pass.fit)
        data, rows, self.classes_, trusted = check_fit_input(
            self, X, y, sample_weight, trusted
        )
        setting = self._setting(dtype_of(data.X))
        seed, refit_seed = draw_seeds(self.random_state, 2)
        loss = as_loss("forward" if chooses else self.correction)
        T = known_transition(self.transition, setting.n_classes, loss)
        self.transition_estimator_ = found = None
        estimated, splits = T is None, []
        if estimated or chooses:
            splits = self._make_splits(data, rows, trusted, seed, routed)
        fine_tunes = self.fine_tune_epochs > 0 and trusted.any()
        progress.begin(1 + bool(splits) * (1 + chooses) + fine_tunes)
        if splits:
            weighted = sample_weight is not None
            found = self._run_first_pass(
                first_pass,
                data,
                splits,
                setting,
                seed,
                routed,
                progress,
                weighted=weighted,
                estimates=estimated,
            )
        if estimated:
            T = self._estimate_transition(found, data, trusted, seed)
        estimator = self.transition_estimator_
        self.noise_summary_ = empty_summary()
        if has_transition(loss) and not (estimated and found is None):
            self.noise_summary_ = summarize_fit(
                T, estimator, found, data, rows, trusted, self.classes_
            )
        train = partial(
            fit_net,
            net=net,
            rows=rows,
            setting=setting,
            seed=refit_seed,
            warm_up=self.warm_up,
            fit_params=routed.estimator.fit,
        )
        correction = self.correction
        if chooses:
            correction, T = self._choose(train, T, found, data, trusted, splits, progress)
        if self.refit == "first-pass" and found is not None:
            train = partial(train, start_from=found.weights, warm_up=0.0)
        self._refit(train, correction, T, data, rows, trusted, progress)
        if fine_tunes:
            self._fine_tune(train, data, trusted, progress)
        self._warn(data, rows[~trusted[rows]], T)

    def _setting(self, dtype):
        """Return what all trainings have in common."""
        device = resolve_device(self.device)
        return Setting(
            n_classes=len(self.classes_),
            device=device,
            dtype=resolve_dtype(self.dtype, dtype, device),
            n_threads=threads_at_hand(),
            half=resolve_half(self.dtype, device),
        )

    def _make_splits(self, data, rows, trusted, seed, routed):
        """Return the splits of the first pass, all of which hold out trusted rows."""
        splits = make_splits(
            self.cv,
            data.y,
            rows[~trusted[rows]],
            self.classes_,
            seed,
            routed.splitter.split,
        )
        always = np.flatnonzero(trusted)
        return [(train, np.union1d(test, always)) for train, test in splits]

    def _run_first_pass(
        self,
        first_pass,
        data,
        splits,
        setting,
        seed,
        routed,
        progress,
        *,
        weighted,
        estimates,
    ):
        """Return what the first pass finds, and keep its probabilities and histories."""
        space = wanted_features(new_estimator(self.transition)) if estimates else None
        words = f"first pass on {len(splits)} folds"
        with progress.step("first pass", words, len(splits)) as (done, watch, _):
            found = self._cached(run_first_pass)(
                first_pass,
                Digested(data),
                splits,
                draw_seeds(seed, len(splits)),
                setting,
                with_features=space == "hidden",
                weighted=weighted,
                observed=self.first_pass is not None,
                fit_params=routed.first_pass.fit,
                made_by=made_by(first_pass),
                n_jobs=self.n_jobs,
                done=done,
                watch=watch,
            )
        self.out_of_fold_proba_ = found.y_proba
        if found.histories is not None:
            self.first_pass_history_ = found.histories
        return found

    def _estimate_transition(self, found, data, trusted, seed):
        """Return T by the first pass; the identity where nothing could be held out."""
        n_classes = len(self.classes_)
        if found is None:
            return np.eye(n_classes)
        estimator = new_estimator(self.transition)
        self.transition_estimator_ = fit_transition(estimator, found, data, trusted, seed)
        T = self.transition_estimator_.transition_matrix_
        settled = np.isin(np.arange(n_classes), data.y[trusted])
        warn_of_swaps(T, self.classes_, settled)
        error = standard_error_of(self.transition_estimator_, n_classes)
        return np.where(settled[:, np.newaxis], T, shrink_dominated_rows(T, error))

    def _choose(self, train, T, found, data, trusted, splits, progress):
        """Return the name of the best correction, and the T that it shall use."""
        estimator, summary = self.transition_estimator_, self.noise_summary_
        if estimator is not None:
            T, summary.identity_share = draw_to_identity(
                T, estimator, summary.weak_first_pass
            )
        reused = found if self.first_pass is None else None
        self.selection_ = None
        if not leaves_choice(T, splits):
            if splits:  # the step was announced before T was known
                with progress.step("selection", "no correction to choose", 0):
                    pass
            return "none", np.eye(len(T))
        n_trainings = len(splits) * (len(CANDIDATES) - (reused is not None))
        words = "choice of the correction"
        with progress.step("selection", words, n_trainings) as (_, _, watch):
            self.selection_ = select_correction(
                partial(train, watch=watch),
                T,
                estimator,
                data,
                trusted,
                splits,
                reused,
                progress.say,
            )
        if self.selection_.correction == "none":
            return "none", np.eye(len(T))
        return self.selection_.correction, T

    def _refit(self, train, correction, T, data, rows, trusted, progress):
        """Fit the network to all rows with the corrected loss."""
        fitted = partial(
            attributes_in_training, data=data, rows=rows, transition_matrix=T
        )
        words, n_trainings = f"refit on {len(rows)} rows", count_trainings(correction)
        with progress.step("refit", words, n_trainings, fitted) as (_, _, watch):
            self.estimator_, self.correction_, self.transition_matrix_ = refit(
                partial(train, verbose=max(0, self.verbose - 1), watch=watch),
                correction,
                T,
                data,
                rows,
                trusted,
                estimated=self.transition_estimator_ is not None,
                report=progress.say,
            )
        self.history_ = self.estimator_.history
        self.n_iter_ = len(self.history_)

    def _fine_tune(self, train, data, trusted, progress):
        """Train the fitted network on with the trusted rows."""

        def fitted(net):
            return {"estimator_": snapshot(net)}

        words = f"fine-tuning on {trusted.sum()} trusted rows"
        with progress.step("fine-tuning", words, fitted=fitted) as (_, _, watch):
            self.estimator_ = fine_tune(
                partial(train, verbose=max(0, self.verbose - 1), watch=watch),
                train.keywords["net"],
                self.estimator_,
                self.correction_,
                data,
                np.flatnonzero(trusted),
                self.fine_tune_epochs,
            )

    def _warn(self, data, untrusted, start):
        """Warn of what the refit may have done to the classes."""
        warn_of_permutation(self.transition_matrix_, start, self.classes_)
        if len(untrusted):
            drawn, stands_for = judged_rows(data.y[untrusted], len(self.classes_))
            judged = untrusted[drawn]
            y_proba = predict_proba(self.estimator_, data.X, judged)
            weights = stands_for * data.sample_weight[judged]
            warn_of_collapse(
                np.average(y_proba, axis=0, weights=weights),
                data.y[untrusted],
                data.sample_weight[untrusted],
                self.transition_matrix_,
                self.classes_,
            )

    def _first_pass(self):
        """Return the model of the first pass."""
        if self.first_pass is None:
            return as_net(self.estimator)
        if self.refit == "first-pass":
            raise ValueError(
                'refit="first-pass" starts from the weights of the first pass, which '
                "must then be the same network: leave first_pass at None, or use "
                f'refit="scratch"; got first_pass={self.first_pass!r}.'
            )
        if hasattr(self.first_pass, "predict_proba"):
            return self.first_pass
        return as_net(self.first_pass)

    def _cached(self, function):
        """Return the function, kept in `memory` except for how it is run."""
        memory = self.memory
        memory = os.fspath(memory) if isinstance(memory, os.PathLike) else memory
        return check_memory(memory).cache(function, ignore=["n_jobs", "done", "watch"])

    def _route_fit(self, sample_weight, fit_params):
        """Sort metadata into what the splitter and what the models get."""
        routed = route_fit(self, sample_weight, fit_params)
        if not routing_enabled():
            of_nets = routed.estimator.fit if self.first_pass is None else {}
            routed.first_pass = Bunch(fit=of_nets)
        return routed
