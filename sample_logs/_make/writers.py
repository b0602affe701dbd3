"""From what a training logged to the files of each format.

Where a format has a writer library, that library writes; the others follow their writer's layout to the
letter. Clocks are fixed and names of machines left out.
"""

from __future__ import annotations

import csv
import json
import struct
from typing import TYPE_CHECKING, Any

import yaml
from tensorboard.summary.writer.record_writer import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from _make.detection import AnchorBased, AnchorFree, Detection
    from _make.loop import Row

    Tags = Mapping[str, str]
    """Our column to the name that it gets in the log."""

CLOCK = 1_700_000_000.0
PACE = 0.05
"""Seconds that a step is said to have taken."""


def csv_table(
    path: Path, rows: Sequence[Row], tags: Tags, *, decimal_comma: bool = False, digits: int = 6
) -> None:
    """A table as a user's own script writes it, with empty cells where nothing was measured."""

    def cell(row: Row, column: str) -> str:
        if column not in row:
            return ""
        text = str(row[column]) if isinstance(row[column], int) else f"{row[column]:.{digits}g}"
        return text.replace(".", ",") if decimal_comma else text

    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=";" if decimal_comma else ",", lineterminator="\n")
        writer.writerow(tags.values())
        writer.writerows([cell(row, column) for column in tags] for row in rows)


def json_lines(path: Path, rows: Sequence[Row], tags: Tags) -> None:
    """One JSON object a line, with bare NaN as Python's json writes it."""
    objects = [{tags[column]: value for column, value in row.items() if column in tags} for row in rows]
    path.write_text("".join(json.dumps(each) + "\n" for each in objects), encoding="utf-8")


def yaml_file(path: Path, content: Mapping[str, object]) -> None:
    """A companion file with the configuration."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")


def text_lines(path: Path, rows: Sequence[Row], line: Callable[[Row], str]) -> None:
    """What a script prints."""
    path.write_text("".join(line(row) + "\n" for row in rows), encoding="utf-8")


# ------------------------------------------------------------------------------------------ TensorBoard


def event_file(folder: Path, rows: Sequence[Row], tags: Tags, *, start: float = CLOCK) -> Path:
    """An event file by torch's SummaryWriter; `step` of each row is the step."""
    from torch.utils.tensorboard import SummaryWriter

    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.iterdir())
    with SummaryWriter(str(folder)) as writer:
        for row in rows:
            for column in (column for column in tags if column in row):
                writer.add_scalar(
                    tags[column], row[column], int(row["step"]), walltime=start + PACE * row["step"]
                )
    (path,) = set(folder.iterdir()) - before
    return neutral_event_file(path, start=start)


def neutral_event_file(path: Path, *, start: float = CLOCK, suffix: str = "") -> Path:
    """Rename an event file so that it does not name the machine, and set its clock."""
    data = bytearray(path.read_bytes())
    position = count = 0
    while position < len(data):
        payload = slice(position + 12, position + 12 + struct.unpack_from("<Q", data, position)[0])
        assert data[payload.start] == 9, "an event that does not begin with its time"
        written = struct.unpack_from("<d", data, payload.start + 1)[0]
        if not start <= written <= start + 1e6:
            struct.pack_into("<d", data, payload.start + 1, start + PACE * count)
        struct.pack_into("<I", data, payload.stop, masked_crc32c(bytes(data[payload])))
        position = payload.stop + 4
        count += 1
    renamed = path.with_name(f"events.out.tfevents.{start:.0f}.host.1.0{suffix}")
    path.unlink()
    renamed.write_bytes(data)
    return renamed


# ------------------------------------------------------------------------------------------ Weights & Biases


def wandb_history(rows: Sequence[Row], tags: Tags) -> list[dict[str, Any]]:
    """Rows as `run.history()` returns them: the metrics, then `_step`, `_runtime`, `_timestamp`."""
    return [
        {name: row.get(column) for column, name in tags.items()}
        | {
            "_step": index,
            "_runtime": round(PACE * row["step"], 3),
            "_timestamp": CLOCK + round(PACE * row["step"], 3),
        }
        for index, row in enumerate(rows)
    ]


def wandb_directory(path: Path, rows: Sequence[Row], tags: Tags, config: Mapping[str, object]) -> None:
    """A run directory of the old kind: `wandb-history.jsonl`, `wandb-summary.json`, `config.yaml`."""
    path.mkdir(parents=True, exist_ok=True)
    history = [
        {key: value for key, value in row.items() if value is not None} for row in wandb_history(rows, tags)
    ]
    text = "".join(json.dumps(row) + "\n" for row in history)
    (path / "wandb-history.jsonl").write_text(text, encoding="utf-8")
    summary: dict[str, Any] = {}
    for row in history:
        summary |= row
    (path / "wandb-summary.json").write_text(json.dumps(summary), encoding="utf-8")
    entries = {key: {"desc": None, "value": value} for key, value in config.items()}
    yaml_file(path / "config.yaml", {"wandb_version": 1} | entries)


def wandb_export(path: Path, runs: Mapping[str, Sequence[Row]], column: str, metric: str) -> None:
    """The web page's CSV: one metric of several runs side by side, each with its least and largest."""
    header = ["Step"] + [f"{name} - {metric}{end}" for name in runs for end in ("", "__MIN", "__MAX")]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(header)
        for rows in zip(*runs.values(), strict=True):
            writer.writerow([int(rows[0]["step"])] + [row[column] for row in rows for _ in range(3)])


# ------------------------------------------------------------------------------------------ detectors


def ultralytics(folder: Path, result: Detection, kind: AnchorFree, arguments: Mapping[str, object]) -> None:
    """`results.csv` and `args.yaml` as Ultralytics (v8 and later) writes them."""
    metrics = ("precision(B)", "recall(B)", "mAP50(B)", "mAP50-95(B)")
    names = [f"train/{part}" for part in kind.parts] + [f"metrics/{name}" for name in metrics]
    names += [f"val/{part}" for part in kind.parts] + [f"lr/pg{group}" for group in range(3)]
    lines = [",".join(["epoch", "time", *names])]
    for epoch, columns in enumerate(result.epochs, 1):
        values = [value for group in columns for value in group]
        lines.append(",".join(f"{value:.6g}" for value in [epoch, 0.35 * epoch, *values]))
    (folder / "results.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    yaml_file(folder / "args.yaml", arguments)


def yolov5(
    folder: Path,
    result: Detection,
    kind: AnchorBased,
    options: Mapping[str, object],
    hyper: Mapping[str, object],
) -> None:
    """`results.csv`, padded to 20 characters a column, `opt.yaml` and `hyp.yaml` as YOLOv5 writes them."""
    metrics = ("precision", "recall", "mAP_0.5", "mAP_0.5:0.95")
    names = [f"train/{part}" for part in kind.parts] + [f"metrics/{name}" for name in metrics]
    names += [f"val/{part}" for part in kind.parts] + [f"x/lr{group}" for group in range(3)]
    text = ("%20s," * (1 + len(names)) % ("epoch", *names)).rstrip(",") + "\n"
    for epoch, columns in enumerate(result.epochs):
        values = [value for group in columns for value in group]
        text += ("%20.5g," * (1 + len(values)) % (epoch, *values)).rstrip(",") + "\n"
    (folder / "results.csv").write_text(text, encoding="utf-8")
    yaml_file(folder / "opt.yaml", options)
    yaml_file(folder / "hyp.yaml", hyper)
