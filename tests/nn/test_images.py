"""The nets for images: ConvNet and ResNet."""

import pytest
import torch
from torch import nn

from sklnoise.nn import ConvNet, ResNet

NETS = {"ConvNet": ConvNet, "ResNet": lambda n, **kw: ResNet(n, depth=8, width=4, **kw)}
IMAGE_NETS = pytest.mark.parametrize("net_class", NETS.values(), ids=NETS)


def n_weights(net):
    return sum(weights.numel() for weights in net.parameters())


@IMAGE_NETS
@pytest.mark.parametrize("size", [(1, 1), (5, 9)])
def test_net_gives_one_logit_per_class_for_images_of_any_size(net_class, size):
    net = net_class(3, n_channels=2)
    assert net.eval()(torch.randn(5, 2, *size)).shape == (5, 3)


@IMAGE_NETS
def test_images_without_a_channel_axis_get_one(net_class):
    net, images = net_class(3, n_channels=1).eval(), torch.randn(5, 8, 8)
    torch.testing.assert_close(net(images), net(images[:, None]))


@IMAGE_NETS
def test_integer_images_give_what_floating_ones_give(net_class):
    net = net_class(3, n_channels=1).eval()
    images = torch.randint(0, 256, (5, 8, 8), dtype=torch.uint8)
    torch.testing.assert_close(net(images), net(images.float()))


@IMAGE_NETS
def test_predictions_do_not_depend_on_the_other_images(net_class):
    net, images = net_class(3, n_channels=1).eval(), torch.randn(5, 8, 8)
    one_by_one = torch.cat([net(image[None]) for image in images])
    torch.testing.assert_close(net(images), one_by_one)


@IMAGE_NETS
def test_gradient_reaches_all_weights(net_class):
    net = net_class(3, n_channels=2)
    net(torch.randn(5, 2, 8, 8)).square().sum().backward()
    assert all(weights.grad.abs().sum() > 0 for weights in net.parameters())


@IMAGE_NETS
def test_net_of_doubles_takes_and_gives_doubles(net_class):
    net = net_class(3, n_channels=1).double()
    assert net(torch.randn(5, 8, 8, dtype=torch.float64)).dtype == torch.float64


@IMAGE_NETS
@pytest.mark.parametrize("shape", [(5, 3, 8, 8), (5, 64)])
def test_invalid_shape_is_named(net_class, shape):
    with pytest.raises(ValueError, match=rf"n_channels=1.*\({shape[0]}, {shape[1]}"):
        net_class(3, n_channels=1)(torch.zeros(shape))


@IMAGE_NETS
def test_colour_images_need_their_channel_axis(net_class):
    with pytest.raises(ValueError, match="n_channels=3"):
        net_class(3, n_channels=3)(torch.zeros(5, 8, 8))


def test_weights_of_a_convnet_fit_one_of_another_dropout():
    net, other = ConvNet(3, dropout=0.5), ConvNet(3, dropout=0.0)
    other.load_state_dict(net.state_dict())
    images = torch.randn(5, 8, 8)
    torch.testing.assert_close(net.eval()(images), other.eval()(images))


def test_each_width_of_a_convnet_is_a_convolution():
    net = ConvNet(3, n_channels=2, widths=(4, 5, 6))
    convolutions = [layer for layer in net.layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [4, 5, 6]


def test_convnet_keeps_the_coarse_position_of_an_object():
    net = ConvNet(3).eval()
    images = torch.zeros(2, 16, 16)
    images[0, 1:3, 1:3] = images[1, 13:15, 13:15] = 9.0
    assert not torch.allclose(*net(images), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [(8, 12), (7, 8)])
def test_grid_is_adaptive_max_pooling_to_four_by_four(size):
    maps = torch.rand(5, 2, *size)
    filled = nn.functional.pad(maps, (0, 0, 0, -size[0] % 4))
    pooled = ConvNet(3).layers.grid(maps)
    torch.testing.assert_close(pooled, nn.AdaptiveMaxPool2d(4)(filled))


@pytest.mark.parametrize("size", [(1, 1), (9, 17)])
def test_grid_covers_every_pixel(size):
    maps = torch.rand(5, 2, *size)
    strongest = ConvNet(3).layers.grid(maps).amax(dim=(2, 3))
    torch.testing.assert_close(strongest, maps.amax(dim=(2, 3)))


def test_a_convnet_without_a_block_is_refused():
    with pytest.raises(ValueError, match="at least one block"):
        ConvNet(3, widths=())


def weights_of_a_resnet(depth, n_classes, width=16, n_channels=3):
    """Count by hand: 3x3 convolutions, two per normalised channel, linear layer."""
    n = (depth - 2) // 6
    w1, w2, w3 = width, 2 * width, 4 * width
    into = 9 * n_channels * w1
    inside = 9 * (2 * n * w1**2 + (2 * n - 1) * (w2**2 + w3**2) + w1 * w2 + w2 * w3)
    normalised = w1 * 2 * n + w1 + w2 * (2 * n - 1) + w2 + w3 * (2 * n - 1) + w3
    return into + inside + 2 * normalised + (w3 + 1) * n_classes


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (56, 0.85)])
def test_resnet_has_as_many_weights_as_in_the_paper(depth, millions):
    assert round(n_weights(ResNet(10, depth=depth)) / 1e6, 2) == millions


@pytest.mark.parametrize(
    "size",
    [
        {"depth": 14, "n_classes": 10, "n_channels": 1},
        {"depth": 20, "n_classes": 100, "width": 5},
    ],
)
def test_weights_of_a_resnet_are_those_of_the_formula(size):
    assert n_weights(ResNet(**size)) == weights_of_a_resnet(**size)


@pytest.mark.parametrize("depth", [8, 32])
def test_depth_counts_the_layers_with_weights(depth):
    layers = ResNet(10, depth=depth).modules()
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in layers) == depth


@pytest.mark.parametrize(
    ("depth", "neighbours"),
    [(18, "14 or 20"), (2, "8 or 14")],
)
def test_invalid_depth_is_refused_with_the_valid_ones_next_to_it(depth, neighbours):
    with pytest.raises(ValueError, match=f"got {depth}. Pass {neighbours}"):
        ResNet(10, depth=depth)


def test_a_block_whose_last_convolution_is_zero_is_the_identity():
    block = ResNet(10, depth=14, width=4).blocks.stage1_block1
    nn.init.zeros_(block.conv1.weight)
    maps = torch.randn(5, 8, 6, 6)
    torch.testing.assert_close(block(maps), maps)


def test_the_shortcut_into_a_stage_skips_pixels_and_adds_zeros():
    block = ResNet(10, depth=8, width=4).blocks.stage1_block0
    nn.init.zeros_(block.conv1.weight)
    maps = torch.randn(5, 4, 7, 6)
    expected = torch.cat([maps[:, :, ::2, ::2], torch.zeros(5, 4, 4, 3)], dim=1)
    torch.testing.assert_close(block(maps), expected)


def test_the_first_shortcut_is_rectified():
    block = ResNet(10, depth=8, width=4).blocks.stage0_block0
    nn.init.zeros_(block.conv1.weight)
    assert block(torch.randn(5, 4, 6, 6)).min() == 0


def test_convolutions_of_a_resnet_are_initialised_as_he_proposed():
    weights = ResNet(10, width=64).blocks.stage2_block1.conv0.weight
    expected = (2 / (9 * 256)) ** 0.5
    assert weights.std().item() == pytest.approx(expected, rel=0.01)
