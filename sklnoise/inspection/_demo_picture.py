"""The picture of the demo: accuracies, the true T and the one that was found."""

import numpy as np

from sklnoise.inspection._matplotlib import check_matplotlib
from sklnoise.inspection._transition_display import TransitionMatrixDisplay

BLUE, GREY, INK = "#0072B2", "#8a8a8a", "#222222"
LEGEND = (
    "Dots: seeds; bar: their mean.  "
    "Blue: corrected from the noisy labels alone; grey: for comparison."
)
STYLE = {
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#bbbbbb",
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw_demo_picture(path, title, accuracies, own, true_T, found_T):
    """Draw the picture and save it as a PNG."""
    check_matplotlib("The picture of the demo")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(10, 3.9), dpi=160, layout="constrained")
        figure.suptitle(title, fontsize=12.5, fontweight="bold")
        left, *right = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
        figure.supxlabel(LEGEND, fontsize=9, color="#666666")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
        draw_accuracies(left, accuracies, own)
        draw_matrices(right, true_T, found_T)
        figure.savefig(path, format="png", facecolor="white")


def draw_accuracies(ax, accuracies, own):
    """Draw, for each system, a dot per seed and a bar at their mean."""
    for row, (name, values) in enumerate(accuracies.items()):
        colour, percent = BLUE if name in own else GREY, 100 * np.asarray(values)
        mean = percent.mean()
        ax.plot(
            percent, np.full(len(percent), row), "o", ms=5, mew=0, c=colour, alpha=0.3
        )
        ax.plot(mean, row, "|", ms=15, mew=3, c=colour)
        ax.annotate(
            f"{mean:.0f}", (mean, row), (0, 9), textcoords="offset points", ha="center"
        )
    ax.set_yticks(range(len(accuracies)), accuracies)
    ax.set_ylim(len(accuracies) - 0.5, -0.7)
    ax.set_xlim(right=104)
    ax.set_xlabel("Accuracy on clean test labels (%)")
    ax.grid(axis="y", color="#e6e6e6")
    ax.set_axisbelow(True)
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.tick_params(length=0)


def draw_matrices(axes, true_T, found_T):
    """Draw the two matrices with one colour bar."""
    for ax, T, title in zip(axes, (true_T, found_T), ("True T", "T found, seed 0")):
        display = TransitionMatrixDisplay(T)
        display.plot(ax=ax, include_values=False, colorbar=False)
        ax.set_title(title, fontsize=11)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[1].set_ylabel("")
    bar = axes[1].figure.colorbar(
        display.im_, ax=axes, label="P(noisy | clean)", shrink=0.7, ticks=(0, 0.5, 1)
    )
    bar.ax.set_yticklabels(("0", "½", "1"))
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
