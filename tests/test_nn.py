"""Networks: shapes for every data set, gradients everywhere, and what the size settings do."""

from __future__ import annotations

import pytest
import torch

from playground.diffusion.networks import Mixer, ResidualMLP, ScalarEmbedding, UNet
from playground.vae.networks import conv_decoder, conv_encoder, mlp, mlp_decoder, mlp_encoder

SHAPES = pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (1, 32, 32), (3, 16, 16)], ids=str)


@SHAPES
@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize(("encoder", "decoder"), [(mlp_encoder, mlp_decoder), (conv_encoder, conv_decoder)])
def test_encoder_and_decoder_fit_together(encoder, decoder, shape, depth) -> None:
    x = torch.rand(3, *shape)
    down, up = encoder(shape, 32, depth, 5), decoder(shape, 32, depth, 5)
    z = down(x)
    assert z.shape == (3, 5) and up(z).shape == x.shape
    up(z).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for net in (down, up) for p in net.parameters())


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (ResidualMLP, (2,)),
        (ResidualMLP, (1, 8, 8)),
        (Mixer, (1, 8, 8)),
        (Mixer, (1, 28, 28)),
        (Mixer, (3, 64, 64)),
        (UNet, (1, 8, 8)),
        (UNet, (1, 28, 28)),
        (UNet, (3, 32, 32)),
    ],
)
def test_denoising_networks_keep_the_shape_and_start_at_zero(net, shape) -> None:
    network = net(shape, 32, 2)
    x = torch.randn(4, *shape)
    y = network(x, torch.randn(4))
    assert y.shape == x.shape and y.abs().max() == 0.0


@pytest.mark.parametrize(("net", "shape"), [(ResidualMLP, (2,)), (Mixer, (1, 8, 8)), (UNet, (1, 8, 8))])
def test_denoising_networks_look_at_the_data_and_at_the_time(net, shape) -> None:
    torch.manual_seed(0)
    network = net(shape, 32, 2)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x, time = torch.randn(4, *shape, requires_grad=True), torch.randn(4, requires_grad=True)
    network(x, time).square().sum().backward()
    assert (x.grad.flatten(1).abs().sum(1) > 0).all() and (time.grad.abs() > 0).all()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize(("net", "shape"), [(ResidualMLP, (2,)), (Mixer, (1, 8, 8)), (UNet, (1, 8, 8))])
def test_examples_do_not_mix(net, shape) -> None:
    torch.manual_seed(0)
    network = net(shape, 16, 1).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    x, time = torch.randn(6, *shape), torch.randn(6)
    torch.testing.assert_close(network(x, time)[2:3], network(x[2:3], time[2:3]), rtol=1e-4, atol=1e-5)


BUILDERS = {
    "mlp": lambda width, depth: mlp_encoder((1, 8, 8), width, depth, 2),
    "conv": lambda width, depth: conv_encoder((1, 8, 8), width, depth, 2),
    "residual": lambda width, depth: ResidualMLP((2,), width, depth),
    "mixer": lambda width, depth: Mixer((1, 8, 8), width, depth),
    "unet": lambda width, depth: UNet((1, 8, 8), width, depth),
}


@pytest.mark.parametrize("net", [Mixer, UNet])
def test_a_network_may_see_more_than_it_says(net) -> None:
    assert net((3, 16, 16), 32, 1, n_seen=6)(torch.randn(2, 6, 16, 16), torch.randn(2)).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
def test_width_makes_it_bigger_and_depth_deeper(build) -> None:
    def numbers(net: torch.nn.Module) -> int:
        return sum(p.numel() for p in net.parameters())

    assert numbers(build(64, 2)) < numbers(build(128, 2))
    assert len(list(build(128, 2).parameters())) < len(list(build(128, 3).parameters()))


def test_embedding_tells_times_apart() -> None:
    torch.manual_seed(0)
    embedded = ScalarEmbedding(32)(torch.linspace(-12, 12, 200))
    assert embedded.shape == (200, 32)
    assert (torch.pdist(embedded) > 1e-4).all()


def test_mlp_ends_in_a_linear_layer() -> None:
    layers = mlp([3, 4, 2])
    assert [type(layer).__name__ for layer in layers] == ["Linear", "SiLU", "Linear"]
