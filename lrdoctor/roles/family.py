"""Which of the losses that a run logs is the loss, and which are terms of it, or summaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lrdoctor.records import Series
    from lrdoctor.roles.reading import Reading

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test", "": "training"}
LOSS_ROLES = frozenset({Role.TRAIN_LOSS, Role.VAL_LOSS, Role.TRAIN_LOSS_PART, Role.VAL_LOSS_PART})


@dataclass(slots=True)
class Draft:
    """A curve on its way to its role.

    Parameters
    ----------
    series, reading
        The curve, and what its tag says.
    role, reason
        Known from the reader or the user (then `fixed`), or found here.
    by_user
        Fixed by the user: nothing overrules it.
    """

    series: Series
    reading: Reading
    role: Role | None = None
    reason: str = ""
    fixed: bool = False
    by_user: bool = False

    @property
    def tag(self) -> str:
        return self.series.tag

    @property
    def split(self) -> str:
        """ "train", "val" or "test"; what names no split is training."""
        return self.reading.split or "train"

    @property
    def base(self) -> tuple[str, ...]:
        """What is measured, whatever the split and the density."""
        term = (self.reading.word,) if self.reading.kind == "term" or self.reading.sign else ()
        return (*term, *self.reading.qualifiers, *self.reading.scope)

    @property
    def is_total(self) -> bool:
        """No term of a loss, as far as its name goes."""
        reading = self.reading
        return reading.kind == "loss" and not reading.sign and (not reading.qualifiers or _only_sets(reading))

    def settle(self, role: Role, reason: str) -> None:
        """Take a role, unless one is fixed."""
        if not self.fixed:
            self.role, self.reason = role, reason


def _only_sets(reading: Reading) -> bool:
    return "set" in reading.marks and len(reading.qualifiers) == 1


def loss_role(split: str, *, part: bool = False) -> Role:
    """The role of a loss on a split."""
    if split == "train":
        return Role.TRAIN_LOSS_PART if part else Role.TRAIN_LOSS
    return Role.VAL_LOSS_PART if part else Role.VAL_LOSS


def explain(draft: Draft) -> str:
    """How the name was understood."""
    reading = draft.reading
    said = (
        f"{reading.split_word!r} says {SPLIT_NAMES[reading.split]}"
        if reading.split
        else "no split named: training"
    )
    return f"{reading.word!r} is a loss, {said}"


def settle_losses(drafts: Sequence[Draft]) -> None:
    """Give every loss and every term of one its role, split by split.

    Parameters
    ----------
    drafts
        All curves of the run; those of another kind are left alone. Curves of a game or of reinforcement
        learning have been settled before.
    """
    trained = {d.base for d in drafts if d.split == "train" and d.reading.kind in {"loss", "term"}}
    for split in ("train", "val", "test"):
        members = [
            d for d in drafts if d.split == split and d.role is None and d.reading.kind in {"loss", "term"}
        ]
        roles = {loss_role(split), loss_role(split, part=True)}
        known = [d for d in drafts if d.fixed and d.split == split and d.role in roles]
        curves = known if split == "train" else [d for d in drafts if d.role is Role.VAL_LOSS]
        members = _set_aside(members, curves)
        if members:
            elsewhere = any(d.reading.kind == "loss" and d.split != split for d in drafts)
            known += [
                d
                for d in drafts
                if d.split == split and d.role is Role.OBJECTIVE and "main" in d.reading.marks
            ]
            _settle_family(split, members, known, trained, elsewhere)


def _set_aside(members: list[Draft], known: Sequence[Draft]) -> list[Draft]:
    """Take out extremes, twins against another axis, and summaries logged once, while something is left."""
    longest = max((len(d.series) for d in [*members, *known]), default=0)
    plain = {(d.base, d.reading.marks - {"against"}) for d in members if "against" not in d.reading.marks}
    aside = []
    for draft in members:
        marks = draft.reading.marks
        if marks & {"best", "extreme"}:
            aside.append((draft, Role.OTHER, "the best or an extreme of a loss, not the loss itself"))
        elif "against" in marks and (draft.base, marks - {"against"}) in plain:
            aside.append((draft, Role.OTHER, "the same curve drawn against another axis"))
        elif len(draft.series) == 1 and longest >= 3:
            aside.append((draft, Role.AVERAGE, "logged once, beside a curve: a summary of the run"))
    if len(aside) == len(members) and not known:
        aside = [(d, role, why) for d, role, why in aside if "best" in d.reading.marks]
    for draft, role, why in aside:
        draft.settle(role, why)
    return [d for d in members if d.role is None]


def _settle_family(
    split: str,
    members: Sequence[Draft],
    known: Sequence[Draft],
    trained: set[tuple[str, ...]],
    elsewhere: bool,
) -> None:
    """Tell the loss from its terms."""
    role, part = loss_role(split), loss_role(split, part=True)
    totals = [d for d in members if d.is_total]
    rest = [d for d in members if not d.is_total]
    fixed = [d for d in known if d.role in {role, Role.OBJECTIVE}]
    for draft in totals:
        draft.settle(role, explain(draft))
    if totals or fixed:
        whole = (fixed or totals)[0].tag
        for draft in rest:
            draft.settle(part, f"{_term(draft)}, beside the whole loss {whole!r}")
        return
    bases = list(dict.fromkeys(d.base for d in rest))
    if elsewhere and all(d.reading.kind == "term" for d in rest):
        for draft in rest:
            draft.settle(part, f"{_term(draft)}; no whole loss is logged on this split")
        return
    if len(bases) == 1:
        for draft in rest:
            draft.settle(role, f"{explain(draft)}; the only one, so the loss as a whole")
        return
    if _are_several_sets(split, rest, trained):
        for draft in rest:
            draft.settle(
                role,
                f"{explain(draft)}; {' '.join(draft.reading.qualifiers)!r} names one of {len(bases)} sets",
            )
        return
    whole_draft, why = _whole_of(rest)
    for draft in rest:
        if whole_draft is not None and draft.base == whole_draft.base:
            draft.settle(role, f"{explain(draft)}; {why}")
        elif whole_draft is not None:
            draft.settle(part, f"{_term(draft)}, beside {whole_draft.tag!r}")
        else:
            draft.settle(part, f"{_term(draft)}, one of {len(bases)}; no whole loss is logged")


def _term(draft: Draft) -> str:
    return f"a term ({' '.join(draft.base)}) of the {SPLIT_NAMES[draft.split]} loss"


def _are_several_sets(split: str, members: Sequence[Draft], trained: Iterable[tuple[str, ...]]) -> bool:
    """Validation losses whose qualifiers are neither terms of a loss nor logged for training as well."""
    if split == "train":
        return False
    seen = set(trained)
    return all(d.reading.kind == "loss" and not d.reading.named_terms and d.base not in seen for d in members)


def _whole_of(members: Sequence[Draft]) -> tuple[Draft | None, str]:
    """The whole among losses that all have a qualifier: the sum of the others, or the one that measures."""
    from lrdoctor.roles.behaviour import total_among

    first: dict[tuple[str, ...], Draft] = {}
    for draft in members:
        kept = first.get(draft.base)
        if kept is None or len(draft.series) > len(kept.series):
            first[draft.base] = draft
    candidates = list(first.values())
    index = total_among([d.series for d in candidates])
    if index is not None:
        return candidates[index], "its values are the sum of the other terms"
    measuring = [d for d in candidates if not d.reading.steering]
    if len(measuring) == 1:
        return measuring[0], "the others are regularisers and the like"
    return None, ""
