"""What people read: labels that can be told apart, tables that fit, whole notes."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from sklnoise.cli._fit import note_of
from sklnoise.cli._kinds import Kind
from sklnoise.cli._notes import notes_on, notes_on_columns
from sklnoise.cli._print import LONGEST_LABEL, short, transition

LONG = [f"a class with a rather long name, number {i}" for i in range(4)]


def printed(names, width):
    """Return T of some classes as it is shown on a terminal."""
    right = np.eye(len(names))
    clf = SimpleNamespace(
        transition_matrix_=0.7 * right + 0.3 * np.roll(right, 1, axis=1),
        classes_=np.array(names),
        noise_summary_=SimpleNamespace(noise_rate=0.3),
    )
    console = Console(width=width)
    with console.capture() as capture:
        for part in transition(clf, console):
            console.print(part)
    return capture.get()


def test_labels_of_one_beginning_are_told_apart():
    assert len({short(label) for label in LONG}) == len(LONG)
    assert {len(short(label)) for label in LONG} == {LONGEST_LABEL}


def test_matrix_too_wide_for_the_console_is_told_by_pairs():
    text = printed(LONG, 80)
    assert "labelled as" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(("names", "width"), [(LONG, 200), (["a", "b", "c"], 80)])
def test_matrix_that_fits_is_shown_whole(names, width):
    text = printed(names, width)
    assert "labelled as" not in text
    assert all(text.count(short(name)) == 2 for name in names if len(name) > 1)


def test_note_goes_on_after_a_colon():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("these classes: cat and dog. Mark a few rows.", stacklevel=1)
    assert note_of(caught[0]) == "UserWarning: these classes: cat and dog."


def test_stray_cells_are_told():
    notes = notes_on_columns({"width": Kind("number", "point", ">5"), "x": Kind("text")})
    assert len(notes) == 1
    assert "'width' holds numbers" in notes[0]
    assert "'>5'" in notes[0]


def test_labels_of_another_case_are_told():
    clf = SimpleNamespace(classes_=np.array(["Cat", "cat"]), out_of_fold_proba_=None)
    table = SimpleNamespace(kinds_={})

    class Steps(list):
        classes_ = clf.classes_

    notes = notes_on(Steps([table, clf]), SimpleNamespace(n_left_out=0), 0)
    assert notes == [
        "Labels that differ in upper and lower case only are different classes: "
        "'Cat', 'cat'."
    ]
