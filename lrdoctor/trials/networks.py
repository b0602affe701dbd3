"""Small networks over stacked parameters: every tensor carries the members of a grid as its first axis.

Written as batched matrix products rather than with ``torch.func.vmap``: a stacked layer is one ``baddbmm``,
about three times faster on a CPU for networks of this size (convolutions go through im2col for the same
reason).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - the name it is known by

if TYPE_CHECKING:
    from torch import Generator, Tensor

Activation = Callable[["Tensor"], "Tensor"]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Init:
    """How one parameter starts: normal with that scale, uniform in +-scale, or filled with it."""

    shape: Shape
    kind: str
    scale: float

    def draw(self, generator: Generator) -> Tensor:
        """One member's initial value."""
        match self.kind:
            case "normal":
                return torch.randn(self.shape, generator=generator) * self.scale
            case "uniform":
                return (torch.rand(self.shape, generator=generator) * 2 - 1) * self.scale
            case _:
                return torch.full(self.shape, self.scale)


@dataclass(frozen=True, slots=True)
class Net:
    """Initial parameters and ``forward(stacked parameters, x)``; x is [batch, ...] or [members, batch,
    ...]."""

    inits: list[Init]
    forward: Callable[[Sequence[Tensor], Tensor], Tensor]

    def initial(self, seed: int) -> list[Tensor]:
        """Initial parameters of one member."""
        generator = torch.Generator().manual_seed(seed)
        return [init.draw(generator) for init in self.inits]


def dense_init(fan_in: int, fan_out: int, gain: float = 1.0) -> list[Init]:
    """Weight and bias as ``torch.nn.Linear`` starts them: uniform within 1 / sqrt(fan_in)."""
    bound = gain / math.sqrt(fan_in)
    return [Init((fan_in, fan_out), "uniform", bound), Init((1, fan_out), "uniform", bound)]


def dense(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Stacked affine layer: x [batch, i] or [members, batch, ..., i] -> [members, batch, ..., o]."""
    members = weight.shape[0]
    if x.dim() == 2:
        x = x.expand(members, *x.shape)
    if x.dim() == 3:
        return torch.baddbmm(bias, x, weight)
    flat = torch.baddbmm(bias, x.reshape(members, -1, x.shape[-1]), weight)
    return flat.view(*x.shape[:-1], weight.shape[-1])


def lookup(table: Tensor, index: Tensor) -> Tensor:
    """Stacked embedding: table [members, rows, width], index [batch, ...] -> [members, batch, ..., width]."""
    rows = torch.index_select(table, 1, index.reshape(-1))
    return rows.view(table.shape[0], *index.shape, table.shape[-1])


def layer_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Layer normalisation over the last axis; scale and shift [members, 1, o]."""
    extra = x.dim() - scale.dim()
    shape = (scale.shape[0], *([1] * extra), *scale.shape[1:])
    return F.layer_norm(x, x.shape[-1:]) * scale.view(shape) + shift.view(shape)


def batch_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Batch normalisation of [members, batch, o] by the batch's own statistics (in evaluation, too)."""
    variance, mean = torch.var_mean(x, dim=1, keepdim=True, correction=0)
    return (x - mean) * torch.rsqrt(variance + 1e-5) * scale + shift


def norm_init(width: int) -> list[Init]:
    """Scale one, shift zero."""
    return [Init((1, width), "fill", 1.0), Init((1, width), "fill", 0.0)]


def mlp(
    sizes: Sequence[int], act: Activation = torch.relu, *, gain: float = 1.0, norm: str | None = None
) -> Net:
    """Multi-layer perceptron; `norm` is None, "layer" or "batch", before each hidden activation."""
    inits: list[Init] = []
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        inits += dense_init(fan_in, fan_out, gain)
        if norm and index < len(sizes) - 2:
            inits += norm_init(fan_out)
    normalise = batch_norm if norm == "batch" else layer_norm

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        p = iter(params)
        for _ in range(len(sizes) - 2):
            x = dense(x, next(p), next(p))
            x = act(normalise(x, next(p), next(p)) if norm else x)
        return dense(x, next(p), next(p))

    return Net(inits, forward)


def residual_mlp(inputs: int, width: int, blocks: int, outputs: int, *, norm: bool) -> Net:
    """x + W2 relu(W1 norm(x)), `blocks` times; with pre-LayerNorm or without any normalisation."""
    inits = dense_init(inputs, width)
    for _ in range(blocks):
        inits += (norm_init(width) if norm else []) + dense_init(width, width) + dense_init(width, width)
    inits += dense_init(width, outputs)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        p = iter(params)
        x = dense(x, next(p), next(p))
        for _ in range(blocks):
            inner = layer_norm(x, next(p), next(p)) if norm else x
            inner = torch.relu(dense(inner, next(p), next(p)))
            x = x + dense(inner, next(p), next(p))
        return dense(x, next(p), next(p))

    return Net(inits, forward)


def patches(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Im2col: [n, h, w, c] -> [n, h', w', c * kernel * kernel], no padding."""
    return x.unfold(-3, kernel, stride).unfold(-3, kernel, stride).flatten(-3)


def tiles(x: Tensor, kernel: int) -> Tensor:
    """Im2col with stride = kernel: only a change of shape, so its gradient is cheap (that of `unfold` is
    not)."""
    *lead, height, width, channels = x.shape
    rows, columns = height // kernel, width // kernel
    x = x[..., : rows * kernel, : columns * kernel, :].reshape(*lead, rows, kernel, columns, kernel, channels)
    return x.transpose(-4, -3).reshape(*lead, rows, columns, kernel * kernel * channels)


def conv_net(
    side: int, channels: Sequence[int], classes: int, *, kernels: Sequence[int], norm: bool = False
) -> Net:
    """Convolutions with relu, global mean pooling, one dense layer; x [batch, side * side * channels[0]].

    The first convolution overlaps (stride 1); the later ones have a stride as wide as their kernel.
    """
    inits: list[Init] = []
    for fan_in, fan_out, kernel in zip(channels, channels[1:], kernels, strict=False):
        inits += dense_init(kernel * kernel * fan_in, fan_out) + (norm_init(fan_out) if norm else [])
    inits += dense_init(channels[-1], classes)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        p = iter(params)
        members, batch = params[0].shape[0], x.shape[0]
        x = patches(x.view(batch, side, side, channels[0]), kernels[0], 1)  # shared by all members: once
        for depth, kernel in enumerate(kernels):
            if depth:
                x = tiles(x, kernel)
            rows, columns = x.shape[-3:-1]
            flat = x.reshape(-1, x.shape[-1]) if depth == 0 else x.reshape(members, -1, x.shape[-1])
            x = dense(flat, next(p), next(p))
            if norm:
                x = batch_norm(x, next(p), next(p))
            x = torch.relu(x).view(members, batch, rows, columns, -1)
        return dense(x.mean(dim=(2, 3)), next(p), next(p))

    return Net(inits, forward)


def rnn(inputs: int, width: int, outputs: int, *, each_step: bool) -> Net:
    """Elman network with tanh over [batch, time, inputs]; output at each step or at the last only."""
    inits = [
        *dense_init(inputs, width),
        Init((width, width), "uniform", 1 / math.sqrt(width)),
        *dense_init(width, outputs),
    ]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        w_in, b_in, w_h, w_out, b_out = params
        batch, time, _ = x.shape
        drive = dense(x.transpose(0, 1).reshape(time * batch, -1), w_in, b_in)
        drives = drive.view(-1, time, batch, width).unbind(1)
        h = torch.tanh(drives[0])
        states = [h]
        for drive_t in drives[1:]:
            h = torch.tanh(torch.baddbmm(drive_t, h, w_h))
            states.append(h)
        return dense(torch.stack(states, 2) if each_step else h, w_out, b_out)

    return Net(inits, forward)


def gru(inputs: int, width: int, outputs: int, *, each_step: bool) -> Net:
    """Gated recurrent unit (Cho et al. 2014, torch's variant) over [batch, time, inputs]."""
    bound = 1 / math.sqrt(width)
    inits = [
        Init((inputs, 3 * width), "uniform", bound),
        Init((1, 3 * width), "uniform", bound),
        Init((width, 3 * width), "uniform", bound),
        Init((1, 3 * width), "uniform", bound),
        *dense_init(width, outputs),
    ]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        w_in, b_in, w_h, b_h, w_out, b_out = params
        batch, time, _ = x.shape
        drive = dense(x.transpose(0, 1).reshape(time * batch, -1), w_in, b_in).view(
            -1, time, batch, 3 * width
        )
        h = torch.zeros(w_in.shape[0], batch, width)
        states = []
        gate_drive, new_drive = (part.unbind(1) for part in torch.split(drive, [2 * width, width], -1))
        for gate_t, new_t in zip(gate_drive, new_drive, strict=True):
            gate_inner, new_inner = torch.split(torch.baddbmm(b_h, h, w_h), [2 * width, width], -1)
            reset, keep = torch.sigmoid(gate_t + gate_inner).chunk(2, -1)
            new = torch.tanh(torch.addcmul(new_t, reset, new_inner))
            h = torch.lerp(new, h, keep)
            states.append(h)
        return dense(torch.stack(states, 2) if each_step else h, w_out, b_out)

    return Net(inits, forward)


def lstm(inputs: int, width: int, outputs: int, *, each_step: bool) -> Net:
    """Long short-term memory (Hochreiter & Schmidhuber 1997, with forget gate) over [batch, time, inputs]."""
    inits = [
        *dense_init(inputs, 4 * width),
        Init((width, 4 * width), "uniform", 1 / math.sqrt(width)),
        *dense_init(width, outputs),
    ]

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        w_in, b_in, w_h, w_out, b_out = params
        batch, time, _ = x.shape
        drive = dense(x.transpose(0, 1).reshape(time * batch, -1), w_in, b_in).view(-1, time, batch, 4 * width)
        h = cell = torch.zeros(w_in.shape[0], batch, width)
        states = []
        for drive_t in drive.unbind(1):
            gates, new = torch.split(torch.baddbmm(drive_t, h, w_h), [3 * width, width], -1)
            enter, forget, leave = torch.sigmoid(gates).chunk(3, -1)
            cell = torch.addcmul(forget * cell, enter, torch.tanh(new))
            h = leave * torch.tanh(cell)
            states.append(h)
        return dense(torch.stack(states, 2) if each_step else h, w_out, b_out)

    return Net(inits, forward)


def transformer(
    vocabulary: int, time: int, width: int, heads: int, layers: int, *, causal: bool, pre_norm: bool = True
) -> Net:
    """Transformer over token ids [batch, time] -> logits [members, batch, time, vocabulary]; learned
    positions."""
    inits = [Init((vocabulary, width), "normal", 0.5), Init((time, width), "normal", 0.1)]
    for _ in range(layers):
        inits += norm_init(width) + dense_init(width, 3 * width) + dense_init(width, width)
        inits += norm_init(width) + dense_init(width, 2 * width) + dense_init(2 * width, width)
    inits += norm_init(width) + dense_init(width, vocabulary)
    mask = torch.full((time, time), -math.inf).triu(1) if causal else torch.zeros(time, time)

    def attention(x: Tensor, w: Sequence[Tensor]) -> Tensor:
        members, batch = x.shape[:2]
        qkv = dense(x, w[0], w[1]).view(members * batch, time, 3, heads, width // heads)
        q, k, v = (part.transpose(1, 2).flatten(0, 1) for part in qkv.unbind(2))
        weights = torch.softmax(torch.baddbmm(mask, q, k.transpose(1, 2), alpha=(width // heads) ** -0.5), -1)
        mixed = torch.bmm(weights, v).view(members * batch, heads, time, -1).transpose(1, 2)
        return dense(mixed.reshape(members, batch * time, width), w[2], w[3]).view(x.shape)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        p = iter(params)
        embedding, positions = next(p), next(p)
        h = lookup(embedding, x) + positions[:, None]
        for _ in range(layers):
            g1, s1, *attend = (next(p) for _ in range(6))
            g2, s2, w1, b1, w2, b2 = (next(p) for _ in range(6))
            if pre_norm:
                h = h + attention(layer_norm(h, g1, s1), attend)
                h = h + dense(torch.relu(dense(layer_norm(h, g2, s2), w1, b1)), w2, b2)
            else:
                h = layer_norm(h + attention(h, attend), g1, s1)
                h = layer_norm(h + dense(torch.relu(dense(h, w1, b1)), w2, b2), g2, s2)
        return dense(layer_norm(h, next(p), next(p)), next(p), next(p))

    return Net(inits, forward)


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy per member; logits [members, batch, ..., classes], labels [batch, ...].

    By elementwise calls: torch's fused log-softmax is five times slower over rows of ten classes.
    """
    shifted = logits - logits.detach().amax(-1, keepdim=True)
    log_total = shifted.exp().sum(-1).log()
    index = labels.expand(logits.shape[:-1]).unsqueeze(-1)
    picked = shifted.gather(-1, index).squeeze(-1)
    if smoothing:
        picked = (1 - smoothing) * picked + smoothing * shifted.mean(-1)
    return (log_total - picked).flatten(1).mean(1)


def mean_square(output: Tensor, target: Tensor) -> Tensor:
    """Mean squared error per member; output [members, batch, ...], target [batch, ...]."""
    return (output - target).square().flatten(1).mean(1)


def share_right(logits: Tensor, labels: Tensor) -> Tensor:
    """Accuracy per member."""
    return (logits.argmax(-1) == labels).float().flatten(1).mean(1)


def binary_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean binary cross-entropy with logits per member."""
    return (F.softplus(logits) - logits * target).flatten(1).mean(1)


def huber(output: Tensor, target: Tensor) -> Tensor:
    """Mean Huber loss (delta 1) per member."""
    size = (output - target).abs()
    near = size.clamp(max=1.0)
    return (0.5 * near * near + size - near).flatten(1).mean(1)


def poisson_nll(log_rate: Tensor, counts: Tensor) -> Tensor:
    """Mean Poisson negative log-likelihood per member, without its constant."""
    return (log_rate.exp() - counts * log_rate).flatten(1).mean(1)
