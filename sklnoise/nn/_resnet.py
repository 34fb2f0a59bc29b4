"""The residual network of CIFAR, with activations before the convolutions."""

from torch import nn
from torch.nn import functional

from sklnoise.nn._convnet import as_images, conv3x3


class ResNet(nn.Module):
    """Pre-activation residual network for small images, which gives logits.

    After a first convolution come three stages of `(depth - 2) / 6` blocks with `width`,
    `2 * width` and `4 * width` channels, each of the last two at half the resolution. A
    block adds two 3x3 convolutions, a batch normalisation and ReLU before each, to what
    it is given. Where a stage begins, the shortcut takes every other pixel and fills up
    the channels with zeros (option A), so that no shortcut has weights. The mean over the
    pixels is read by a linear layer. Weights start as proposed by He et al. (2015).

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
        If there is no net of that depth.

    References
    ----------
    He, Zhang, Ren, Sun. Identity mappings in deep residual networks. ECCV 2016.

    He, Zhang, Ren, Sun. Delving deep into rectifiers. ICCV 2015 (the weights at the
    start).

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
        super().__init__()
        self.n_channels = n_channels
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
        images = as_images(X, self.n_channels, self.logits.weight.dtype)
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
        """Compute the maps of the next block."""
        active = functional.relu(self.norm0(X))
        shortcut = active if self.is_first else X
        if self.n_new:
            shortcut = shortcut[:, :, :: self.stride, :: self.stride]
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.n_new))
        active = functional.relu(self.norm1(self.conv0(active)))
        return shortcut + self.conv1(active)
