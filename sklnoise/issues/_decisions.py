"""The decisions of a reviewer, applied to the labels."""

import numpy as np
from sklearn.utils import Bunch

from sklnoise._labels import is_missing
from sklnoise._tensors import as_numpy
from sklnoise._text import cell_text, list_some, shorten
from sklnoise.issues._decision_table import DECISIONS, is_blank, read_decisions
from sklnoise.issues._label_spelling import LabelSpelling


def apply_decisions(y, decisions, *, index=None):
    """Correct labels by the decisions of a reviewer.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Noisy labels: those that were reviewed.

    decisions : DataFrame, mapping of columns or sequence of mappings
        One line per reviewed sample, with the columns `row`, the name or position of the
        sample; `label`, the label that was reviewed; `decision`, "right", "wrong" or
        "unsure"; and `corrected`, the right label of one that is wrong, if it is known.
        Lines without a decision are left out, other columns are ignored.

    index : array-like of shape (n_samples,), default=None
        Name of each sample in `row`. None takes the index of a pandas Series, or else
        positions from 0.

    Returns
    -------
    result : Bunch
        - `y` : corrected copy of the labels. A Series keeps index, name and type; all
          else becomes an array, of the type of y unless a label needs a wider one.
        - `trusted` : mask of the samples whose label is right, or was corrected.
        - `wrong` : mask of the samples whose label is wrong, and the right one not known.
          They are left as they are, and not trusted: leave them out.
        - `n_changed` : number of labels that were corrected.
        - `n_right`, `n_wrong`, `n_unsure` : number of decisions of each kind.
        - `new_classes` : corrected labels that do not occur in y.

    Raises
    ------
    ValueError
        If a column is missing, a row does not exist or is named twice in `index`, a
        `label` is not that of y, as in decisions about other data, decisions contradict
        each other or themselves, a decision is another word, or a corrected label is of
        another kind than those of y.

    TypeError
        If the decisions are no table.

    See Also
    --------
    sample_for_review : Picks the samples to review.
    noise_rate_from_review : The noise rate, and whether to stop.

    Notes
    -----
    Labels that went through a CSV file are recognised: "1" and 1.0 are the class 1 if no
    class is named more exactly so, and so is "TRUE" the class True.

    Examples
    --------
    >>> from sklnoise.issues import apply_decisions
    >>> decisions = [
    ...     {"row": 0, "label": "cat", "decision": "right"},
    ...     {"row": 2, "label": "cat", "decision": "wrong", "corrected": "dog"},
    ...     {"row": 3, "label": "dog", "decision": "unsure"},
    ... ]
    >>> result = apply_decisions(["cat", "dog", "cat", "dog"], decisions)
    >>> print(result.y.tolist(), result.n_changed)
    ['cat', 'dog', 'dog', 'dog'] 1
    >>> print(result.trusted.tolist())
    [True, False, True, False]
    """
    labels = check_reviewed_labels(y)
    spelling, entries = LabelSpelling(labels), labels.tolist()
    lines = read_decisions(decisions)
    positions = locate_rows([line.row for line in lines], y, index, len(labels))
    decided = {}
    for at, line in zip(positions, lines):
        decision = check_line(line, entries[at], spelling)
        if decided.setdefault(at, decision) != decision:
            raise ValueError(
                "decisions must hold one decision per sample; those on row "
                f"{shorten(repr(line.row))} contradict: {describe(decided[at])} and "
                f"{describe(decision)}. Keep one."
            )
    trusted, wrong = np.zeros(len(labels), bool), np.zeros(len(labels), bool)
    changes = {}
    for at, (decision, corrected) in decided.items():
        if decision == "right" or corrected is not None:
            trusted[at] = True
        if decision == "wrong" and corrected is None:
            wrong[at] = True
        if corrected is not None:
            changes[at] = corrected
    corrected = list(dict.fromkeys(changes.values()))
    words = [decision for decision, _ in decided.values()]
    return Bunch(
        y=change_labels(y, labels, changes),
        trusted=trusted,
        wrong=wrong,
        n_changed=len(changes),
        **{f"n_{word}": words.count(word) for word in DECISIONS},
        new_classes=[label for label in corrected if label not in spelling.classes],
    )


def check_reviewed_labels(y):
    """Return labels as a one-dimensional array; some may be missing."""
    try:
        labels = np.asarray(as_numpy(y))
    except ValueError as error:  # lists of several lengths
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,); got a "
            f"{type(y).__name__} that is no array: {error}"
        ) from error
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            "y must hold one label per sample, shape (n_samples,); got shape "
            f"{labels.shape}."
        )
    return labels


def locate_rows(rows, y, index, n_samples):
    """Return the position of each row that a decision names."""
    names = names_of_samples(y, index, n_samples)
    position, repeated = {}, set()
    for at, name in enumerate(map(cell_text, names)):
        if name in position:
            repeated.add(name)
        position[name] = at
    for row in rows:
        name = cell_text(row)
        if name not in position:
            raise ValueError(
                "row must name a sample of y in each decision; got "
                f"{shorten(repr(row))}, where the samples are named {list_some(names)}. "
                "Pass the names of the samples as index, or decisions about these data."
            )
        if name in repeated:
            raise ValueError(
                f"index must name each sample once; {shorten(repr(row))} is the name of "
                "several. Pass other names as index, or use positions."
            )
    return [position[cell_text(row)] for row in rows]


def names_of_samples(y, index, n_samples):
    """Return what the samples are called in decisions."""
    if index is None:
        own = getattr(y, "index", None)  # a list has a method of that name
        return own.tolist() if hasattr(own, "tolist") else range(n_samples)
    names = np.asarray(as_numpy(index), dtype=object)
    if names.shape != (n_samples,):
        raise ValueError(
            f"index must hold one name for each of the {n_samples} samples of y; got "
            f"shape {names.shape}."
        )
    return names.tolist()


def check_line(line, own, spelling):
    """Validate a decision on a label, and return it with the corrected label."""
    where = f"the decision on row {shorten(repr(line.row))}"
    if not spelling.is_same(line.label, own):
        raise ValueError(
            f"label must be that of y in each decision; {where} is about "
            f"{shorten(repr(line.label))}, y has {shorten(repr(own))}. Pass the labels "
            "that were reviewed."
        )
    decision, corrected = line.decision, None
    if not is_blank(line.corrected):
        corrected = spelling.read(line.corrected)
    is_own = corrected is not None and spelling.is_same(corrected, own)
    if decision == "right" and is_missing(own):
        problem = "there is no label"
    elif decision == "right" and corrected is not None and not is_own:
        problem = "another label is given"
    elif decision == "wrong" and is_own:
        problem = "the corrected label is the same"
    else:
        return decision, corrected if decision == "wrong" else None
    raise ValueError(
        f"decision must agree with the labels; {where} is {decision!r}, but {problem}: "
        f"label {shorten(repr(own))}, corrected {shorten(repr(line.corrected))}."
    )


def describe(decision):
    """Return a decision as text."""
    word, corrected = decision
    return word if corrected is None else f"{word}, {shorten(repr(corrected))}"


def change_labels(y, labels, changes):
    """Return a copy of the labels with some of them replaced."""
    at, values = list(changes), list(changes.values())
    if not (hasattr(y, "iloc") and getattr(y, "ndim", 0) == 1):
        changed = labels.astype(wide_dtype(labels.dtype, values))
        changed[at] = values
        return changed
    changed = y.copy()
    if hasattr(changed, "cat"):
        known = set(changed.cat.categories)
        new = dict.fromkeys(value for value in values if value not in known)
        changed = changed.cat.add_categories(list(new))
    elif isinstance(changed.dtype, np.dtype):
        changed = changed.astype(wide_dtype(changed.dtype, values))
        values = np.array(values, dtype=changed.dtype)
    if at:
        changed.iloc[at] = values
    return changed


def wide_dtype(dtype, values):
    """Return a type that holds all values: the same one if it does."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = [v for v in values if not limits.min <= v <= limits.max]
        return np.result_type(dtype, *map(np.min_scalar_type, values))
    if dtype.kind in "US":
        return np.result_type(dtype, *map(np.asarray, values))
    return dtype
