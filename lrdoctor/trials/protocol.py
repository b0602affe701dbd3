"""Which grids are trained, in which order: breadth of families first, then the counterfactuals, then
repeats."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.trials.grid import Grid
from lrdoctor.trials.tasks import Task, all_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

STEPS = {"long": 40_000, "cheap": 10_000, "medium": 4_000, "dear": 2_000}
TWIN_STEPS = 1_778
"""Budget of the runs with a schedule or clipping: one at which constant-rate runs were measured as well."""

MEMBERS, PER_DECADE = 29, 4
_LOWEST = {
    "sgd": -5.0,
    "momentum": -5.5,
    "nesterov": -5.5,
    "adam": -6.0,
    "adamw": -6.0,
    "rmsprop": -6.0,
    "adagrad": -5.0,
}
_FOLLOWS_SCALE = ("sgd", "momentum", "nesterov")
_MAIN, _EXTRA = ("sgd", "adam", "momentum"), ("adamw", "nesterov", "rmsprop", "adagrad")
_IN_TURN = (
    "sgd", "adam", "momentum", "sgd", "adamw", "momentum", "adam", "nesterov", "sgd", "rmsprop", "adam", "adagrad",
)  # fmt: skip
"""Optimizers of the drawn tasks."""
_TWINS = (
    "digits_relu",
    "friedman1",
    "residual_plain",
    "rnn_adding",
    "autoencoder_denoising",
    "factorisation_ratings",
    "quadratic_noisy",
    "deep_linear_8_regression",
    "noisy_labels",
    "digits_layer_norm",
    "conv_bars",
    "bigram_embedding",
    "softmax_digits",
    "vae_blobs",
    "gaussian_likelihood",
    "digits_deep_tanh",
    "teacher_regression",
    "coordinates_sine",
    "imbalanced",
    "rnn_chars",
    "skewed_features",
    "contrastive_pairs",
    "transformer_chars",
)
_SEEDED = (
    "digits_relu",
    "friedman1",
    "teacher_labels",
    "autoencoder_denoising",
    "factorisation_ratings",
    "rnn_adding",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One grid to train."""

    task: Task
    optimizer: str
    steps: int
    schedule: str = "constant"
    clip_norm: float | None = None
    seed: int = 0

    @property
    def name(self) -> str:
        """Name of the file, without its suffix."""
        parts = [self.task.name, self.optimizer]
        if self.schedule != "constant":
            parts.append(self.schedule)
        if self.clip_norm is not None:
            parts.append(f"clip{self.clip_norm:g}")
        if self.seed:
            parts.append(f"seed{self.seed}")
        return "__".join(parts)

    @property
    def plain(self) -> bool:
        """Constant rate, no clipping: every prefix is a trial of its own."""
        return self.schedule == "constant" and self.clip_norm is None

    @property
    def lr(self) -> NDArray[np.float64]:
        """29 rates over seven decades; the lattice differs by task and optimizer, and is shared by twins
        and seeds."""
        low = _LOWEST[self.optimizer] + (self.task.shift if self.optimizer in _FOLLOWS_SCALE else 0.0)
        digest = hashlib.sha256(f"{self.task.name}/{self.optimizer}".encode()).digest()
        offset = digest[0] / 256 / PER_DECADE
        return 10.0 ** (low + offset + np.arange(MEMBERS) / PER_DECADE)

    def run(self, tick: Callable[[int], None] | None = None) -> Grid:
        """Train it."""
        from lrdoctor.trials.training import train_grid

        problem = self.task.build(self.seed)
        lr = self.lr
        recorded = train_grid(
            problem,
            optimizer=self.optimizer,
            lr=lr,
            steps=self.steps,
            seed=1_000 + self.seed,
            schedule=self.schedule,
            clip_norm=self.clip_norm,
            dense=300 if self.plain else 150,
            tick=tick,
        )
        return Grid(
            name=self.name,
            task=self.task.name,
            family=self.task.family,
            optimizer=self.optimizer,
            schedule=self.schedule,
            clip_norm=self.clip_norm,
            batch_size=problem.batch_size,
            steps=self.steps,
            steps_per_epoch=problem.steps_per_epoch,
            loss_kind=problem.loss_kind,
            seed=self.seed,
            lr=lr,
            **recorded,  # type: ignore[arg-type]
        )


def all_trials() -> list[Trial]:
    """Every grid of the table, most informative first."""
    everything = all_tasks()
    drawn = [task for task in everything.values() if task.cost == "drawn"]
    long = [task for task in everything.values() if task.steps is not None and task.cost not in ("drawn", "lasting")]
    lasting = [task for task in everything.values() if task.cost == "lasting"]
    tasks = list(_interleaved({name: task for name, task in everything.items() if task.steps is None}))
    endurance = [_main(task, index + turn) for turn in range(len(_MAIN)) for index, task in enumerate(long)]
    passes = [
        [_main(task, index + turn, short=turn > 0) for index, task in enumerate(tasks)]
        for turn in range(len(_MAIN))
    ]
    twins = list(_twins([everything[name] for name in _TWINS]))
    extra = [
        Trial(task=t, optimizer=_EXTRA[i % len(_EXTRA)], steps=_steps(t, short=True))
        for i, t in enumerate([*tasks, *long])
    ]
    seeds = [
        Trial(
            task=everything[name],
            optimizer=optimizer,
            steps=min(_steps(everything[name], short=True), 10_000),
            seed=seed,
        )
        for seed in (1, 2)
        for name in _SEEDED
        for optimizer in ("sgd", "adam")
    ]
    plain = {trial.name: trial for trials in passes for trial in trials}
    paired = [trial for twin in twins for trial in (plain[f"{twin.task.name}__{twin.optimizer}"], twin)]
    breadth = [*passes[1][:20], *paired[:96], *_mixed(passes[1][20:], extra, 1), *passes[2], *twins]
    first = {trial.name for trial in passes[0]}
    rest = [trial for trial in _unique(breadth) if trial.name not in first]
    diverse = [
        Trial(task=task, optimizer=_IN_TURN[int(task.name.rpartition("_")[2]) % len(_IN_TURN)], steps=_steps(task))
        for task in drawn
    ]
    large = [_main(task, number) for number, task in enumerate(lasting)]
    return [*passes[0], *_mixed(rest, endurance, 12), *seeds, *diverse, *large]


def _unique(trials: list[Trial]) -> list[Trial]:
    """The same order, each name once."""
    return list({trial.name: trial for trial in trials}.values())


def _mixed(many: list[Trial], few: list[Trial], ratio: int) -> Iterator[Trial]:
    """One of the few after each `ratio` of the many."""
    rest = iter(few)
    for index, trial in enumerate(many):
        yield trial
        if index % ratio == ratio - 1:
            yield from islice(rest, 1)
    yield from rest


def _steps(task: Task, *, short: bool = False) -> int:
    """Budget of a task; each is trained in full with one optimizer and half as long with the others."""
    if task.steps is not None:
        return task.steps
    return max(STEPS[task.cost] // (2 if short else 1), STEPS["dear"])


def _main(task: Task, turn: int, *, short: bool = False) -> Trial:
    return Trial(task=task, optimizer=_MAIN[turn % len(_MAIN)], steps=_steps(task, short=short))


def _interleaved(tasks: dict[str, Task]) -> Iterator[Task]:
    """One task of each family, then a second of each, ...: cheap ones of a family first."""
    families: dict[str, list[Task]] = {}
    for task in sorted(tasks.values(), key=lambda t: (list(STEPS).index(t.cost) != 1, t.name)):
        families.setdefault(task.family, []).append(task)
    for rank in range(max(map(len, families.values()))):
        for members in families.values():
            if rank < len(members):
                yield members[rank]


def _twins(tasks: list[Task]) -> Iterator[Trial]:
    """The same training with warm-up, with decay, with clipping: what it would have done for each rate."""
    treatments: tuple[tuple[str, float | None], ...] = (
        ("cosine", None),
        ("warmup_cosine", None),
        ("constant", 1.0),
        ("warmup", None),
        ("one_cycle", None),
        ("step", None),
    )
    for block in (treatments[:3], treatments[3:]):
        for index, task in enumerate(tasks):
            for optimizer in ("adam", ("sgd", "momentum")[index % 2]):
                for schedule, clip in block:
                    if schedule in ("one_cycle", "step") and (index + (optimizer == "adam")) % 2:
                        continue
                    yield Trial(
                        task=task, optimizer=optimizer, steps=TWIN_STEPS, schedule=schedule, clip_norm=clip
                    )
