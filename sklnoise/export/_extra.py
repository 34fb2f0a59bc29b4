"""Libraries of the extra `export`, imported when they are needed."""

from importlib import import_module


def import_extra(name, purpose):
    """Import a module of the extra, or say how it is installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ModuleNotFoundError(
            f"{purpose} needs {package}, which is not installed. Install it with: "
            f"pip install {package}; the extra `export` of sklnoise has all of them.",
            name=package,
        ) from error
