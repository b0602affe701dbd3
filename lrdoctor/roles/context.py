"""What kind of training a run is, where that decides what its losses mean: a game, reinforcement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.records import Role
from lrdoctor.roles.family import LOSS_ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrdoctor.roles.family import Draft

_LOSSES = frozenset({"loss", "term", "adversarial"})
_OBJECTIVES = frozenset({"objective", "either"})


def settle_reinforcement(drafts: Sequence[Draft]) -> bool:
    """Find returns, and set the losses of a run that has them aside.

    A run is one of reinforcement learning if it logs a return, or two or more curves that only reinforcement
    learning has; a validation loss beside a training return speaks against it. The losses of such a run move
    with the data that the policy meets: they get the role OTHER, even where the reader knows them.

    Returns
    -------
    Whether it is such a run.
    """
    tags = {d.tag.strip().lower() for d in drafts}
    monitor = {"r", "l"} <= tags  # the columns of a Monitor file: return, length, time
    returns = [d for d in drafts if d.reading.kind == "reward" or (monitor and d.tag.strip().lower() == "r")]
    signs = sorted({d.reading.word for d in drafts if d.reading.sign == "rl"})
    validated = any(d.reading.kind == "loss" and d.reading.split == "val" for d in drafts)
    told = [d for d in drafts if d.fixed and d.role is Role.REWARD]
    if validated and not told and not any(d.reading.split == "val" for d in returns):
        returning = False
    else:
        returning = bool(returns or told or len(signs) >= 2)
    for draft in returns:
        if draft.reading.marks & {"extreme", "best"} and len(returns) > 1:
            draft.settle(Role.OTHER, "the spread or an extreme of a return")
        elif returning:
            draft.settle(Role.REWARD, f"{draft.reading.word or draft.tag!r} is a return")
        else:
            draft.settle(Role.OTHER, "a reward beside a validation loss: not what is optimised")
    if not returning:
        return False
    leader = next((d.tag for d in [*told, *returns]), None)
    why = (
        f"the run has a return ({leader!r})" if leader else f"reinforcement learning ({', '.join(signs[:3])})"
    )
    for draft in drafts:
        if draft.fixed and not draft.by_user and draft.role in LOSS_ROLES:
            draft.role, draft.reason = Role.OTHER, f"{draft.reason}; {why}: no sign of convergence"
        if draft.role is None and draft.reading.kind == "score":
            draft.settle(Role.REWARD, f"{draft.reading.word!r} in a run of reinforcement learning")
        if draft.role is None and (draft.reading.kind in _LOSSES | _OBJECTIVES or draft.reading.stands_in):
            draft.settle(Role.OTHER, f"{why}: its losses are no sign of convergence")
    return True


def settle_game(drafts: Sequence[Draft]) -> None:
    """Find the players of a game and mark their losses; terms logged beside them belong to the game.

    Both players have to be there, or a word that can only mean a discriminator; a single `d_loss` is a loss
    of that name. A whole loss beside both players is their sum, and no more a sign of convergence than they
    are; beside a discriminator alone (domain adaptation) it stays a loss. A whole validation loss always
    stays one.
    """
    losses = [d for d in drafts if d.reading.kind in _LOSSES and d.role is None]
    bare = [d for d in drafts if d.tag.strip().lower() in {"d", "g"} and d.role is None]
    sides = {d.reading.player for d in losses + bare if d.reading.player}
    both = {"d", "g"} <= sides
    plain = any(d.reading.game and d.reading.player == "d" for d in losses)
    for draft in losses:
        if draft.reading.game and not draft.reading.player and not draft.is_total:
            draft.settle(Role.ADVERSARIAL_LOSS, "an adversarial term")
    if not both and not plain:
        for draft in losses:
            if draft.reading.kind == "adversarial":
                draft.settle(
                    Role.ADVERSARIAL_LOSS, f"{draft.reading.word!r} is the loss of one player of a game"
                )
        return
    for draft in losses + (bare if both else []):
        if draft.reading.player:
            player = "discriminator" if draft.reading.player == "d" else "generator"
            draft.settle(Role.ADVERSARIAL_LOSS, f"the loss of the {player} of a game")
        elif not draft.is_total:
            draft.settle(Role.ADVERSARIAL_LOSS, "a term logged beside the losses of a game")
        elif both and draft.split == "train":
            draft.settle(Role.ADVERSARIAL_LOSS, "a loss over both players of a game")
