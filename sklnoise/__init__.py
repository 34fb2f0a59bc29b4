"""Learn clean classes from noisy labels, the scikit-learn way."""

from importlib import import_module
from importlib.metadata import version

# Names are imported when they are used: the command line must answer at once.
_MODULES = {
    "ConfidentLearningClassifier": "classifiers",
    "NoiseCalibratedClassifier": "classifiers",
    "NoiseRobustClassifier": "classifiers",
    "NoiseRobustConformalClassifier": "classifiers",
    "find_label_issues": "issues",
    "label_quality_scores": "issues",
    "load": "export",
    "make_table_encoder": "tables",
    "save": "export",
    "skops_trusted_types": "export",
}

_PACKAGES = (
    "annotators",
    "datasets",
    "exceptions",
    "inspection",
    "issues",
    "losses",
    "metrics",
    "nn",
    "transition",
)

__all__ = ["__version__", *_MODULES]

__version__ = version("sklnoise")


def __getattr__(name):
    """Import a public name, or a subpackage, when it is first used."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    """List the public names."""
    return sorted({*globals(), *__all__, *_PACKAGES})
