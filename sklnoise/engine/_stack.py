"""Nets made of known layers as one, whose parameters have an axis for the nets."""

import operator
from copy import deepcopy

import torch
from torch import fx, nn
from torch.nn import functional

from sklnoise.engine._device import n_weights, watched
from sklnoise.engine._dropout import is_plain
from sklnoise.engine._stacked_layers import (
    Draws,
    StackedBatchNorm,
    StackedDropout,
    StackedFlatten,
    StackedLinear,
)

ELEMENTWISE_MODULES = (
    nn.Identity,
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Hardtanh,
    nn.Softplus,
    nn.Sigmoid,
    nn.Tanh,
)
ELEMENTWISE_FUNCTIONS = (
    operator.add,
    operator.mul,
    operator.sub,
    torch.relu,
    torch.tanh,
    torch.sigmoid,
    torch.add,
    torch.mul,
    functional.relu,
    functional.leaky_relu,
    functional.elu,
    functional.gelu,
    functional.silu,
    functional.softplus,
)
ELEMENTWISE_METHODS = ("relu", "tanh", "sigmoid", "add", "mul")
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_post_accumulate_grad_hooks",
)


def stack_chains(modules, generators):
    """Stack nets that are made of layers we know."""
    graph = None if has_hooks(modules[0]) else traced(modules[0])
    if graph is None:
        return None
    draws = Draws(generators)
    parts = {}
    for node in graph.nodes:
        if node.op == "call_module":
            layers = [module.get_submodule(node.target) for module in modules]
            parts[node.target] = stack_layers(layers, draws)
            if parts[node.target] is None:
                return None
        elif node.target in ("flatten", torch.flatten):
            shift_flatten(node)
        elif not is_elementwise(node):
            return None
    stack = fx.GraphModule(parts, graph, "Stack")
    if n_weights(stack) != sum(map(n_weights, modules)):
        return None  # a parameter that no known layer owns, or that two of them share
    stack.draws = draws
    return stack


def traced(module):
    """Trace what a module does, if that is always the same."""
    graphs = []
    try:
        module = deepcopy(module)
        with watched(next(module.parameters()).device) as drew:
            for mode in (True, False, True):
                graphs.append(fx.Tracer().trace(module.train(mode)))
                if drew() or any(part.training != mode for part in module.modules()):
                    return None
    except Exception:  # whatever the code of a user raises when it meets a proxy
        return None
    graph, *others = graphs
    same = all(str(graph) == str(other) for other in others)
    inputs = [node for node in graph.nodes if node.op == "placeholder"]
    output = next(node for node in graph.nodes if node.op == "output")
    single = len(inputs) == 1 and isinstance(output.args[0], fx.Node)
    return graph if same and single else None


def has_hooks(module):
    """Tell whether a module or a parameter has hooks, which a stack would not call."""
    return any(
        getattr(part, kind, None)
        for part in (*module.modules(), *module.parameters())
        for kind in HOOKS
    )


def stack_layers(layers, draws):
    """Stack one layer of each net."""
    layer = layers[0]
    kind = type(layer)
    if kind is nn.Linear:
        return StackedLinear(layers)
    if kind is nn.BatchNorm1d and layer.momentum is not None:
        return StackedBatchNorm(layers)
    if is_plain(layer):
        return StackedDropout(layer, draws)
    if kind is nn.Flatten and layer.start_dim >= 1:
        return StackedFlatten(layer.start_dim, layer.end_dim)
    return layer if kind in ELEMENTWISE_MODULES else None


def is_elementwise(node):
    """Tell whether a node of a graph treats each value alone."""
    if node.op in ("placeholder", "output"):
        return True
    if node.op == "call_function":
        return node.target in ELEMENTWISE_FUNCTIONS
    return node.op == "call_method" and node.target in ELEMENTWISE_METHODS


def shift_flatten(node):
    """Let a flattening in a graph leave one more axis alone."""
    dims = dict(zip(("start_dim", "end_dim"), node.args[1:], strict=False)) | node.kwargs
    layer = StackedFlatten(dims.get("start_dim", 0), dims.get("end_dim", -1))
    node.args = node.args[:1]
    node.kwargs = {"start_dim": layer.start_dim, "end_dim": layer.end_dim}


def point_to(stack, modules):
    """Let the parameters of nets be views of those of their stack."""
    for number, module in enumerate(modules):
        for target, part in stack.named_modules():
            for name, view in part.views(number) if hasattr(part, "views") else ():
                full_name = f"{target}.{name}" if target else name
                module.get_parameter(full_name).data = view.detach()


def let_go(module):
    """Give a net parameters of its own again."""
    for parameter in module.parameters():
        parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)
