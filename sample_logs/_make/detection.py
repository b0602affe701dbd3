"""A detector in miniature: one digit somewhere on a canvas, found by a grid of 3x3 cells.

Its loss has several terms, logged per epoch with the learning rate of each parameter group, as detectors do:
box, class and distribution-focal loss (anchor-free, as in YOLOv8) or box, objectness and class loss (YOLOv5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import torch
from sklearn import datasets
from torch import nn
from torch.nn import functional

from _make.loop import SCHEDULES

CANVAS, CELL, GRID, BINS, CLASSES = 24, 8, 3, 8, 10
THRESHOLDS = np.arange(0.5, 1.0, 0.05)


@dataclass(frozen=True)
class Scenes:
    """Images [n, 1, 24, 24], boxes [n, 4] as left, top, right, bottom in pixels, and classes [n]."""

    image: torch.Tensor
    box: torch.Tensor
    digit: torch.Tensor


@cache
def _shuffled() -> tuple[np.ndarray, np.ndarray]:
    images, labels = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(4).permutation(len(images))
    return images[order].reshape(-1, 1, 8, 8).astype(np.float32) / 16, labels[order]


def scenes(which: slice, seed: int) -> Scenes:
    """Put each of these digits, enlarged by up to a half, at a random place on a dim noisy canvas."""
    images, labels = (part[which] for part in _shuffled())
    random = np.random.default_rng(seed)
    canvas = 0.15 * random.random((len(images), 1, CANVAS, CANVAS), dtype=np.float32)
    size = random.integers(8, 13, (len(images), 2))
    corner = (random.random((len(images), 2)) * (CANVAS - size + 1)).astype(int)
    for width in range(8, 13):
        for height in range(8, 13):
            chosen = np.flatnonzero((size == (width, height)).all(1))
            grown = functional.interpolate(
                torch.from_numpy(images[chosen]), size=(height, width), mode="bilinear"
            )
            for index, patch in zip(chosen, grown[:, 0].numpy(), strict=True):
                left, top = corner[index]
                canvas[index, 0, top : top + height, left : left + width] += patch
    boxes = np.concatenate([corner, corner + size], 1).astype(np.float32)
    return Scenes(torch.from_numpy(canvas), torch.from_numpy(boxes), torch.from_numpy(labels))


class Detector(nn.Module):
    """Three strided convolutions and a head with `outputs` numbers per cell."""

    def __init__(self, outputs: int, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, channels in ((1, width), (width, 2 * width), (2 * width, 2 * width)):
            layers += [
                nn.Conv2d(inputs, channels, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.SiLU(),
            ]
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(2 * width, outputs, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Outputs [n, cells, outputs]."""
        return self.head(self.body(image)).flatten(2).transpose(1, 2)


def overlap(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Intersection over union of boxes, pair by pair."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).clamp(min=0).prod(1) for box in (first, second)]
    return common / (areas[0] + areas[1] - common + 1e-7)


def _own_cell(box: torch.Tensor) -> torch.Tensor:
    """Number of the cell that holds the middle of the box."""
    middle = ((box[:, :2] + box[:, 2:]) / 2 / CELL).long().clamp(max=GRID - 1)
    return middle[:, 1] * GRID + middle[:, 0]


def _centre(cell: torch.Tensor) -> torch.Tensor:
    """Middle of a cell in pixels."""
    return torch.stack([cell % GRID, cell // GRID], 1) * CELL + CELL / 2


class AnchorFree:
    """Box, class and distribution-focal loss; the box's sides are distributions over bins of two pixels."""

    parts = ("box_loss", "cls_loss", "dfl_loss")
    outputs = 4 * BINS + CLASSES
    gains = (7.5, 0.5, 1.5)

    def losses(self, output: torch.Tensor, scene: Scenes) -> tuple[torch.Tensor, ...]:
        """The three terms, weighted."""
        cell = _own_cell(scene.box)
        own = output[torch.arange(len(cell)), cell]
        logits = own[:, : 4 * BINS].reshape(-1, BINS)
        centre = _centre(cell)
        sides = torch.cat([centre - scene.box[:, :2], scene.box[:, 2:] - centre], 1).flatten() / 2
        sides = sides.clamp(0, BINS - 1.01)
        below = sides.long()
        share = sides - below
        log = functional.log_softmax(logits, 1)
        focal = -(
            log.gather(1, below[:, None])[:, 0] * (1 - share)
            + log.gather(1, below[:, None] + 1)[:, 0] * share
        )
        target = torch.zeros(len(cell), GRID * GRID, CLASSES)
        target[torch.arange(len(cell)), cell, scene.digit] = 1
        naming = functional.binary_cross_entropy_with_logits(
            output[..., 4 * BINS :], target, reduction="none"
        )
        boxes = self.boxes(own, cell)
        terms = (1 - overlap(boxes, scene.box)).mean(), naming.sum((1, 2)).mean(), focal.mean()
        return tuple(gain * term for gain, term in zip(self.gains, terms, strict=True))

    def boxes(self, own: torch.Tensor, cell: torch.Tensor) -> torch.Tensor:
        """Boxes in pixels from the outputs of one cell per image."""
        sides = 2 * (own[:, : 4 * BINS].reshape(-1, 4, BINS).softmax(2) @ torch.arange(float(BINS)))
        centre = _centre(cell)
        return torch.cat([centre - sides[:, :2], centre + sides[:, 2:]], 1)

    def scores(self, output: torch.Tensor) -> torch.Tensor:
        """Confidence [n, cells, classes]."""
        return output[..., 4 * BINS :].sigmoid()


class AnchorBased:
    """Box, objectness and class loss; the box is an offset and a size."""

    parts = ("box_loss", "obj_loss", "cls_loss")
    outputs = 5 + CLASSES
    gains = (0.5, 1.0, 0.5)

    def losses(self, output: torch.Tensor, scene: Scenes) -> tuple[torch.Tensor, ...]:
        """The three terms, weighted."""
        cell = _own_cell(scene.box)
        own = output[torch.arange(len(cell)), cell]
        present = functional.one_hot(cell, GRID * GRID).float()
        terms = (
            (1 - overlap(self.boxes(own, cell), scene.box)).mean(),
            functional.binary_cross_entropy_with_logits(output[..., 0], present),
            functional.cross_entropy(own[:, 5:], scene.digit),
        )
        return tuple(gain * term for gain, term in zip(self.gains, terms, strict=True))

    def boxes(self, own: torch.Tensor, cell: torch.Tensor) -> torch.Tensor:
        """Boxes in pixels from the outputs of one cell per image."""
        middle = _centre(cell) + CELL * own[:, 1:3].tanh()
        size = 10 * own[:, 3:5].clamp(max=2).exp()
        return torch.cat([middle - size / 2, middle + size / 2], 1)

    def scores(self, output: torch.Tensor) -> torch.Tensor:
        """Confidence [n, cells, classes]."""
        return output[..., :1].sigmoid() * output[..., 5:].softmax(2)


def average_precision(score: np.ndarray, right: np.ndarray) -> float:
    """Area under precision over recall, one detection per image."""
    right = right[np.argsort(-score, kind="stable")]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * right).sum() / len(right))


@torch.no_grad()
def measure(
    kind: AnchorFree | AnchorBased, model: Detector, scene: Scenes
) -> tuple[list[float], list[float]]:
    """Validation losses, and precision, recall, mAP at 0.5 and at 0.5 to 0.95."""
    model.eval()
    output = model(scene.image)
    losses = [term.item() for term in kind.losses(output, scene)]
    score, best = kind.scores(output).flatten(1).max(1)
    cell, digit = best // CLASSES, best % CLASSES
    iou = overlap(kind.boxes(output[torch.arange(len(cell)), cell], cell), scene.box).numpy()
    same = (digit == scene.digit).numpy()
    found, sure = same & (iou > 0.5), score.numpy() > 0.25
    precision, recall = found[sure].mean() if sure.any() else 0.0, (found & sure).mean()
    maps = [average_precision(score.numpy(), same & (iou > threshold)) for threshold in THRESHOLDS]
    model.train()
    return losses, [float(precision), float(recall), maps[0], float(np.mean(maps))]


@dataclass
class Detection:
    """What a training of the detector logged: one row per epoch."""

    epochs: list[tuple[list[float], list[float], list[float], list[float]]] = field(default_factory=list)
    """Training losses, metrics, validation losses, learning rates."""
    final: float = np.inf
    final_val: float = np.inf
    best_val: float = np.inf


def train(
    kind: AnchorFree | AnchorBased,
    *,
    lr: float,
    epochs: int,
    schedule: str = "linear",
    train_size: int = 1437,
    batch_size: int = 32,
    momentum: float = 0.9,
    weight_decay: float = 5e-4,
    warmup_epochs: int = 3,
    augment: bool = True,
) -> Detection:
    """Train with SGD in three parameter groups, warm-up per iteration, `schedule` per epoch.

    With `augment` the digits lie elsewhere in every epoch.
    """
    torch.manual_seed(0)
    part, rest = scenes(slice(train_size), 0), scenes(slice(1437, None), 1)
    model = Detector(kind.outputs)
    norms = [p for m in model.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()]
    weights = [m.weight for m in model.modules() if isinstance(m, nn.Conv2d)]
    groups = [
        {"params": weights, "weight_decay": weight_decay},
        {"params": norms},
        {"params": [model.head.bias]},
    ]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=True)
    batches = train_size // batch_size
    result = Detection()
    for epoch in range(epochs):
        if augment:
            part = scenes(slice(train_size), 2 + epoch)
        order = torch.randperm(train_size)
        seen = torch.zeros(3)
        for batch in range(batches):
            done = epoch + batch / batches
            ramp = min(done / warmup_epochs, 1.0) if warmup_epochs else 1.0
            for group in optimizer.param_groups:
                group["lr"] = lr * SCHEDULES[schedule](epoch / epochs) * ramp
            pick = order[batch * batch_size :][:batch_size]
            scene = Scenes(part.image[pick], part.box[pick], part.digit[pick])
            terms = kind.losses(model(scene.image), scene)
            optimizer.zero_grad()
            sum(terms).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimizer.step()
            seen += torch.tensor([term.item() for term in terms])
        losses, metrics = measure(kind, model, rest)
        rates = [group["lr"] for group in optimizer.param_groups]
        result.epochs.append(((seen / batches).tolist(), metrics, losses, rates))
        result.best_val = min(result.best_val, sum(losses))
    result.final = sum(measure(kind, model, part)[0])
    result.final_val = sum(result.epochs[-1][2])
    return result
