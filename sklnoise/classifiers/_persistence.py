"""Fitted classifiers as files: saved with skops, and exported without sklnoise."""

from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from functools import partial

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklnoise._containers import is_search
from sklnoise._text import shorten
from sklnoise.export import FORMATS, export_nets, save_model
from sklnoise.training import from_plain, is_net, to_plain, without_training

# Whether pickle or copy asks for a state, and not skops, which needs plain data.
KEEPS_OBJECTS = ContextVar("KEEPS_OBJECTS", default=False)

# Marks a state of plain data.
IS_PLAIN = "_is_plain"

# What `fit` found out about its samples, and what it trained with.
OF_TRAINING = {
    *("_fitted_codes", "_fitted_labels", "_fitted_samples", "out_of_fold_proba_"),
    *("_fitted_answers", "consensus_proba_", "annotator_summary_"),
    *("label_issues_", "label_quality_"),
    *("correction_", "net_selection_", "selection_"),
    *("history_", "first_pass_history_"),
}

NOT_KEPT = 'It was left out by save(path, keep="model"); save with keep="everything".'


@contextmanager
def objects_kept():
    """Let classifiers give their state as it is."""
    token = KEEPS_OBJECTS.set(True)
    try:
        yield
    finally:
        KEEPS_OBJECTS.reset(token)


class PersistenceMixin:
    """Mixin of a classifier that skops can store, and that is saved as a file."""

    def __reduce_ex__(self, protocol):
        with objects_kept():
            return super().__reduce_ex__(protocol)

    def __getstate__(self):
        state = super().__getstate__()
        if KEEPS_OBJECTS.get():
            return state
        return to_plain(dict(state)) | {IS_PLAIN: True}

    def __setstate__(self, state):
        if IS_PLAIN in state:
            state = from_plain(state)
            del state[IS_PLAIN]
        super().__setstate__(state)

    def save(self, path, *, keep="everything"):
        """Write the fitted classifier to a file that can be loaded safely.

        It is a file of skops with a checksum and the versions of the libraries, read by
        :func:`sklnoise.load`. It holds no sample of X. What is of another library, such
        as the trees of a forest, may have to be `trusted` there.

        Parameters
        ----------
        path : str or path
            The file, such as "model.skops". It is written whole or not at all.

        keep : {"everything", "model"}, default="everything"
            "model" leaves out what no prediction needs: the noisy labels and their
            out-of-fold probabilities, by which `find_label_issues` and the report judge
            them, the histories, the loss and how the network was chosen, also of
            classifiers in the steps of a pipeline, and what the parameters were
            fitted to before.

        Raises
        ------
        ValueError
            If `keep` is another one, or the classifier holds what only pickle can store,
            such as a class or function that is not defined in a module.

        NotFittedError
            If the classifier is not fitted.

        ModuleNotFoundError
            If skops is not installed, which the extra `export` has.
        """
        check_is_fitted(self)
        if not isinstance(keep, str) or keep not in ("everything", "model"):
            raise ValueError(
                f"keep must be 'everything' or 'model'; got {shorten(repr(keep))}."
            )
        model = self if keep == "everything" else lean(self)
        save_model(model, path, {"keep": keep})


class ExportMixin(PersistenceMixin):
    """Mixin of a classifier whose networks are exported."""

    def export(self, path, *, format="onnx"):
        """Write the networks of the fitted classifier for use without sklnoise.

        The file computes `predict_proba` of a batch of any size: the mean over
        `estimators_`, with softmax, temperature and class weights, and what a network
        does to its input, such as the encoding of columns. Before it is written, it is
        compared with the classifier on samples drawn at random. The steps of a pipeline
        before the classifier are not part of it.

        Parameters
        ----------
        path : str or path
            The file, written whole or not at all; for "torch" it must end in ".pt2".

        format : {"onnx", "torch", "safetensors"}, default="onnx"
            "onnx": a model of ONNX, for its runtime in any language. "torch": a program
            of `torch.export`, for :func:`torch.export.load`. "safetensors": the weights
            of each network, and in the metadata what its module is made with, but not
            the computation.

            The input is float32, or int64 where the network was fitted on ids; several
            inputs have the names of the dict X. The metadata are texts: `classes` and
            `feature_names` as JSON, and the version of `sklnoise`.

        Raises
        ------
        ValueError
            If the network cannot be traced or would predict something else, the
            labels are neither str, int, float nor bool, the classifier was fitted with
            `refit=False`, or `format` or the end of `path` is another one.

        NotFittedError
            If the classifier is not fitted.

        ModuleNotFoundError
            If a library of the extra `export` is not installed.
        """
        check_is_fitted(self)
        if not isinstance(format, str) or format not in FORMATS:
            raise ValueError(
                f"format must be one of {FORMATS}; got {shorten(repr(format))}."
            )
        if not hasattr(self, "estimators_"):
            raise ValueError(
                "a NoiseRobustClassifier with refit=False has no network to export. Set "
                'refit="scratch" and fit again.'
            )
        export_nets(self, path, format)


def lean(estimator, done=None):
    """Return a fitted estimator with no more than its predictions need."""
    done = {} if done is None else done
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return estimator
    if id(estimator) not in done:  # one that occurs twice stays one
        shrink = without_training if is_net(estimator) else partial(lean_copy, done=done)
        done[id(estimator)] = shrink(estimator)
    return done[id(estimator)]


def lean_copy(estimator, done):
    """Copy an estimator, without what only the training of its parts needed."""
    model = copy(estimator)
    if isinstance(model, Pipeline):
        model.steps = [(name, lean(step, done)) for name, step in model.steps]
    if isinstance(model, FrozenEstimator):
        model.estimator = lean(model.estimator, done)
    if isinstance(model, PersistenceMixin) or is_search(model):
        for name, param in model.get_params(deep=False).items():
            # `fit` clones all parameters but those that are frozen.
            if hasattr(param, "fit") and not isinstance(param, type):
                is_frozen = isinstance(param, FrozenEstimator)
                setattr(model, name, lean(param, done) if is_frozen else clone(param))
    for name in vars(model).keys() & {"estimator_", "best_estimator_"}:
        setattr(model, name, lean(getattr(model, name), done))
    if isinstance(model, PersistenceMixin):
        if hasattr(model, "estimators_"):
            model.estimators_ = [lean(fitted, done) for fitted in model.estimators_]
        absent = [k for k in OF_TRAINING if vars(model).pop(k, None) is not None]
        # Of the instance: another reason than that of the class.
        model._absent_attributes = model._absent_attributes | dict.fromkeys(
            absent, NOT_KEPT
        )
    return model
