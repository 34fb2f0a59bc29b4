"""A small convolutional net for images, and what images must look like."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

# Rows and columns that are left of an image before the dense layer.
GRID = 4


class ConvNet(nn.Module):
    """Small convolutional network for images, which gives logits.

    Each block is a 3x3 convolution, a batch normalisation, ReLU and the maximum of 2x2
    pixels. A grid of 4x4 fields is laid over what is left of an image, whatever its size,
    and a dense layer reads the maximum in each of them.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    n_channels : int, default=1
        Channels of an image: 1 for grey, 3 for colours.

    widths : tuple of int, default=(32, 64)
        Channels that the convolution of each block gives; one block at least.

    hidden : int, default=128
        Width of the dense layer.

    dropout : float, default=0.25
        Probability that a unit of the dense layer is dropped while training, in [0, 1).

    Raises
    ------
    ValueError
        If there is no block.

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import ConvNet
    >>> ConvNet(10)(torch.zeros(5, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self, n_classes, *, n_channels=1, widths=(32, 64), hidden=128, dropout=0.25
    ):
        if not widths:
            raise ValueError(
                f"widths must name the channels of one block at least; got {widths}. For "
                "dense layers alone, take MLP."
            )
        super().__init__()
        self.n_channels = n_channels
        # Named layers: weights fit a net of another dropout too.
        self.layers = nn.Sequential()
        for i, (n_in, n_out) in enumerate(pairwise([n_channels, *widths])):
            self.layers.add_module(f"conv{i}", conv3x3(n_in, n_out))
            self.layers.add_module(f"norm{i}", nn.BatchNorm2d(n_out))
            self.layers.add_module(f"relu{i}", nn.ReLU())
            self.layers.add_module(f"pool{i}", nn.MaxPool2d(2, ceil_mode=True))
        self.layers.add_module("grid", GridMaximum())
        self.layers.add_module("flatten", nn.Flatten())
        self.layers.add_module("dense", nn.Linear(GRID**2 * widths[-1], hidden))
        self.layers.add_module("relu", nn.ReLU())
        if dropout:
            self.layers.add_module("dropout", nn.Dropout(dropout))
        self.layers.add_module("logits", nn.Linear(hidden, n_classes))

    def forward(self, X):
        """Compute the logits.

        Parameters
        ----------
        X : torch.Tensor of shape (n_samples, n_channels, height, width) or \
                (n_samples, height, width)
            Images, the latter of one channel; integers are cast to floats.

        Returns
        -------
        logits : torch.Tensor of shape (n_samples, n_classes)
            Scores before the softmax.

        Raises
        ------
        ValueError
            If X holds no images, or images of another number of channels.
        """
        images = as_images(X, self.n_channels, self.layers.logits.weight.dtype)
        return self.layers(images)


class GridMaximum(nn.Module):
    """Maximum in each field of a grid over maps of any size."""

    # Not adaptive pooling, which MPS has for some sizes only, and whose gradient on CUDA
    # is another one each time.

    def forward(self, X):
        """Compute the maxima."""
        height, width = X.shape[2:]
        high, wide = -(-height // GRID), -(-width // GRID)
        border = (0, GRID * wide - width, 0, GRID * high - height)
        return functional.max_pool2d(functional.pad(X, border), (high, wide))


def conv3x3(n_in, n_out, stride=1):
    """Make a 3x3 convolution without a bias, for which a normalisation follows."""
    return nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)


def as_images(X, n_channels, dtype):
    """Bring a batch of images into the form that a convolution takes."""
    images = X.unsqueeze(1) if X.ndim == 3 else X
    if images.ndim != 4 or images.shape[1] != n_channels:
        grey = ", or (n_samples, height, width)" if n_channels == 1 else ""
        raise ValueError(
            f"X must hold images of n_channels={n_channels}, shape (n_samples, "
            f"{n_channels}, height, width){grey}; got shape {tuple(X.shape)}. Pass "
            "n_channels (module__n_channels in skorch), or give X that shape; where the "
            "channels come last, np.moveaxis(X, -1, 1) does."
        )
    if not images.is_floating_point():
        images = images.to(dtype)
    if images.device.type == "cpu":
        images = images.contiguous(memory_format=torch.channels_last)
    return images
