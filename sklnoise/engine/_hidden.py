"""The hidden features of a net: what its last linear layer sees."""

import torch
from torch import nn

from sklnoise.engine._criterion import first_output


class HiddenFeatures:
    """Hidden features of any net, seen while it is the context."""

    def __init__(self, net, batch):
        called = []
        hooks = [
            layer.register_forward_pre_hook(lambda layer, _: called.append(layer))
            for layer in net.module_.modules()
            if isinstance(layer, nn.Linear)
        ]
        try:
            output = net.evaluation_step((batch, None))
        finally:
            for hook in hooks:
                hook.remove()
        self.layer = None
        if not gives_features(output):
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
            self.hook = self.layer.register_forward_pre_hook(self._take)
        return self

    def __exit__(self, *error):
        if self.layer is not None:
            self.hook.remove()

    def _take(self, layer, inputs):
        self.taken = inputs[0]

    def of(self, output):
        """Return the features of the batch that the net was applied to last."""
        features = self.taken if self.layer is not None else output[1]
        return features.flatten(start_dim=1)


def gives_features(output):
    """Tell whether a module returns features of each row beside the logits."""
    if not isinstance(output, tuple) or len(output) < 2:
        return False
    logits, features = output[:2]
    is_tensor = isinstance(features, torch.Tensor) and features.ndim > 1
    return is_tensor and len(features) == len(logits)
