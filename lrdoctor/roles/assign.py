"""From tags to roles: what each tag says, what the run around it says, and in doubt what the values say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from lrdoctor.records import Role
from lrdoctor.roles.context import settle_game, settle_reinforcement
from lrdoctor.roles.family import LOSS_ROLES, SPLIT_NAMES, Draft, loss_role, settle_losses
from lrdoctor.roles.overrides import BY_USER, RoleOverrides
from lrdoctor.roles.reading import read_tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.records import Run

_SIMPLE = {
    "loss_scale": (Role.LOSS_SCALE, "the scale of the loss in mixed precision"),
    "epoch": (Role.EPOCH, "counts epochs"),
    "other": (Role.OTHER, "a quantity that is no sign of how well training goes"),
    "quantity": (Role.OTHER, "a quantity that is no sign of how well training goes"),
    "preference": (Role.OTHER, "the implicit reward of a preference loss"),
}


def assign_roles(run: Run, overrides: Mapping[str, str] | RoleOverrides | None = None) -> Run:
    """Give every curve of a run its role, and the reason.

    Roles that the reader has set stay, unless the user overrides them. The result depends on the tags, their
    order and (where names are ambiguous) the values, and on nothing else.

    Parameters
    ----------
    run
        As read.
    overrides
        Role by tag or by pattern; the tag itself beats a pattern. With several runs pass one `RoleOverrides`
        to every call: what matches none of them is found by its `check`. In a plain mapping everything has to
        match a curve of this run.

    Returns
    -------
    The same run; each of its series has a `role` and a `role_reason`.

    Raises
    ------
    ConfigError
        An override names an unknown role or a tag that is not there; close matches are named.
    """
    shared = isinstance(overrides, RoleOverrides)
    rules = overrides if isinstance(overrides, RoleOverrides) else RoleOverrides(overrides or {})
    given = rules.resolve(run.series)
    if not shared:
        rules.check()
    drafts = []
    for tag, series in run.series.items():
        draft = Draft(series, read_tag(tag))
        if tag in given:
            role, pattern = given[tag]
            draft.role, draft.reason, draft.fixed = role, f"{BY_USER}: {pattern}={role.value}", True
            draft.by_user = True
        elif series.role is not None:
            draft.role, draft.reason, draft.fixed = (
                series.role,
                series.role_reason or "set by the reader",
                True,
            )
        drafts.append(draft)
    _settle(drafts)
    series_by_tag = {
        draft.tag: draft.series.with_role(
            draft.role or Role.OTHER, draft.reason or "its name is not in the vocabulary"
        )
        for draft in drafts
    }
    return replace(run, series=series_by_tag)


def _settle(drafts: Sequence[Draft]) -> None:
    """All rules, in the order of their authority."""
    for draft in drafts:
        kind = draft.reading.kind
        if kind in _SIMPLE:
            draft.settle(*_SIMPLE[kind])
        elif kind == "lr":
            _settle_rate(draft)
    _settle_norms(drafts)
    reinforcement = settle_reinforcement(drafts)
    if not reinforcement:
        settle_game(drafts)
    _settle_objectives(drafts)
    settle_losses(drafts)
    _stand_in(drafts, reinforcement)
    _settle_measures(drafts)
    if not reinforcement:
        _guess(drafts)


def _settle_rate(draft: Draft) -> None:
    from lrdoctor.roles.behaviour import LARGEST_RATE, could_be_a_rate

    reading = draft.reading
    if reading.exact or could_be_a_rate(draft.series):
        more = ", as configured" if "configured" in reading.marks else ""
        draft.settle(Role.LR, f"{reading.word!r} is a learning rate{more}")
    else:
        draft.settle(
            Role.OTHER, f"named {reading.word!r}, but its values are not between 0 and {LARGEST_RATE:g}"
        )


def _settle_norms(drafts: Sequence[Draft]) -> None:
    """The norm of the whole gradient; those of single layers are set aside beside it, or where many."""
    norms = [d for d in drafts if d.reading.kind == "grad_norm" and d.role is None]
    whole = [d for d in norms if _is_whole_norm(d)]
    for draft in norms:
        if draft in whole or (not whole and len(norms) <= 2):
            draft.settle(Role.GRAD_NORM, f"{draft.reading.word!r} is the norm of the gradient")
        else:
            draft.settle(Role.OTHER, "the norm of one layer's gradient, or an extreme of it")


def _is_whole_norm(draft: Draft) -> bool:
    """The norm over all parameters, or all of one player of a game; not of a layer, nor an extreme."""
    named = {word for word in draft.reading.qualifiers if not word.isdigit()}
    return (not named or bool(draft.reading.player)) and not draft.reading.marks & {"extreme", "best"}


def _settle_objectives(drafts: Sequence[Draft]) -> None:
    """Keep what is maximised out of the losses; the values decide where the name leaves the sign open.

    A log-likelihood or an ELBO below zero is maximised as its name says. One that is positive and falls is
    the negative of it, a loss. A curve called "objective" is a loss unless it rises.
    """
    from lrdoctor.roles.behaviour import direction, positive

    for draft in drafts:
        kind, word = draft.reading.kind, draft.reading.word
        if kind not in {"objective", "either"} or draft.role is not None:
            continue
        where = direction(draft.series)
        if kind == "objective" and not (where == "falls" and positive(draft.series)):
            draft.settle(Role.OBJECTIVE, f"{word!r} is maximised")
        elif kind == "either" and where == "rises":
            draft.settle(Role.OBJECTIVE, f"{word!r} rises: maximised")
        else:
            seen = (
                "positive and falling: its negative, a loss"
                if kind == "objective"
                else "minimised, as most are"
            )
            draft.reading = draft.reading._replace(kind="loss", marks=draft.reading.marks | {"main"})
            if kind == "objective":
                draft.reading = draft.reading._replace(word=f"{word} ({seen})")


def _stand_in(drafts: Sequence[Draft], reinforcement: bool) -> None:
    """Where no loss is logged, take the measure nearest to one: cross-entropy, MSE, MAE, perplexity, error.

    Training first. A validation measure stands in only for the same quantity as training's, or where the run
    has no training curve at all: a gap between different quantities means nothing.
    """
    roles = {d.role for d in drafts}
    if reinforcement or roles & {
        Role.TRAIN_LOSS,
        Role.TRAIN_LOSS_PART,
        Role.ADVERSARIAL_LOSS,
        Role.OBJECTIVE,
    }:
        return
    validated = Role.VAL_LOSS in roles or Role.VAL_LOSS_PART in roles
    open_ones = [d for d in drafts if d.role is None and d.reading.kind == "error" and d.reading.stands_in]
    open_ones = [d for d in open_ones if not d.reading.marks & {"best", "extreme"}]
    train = [d for d in open_ones if d.split == "train" and not (validated and d.reading.stands_in >= 5)]
    if not train and validated:
        return
    pool = train or open_ones
    if not pool:
        return
    first = min(pool, key=lambda d: (d.reading.stands_in, len(d.base), -len(d.series), d.reading.order))
    for draft in open_ones:
        if (draft.reading.word, draft.base) != (first.reading.word, first.base):
            continue
        if draft.split == "train" or not validated:
            reason = f"no loss is logged; {draft.reading.word!r} ({SPLIT_NAMES[draft.split]}) comes nearest"
            draft.settle(loss_role(draft.split), reason)


def _settle_measures(drafts: Sequence[Draft]) -> None:
    """Scores that rise and errors that fall, on the split that they were measured on."""
    measures = [d for d in drafts if d.role is None and d.reading.kind in {"metric", "error", "score"}]
    if not measures:
        return
    sides = _Sides(drafts)
    for draft in measures:
        if draft.reading.marks & {"best", "extreme"}:
            draft.settle(Role.OTHER, f"the best or an extreme of {draft.reading.word!r}")
            continue
        rises = draft.reading.kind != "error"
        split, why = sides.of(draft)
        on_train = split == "train"
        role = (
            (Role.TRAIN_METRIC if on_train else Role.VAL_METRIC)
            if rises
            else (Role.TRAIN_ERROR if on_train else Role.VAL_ERROR)
        )
        draft.settle(role, f"{draft.reading.word!r} should {'rise' if rises else 'fall'}; {why}")


class _Sides:
    """Tells on which split a measure was taken whose name does not say."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        named = [d for d in drafts if d.reading.split and d.reading.kind not in {"other", "quantity", "lr"}]
        self._validation = [d for d in named if d.reading.split != "train"]
        self._train_named = any(d.reading.split == "train" for d in named)
        self._twins = Counter((d.reading.word, d.base) for d in self._validation)
        losses = [d for d in drafts if d.role in {Role.TRAIN_LOSS, Role.TRAIN_LOSS_PART}]
        self._train = max(losses, key=lambda d: len(d.series), default=None)

    def of(self, draft: Draft) -> tuple[str, str]:
        """The split, and how it is known."""
        import numpy as np

        reading, train = draft.reading, self._train
        if reading.split:
            return reading.split, f"{reading.split_word!r} says {SPLIT_NAMES[reading.split]}"
        if self._twins[(reading.word, draft.base)]:
            return "train", "its validation twin is logged as well: training"
        if self._train_named and self._validation:
            return "val", "training curves of this log say so: validation"
        if train is None and self._validation:
            return "val", "no training loss is logged, and other curves say validation: validation"
        if train is not None and train.series is not draft.series:
            same = np.array_equal(train.series.step, draft.series.step)
            if not same and any(np.array_equal(d.series.step, draft.series.step) for d in self._validation):
                return "val", "logged at the steps of the validation: validation"
            if not self._validation and 2 * len(draft.series) <= len(train.series):
                return "val", "logged more rarely than the training loss: validation"
            if not self._validation and np.isin(draft.series.step, train.series.step).mean() < 0.2:
                return "val", "hardly ever logged together with the training loss: validation"
        return "train", "no split named: training"


def _guess(drafts: Sequence[Draft]) -> None:
    """Last resort, for a run without any loss: curves named by their split alone, or one of unknown name.

    The curve has to behave like a loss (positive and falling, `behaviour.behaves_like_a_loss`).
    """
    from lrdoctor.roles.behaviour import behaves_like_a_loss, behaves_like_a_score

    decided = {d.role for d in drafts} - {
        None,
        Role.OTHER,
        Role.LR,
        Role.EPOCH,
        Role.GRAD_NORM,
        Role.LOSS_SCALE,
    }
    unknown = [d for d in drafts if d.role is None and d.reading.kind == "unknown"]
    if decided & (LOSS_ROLES | {Role.ADVERSARIAL_LOSS, Role.OBJECTIVE, Role.REWARD}):
        return
    bare = [d for d in unknown if d.reading.split and not d.reading.qualifiers]
    if bare and behaves_like_a_loss(next((d for d in bare if d.split == "train"), bare[0]).series):
        for draft in bare:
            draft.settle(loss_role(draft.split), "guess: named by its split alone, and falling like a loss")
        return
    for draft in bare:
        if behaves_like_a_score(draft.series):
            role = Role.TRAIN_METRIC if draft.split == "train" else Role.VAL_METRIC
            draft.settle(role, "guess: named by its split alone, and rising like a score")
    if len(unknown) == 1 and not bare and not decided and behaves_like_a_loss(unknown[0].series):
        draft = unknown[0]
        draft.settle(
            loss_role(draft.split), "guess: the only curve of unknown name, and it is positive and falls"
        )
