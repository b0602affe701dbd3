"""How often the best rate of a recorded grid lies where PLS101 has nothing to say, and how many bad ones it names.

``python -m lrdoctor.trials.usual`` prints both. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrdoctor.prescribing.expected import usual_range
from lrdoctor.prescribing.optimizers import usual_rates
from lrdoctor.rules.implausible_rate import Settings
from lrdoctor.trials.grid import load_table
from lrdoctor.trials.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrdoctor.trials.grid import Grid


@dataclass(slots=True)
class Tally:
    """Grids at a constant rate whose optimizer is known: best rates inside, and rates that ended far off outside."""

    grids: int = 0
    best_inside: int = 0
    bad: int = 0
    bad_outside: int = 0


def tally(grids: Iterable[Grid], margin: float = Settings().margin) -> Tally:
    """Count over grids; a rate is bad if its run misses more than a tenth of the best reduction."""
    found = Tally()
    for grid in grids:
        plain = grid.schedule == "constant" and grid.clip_norm is None
        usual = usual_rates({"optimizer": grid.optimizer}) if plain and outcome(grid).learnt else None
        if usual is None:
            continue
        ended = outcome(grid)
        low, high = usual_range(usual, "unknown", grid.batch_size)
        inside = (grid.lr >= low / margin) & (grid.lr <= high * margin)
        found.grids += 1
        found.best_inside += int(inside[ended.best])
        found.bad += int((~ended.fine).sum())
        found.bad_outside += int((~ended.fine & ~inside).sum())
    return found


def main() -> None:
    """Print the counts."""
    found = tally(load_table())
    print(f"the best rate is inside in {found.best_inside} of {found.grids} grids")
    print(f"{found.bad_outside} of {found.bad} rates that miss more than a tenth are outside")


if __name__ == "__main__":
    main()
