"""Regular expressions that are compiled when they are first used.

Every reader is asked whose a file is, so every reader's module is imported, and its expressions with it; of these few
are needed for any one log. To compile them all took 25 ms at the start of every command.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, but for the work."""
    return cast("re.Pattern[AnyStr]", _Late(text, flags))


class _Late:
    """Looks a method up in the compiled expression once, and has it as its own from then on."""

    def __init__(self, *given: Any) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what is being unpickled has nothing given yet
            raise AttributeError(name)
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found
