"""matplotlib, an extra: checks of it and its axes, new figures and their colours."""

# Of Okabe and Ito: those who are colour-blind can tell them apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#222222")


def check_matplotlib(caller):
    """Raise an ImportError that says how to install matplotlib if it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ModuleNotFoundError(
            f'{caller} needs matplotlib. Install it by: pip install "sklnoise[plot]"',
            name="matplotlib",
        ) from error


def check_axes(*axes):
    """Raise a TypeError if something to draw on is not the axes of a figure."""
    from matplotlib.axes import Axes

    for ax in axes:
        if not isinstance(ax, Axes):
            raise TypeError(
                "ax must be the Axes of matplotlib to draw on, or None; got "
                f"{type(ax).__name__}. Pass those of plt.subplots()."
            )


def new_axes(width, height, n_rows=1, n_columns=1):
    """Make a figure of pyplot that keeps everything inside, and return its axes."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    return axes.ravel().tolist()
