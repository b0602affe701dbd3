"""Files beside a log that say how the run was set up: configurations under their usual names, model cards."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from lrdoctor.patterns import pattern
from lrdoctor.readers._beside import read_companion_json, read_companion_text, read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters

if TYPE_CHECKING:
    from pathlib import Path

    from lrdoctor.records import Hyperparameter

_YAML = ("hparams.yaml", "args.yaml", "config.yaml", "params.yaml", "opt.yaml", "train_config.yaml",
         "hparams.yml", "config.yml", "cfg.yaml", ".hydra/config.yaml")  # fmt: skip
_JSON = ("hparams.json", "args.json", "config.json", "params.json", "hyperparameters.json", "opts.json",
         "opt.json", "train_config.json", "training_args.json", "commandline_args.json")  # fmt: skip
_TEXT = ("args.txt", "opt.txt", "train_opt.txt", "hparams.txt", "params.txt")
_CARD_LINE = pattern(r"^- ([\w ]{2,40}): (.{1,160})$", re.MULTILINE)
_TEXT_LINE = pattern(r"^\s*(?:--)?([A-Za-z]\w{0,40})\s*[:=]\s*([^\s\[]{1,80})", re.MULTILINE)
_NAMESPACE_ITEM = pattern(r"(\w+)=('[^']{0,80}'|[^,()\s]{1,80})")
_LOOK_AT = 200


def read_companions(log: Path) -> dict[str, Hyperparameter]:
    """Hyperparameters from the configuration that lies beside a log.

    Parameters
    ----------
    log
        The log. Where several of its kind lie in one directory, a configuration there cannot be told to be
        of this one, and nothing is read.

    Returns
    -------
    As `find_hyperparameters`; empty where there is none.
    """
    home = log.parent
    try:
        names = [path.name for path in islice(home.iterdir(), _LOOK_AT)]
    except OSError:
        return {}
    if sum(name.endswith(log.suffix) and bool(log.suffix) for name in names) > 1 or len(names) == _LOOK_AT:
        return {}
    content: dict[str, Any] = {}
    for name in (*_YAML, *_JSON, *_TEXT):
        if name.split("/")[0] not in names or name == log.name:
            continue
        read = (
            read_companion_yaml if name in _YAML else read_companion_json if name in _JSON else _settings_text
        )
        content = {**read(home / name), **content}
    return find_hyperparameters(content)


def read_model_card(home: Path) -> dict[str, Hyperparameter]:
    """Hyperparameters from the README that the Hugging Face Trainer writes into its output directory."""
    text = read_companion_text(home / "README.md")
    _, found, section = text.partition("hyperparameters were used during training")
    if not found:
        return {}
    section = section.split("\n#")[0]
    return find_hyperparameters({key.strip(): value.strip() for key, value in _CARD_LINE.findall(section)})


def _settings_text(path: Path) -> dict[str, Any]:
    """A printed argparse Namespace, or lines of ``key: value`` and ``key=value``."""
    text = read_companion_text(path)
    if "Namespace(" in text:
        text = text.partition("Namespace(")[2]
        return {key: _plain(value.strip("'")) for key, value in _NAMESPACE_ITEM.findall(text)}
    return {key: _plain(value) for key, value in _TEXT_LINE.findall(text)}


def _plain(word: str) -> object:
    return {"None": None, "True": True, "False": False}.get(word, word)
