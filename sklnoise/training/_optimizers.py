"""What is known of torch's optimizers."""

import inspect
from contextlib import contextmanager
from functools import partial
from types import MethodType

import torch
from skorch import NeuralNet
from torch.optim import Optimizer

IMPLEMENTATIONS = {
    f"optimizer__{name}" for name in ("fused", "foreach", "differentiable")
}
# Methods that torch excludes from compilation, besides `step`.
WRAPPED = "add_param_group", "zero_grad", "state_dict", "load_state_dict"
# Not SGD: fused, it fails where a parameter gets its first gradient after the others, as
# a T does that is learned after a warm-up.
FUSED = {
    "cpu": (torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad),
    "cuda": (torch.optim.Adam, torch.optim.AdamW),
}
# Optimizers that treat each value alone: stacked nets do not influence each other.
ELEMENTWISE = (
    torch.optim.SGD,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
)


def fuse_optimizer(net, device):
    """Let an optimizer of torch update all weights at once, unless the user chose how."""
    fused = (
        net.optimizer in FUSED.get(device.type, ())
        and not IMPLEMENTATIONS & vars(net).keys()
    )
    if fused:
        net.set_params(optimizer__fused=True)
    return fused


def has_sparse_gradients(module):
    """Return whether a layer gives sparse gradients, which no fused optimizer takes."""
    return any(getattr(layer, "sparse", False) for layer in module.modules())


def cast_state(optimizer):
    """Cast what an optimizer keeps from its start, as Adagrad does."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                state[name] = value.to(parameter.dtype)


@contextmanager
def eager(net):
    """Let the optimizers that a net makes spare the import of torch's compiler."""
    optimizer = net.optimizer
    is_plain = type(net).initialize_optimizer is NeuralNet.initialize_optimizer
    if is_plain and inspect.isclass(optimizer) and issubclass(optimizer, Optimizer):
        net.optimizer = partial(make_eager, optimizer)
    try:
        yield
    finally:
        net.optimizer = optimizer


def make_eager(kind, *args, **kwargs):
    """Make an optimizer whose methods are the ones that torch wraps for its compiler.

    The wrappers import `torch._dynamo`, which takes seconds and changes the filters of
    warnings and the environment; without a compiler they do nothing.
    """
    written = {name: inspect.unwrap(getattr(kind, name)) for name in WRAPPED}
    optimizer = type(kind.__name__, (kind,), written)(*args, **kwargs)
    optimizer.__class__ = kind
    for name, method in written.items():
        setattr(optimizer, name, MethodType(method, optimizer))
    if kind.step.__module__.startswith("torch.optim."):
        optimizer.step = MethodType(eager_step(kind), optimizer)
    return optimizer


def eager_step(kind):
    """Return the step of a class of torch, with its hooks but not for its compiler."""
    written = inspect.unwrap(kind.step)

    def step(self, *args, **kwargs):
        with torch.set_grad_enabled(self.defaults.get("differentiable", False)):
            return written(self, *args, **kwargs)

    return Optimizer.profile_hook_step(step)


def state_of(optimizer):
    """Return the state of an optimizer, without an import of torch's compiler."""
    return inspect.unwrap(type(optimizer).state_dict)(optimizer)


def drop_state(optimizer):
    """Drop what an optimizer of torch has gathered in a training that is over.

    It takes up to twice the memory of the weights; another training gathers its own.
    """
    is_of_torch = type(optimizer).__module__.startswith("torch.optim.")
    if is_of_torch and not isinstance(optimizer, torch.optim.Adagrad):  # cannot go on
        optimizer.state.clear()


def drop_eager(optimizer):
    """Let an optimizer be an ordinary one again."""
    for name in (*WRAPPED, "step"):
        vars(optimizer).pop(name, None)


def needs_no_closure(optimizer):
    """Return whether a step is one step of torch along the gradient at hand."""
    if not type(optimizer).__module__.startswith("torch.optim."):
        return False
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    return closure is not None and closure.default is None
