"""A key of all that the result of the first pass depends on, code included."""

import hashlib
import pickle
import sys
from dis import get_instructions
from functools import partial
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace

import numpy as np
import torch
from joblib.hashing import NumpyHasher
from scipy.sparse import issparse

from sklnoise._text import shorten
from sklnoise.training import without_accelerator

# Another version of a library may train to other bits.
LIBRARIES = "sklnoise", "torch", "skorch", "scikit-learn", "numpy"

# Data are hashed in pieces of this size, which need no copy of all of them.
CHUNK_BYTES = 2**24

MAX_CAUSE_LENGTH = 200

# Of objects in objects that code refers to.
MAX_DEPTH = 5

INSTALLED_FOLDERS = {"site-packages", "dist-packages"}

# Attributes of a class that are no part of what it does, or differ by chance.
IGNORED_ATTRIBUTES = {
    *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "_abc_impl"),
    *("__abstractmethods__", "__annotations__", "__annotate__", "__annotate_func__"),
    *("__annotations_cache__", "__firstlineno__", "__static_attributes__"),
}

# What code sets itself is no part of its definition.
SETTERS = "STORE_ATTR", "STORE_GLOBAL"

# Types of values that say all about themselves.
PLAIN = bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device
DESCRIBED = type, FunctionType, MethodType, ModuleType, torch.Tensor, torch.nn.Module


def cache_key(trainer, splits, with_features):
    """Hash all that the result of the first pass depends on."""
    data = [hash_data(part) for part in trainer.data]
    settings = trainer.seed, trainer.config, trainer.fit_params, trainer.observed
    # The folds train clones: what was fitted before does not matter.
    model, versions = without_accelerator(trainer.net), [*map(version, LIBRARIES)]
    return hash_with_code([data, splits, model, settings, with_features, versions])


def hash_data(part):
    """Hash a part of the data without a copy of it."""
    if isinstance(part, dict):
        return [(name, hash_data(values)) for name, values in sorted(part.items())]
    if issparse(part):
        arrays = part.data, part.indices, part.indptr
        return [type(part).__name__, part.shape, *map(hash_data, arrays)]
    if not isinstance(part, np.ndarray) or part.dtype.hasobject:
        return hash_with_code(part)
    digest = hashlib.sha256(f"{part.dtype.str} {part.shape}".encode())
    n_rows = max(1, CHUNK_BYTES * len(part) // max(1, part.nbytes))
    for start in range(0, len(part), n_rows):
        digest.update(np.ascontiguousarray(part[start : start + n_rows]).data)
    return digest.hexdigest()


def hash_with_code(obj):
    """Hash an object by its state and by the code of its class."""
    try:
        return CodeHasher().hash(obj)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            "memory tells results apart by the network, its callbacks and the data, of "
            f"which some cannot be pickled: {shorten(error, MAX_CAUSE_LENGTH)}. Keep "
            "locks, open files and the like out of them, or leave memory at None."
        ) from error


class CodeHasher(NumpyHasher):
    """Hash functions and classes by what they do, as another may have got their name.

    Those of installed packages go by name and version.
    """

    def __init__(self):
        super().__init__(hash_name="sha256")
        self.seen = {}

    def save(self, obj):
        """Write an object to the hashed stream, or else a description of it."""
        describe = next((f for kind, f in DESCRIPTIONS if isinstance(obj, kind)), None)
        if describe is None:
            super().save(obj)
        elif id(obj) in self.seen:  # such as a class that one of its methods refers to
            super().save(("seen", self.seen[id(obj)][0]))
        else:
            # The object is kept, so that no other one can have its id.
            self.seen[id(obj)] = len(self.seen), obj
            super().save(describe(obj))


def describe_set(members):
    """Describe a set without its order, which differs from one process to the next."""
    return "set", sorted(map(repr, members))


def describe_module(module):
    """Describe a module by its name."""
    return "module", module.__name__


def describe_tensor(tensor):
    """Describe a tensor by its values, which torch would pickle with their address."""
    values = tensor.detach().cpu().to_dense().contiguous().flatten()
    kind = str(tensor.dtype), tuple(tensor.shape), tensor.requires_grad
    return "tensor", *kind, str(tensor.device), values.view(torch.uint8).numpy()


def describe_method(method):
    """Describe a method by its function and by what it is bound to."""
    return "method", method.__func__, method.__self__


def describe_function(function):
    """Describe a function by its code and by what it refers to."""
    if is_installed(function):
        return describe_installed(function)
    return (
        "function",
        describe_code(function.__code__),
        (function.__defaults__, function.__kwdefaults__),
        [contents_of(cell) for cell in function.__closure__ or ()],
        describe_globals(names_in(function.__code__), function.__globals__),
    )


def describe_globals(names, namespace):
    """Describe what names mean in a module and in other modules of the user."""
    described = {}
    for name in names.intersection(namespace):
        value = namespace[name]
        if isinstance(value, ModuleType) and not is_in_package(value):
            value = {part: vars(value)[part] for part in names.intersection(vars(value))}
        described[name] = describe_value(value)
    return described


def describe_code(code):
    """Describe code by its instructions, wherever they are written."""
    constants = [
        describe_code(value) if isinstance(value, CodeType) else describe_constant(value)
        for value in code.co_consts
    ]
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return repr((code.co_code, constants, code.co_flags, counts, names))


def describe_constant(value):
    """Describe a constant of some code."""
    return repr(describe_set(value) if isinstance(value, frozenset) else value)


def names_in(code):
    """Collect the names that code reads, also in functions that it defines."""
    inner = (value for value in code.co_consts if isinstance(value, CodeType))
    return {*code.co_names}.union(*map(names_in, inner)) - names_set_in(code)


def names_set_in(code):
    """Collect the names of globals and attributes that code sets, such as counters."""
    inner = (value for value in code.co_consts if isinstance(value, CodeType))
    names = {step.argval for step in get_instructions(code) if step.opname in SETTERS}
    return names.union(*map(names_set_in, inner))


def contents_of(cell):
    """Return what a variable of an outer function holds, if it is assigned yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def describe_class(cls):
    """Describe a class by its attributes and by the classes that it derives from."""
    if is_installed(cls):
        return describe_installed(cls)
    functions = filter(None, map(function_of, vars(cls).values()))
    changing = set().union(*(names_set_in(function.__code__) for function in functions))
    attributes = {
        name: describe_value(value)
        for name, value in vars(cls).items()
        if name not in IGNORED_ATTRIBUTES | changing
    }
    return "class", cls.__qualname__, cls.__bases__, attributes


def function_of(attribute):
    """Return the function that an attribute of a class is or wraps, or None."""
    attribute = getattr(attribute, "__func__", attribute)
    return attribute if isinstance(attribute, FunctionType) else None


def describe_value(value, depth=0):
    """Describe what code refers to; deep inside of an object, only the class."""
    if isinstance(value, staticmethod | classmethod):
        return type(value).__name__, value.__func__
    if isinstance(value, property):
        return "property", value.fget, value.fset
    if isinstance(value, (*PLAIN, *DESCRIBED, set, frozenset)):
        return value
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value
    if depth == MAX_DEPTH:
        return type(value)
    if isinstance(value, partial):
        parts = value.func, value.args, value.keywords
    elif isinstance(value, dict):
        parts = [(repr(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = value
    elif is_installed(type(value)) and not isinstance(value, SimpleNamespace):
        parts = ()
    else:
        parts = [getattr(value, "__dict__", {})]
    return type(value), [describe_value(part, depth + 1) for part in parts]


def is_installed(obj):
    """Return whether a class or function is found by its name in an installed package."""
    module = sys.modules.get(obj.__module__ or "")
    try:
        found = attrgetter(obj.__qualname__)(module)
    except AttributeError:
        return False
    return found is obj and is_in_package(module)


def is_in_package(module):
    """Return whether a module belongs to Python, to this package or to one installed."""
    top, path = module.__name__.partition(".")[0], getattr(module, "__file__", None) or ""
    is_known = top in sys.stdlib_module_names or top in ("builtins", "sklnoise")
    return is_known or not INSTALLED_FOLDERS.isdisjoint(Path(path).parts)


def describe_installed(obj):
    """Describe what an installed package defines by its name and version."""
    top = sys.modules[obj.__module__.partition(".")[0]]
    return "installed", obj.__module__, obj.__qualname__, getattr(top, "__version__", "")


DESCRIPTIONS = (
    (set | frozenset, describe_set),
    (torch.dtype | torch.device | torch.layout, str),
    (ModuleType, describe_module),
    (torch.Tensor, describe_tensor),
    (MethodType, describe_method),
    (FunctionType, describe_function),
    (type, describe_class),
)
