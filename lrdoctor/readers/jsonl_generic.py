"""Any JSON that is the course of a training: lines of objects, a list of objects, or an object of lists."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import is_axis_name
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._companions import read_companions
from lrdoctor.readers._course import is_curve_name, refusal_by_names, why_no_course
from lrdoctor.readers._hyper import find_hyperparameters
from lrdoctor.readers._json_table import read_json_table
from lrdoctor.readers._records import load_json, table_from_lists, table_from_records
from lrdoctor.readers._reshape import untangle
from lrdoctor.readers._table import labelled, runs_from_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.readers._table import Table
    from lrdoctor.records import Run

    Content = tuple[Table, dict[str, list[str]], dict[str, Any], list[str]]

_SUFFIXES = (".jsonl", ".ndjson", ".json", ".jsonlines", ".txt", ".log", ".out", "")
_LINES = pattern(r"\s*\{")
_LIST = pattern(r"\s*\[\s*\{")
_KEY = pattern(r'"((?:[^"\\]|\\.){1,200})"\s*:')
_NUMBERED = pattern(r"(?:epoch)?[ _-]?(\d{1,9})", re.IGNORECASE)
_NEVER = pattern(
    r"(?:package(?:-lock)?|tsconfig|composer|manifest|vocab|tokenizer\w*|special_tokens_map|config|generation_config"
    r"|adapter_config|preprocessor_config|\w*requirements|model\.safetensors\.index|pytorch_model\.bin\.index"
    r"|wandb-(?:summary|metadata)|all_results|train_results|eval_results|dataset_infos?|added_tokens|merges)\.json"
)


class GenericJsonReader:
    """Reads JSON of which nothing is known but its keys."""

    name = "jsonl"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim JSON whose keys name a step or a metric; in a text file only lines of objects."""
        if file.suffix not in _SUFFIXES or _NEVER.fullmatch(file.name):
            return None
        start = file.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        by_line = file.suffix in (".jsonl", ".ndjson", ".jsonlines")
        if by_line and file.head.startswith(b"version https://git-lfs"):
            return Claim(strength=Strength.FALLBACK)  # so that the reason is said
        if start not in (b"{", b"[") and file.head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            return None
        text = file.head_text
        if not by_line and file.suffix != ".json" and not _is_object_line(text):
            return None
        if not (_LINES.match(text) or _LIST.match(text)):
            return None
        keys = [key.rpartition("/")[2] for key in _KEY.findall(text)]
        told = any(is_axis_name(key) or is_curve_name(key) for key in keys)
        if not told and not (by_line and "\n" not in text):  # the first line may be a long configuration
            return None
        return Claim(strength=Strength.FALLBACK, quiet=not told or file.suffix == ".json")

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one file; see `Reader.read`."""
        file = source.files[0]
        table, text, settings, notes = _content(file)
        known = read_companions(file.path) | find_hyperparameters(settings)
        reason, found = "no column holds numbers", False
        for label, part, left in untangle(table, text):
            refusal = why_no_course(part, left, trusted=file.named)
            if refusal is not None:
                reason = refusal
                continue
            for run in runs_from_table(
                part, source=str(file.path), format_name=self.name, notes=notes,
                hyperparameters=known, blank_may_be_nan=False,
            ):  # fmt: skip
                found = True
                yield labelled(run, label)
        if not found:
            raise NotALogError(file.path, reason)


def _is_object_line(text: str) -> bool:
    """Whether the first line is a JSON object by itself."""
    first = text.lstrip().partition("\n")[0]
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return first.startswith('{"') and "\n" not in text.lstrip()  # longer than the window


def _content(file: LogFile) -> Content:
    """Columns, texts, settings and notes of a file of any of the three shapes."""
    if file.suffix == ".json" and file.head_text.lstrip()[:1] == "{":
        try:
            content = load_json(file.path)
        except ReadError:  # JSON lines under another name
            content = None
        if isinstance(content, dict):
            return _of_object(file, content)
    found = read_json_table(file, judge=refusal_by_names)
    return found.table, found.text, _settings(found.first), found.notes


def _of_object(
    file: LogFile, content: dict[str, Any]
) -> tuple[Table, dict[str, list[str]], dict[str, Any], list[str]]:
    """A single object: lists side by side, or a list of objects somewhere in it, beside settings."""
    settings = {key: value for key, value in content.items() if not isinstance(value, list)}
    inner = [
        value
        for value in content.values()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    if inner:
        table, text = table_from_records([entry for entry in max(inner, key=len) if isinstance(entry, dict)])
        if any(map(is_curve_name, table.columns)):
            return table, text, settings, []
    numbered = [_NUMBERED.fullmatch(key) for key in content]
    if len(content) > 1 and all(numbered) and all(isinstance(value, dict) for value in content.values()):
        epochs = [int(match[1]) for match in numbered if match]
        made = [{"epoch": epoch} | value for epoch, value in zip(epochs, content.values(), strict=True)]
        table, text = table_from_records(made)
        if any(map(is_curve_name, table.columns)):
            return table, text, {}, []
    found = table_from_lists(content)
    if found is None or found[0].rows < 2 or not any(map(is_curve_name, found[0].columns)):
        raise NotALogError(file.path, "a JSON object without a list that is named like a loss or a metric")
    return found[0], found[1], settings, []


def _settings(records: list[dict[str, Any]]) -> dict[str, Any]:
    """A configuration that is written as the first object, or on every line under a key of its own."""
    first = records[0]
    for key in ("config", "args", "hparams", "params", "hyperparameters"):
        if isinstance(first.get(key), dict):
            return dict(first[key])
    later = records[1] if len(records) > 1 else {}
    if len(records) > 2 and not set(first) & set(later) and not any(map(is_curve_name, first)):
        return first
    return {}


READER = GenericJsonReader()
