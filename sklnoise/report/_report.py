"""From a fitted classifier and its samples to the page, and to the file."""

import os
import secrets
from numbers import Integral
from pathlib import Path

from sklnoise._compat import HasMethods, Interval, validate_params
from sklnoise._tensors import as_numpy
from sklnoise.classifiers._fitted import fitted_classifier
from sklnoise.issues._judgement import judge_fitted
from sklnoise.report._charts import chart_section
from sklnoise.report._html import Html, element, join
from sklnoise.report._noise import class_section, matrix_section
from sklnoise.report._style import STYLE
from sklnoise.report._summary import limits_section, settings_section, summary_section
from sklnoise.report._suspects import suspect_section

TITLE = "Label noise report"

HEAD = Html(
    '<meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    # Nothing may be fetched or run, whatever a label or a cell says.
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)

CONTENTS = {
    "classes": "Classes",
    "matrix": "Transition matrix",
    "suspects": "Suspicious labels",
    "pictures": "Quality and training",
    "settings": "Settings",
    "limits": "Limits",
}


@validate_params(
    {
        "estimator": [HasMethods(["fit"])],
        "path": [None, str, os.PathLike],
        "new_rows": ["boolean"],
        "trusted": ["array-like", None],
        "n_suspects": [Interval(Integral, 0, None, closed="left")],
        "title": [None, str],
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
):
    """Write what a fit found out about the labels as one HTML file.

    The file holds the noise rate and how far to trust it, the classes, the transition
    matrix, the most suspicious samples, the quality of all labels, the training and the
    settings. It is below 2 MB, fetches nothing, runs no script and can be printed.
    Images are shown where Pillow is installed, the extra `images`.

    Parameters
    ----------
    estimator : NoiseRobustClassifier, Pipeline or search
        Fitted; a pipeline or search must end in the classifier.

    X : {array-like, sparse matrix, DataFrame, Dataset} of shape (n_samples, ...) \
            or None
        The samples that `estimator` was fitted on, in the same order, as they were given
        to it: the raw ones for a pipeline. Their first columns, texts or images are
        shown. None shows none; it is possible where folds were fitted, which judge them.

    y : array-like of shape (n_samples,)
        Their noisy labels.

    path : str or path, default=None
        Where the file is written, whole or not at all. None writes none.

    new_rows : bool, default=False
        Whether X and y are not the samples of `fit`. Those of `fit` are judged by
        `out_of_fold_proba_`, where folds were fitted; those that no fold held out are
        left out. New samples are judged by `predict_proba`, as are all without folds.

    trusted : array-like of shape (n_samples,), dtype=bool, default=None
        Samples whose label is known to be right, such as those passed to `fit`: they
        are never suspected. None knows of none.

    n_suspects : int, default=50
        Suspicious samples that are listed at most; fewer where the file would grow large.

    title : str, default=None
        Title; None is "Label noise report".

    Returns
    -------
    html : str
        The whole file.

    Raises
    ------
    ValueError
        If X and y are not as many samples as were fitted and `new_rows` is False, a label
        is not one of the classes, `trusted` is no mask of the samples, or X is None
        although they are not judged by `out_of_fold_proba_`.

    TypeError
        If there is no NoiseRobustClassifier in the estimator.

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
    if path is not None:
        check_folder(Path(path))
    judgement = judge_fitted(
        clf, X, y, model=estimator, new_rows=new_rows, trusted=trusted
    )
    sections = join(
        summary_section(clf, judgement, new_rows),
        contents(),
        class_section(clf, judgement),
        matrix_section(clf),
        suspect_section(X, y, judgement, n_suspects),
        chart_section(clf, judgement),
        settings_section(clf),
        limits_section(),
    )
    html = whole_page(TITLE if title is None else title, sections)
    if path is not None:
        write_whole(Path(path), html)
    return html


def contents():
    """Link the sections."""
    links = (element("a", name, href=f"#{key}") for key, name in CONTENTS.items())
    return element("nav", links, aria_label="Contents")


def whole_page(title, sections):
    """Put the sections into a page."""
    head = element("head", HEAD, element("title", title), element("style", Html(STYLE)))
    body = element("body", element("main", element("h1", title), sections))
    return "<!DOCTYPE html>\n" + str(element("html", head, body, lang="en")) + "\n"


def check_folder(path):
    """Check that a file can be written before the work begins."""
    if path.is_dir():
        raise IsADirectoryError(
            f"path must name a file; {path} is a folder. Add a name, such as report.html."
        )
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(
            f"path must lie in a folder that exists; got {path}. Make the folder first."
        )


def write_whole(path, text):
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
