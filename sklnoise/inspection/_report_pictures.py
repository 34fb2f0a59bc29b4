"""The pictures of a report; those of the displays only where matplotlib is there."""

from io import BytesIO

from sklnoise.inspection._history_display import TrainingHistoryDisplay
from sklnoise.inspection._matplotlib import check_matplotlib
from sklnoise.inspection._report_histogram import quality_histogram
from sklnoise.inspection._report_html import element, join, picture
from sklnoise.inspection._transition_display import TransitionMatrixDisplay

RESOLUTION = 110


def picture_section(clf, judgement):
    """Show the quality of all labels, and the training."""
    return element(
        "section",
        element("h2", "Quality of the labels", id="pictures"),
        element(
            "p",
            "Quality is the probability that a label is right. The strong part of a "
            "bar is suspected: another label is more likely.",
        ),
        quality_histogram(judgement.quality, judgement.is_issue),
        element("h3", "Training"),
        training_picture(clf),
    )


def training_picture(clf):
    """Draw the losses of the first pass and of the refit."""

    n_panels = 2 if getattr(clf, "first_pass_history_", None) else 1
    if not any("train_loss" in epoch for epoch in clf.history_):
        return element("p", "The net has kept no losses.", class_="quiet")

    def draw(figure):
        axes = figure.subplots(1, n_panels)
        TrainingHistoryDisplay.from_estimator(clf, ax=axes)

    described = f"Loss against epochs; the refit ran for {clf.n_iter_} epochs."
    return drawn(draw, described, (5 * n_panels, 3.8))


def matrix_picture(transition_matrix, classes):
    """Draw T as a heat map."""

    def draw(figure):
        display = TransitionMatrixDisplay(transition_matrix, display_labels=classes)
        display.plot(ax=figure.subplots(), include_values=False)

    described = (
        f"Heat map of the transition matrix of {len(classes)} classes; the table above "
        "lists its largest entries off the diagonal. Where their names cannot be drawn, "
        "the picture counts the classes from 0 in sorted order."
    )
    return drawn(draw, described, (8, 7))


def drawn(draw, description, size):
    """Embed what matplotlib draws, if it is installed."""
    try:
        check_matplotlib("This picture")
    except ImportError as error:
        return element("p", str(error), class_="quiet")
    from matplotlib import style
    from matplotlib.figure import Figure

    file = BytesIO()
    with style.context("default"):  # whatever the user's own pictures look like
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(file, format="png", dpi=RESOLUTION)
    return join(picture(file.getvalue(), description, class_="plot"))
