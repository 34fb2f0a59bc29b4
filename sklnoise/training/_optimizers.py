"""What is known of torch's optimizers."""

import inspect

import torch

IMPLEMENTATIONS = {
    f"optimizer__{name}" for name in ("fused", "foreach", "differentiable")
}
FUSED = {
    "cpu": (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.Adagrad),
    "cuda": (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD),
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


def needs_no_closure(optimizer):
    """Return whether a step is one step of torch along the gradient at hand."""
    if not type(optimizer).__module__.startswith("torch.optim."):
        return False
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    return closure is not None and closure.default is None
