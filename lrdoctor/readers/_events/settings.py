"""How a training was set up: the hyperparameter plug-in, logged texts, files that lie beside the log."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from lrdoctor.patterns import pattern
from lrdoctor.readers._beside import read_companion_json, read_companion_yaml
from lrdoctor.readers._hyper import find_hyperparameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lrdoctor.records import Hyperparameter

# Most trusted last. `config.json` is not among them: it describes a network, not a training.
_COMPANIONS = (
    "cfg.yaml", "config.yaml", "config.yml", ".hydra/config.yaml", "params.yaml", "params.json", "args.json",
    "args.yaml", "opt.yaml", "hyp.yaml", "hparams.json", "hparams.yml", "hparams.yaml",
)  # fmt: skip
_TELLING = pattern(
    r"(?:^|[/_ .-])(?:args?|arguments|config\w*|cfg|hparams?|hyper\w*|params?|opts?|settings?|flags)"
    r"(?:$|[/_ .-])",
    re.IGNORECASE,
)
_TABLE_ROW = pattern(r"\|\s*([^|\n]+?)\s*\|\s*([^|\n]*?)\s*\|\s*$", re.MULTILINE)
_LINE = pattern(r"^[\s\"'*`-]*([A-Za-z_][\w./-]*)[\"'*`]*\s*[:=]\s*[\"'`]*([^\s\"'`,]+)[\"'`,]*\s*$", re.MULTILINE)
_MOST_ROWS = 500


def hyperparameters(directory: Path, plugin: Iterable[bytes], texts: Mapping[str, bytes]) -> dict[str, Hyperparameter]:
    """Everything that is known of how a run was set up, on the names that `Run` uses.

    Parameters
    ----------
    directory
        The run's directory, whose companion files are read.
    plugin
        Contents of the hyperparameter plug-in's records.
    texts
        Text summaries by tag, as written.
    """
    content: dict[str, Any] = {}
    there = _names(directory)
    for name in _COMPANIONS:
        if name.partition("/")[0] not in there:
            continue
        read = read_companion_json if name.endswith(".json") else read_companion_yaml
        content |= read(directory / name)
    for tag, text in texts.items():
        if _TELLING.search(tag):
            content |= from_text(text.decode("utf-8", "replace"))
    for record in plugin:
        content |= _from_plugin(record)
    return find_hyperparameters(content) if content else {}


def _names(directory: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(directory)}
    except OSError:
        return set()


def from_text(text: str) -> dict[str, Any]:
    """Read a configuration that was logged as text: JSON, a Markdown table, or lines of ``name: value``."""
    text = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if text[:1] == "{":
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return content
    rows = _TABLE_ROW.findall(text)[:_MOST_ROWS]
    if not rows:
        rows = _LINE.findall(text.replace("<br>", "\n"))[:_MOST_ROWS]
    return {name: _plain(value) for name, value in rows if name.strip("-: ") and value.strip("-: ")}


def _plain(text: str) -> object:
    words = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _from_plugin(record: bytes) -> dict[str, Any]:
    """The values in a record that opens a session of the hyperparameter plug-in."""
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams import plugin_data_pb2

    try:
        data = plugin_data_pb2.HParamsPluginData.FromString(record)
    except DecodeError:
        return {}
    found: dict[str, Any] = {}
    for name, value in data.session_start_info.hparams.items():
        kind = value.WhichOneof("kind")
        if kind in ("number_value", "string_value", "bool_value"):
            number = getattr(value, kind)
            found[name] = (
                int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 2**53 else number
            )
    return found
