"""The end of a report: how it was made, and what noisy labels cannot tell."""

import platform
from importlib.metadata import version

from sklnoise.inspection._report_html import element, folded, table

PACKAGES = "sklnoise", "scikit-learn", "torch", "skorch", "numpy"

LIMITS = (
    "Names of classes. If more than half of one class is labelled as another and the "
    "other way round, the labels alone look like little noise with the names exchanged. "
    "Only rows whose label is known to be right can tell.",
    "Hard rows. A label that the model finds surprising may be wrong, or the row may be "
    "hard. On clean but hard data every estimate of noise is too high.",
    "Noise that depends on the row. One transition matrix for all rows is an average, "
    "where annotators err more on some rows than on others.",
    "Small classes. With a few dozen rows a class, T says little more than some noise or "
    "hardly any.",
    "Single labels. Quality is a ranking first: look at the row before you change its "
    "label.",
)


def settings_section(clf):
    """Show the parameters of the classifier, what they became, and the versions."""
    estimator = clf.transition_estimator_
    facts = {
        "loss of the refit": type(clf.correction_).__name__,
        "estimator of T": "none" if estimator is None else type(estimator).__name__,
        "network": network_name(clf),
        "epochs of the refit": clf.n_iter_,
        "condition number of T": f"{clf.noise_summary_.condition_number:.3g}",
    }
    if clf.noise_summary_.identity_share:
        facts["share of T drawn to the identity"] = clf.noise_summary_.identity_share
    params = clf.get_params(deep=False).items()
    versions = {name: version(name) for name in PACKAGES}
    versions["Python"] = platform.python_version()
    return element(
        "section",
        element("h2", "Settings", id="settings"),
        table("What was fitted", ["", "value"], as_rows(facts.items())),
        table("Parameters", ["parameter", "value"], as_rows(params)),
        table("Versions", ["package", "version"], as_rows(versions.items())),
    )


def network_name(clf):
    """Return the class of the network's module."""
    return type(getattr(clf.estimator_, "module_", clf.estimator_)).__name__


def as_rows(pairs):
    """Turn names and values into rows of a table."""
    return [
        [
            element("th", name, scope="row"),
            folded(value if isinstance(value, str) else repr(value)),
        ]
        for name, value in pairs
    ]


def limits_section():
    """Tell what noisy labels cannot tell."""
    return element(
        "section",
        element("h2", "What noisy labels cannot tell", id="limits"),
        element("ul", (element("li", limit) for limit in LIMITS)),
        element(
            "p", 'More in the pages "Limits" and "Which labels are wrong" of the guide.'
        ),
    )
