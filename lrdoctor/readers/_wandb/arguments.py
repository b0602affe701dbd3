"""The command line that started a run, as settings: `--lr 0.1`, `--lr=0.1`, `lr=0.1`."""

from __future__ import annotations

_MOST = 400


def parse_arguments(arguments: object) -> dict[str, object]:
    """Read settings off a command line.

    Parameters
    ----------
    arguments
        What follows the program's name, a list of strings; anything else is no command line.

    Returns
    -------
    Settings by name without dashes; a flag without a value is True.
    """
    if not isinstance(arguments, list):
        return {}
    words = [word for word in arguments[:_MOST] if isinstance(word, str)]
    settings: dict[str, object] = {}
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.lstrip("-+").partition("=")
        if equals:
            settings[name] = value
        elif word.startswith("-") and not _is_number(word):
            takes_value = following and (not following.startswith("-") or _is_number(following))
            settings[name] = following if takes_value else True
    return settings


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
