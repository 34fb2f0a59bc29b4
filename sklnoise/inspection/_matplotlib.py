"""The check that matplotlib, an extra, is there."""


def check_matplotlib(caller):
    """Raise an ImportError that says how to install matplotlib if it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ModuleNotFoundError(
            f'{caller} needs matplotlib. Install it by: pip install "sklnoise[plot]"',
            name="matplotlib",
        ) from error
