"""Saved models: files of skops that say what they hold, and that show any change."""

import json
import re
import warnings
import zipfile
from hashlib import sha256
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from sklearn.utils.validation import check_is_fitted

from sklnoise._text import enumerate_names, shorten
from sklnoise._writing import write_whole
from sklnoise.export._extra import import_extra
from sklnoise.export._trusted import find, is_trusted
from sklnoise.training import is_net_class

FORMAT = 1
ABOUT = "sklnoise.json"

# The comment at the end of the archive: a checksum of all bytes before it.
MARK = b"sklnoise sha256 "
DIGEST_LENGTH = 64

LIBRARIES = "sklnoise", "scikit-learn", "torch", "skorch", "numpy", "skops"
# Another version of these may mean something else by what the file holds.
MEANING = "sklnoise", "scikit-learn"

# How files begin that can run any code when they are read.
PICKLES = re.compile(rb"\x80[\x02-\x05]|x[\x01\x5e\x9c\xda]|ZF|\x1f\x8b|BZh|\xfd7zXZ")

MAX_CAUSE_LENGTH = 200


class NotSavedError(ValueError):
    """A file that is no model of sklnoise, or not one as it was written."""

    is_pickle = False


def save_model(model, path, about=None):
    """Write a fitted estimator that holds classifiers of ours, and what is said of it."""
    write_whole(path, as_bytes(model, about or {}))


def save(estimator, path):
    """Write a fitted pipeline, or another estimator, to a file that can be loaded safely.

    The file is one of skops with a checksum and the versions of the libraries, and holds
    no sample of X unless a step does. Classifiers of sklnoise have a method `save`, which
    can also leave out what no prediction needs. Trees and steps of your own are written
    too, but :func:`load` reads them only if they are `trusted`.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline or search that ends in a classifier of sklnoise, for instance.

    path : str or path
        The file, such as "model.skops". It is written whole or not at all.

    Raises
    ------
    ValueError
        If a step holds what only pickle can store, such as a class or function that is
        not defined in a module, or a network of skorch.

    NotFittedError
        If the estimator is not fitted.

    ModuleNotFoundError
        If skops is not installed, which the extra `export` has.

    See Also
    --------
    load : Load the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import sklnoise
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = make_blobs(300, centers=3, random_state=0)
    >>> clf = sklnoise.NoiseRobustClassifier(transition=0.1, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), clf).fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "blobs.skops"
    >>> sklnoise.save(pipeline, path)
    >>> sklnoise.load(path).named_steps.keys()
    dict_keys(['standardscaler', 'noiserobustclassifier'])
    """
    check_is_fitted(estimator)
    save_model(estimator, path)


def as_bytes(model, about):
    """Return the file of a fitted estimator."""
    skops = import_extra("skops.io", "save")
    buffer = BytesIO()
    try:
        skops.dump(model, buffer, compression=zipfile.ZIP_DEFLATED)
        found = types_in(buffer)
        check_importable(found)
        check_nets(buffer, found)
    except (skops.exceptions.UnsupportedTypeException, TypeError, ValueError) as error:
        raise ValueError(
            f"{type(model).__name__} cannot be saved: "
            f"{shorten(error, MAX_CAUSE_LENGTH)} Only pickle and joblib take it."
        ) from error
    about = {
        "format": FORMAT,
        "class": type(model).__name__,
        "classes": [str(label) for label in getattr(model, "classes_", ())],
        "versions": {library: version(library) for library in LIBRARIES},
        **about,
    }
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ABOUT, json.dumps(about, indent=1))
        archive.comment = MARK + bytes(DIGEST_LENGTH)
    content = buffer.getvalue()[:-DIGEST_LENGTH]
    return content + sha256(content).hexdigest().encode()


def types_in(file):
    """List the types of a file, as skops names them, that are not trusted by all."""
    skops = import_extra("skops.io", "load")
    file.seek(0)
    return skops.get_untrusted_types(file=file)


def check_importable(names):
    """Raise a ValueError if a class or function is not found by its name."""
    for name in names:
        if find(name) is None:
            raise ValueError(
                f"{name} is not found by its name: a class or function must be defined "
                "in a module, not inside of a function."
            )


def check_nets(file, found):
    """Raise a ValueError if a file would let skorch restore a net, which runs a pickle.

    It imports the modules of the types that were found, which must be trusted. Other
    names stand for types of skops' own list, or where skops reads nothing.
    """
    with zipfile.ZipFile(file) as archive:
        schema = json.loads(archive.read("schema.json"))
    nets = [
        name
        for name in objects_in(schema).intersection(found)
        if is_net_class(find(name))
    ]
    if nets:
        raise ValueError(
            f"it holds a {nets[0]} inside of another estimator, which skorch restores by "
            'pickle. Put NoiseRobustClassifier(net, correction="none") in its place.'
        )


def objects_in(node):
    """Collect the names of all classes of which a part of a file makes objects."""
    if not isinstance(node, dict):
        children, names = node if isinstance(node, list) else (), set()
    else:
        children, names = node.values(), set()
        if "__loader__" in node and node["__loader__"] != "TypeNode":
            names = {f"{node['__module__']}.{node['__class__']}"}
    return names.union(*map(objects_in, children))


def load(path, *, trusted=()):
    """Load a classifier that its `save` has written, or what `sklnoise.save` has.

    Nothing of the file is run. What it holds is listed first, and read only if all of it
    is known here or to you. A file that was cut short or changed is an error.

    Parameters
    ----------
    path : str or path
        The file.

    trusted : sequence of str or type, default=()
        Types of your own that the file may hold: modules, losses, callbacks and steps of
        pipelines, as types or by their names with modules. An error lists those that are
        missing. Trust only types that you know. Forests and other trees of scikit-learn
        need "sklearn.tree._tree.Tree", and histogram gradient boosting
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": their nodes
        are followed without a check, so that a file made to do so can crash the process.

    Returns
    -------
    estimator : NoiseRobustClassifier, Pipeline or other
        The fitted estimator as it was saved.

    Raises
    ------
    ValueError
        If the file was not written by `save`, is no longer as it was written, or holds
        types that are not trusted.

    ModuleNotFoundError
        If skops is not installed, or a module of a trusted type.

    See Also
    --------
    save : Save a pipeline.
    skops_trusted_types : Types for `skops.io.load`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import sklnoise
    >>> from sklearn.datasets import make_blobs
    >>> X, y = make_blobs(300, centers=3, random_state=0)
    >>> clf = sklnoise.NoiseRobustClassifier(transition=0.1, random_state=0).fit(X, y)
    >>> path = Path(tempfile.mkdtemp()) / "blobs.skops"
    >>> clf.save(path)
    >>> again = sklnoise.load(path)
    >>> print((again.predict_proba(X) == clf.predict_proba(X)).all())
    True
    """
    model, about = read_model(path, trusted)
    if changed := changed_versions(about):
        warnings.warn(
            f"{path} was written with {changed}. What it predicts may differ; save it "
            "again, or install these versions.",
            stacklevel=2,
        )
    return model


def read_model(path, trusted=()):
    """Read a fitted estimator, and what is said of it."""
    data = Path(path).read_bytes()
    check_whole(data, path)
    file = BytesIO(data)
    with zipfile.ZipFile(file) as archive:
        about = json.loads(archive.read(ABOUT))
    if about["format"] != FORMAT:
        raise NotSavedError(
            f"{path} has format {about['format']}; this version of sklnoise reads "
            f"format {FORMAT}. Use sklnoise {about['versions']['sklnoise']}."
        )
    skops = import_extra("skops.io", "load")
    trusted = [trusted] if isinstance(trusted, str | type) else trusted
    found, of_user = types_in(file), set(map(name_of, trusted))
    unknown = [name for name in found if name not in of_user and not is_trusted(name)]
    if unknown:
        raise ValueError(
            f"{path} holds types that are not known to be safe: {', '.join(unknown)}. "
            f"If you know them, pass trusted={unknown!r}."
        )
    try:
        check_nets(file, found)
    except ValueError as error:
        raise ValueError(f"{path} is not loaded: {error}") from None
    return skops.loads(data, trusted=found), about


def check_whole(data, path):
    """Raise a NotSavedError unless data are a saved model as it was written."""
    content, digest = data[:-DIGEST_LENGTH], data[-DIGEST_LENGTH:]
    if content.endswith(MARK) and sha256(content).hexdigest().encode() == digest:
        return
    if PICKLES.match(data):
        error = NotSavedError(
            f"{path} looks like a file of pickle or joblib, which can run any code; "
            "nothing of it was run. If you trust whoever wrote it, read it with joblib "
            "and save the classifier again."
        )
        error.is_pickle = True
        raise error
    raise NotSavedError(
        f"{path} is no whole file of a saved model: it was cut short or changed "
        "since, or is something else. Name a file that clf.save(path) or "
        "sklnoise.save(pipeline, path) has written, or write it again."
    )


def name_of(trusted):
    """Return the name of a type, with its module."""
    if isinstance(trusted, str):
        return trusted
    return f"{trusted.__module__}.{trusted.__name__}"


def changed_versions(about, libraries=MEANING):
    """Name the libraries that a file was written with in another version."""
    written = about["versions"]
    return enumerate_names(
        f"{name} {written.get(name)} (here is {version(name)})"
        for name in libraries
        if written.get(name) != version(name)
    )
