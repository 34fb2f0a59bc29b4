"""Fitted classifiers in formats that are read without sklnoise."""

import inspect
import io
import json
import logging
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from sklnoise._text import shorten
from sklnoise._writing import write_whole
from sklnoise.export._extra import import_extra
from sklnoise.export._probabilities import (
    N_TRACED,
    Probabilities,
    check_same,
    draw_inputs,
    input_names,
)
from sklnoise.nn import PiecewiseLinearEncoding, RobustScaling
from sklnoise.training import NormalizedLogits

FORMATS = "onnx", "torch", "safetensors"

MAX_CAUSE_LENGTH = 300

LABEL_TYPES = bool, int, float, str


def export_nets(classifier, path, kind):
    """Write the nets of a fitted classifier in a format that others read."""
    if kind == "torch" and Path(path).suffix != ".pt2":
        raise ValueError(
            f'a program of torch must end in ".pt2", or torch.export.load refuses it; '
            f"got {path}."
        )
    about = describe(classifier)
    write_whole(path, WRITERS[kind](classifier, about))


def describe(classifier):
    """Return what a reader must know of a classifier, as texts."""
    classes = classifier.classes_.tolist()
    others = {type(label).__name__ for label in classes if type(label) not in LABEL_TYPES}
    if others:
        raise ValueError(
            "labels are exported as JSON and must be str, int, float or bool; got "
            f"{', '.join(sorted(others))}. Fit to y.astype(str)."
        )
    names = getattr(classifier, "feature_names_in_", None)
    return {
        "classes": json.dumps(classes),
        "feature_names": json.dumps(None if names is None else names.tolist()),
        "sklnoise": version("sklnoise"),
    }


def to_onnx(classifier, about):
    """Return a model of ONNX as bytes, checked with its runtime."""
    for name in ("onnx", "onnxscript"):
        import_extra(name, 'export(format="onnx")')
    runtime = import_extra("onnxruntime", 'export(format="onnx")')
    module, inputs, dynamic = traced_parts(classifier)
    names = input_names(classifier) or ["X"]
    with quiet(), explained(classifier):
        program = torch.onnx.export(
            module,
            inputs,
            dynamo=True,
            dynamic_shapes=(dynamic,),
            input_names=names,
            output_names=["probabilities"],
            verbose=False,
        )
    program.model.metadata_props.update(about)
    content = program.model_proto.SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    check_same(
        classifier,
        lambda parts: session.run(None, dict(zip(names, parts)))[0],
        "the ONNX model",
    )
    return content


def to_torch(classifier, about):
    """Return a program of torch.export as bytes."""
    module, inputs, dynamic = traced_parts(classifier)
    with quiet(), explained(classifier):
        program = torch.export.export(module, inputs, dynamic_shapes=(dynamic,))
        buffer = io.BytesIO()
        torch.export.save(
            program, buffer, extra_files={"sklnoise.json": json.dumps(about)}
        )
    check_same(
        classifier,
        lambda parts: program.module()(*map(torch.from_numpy, parts)).numpy(),
        "the program",
    )
    return buffer.getvalue()


def traced_parts(classifier):
    """Return the module of a classifier, samples to trace it with and the free sizes."""
    module = Probabilities(classifier)
    inputs = draw_inputs(classifier, N_TRACED)
    batch = torch.export.Dim("batch")
    return module.eval(), inputs, ({0: batch},) * len(inputs)


@contextmanager
def quiet():
    """Keep the compiler of torch from talking, and its filters of warnings to itself."""
    names = "torch", "torch.onnx", "torch.export", "onnxscript", "onnx_ir"
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    silence = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(silence), redirect_stderr(silence):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels):
                logger.setLevel(level)


@contextmanager
def explained(classifier):
    """Say what to do where a module cannot be traced."""
    try:
        yield
    except Exception as error:  # whatever torch makes of the module of a user
        cause = error.__cause__ or error
        name = type(classifier.estimator_.module_).__name__
        raise ValueError(
            f"{name} cannot be exported ({type(cause).__name__}: "
            f"{shorten(cause, MAX_CAUSE_LENGTH)}). Its forward must take a batch of any "
            "number of samples, by steps that do not depend on the values of X. Export "
            'its weights with format="safetensors", or use save.'
        ) from error


def to_safetensors(classifier, about):
    """Return the weights of all nets as bytes, with what makes their module."""
    save = import_extra("safetensors.torch", 'export(format="safetensors")').save
    modules = [net.module_ for net in classifier.estimators_]
    modules = [getattr(module, "_orig_mod", module) for module in modules]
    if isinstance(modules[0], NormalizedLogits):
        raise ValueError(
            "weights alone do not tell that the logits are normalised, as they are for "
            f"correction={classifier.correction!r}. Use format='onnx' or 'torch'."
        )
    tensors = {
        f"{number}.{name}": value.detach().cpu().clone().contiguous()
        for number, module in enumerate(modules)
        for name, value in module.state_dict().items()
    }
    net = classifier.estimator_
    params = net.get_params_for("module")
    nonlinearity = net.predict_nonlinearity
    about = about | {
        "n_estimators": str(len(modules)),
        "temperature": repr(float(classifier.temperature_)),
        "class_weight": json.dumps(classifier.class_weight_, default=as_json),
        "module": f"{type(modules[0]).__module__}.{type(modules[0]).__qualname__}",
        "module_params": json.dumps(params, default=as_json),
        "output": getattr(nonlinearity, "__name__", repr(nonlinearity)),
    }
    return save(tensors, about)


def as_json(value):
    """Return a parameter of a module as what JSON knows, at worst as its text."""
    if isinstance(value, PiecewiseLinearEncoding):
        return {"class": "PiecewiseLinearEncoding", "edges": edges_of(value)}
    if isinstance(value, RobustScaling):
        parts = {"center": value.center.tolist(), "scale": value.scale.tolist()}
        return {"class": "RobustScaling", **parts}
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value.__qualname__ if inspect.isclass(value) else repr(value)


def edges_of(encoding):
    """Return the edges of the bins of each column."""
    columns = encoding.column.numpy(force=True)
    lower = encoding.lower.double().numpy(force=True)
    upper = lower + encoding.width.double().numpy(force=True)
    return [
        [*lower[columns == k], *upper[columns == k][-1:]]
        for k in range(encoding.n_features)
    ]


WRITERS = {"onnx": to_onnx, "torch": to_torch, "safetensors": to_safetensors}
