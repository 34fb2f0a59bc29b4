"""From a fitted classifier and its samples to the page, and to the file."""

import os
from hashlib import sha256
from numbers import Integral
from pathlib import Path

from sklnoise._compat import HasMethods, Interval, StrOptions, validate_params
from sklnoise._tensors import as_numpy
from sklnoise._text import as_text
from sklnoise._writing import find_target, write_whole
from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.classifiers._judgement import judge_labels
from sklnoise.report._annotators import annotator_context
from sklnoise.report._card import card_context, render_card
from sklnoise.report._charts import CANVAS, loss_charts, quality_chart
from sklnoise.report._findings import find
from sklnoise.report._noise import class_context, matrix_context
from sklnoise.report._page import render_page
from sklnoise.report._source import check_column_order, check_source
from sklnoise.report._statistics import statistics_context
from sklnoise.report._summary import summary_context
from sklnoise.report._suspects import suspect_context

TITLES = {"html": "Label noise report", "md": "Model card"}


@validate_params(
    {
        "estimator": [HasMethods(["fit"])],
        "path": [None, str, os.PathLike],
        "new_rows": ["boolean"],
        "trusted": ["array-like", None],
        "n_suspects": [Interval(Integral, 0, None, closed="left")],
        "title": [None, str],
        "column_order": ["array-like", None],
        "source": [dict, None],
        "format": [StrOptions({"html", "md"})],
    },
    prefer_skip_nested_validation=True,
)
def noise_report(
    estimator,
    X,
    y,
    *,
    path=None,
    new_rows=False,
    trusted=None,
    n_suspects=50,
    title=None,
    column_order=None,
    source=None,
    format="html",
):
    """Write what a fit found out about the labels as one HTML file, or as a model card.

    The page says in plain words how many labels look wrong and how sure that is. It
    lists the most suspicious samples, to be searched, sorted and decided on, and exports
    the decisions as `decisions.csv`. What a statistician asks is folded away: the
    transition matrix, the noise of classes, the training and the settings. The file is
    below 3 MB and fetches nothing. Without scripts it still shows everything, and it can
    be printed. Images are shown where Pillow is installed, the extra `images`.

    Parameters
    ----------
    estimator : NoiseRobustClassifier, ConfidentLearningClassifier, Pipeline or search
        Fitted; a pipeline or search must end in the classifier.

    X : {array-like, sparse matrix, DataFrame, Dataset} of shape (n_samples, ...) \
            or None
        The samples that `estimator` was fitted on, in the same order, as they were given
        to it: the raw ones for a pipeline. Their columns, texts or images are shown.
        None shows none; it is possible where folds were fitted, which judge them.

    y : array-like of shape (n_samples,) or (n_samples, n_annotators)
        Their noisy labels, or the answers of several annotators as in `fit`. The list is
        then one of answers, without decisions, and there is a table of annotators.

    path : str or path, default=None
        Where the file is written, whole or not at all; a device or FIFO is written into.
        None writes none.

    new_rows : bool, default=False
        Whether X and y are not the samples of `fit`. Those of `fit` are judged by
        `out_of_fold_proba_`, where folds were fitted; those that no fold held out are
        left out. New samples are judged by `predict_proba`, as are all without folds.

    trusted : array-like of shape (n_samples,), dtype=bool, default=None
        Samples whose label is known to be right, such as those passed to `fit`: they
        are never suspected. None knows of none.

    n_suspects : int, default=50
        Suspicious samples that are listed at most; fewer where the file would grow large,
        and never more than 5000.

    title : str, default=None
        Title; None is "Label noise report" or "Model card".

    column_order : array-like of column names, default=None
        The columns of a DataFrame X, those first that tell most about the label: the
        first eight are shown. Those that are not named come last. None keeps the order.

    source : dict, default=None
        What is known of the file that the samples come from, by these keys, each of
        which may be missing:

        - "file_name", a str: shown, and part of the name by which the browser keeps
          decisions;
        - "cautions", a list of str: what may change the result, shown before it;
        - "columns", a list of dicts with the keys "name", "kind" and "note": how each
          column was read;
        - "notes", a list of str: what else was noticed in the file;
        - "next_steps", a list of pairs (sentence, command): what to do with the report.

    format : {"html", "md"}, default="html"
        "md" is a model card in Markdown with the same numbers: intended use, labels,
        noise, T, held-out accuracy, limits, settings and versions. It shows no sample.

    Returns
    -------
    text : str
        The whole file.

    Raises
    ------
    ValueError
        If X and y are not as many samples as were fitted, or y holds other answers of
        annotators, and `new_rows` is False, a label is not one of the classes, `trusted`
        is no mask of the samples, X is None or the classifier has no refit although they
        are not judged by `out_of_fold_proba_`, `column_order` names what is no column of
        X, or `source` has an unknown key or a step that is no pair.

    TypeError
        If the estimator does not end in such a classifier, or a value of `source` is of
        another type.

    NotFittedError
        If it is not fitted.

    FileNotFoundError
        If the folder of `path` does not exist.

    IsADirectoryError
        If `path` is a folder.

    See Also
    --------
    sklnoise.find_label_issues : The suspicious samples as an array.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklnoise import NoiseRobustClassifier
    >>> from sklnoise.datasets import make_noisy_labels, make_transition_matrix
    >>> from sklnoise.inspection import noise_report
    >>> X, y = make_blobs(300, centers=3, cluster_std=0.5, random_state=0)
    >>> T = make_transition_matrix("symmetric", 3, 0.1)
    >>> y_noisy = make_noisy_labels(y, T, random_state=0)
    >>> clf = NoiseRobustClassifier(cv=2, random_state=0).fit(X, y_noisy)
    >>> html = noise_report(clf, X, y_noisy, title="Blobs")
    >>> html[:15], "<h1>Blobs</h1>" in html
    ('<!DOCTYPE html>', True)
    """
    clf, X = fitted_classifier(estimator), as_numpy(X)
    source = check_source(source)
    if column_order is not None:
        column_order = check_column_order(column_order, X)
    if path is not None:
        find_target(Path(path))  # raises an error before the work begins
    judgement = judge_labels(
        clf, X, y, model=estimator, new_rows=new_rows, trusted=trusted
    )
    findings = find(clf, judgement, new_rows)
    suspects = suspect_context(findings, X, y, n_suspects, column_order)
    context = {
        "title": TITLES[format] if title is None else title,
        "names": findings.names,
        "source": source,
        "summary": summary_context(findings),
        "suspects": suspects,
        "annotators": annotator_context(findings),
        "judged": findings.judged,
        "classes": class_context(findings),
        "quality": quality_chart(judgement.quality, judgement.is_issue),
        "matrix": matrix_context(findings),
        "losses": loss_charts(clf),
        "canvas": CANVAS,
        "statistics": statistics_context(findings),
    }
    suspects["data"]["key"] = storage_key(context)
    if format == "md":
        text = render_card(context | {"card": card_context(findings)})
    else:
        text = render_page(context)
    if path is not None:
        write_whole(path, text)
    return text


def storage_key(context):
    """Return the name by which a browser keeps the decisions on these suspects."""
    listed = as_text([context["title"], context["suspects"]["data"]])
    digest = sha256(listed.encode()).hexdigest()[:16]
    return f"sklnoise {digest} {context['source']['file_name']}".strip()
