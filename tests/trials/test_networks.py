"""Stacked networks against torch's own layers, member by member."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from lrdoctor.trials import networks as net  # noqa: E402

MEMBERS = 3


def stacked(network, seed=0):
    """Different parameters for each member."""
    draws = [network.initial(seed + i) for i in range(MEMBERS)]
    return [torch.stack(parts) for parts in zip(*draws, strict=True)]


def test_mlp():
    network = net.mlp([5, 7, 3], torch.tanh)
    params, x = stacked(network), torch.randn(4, 5)
    out = network.forward(params, x)
    for m in range(MEMBERS):
        w1, b1, w2, b2 = (p[m] for p in params)
        torch.testing.assert_close(out[m], torch.tanh(x @ w1 + b1) @ w2 + b2)


def test_convolution_is_conv2d():
    network = net.conv_net(8, [1, 4, 6], 10, kernels=[3, 3])
    params, x = stacked(network), torch.randn(5, 64)
    out = network.forward(params, x)
    for m in range(MEMBERS):
        w1, b1, w2, b2, w3, b3 = (p[m] for p in params)
        h = torch.relu(torch.conv2d(x.view(5, 1, 8, 8), w1.T.reshape(4, 1, 3, 3), b1[0]))
        kernel = w2.reshape(3, 3, 4, 6).permute(3, 2, 0, 1)
        h = torch.relu(torch.conv2d(h, kernel, b2[0], stride=3)).mean((2, 3))
        torch.testing.assert_close(out[m], h @ w3 + b3)


@pytest.mark.parametrize("each_step", [False, True])
def test_rnn_is_torch_rnn(each_step):
    network = net.rnn(2, 6, 4, each_step=each_step)
    params, x = stacked(network), torch.randn(5, 7, 2)
    out = network.forward(params, x)
    for m in range(MEMBERS):
        w_in, b_in, w_h, w_out, b_out = (p[m] for p in params)
        reference = torch.nn.RNN(2, 6, batch_first=True)
        with torch.no_grad():
            reference.weight_ih_l0.copy_(w_in.T)
            reference.bias_ih_l0.copy_(b_in[0])
            reference.weight_hh_l0.copy_(w_h.T)
            reference.bias_hh_l0.zero_()
        states = reference(x)[0]
        torch.testing.assert_close(out[m], (states if each_step else states[:, -1]) @ w_out + b_out)


def test_gru_is_torch_gru():
    network = net.gru(2, 6, 4, each_step=True)
    params, x = stacked(network), torch.randn(5, 7, 2)
    out = network.forward(params, x)
    for m in range(MEMBERS):
        w_in, b_in, w_h, b_h, w_out, b_out = (p[m] for p in params)
        reference = torch.nn.GRU(2, 6, batch_first=True)
        with torch.no_grad():
            reference.weight_ih_l0.copy_(w_in.T)
            reference.bias_ih_l0.copy_(b_in[0])
            reference.weight_hh_l0.copy_(w_h.T)
            reference.bias_hh_l0.copy_(b_h[0])
        torch.testing.assert_close(out[m], reference(x)[0] @ w_out + b_out)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_causal_transformer_does_not_look_ahead(pre_norm):
    network = net.transformer(9, 6, 8, 2, 2, causal=True, pre_norm=pre_norm)
    params, x = stacked(network), torch.randint(0, 9, (4, 6))
    changed = x.clone()
    changed[:, 4] = (changed[:, 4] + 1) % 9
    before, after = network.forward(params, x), network.forward(params, changed)
    torch.testing.assert_close(before[:, :, :4], after[:, :, :4])
    assert not torch.allclose(before[:, :, 4:], after[:, :, 4:])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_is_that_of_torch(smoothing):
    logits, labels = torch.randn(MEMBERS, 6, 5) * 30, torch.randint(0, 5, (6,))
    expected = [torch.nn.functional.cross_entropy(m, labels, label_smoothing=smoothing) for m in logits]
    torch.testing.assert_close(net.cross_entropy(logits, labels, smoothing), torch.stack(expected))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (net.mean_square, torch.nn.functional.mse_loss),
        (net.huber, torch.nn.functional.huber_loss),
        (net.binary_cross_entropy, torch.nn.functional.binary_cross_entropy_with_logits),
        (net.poisson_nll, torch.nn.functional.poisson_nll_loss),
    ],
)
def test_losses_are_those_of_torch(ours, theirs):
    output, target = torch.randn(MEMBERS, 6, 2) * 2, torch.randint(0, 2, (6, 2)).float()
    torch.testing.assert_close(ours(output, target), torch.stack([theirs(m, target) for m in output]))


def test_members_do_not_leak_into_one_another():
    network = net.mlp([5, 7, 3], norm="batch")
    params, x = stacked(network), torch.randn(8, 5)
    before = network.forward(params, x)
    poisoned = [p.clone() for p in params]
    for p in poisoned:
        p[1] = torch.nan
    after = network.forward(poisoned, x)
    torch.testing.assert_close(before[[0, 2]], after[[0, 2]])
    assert after[1].isnan().all()
