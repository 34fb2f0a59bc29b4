"""The hidden features of a net: the input of its last linear layer."""

import torch
from scipy.sparse import issparse
from torch import nn

from sklnoise.nn._mlp import Linear
from sklnoise.training._criterion import first_output


class HiddenFeatures:
    """Observe the hidden features of any net while it is the context.

    They are what the module returns along with the logits, or else the input of the
    linear layer that is applied last, observed by a forward hook of torch.
    """

    def __init__(self, net, batch):
        """Find the layer by applying the net to a few samples."""
        called = []
        hooks = [
            layer.register_forward_pre_hook(lambda layer, _: called.append(layer))
            for layer in net.module_.modules()
            if isinstance(layer, nn.Linear | Linear)
        ]
        try:
            output = net.evaluation_step((batch, None))
        finally:
            for hook in hooks:
                hook.remove()
        self.layer = self.inputs = None
        if not has_features(output):
            if hasattr(net.module_, "_orig_mod"):  # a compiled module calls no hooks
                raise ValueError(
                    "the hidden features of a compiled module cannot be observed. Let "
                    "its forward return (logits, features), features of shape "
                    "(n_samples, ...), or set compile=False."
                )
            n_classes = first_output(output).shape[1]
            if not called or called[-1].out_features != n_classes:
                raise ValueError(
                    f"{type(net.module_).__name__} has no linear layer that gives the "
                    "logits, whose input could be its hidden features. Let its forward "
                    "return (logits, features), features of shape (n_samples, ...)."
                )
            self.layer = called[-1]

    def __enter__(self):
        if self.layer is not None:
            self.hook = self.layer.register_forward_pre_hook(self._keep_inputs)
        return self

    def __exit__(self, *error):
        if self.layer is not None:
            self.hook.remove()

    def _keep_inputs(self, layer, inputs):
        self.inputs = inputs[0]

    def of(self, output):
        """Return the features of the batch that the net was applied to last."""
        features = self.inputs if self.layer is not None else output[1]
        if issparse(features):
            features = torch.from_numpy(features.toarray())
        return features.flatten(start_dim=1)

    def __getstate__(self):
        return vars(self) | {"inputs": None}  # a copy cannot keep the graph of a step


def has_features(output):
    """Return whether a module returns features of each sample along with the logits."""
    if not isinstance(output, tuple) or len(output) < 2:
        return False
    logits, features = output[:2]
    is_tensor = isinstance(features, torch.Tensor) and features.ndim > 1
    return is_tensor and len(features) == len(logits)
