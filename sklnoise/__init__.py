"""Learn clean classes from noisy labels, the scikit-learn way."""

from importlib.metadata import version

from sklnoise.classifiers import NoiseRobustClassifier

__all__ = ["NoiseRobustClassifier", "__version__"]

__version__ = version("sklnoise")
