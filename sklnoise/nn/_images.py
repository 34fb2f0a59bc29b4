"""Convolutional nets for images."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

# Rows and columns of the grid that a ConvNet reduces its feature maps to.
GRID_SIZE = 4


class ImageModule(nn.Module):
    """Base of the nets for images: subclasses give the logits of valid images."""

    def __init__(self, n_channels):
        super().__init__()
        self.n_channels = n_channels

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
        images = as_images(X, self.n_channels)
        if not images.is_floating_point():
            # Not `self.parameters()`, which is empty in the replicas of DataParallel.
            layers = (m for m in self.modules() if isinstance(m, nn.Conv2d))
            images = images.to(next(layers).weight.dtype)
        return self._logits(images)

    def _logits(self, images):
        """Compute the logits of floating images with a channel axis."""
        raise NotImplementedError


class ConvNet(ImageModule):
    """Small convolutional network for images, which gives logits.

    Each block is a 3x3 convolution, a batch normalisation, ReLU and a 2x2 max pooling.
    A last max pooling reduces the feature maps to 4x4, whatever the size of the images,
    and a dense layer follows.

    Parameters
    ----------
    n_classes : int
        Number of logits.

    n_channels : int, default=1
        Channels of an image: 1 for grey, 3 for colours.

    widths : tuple of int, default=(32, 64)
        Output channels of each block; at least one block.

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
                f"widths must hold the channels of at least one block; got {widths}. For "
                "dense layers alone, use MLP."
            )
        super().__init__(n_channels)
        # Layers have names, so that weights can be loaded with another dropout.
        self.layers = nn.Sequential()
        for i, (n_in, n_out) in enumerate(pairwise([n_channels, *widths])):
            self.layers.add_module(f"conv{i}", conv3x3(n_in, n_out))
            self.layers.add_module(f"norm{i}", nn.BatchNorm2d(n_out))
            self.layers.add_module(f"relu{i}", nn.ReLU())
            self.layers.add_module(f"pool{i}", nn.MaxPool2d(2, ceil_mode=True))
        self.layers.add_module("grid", GridMaximum())
        self.layers.add_module("flatten", nn.Flatten())
        self.layers.add_module("dense", nn.Linear(GRID_SIZE**2 * widths[-1], hidden))
        self.layers.add_module("relu", nn.ReLU())
        if dropout:
            self.layers.add_module("dropout", nn.Dropout(dropout))
        self.layers.add_module("logits", nn.Linear(hidden, n_classes))

    def _logits(self, images):
        return self.layers(images)


class GridMaximum(nn.Module):
    """Max pooling to a fixed grid, from feature maps of any size."""

    # Adaptive pooling is missing on MPS for some sizes, and its gradient on CUDA is not
    # deterministic.

    def forward(self, X):
        """Compute the maxima."""
        height, width = X.shape[2:]
        high, wide = -(-height // GRID_SIZE), -(-width // GRID_SIZE)
        border = (0, GRID_SIZE * wide - width, 0, GRID_SIZE * high - height)
        return functional.max_pool2d(functional.pad(X, border), (high, wide))


class ResNet(ImageModule):
    """Pre-activation residual network for small images, which gives logits.

    A first convolution is followed by three stages of `(depth - 2) / 6` blocks each, with
    `width`, `2 * width` and `4 * width` channels; the second and the third stage halve
    the resolution. A block adds its input to the output of two 3x3 convolutions, each
    preceded by a batch normalisation and ReLU. Where the resolution is halved, the
    shortcut takes every other pixel and pads the channels with zeros (option A), so that
    no shortcut has weights. A linear layer follows the mean over the pixels. Weights are
    initialised as in He et al. (2015).

    Parameters
    ----------
    n_classes : int
        Number of logits.

    depth : int, default=32
        Number of layers with weights: 6 times the blocks of a stage, plus 2.

    n_channels : int, default=3
        Channels of an image: 1 for grey, 3 for colours.

    width : int, default=16
        Channels of the first stage.

    Raises
    ------
    ValueError
        If `depth` is not 2 more than a positive multiple of 6.

    References
    ----------
    He, Zhang, Ren, Sun. Identity mappings in deep residual networks. ECCV 2016.

    He, Zhang, Ren, Sun. Delving deep into rectifiers. ICCV 2015 (the
    initialisation).

    Examples
    --------
    >>> import torch
    >>> from sklnoise.nn import ResNet
    >>> net = ResNet(10, depth=20)
    >>> net(torch.zeros(5, 3, 32, 32)).shape
    torch.Size([5, 10])
    >>> sum(weights.numel() for weights in net.parameters())
    269722
    """

    def __init__(self, n_classes, *, depth=32, n_channels=3, width=16):
        if depth < 8 or depth % 6 != 2:
            lower = max(8, depth - (depth - 2) % 6)
            raise ValueError(
                "depth must be 2 more than a positive multiple of 6, for two layers in "
                f"each block of three equal stages; got {depth}. Pass {lower} or "
                f"{lower + 6}."
            )
        super().__init__(n_channels)
        self.conv = conv3x3(n_channels, width)
        self.blocks = nn.Sequential()
        n_in = width
        for stage in range(3):
            n_out = width * 2**stage
            for i in range((depth - 2) // 6):
                block = ResidualBlock(n_in, n_out, is_first=not self.blocks)
                self.blocks.add_module(f"stage{stage}_block{i}", block)
                n_in = n_out
        self.norm = nn.BatchNorm2d(n_in)
        self.logits = nn.Linear(n_in, n_classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.logits.bias)

    def _logits(self, images):
        maps = functional.relu(self.norm(self.blocks(self.conv(images))))
        return self.logits(maps.mean(dim=(2, 3)))


class ResidualBlock(nn.Module):
    """Two pre-activation convolutions with a shortcut around them."""

    def __init__(self, n_in, n_out, *, is_first):
        super().__init__()
        self.is_first = is_first
        self.n_new = n_out - n_in
        self.stride = 2 if self.n_new else 1
        self.norm0 = nn.BatchNorm2d(n_in)
        self.conv0 = conv3x3(n_in, n_out, self.stride)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.conv1 = conv3x3(n_out, n_out)

    def forward(self, X):
        """Compute the feature maps."""
        active = functional.relu(self.norm0(X))
        shortcut = active if self.is_first else X
        if self.n_new:
            shortcut = shortcut[:, :, :: self.stride, :: self.stride]
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.n_new))
        active = functional.relu(self.norm1(self.conv0(active)))
        return shortcut + self.conv1(active)


def conv3x3(n_in, n_out, stride=1):
    """Make a 3x3 convolution without bias, as a normalisation follows."""
    return nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)


def as_images(X, n_channels):
    """Validate a batch of images, and add the channel axis where it is missing."""
    images = X.unsqueeze(1) if X.ndim == 3 else X
    if images.ndim != 4 or images.shape[1] != n_channels:
        grey = ", or (n_samples, height, width)" if n_channels == 1 else ""
        raise ValueError(
            f"X must hold images of n_channels={n_channels}, shape (n_samples, "
            f"{n_channels}, height, width){grey}; got shape {tuple(X.shape)}. Pass "
            "n_channels (module__n_channels in skorch), or give X that shape; where the "
            "channels come last, np.moveaxis(X, -1, 1) does."
        )
    # On the CPU the convolutions are faster with the channels last in memory.
    if images.device.type == "cpu":
        images = images.contiguous(memory_format=torch.channels_last)
    return images
