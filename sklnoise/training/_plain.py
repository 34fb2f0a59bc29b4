"""Nets, modules and tensors as plain data, which is stored without pickle, and back.

skops stores arrays, containers, classes and the attributes of objects, and audits each
class before it makes anything. It has no form for what torch and skorch define.
"""

import json
import sys
from collections import OrderedDict
from pathlib import Path, PurePath

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.history import History
from skorch.utils import get_map_location

from sklnoise.training._net import AutoSizedNet
from sklnoise.training._optimizers import drop_eager, eager, state_of

# Known by name: a file that were allowed to make a net of skorch could have it unpickle.
NETS = {kind.__name__: kind for kind in (AutoSizedNet, NeuralNetClassifier)}

CONTAINERS = dict, OrderedDict, list, tuple

# Bits of types that numpy does not have.
STORED_AS = {torch.bfloat16: torch.int16}


class Plain:
    """What stands for an object of torch or skorch."""

    def __init__(self, kind, content):
        self.kind = kind
        self.content = content


def is_net_class(kind):
    """Return whether something is a class of skorch nets, which it restores by pickle."""
    return isinstance(kind, type) and issubclass(kind, NeuralNet)


def to_plain(obj):
    """Return an object in which plain data stand for what torch and skorch define."""
    return Flattener().of(obj)


def from_plain(obj):
    """Return what `to_plain` was given."""
    return Restorer().of(obj)


class Flattener:
    """Make plain data of objects, of each one once."""

    def __init__(self):
        self.seen = {}

    def of(self, obj):
        """Make plain data of an object, and of what a container holds."""
        if type(obj) in CONTAINERS:
            return self.contents(obj)
        flatten = next((f for kind, f in FLATTEN if isinstance(obj, kind)), None)
        if is_frame(obj):
            flatten = Flattener.frame
        if flatten is None or isinstance(obj, type):
            return obj
        if id(obj) in self.seen:
            return Plain("again", self.seen[id(obj)][0])
        # The object is kept, so that no other one can have its id.
        self.seen[id(obj)] = len(self.seen), obj
        return flatten(self, obj)

    def contents(self, container):
        """Make plain data of what a container holds."""
        if isinstance(container, dict):
            pairs = [(key, self.of(value)) for key, value in container.items()]
            return type(container)(pairs)
        return type(container)(map(self.of, container))

    def tensor(self, tensor):
        """Make an array of a tensor, and note what else it is."""
        values = tensor.detach().cpu().to_dense().contiguous()
        stored = STORED_AS.get(values.dtype)
        return Plain(
            "tensor",
            {
                "values": (values if stored is None else values.view(stored)).numpy(),
                "dtype": str(values.dtype).removeprefix("torch."),
                "is_parameter": isinstance(tensor, torch.nn.Parameter),
                "requires_grad": tensor.requires_grad,
            },
        )

    def module(self, module):
        """Note the class and the attributes of a module, but those that all have."""
        if isinstance(module, torch.jit.ScriptModule):
            raise TypeError(
                f"{type(module).__name__} is compiled by torch.jit and has no form "
                "without pickle. Use the module that it was compiled from."
            )
        module = getattr(module, "_orig_mod", module)
        common = vars(torch.nn.Module())
        attributes = {
            name: value
            for name, value in module.__getstate__().items()
            if name not in common or not is_same(value, common[name])
        }
        content = {"class": type(module), "attributes": self.of(attributes)}
        return Plain("module", content)

    def net(self, net):
        """Note the class and the attributes of a net, and the state of its optimizers."""
        attributes = {k: v for k, v in vars(net).items() if k != "virtual_params_"}
        optimizers = {
            name: state_of(attributes.pop(f"{name}_"))
            for name in attributes.get("_optimizers", ())
            if f"{name}_" in attributes
        }
        kind = type(net)
        return Plain(
            "net",
            {
                "class": kind.__name__ if kind in NETS.values() else kind,
                "attributes": self.of(attributes),
                "optimizers": self.of(optimizers),
            },
        )

    def callback(self, callback):
        """Note the class and the attributes of a callback."""
        attributes = self.of(dict(callback.__getstate__()))
        return Plain("callback", {"class": type(callback), "attributes": attributes})

    def history(self, history):
        """Write a history as text, if numbers are all that it holds."""
        try:
            return Plain("history", json.dumps(list(history), default=as_number))
        except (TypeError, ValueError):
            return Plain("history", self.of(list(map(dict, history))))

    def name(self, value):
        """Note a device or a type by its name."""
        return Plain(type(value).__name__, str(value).removeprefix("torch."))

    def size(self, size):
        """Note a shape."""
        return Plain("Size", list(size))

    def path(self, path):
        """Note a path as text."""
        return Plain("path", str(path))

    def frame(self, frame):
        """Make an array of a frame of pandas, and lists of its names."""
        names = {"index": frame.index.tolist(), "columns": frame.columns.tolist()}
        return Plain("frame", {"data": frame.to_numpy(), **names})


FLATTEN = (
    (torch.Tensor, Flattener.tensor),
    (torch.nn.Module, Flattener.module),
    (NeuralNet, Flattener.net),
    (Callback, Flattener.callback),
    (History, Flattener.history),
    (torch.Size, Flattener.size),
    (torch.device | torch.dtype, Flattener.name),
    (PurePath, Flattener.path),
)


def is_frame(obj):
    """Return whether something is a frame of pandas, which may not be installed."""
    return isinstance(obj, getattr(sys.modules.get("pandas"), "DataFrame", ()))


def as_number(value):
    """Return a number of numpy as one of Python."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no number: {value!r}")


def is_same(value, default):
    """Return whether an attribute of a module is what every new module has."""
    return type(value) is type(default) and value == default


class Restorer:
    """Make objects of plain data, in the order in which these were made."""

    def __init__(self):
        self.made = []

    def of(self, plain):
        """Make the object of plain data, and of what a container holds."""
        if type(plain) in CONTAINERS:
            if isinstance(plain, dict):
                pairs = [(key, self.of(value)) for key, value in plain.items()]
                return type(plain)(pairs)
            return type(plain)(map(self.of, plain))
        if not isinstance(plain, Plain):
            return plain
        if plain.kind == "again":
            return self.made[plain.content]
        place = len(self.made)
        self.made.append(None)
        restored = RESTORE[plain.kind](self, plain.content, place)
        self.made[place] = restored
        return restored

    def new(self, cls, base, place):
        """Make an empty object of a class, to which its attributes may refer."""
        if not isinstance(cls, type) or not issubclass(cls, base):
            raise TypeError(f"{cls!r} is no class of {base.__name__}.")
        self.made[place] = obj = cls.__new__(cls)
        return obj

    def tensor(self, content, place):
        """Make a tensor of an array."""
        values = torch.tensor(content["values"])
        dtype = getattr(torch, content["dtype"])
        values = values if values.dtype == dtype else values.view(dtype)
        if content["is_parameter"]:
            return torch.nn.Parameter(values, requires_grad=content["requires_grad"])
        return values.requires_grad_(content["requires_grad"])

    def module(self, content, place):
        """Make a module."""
        module = self.new(content["class"], torch.nn.Module, place)
        torch.nn.Module.__init__(module)
        module.__setstate__(self.of(content["attributes"]))
        return module

    def callback(self, content, place):
        """Make a callback."""
        callback = self.new(content["class"], Callback, place)
        attributes = self.of(content["attributes"])
        getattr(callback, "__setstate__", vars(callback).update)(attributes)
        return callback

    def net(self, content, place):
        """Make a net on the device that it was trained on, or else on the CPU."""
        kind = content["class"]
        net = self.new(NETS.get(kind) or kind, NeuralNet, place)
        vars(net).update(self.of(content["attributes"]), virtual_params_={})
        optimizers = self.of(content["optimizers"])
        if not getattr(net, "initialized_", False):
            return net
        net.device = net._check_device(net.device, get_map_location(net.device))
        for name in (*net._modules, *net._criteria):
            part = getattr(net, f"{name}_", None)
            if isinstance(part, torch.nn.Module):
                setattr(net, f"{name}_", net.torch_compile(part.to(net.device), name))
        if optimizers:
            verbose, net.verbose = net.verbose, 0  # skorch tells of new optimizers
            net.initialize_virtual_params()
            with eager(net):
                net._initialize_optimizer()
            net.verbose = verbose
        for name, state in optimizers.items():
            optimizer = getattr(net, f"{name}_")
            optimizer.load_state_dict(state)
            drop_eager(optimizer)
        return net

    def history(self, content, place):
        """Make a history."""
        is_text = isinstance(content, str)
        return History(json.loads(content) if is_text else self.of(content))

    def device(self, content, place):
        """Make a device."""
        return torch.device(content)

    def dtype(self, content, place):
        """Make a type of tensors."""
        dtype = getattr(torch, content)
        if not isinstance(dtype, torch.dtype):
            raise TypeError(f"torch.{content} is no type of tensors.")
        return dtype

    def size(self, content, place):
        """Make a shape."""
        return torch.Size(content)

    def path(self, content, place):
        """Make a path."""
        return Path(content)

    def frame(self, content, place):
        """Make a frame of pandas."""
        from pandas import DataFrame

        return DataFrame(**content)


RESTORE = {
    "tensor": Restorer.tensor,
    "module": Restorer.module,
    "net": Restorer.net,
    "callback": Restorer.callback,
    "history": Restorer.history,
    "device": Restorer.device,
    "dtype": Restorer.dtype,
    "Size": Restorer.size,
    "path": Restorer.path,
    "frame": Restorer.frame,
}
