"""What people save from W&B: charts, histories, and the table of runs that is no history."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers._base import LogFile, Source, Strength
from lrdoctor.readers.wandb_export import READER


def sources(root):
    groups = {}
    for path in [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file()):
        claim = READER.claim(LogFile(path))
        if claim is not None:
            groups.setdefault(claim.group or path, []).append(LogFile(path))
    return [Source(path=path, files=tuple(files)) for path, files in groups.items()]


def read(root):
    return [run for source in sources(root) for run in READER.read(source)]


def chart(path, x, columns):
    """Write a chart's export: every cell in quotes, empty where a run has no point."""
    quoted = [",".join(f'"{name}"' for name in ["Step" if x is None else x, *columns])]
    for cells in zip(*columns.values(), strict=True):
        quoted.append(
            ",".join("" if cell is None else f'"{cell}"' for cell in (len(quoted) * 10 - 10, *cells))
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(quoted) + "\n")
    return path


def triple(name, values, spread=0.0):
    low = [None if value is None else value - spread for value in values]
    high = [None if value is None else value + spread for value in values]
    return {name: values, f"{name}__MIN": low, f"{name}__MAX": high}


LOSS = [2.0 / (n + 1) for n in range(20)]
SHORT = [*LOSS[:12], *[None] * 8]


def test_charts_of_one_directory_are_put_together_by_run(tmp_path):
    for metric, name in (("train/loss", "a.csv"), ("val/loss", "b.csv")):
        chart(
            tmp_path / name,
            None,
            triple(f"calm - sun-1 - {metric}", LOSS) | triple(f"bold-2 - {metric}", SHORT),
        )
    runs = {run.id: run for run in read(tmp_path)}
    assert set(runs) == {"calm - sun-1", "bold-2"}
    assert set(runs["bold-2"].series) == {"train/loss", "val/loss"}
    np.testing.assert_array_equal(runs["calm - sun-1"].series["val/loss"].value, LOSS)
    np.testing.assert_array_equal(runs["calm - sun-1"].series["val/loss"].step, np.arange(0, 200, 10))
    assert len(runs["bold-2"].series["train/loss"]) == 12
    assert runs["bold-2"].source == str(tmp_path)
    assert not runs["bold-2"].notes


def test_a_chart_named_by_itself(tmp_path):
    path = chart(tmp_path / "a.csv", None, triple("calm-1 - loss", LOSS))
    chart(tmp_path / "b.csv", None, triple("calm-1 - acc", LOSS))
    (source,) = sources(path)
    (run,) = READER.read(source)
    assert run.id == ""
    assert set(run.series) == {"loss"}
    assert run.source == str(path)


def test_a_chart_without_run_names(tmp_path):
    (run,) = read(chart(tmp_path / "a.csv", None, triple("loss", LOSS)))
    assert set(run.series) == {"loss"}


def test_a_chart_without_bounds(tmp_path):
    runs = read(chart(tmp_path / "a.csv", None, {"r1 - loss": LOSS, "r2 - loss": SHORT}))
    assert [(run.id, len(run.series["loss"])) for run in runs] == [("r1", 20), ("r2", 12)]


def test_averages_are_noted(tmp_path):
    (run,) = read(chart(tmp_path / "a.csv", None, triple("Group: big - loss", LOSS, spread=0.1)))
    assert any("the runs of a group" in note for note in run.notes)


def test_another_x_axis_with_the_step_of_each_run(tmp_path):
    steps = [float(n * 7) for n in range(20)]
    columns = triple("run - x - _step", steps) | triple("run - x - part - loss", LOSS)
    path = chart(tmp_path / "a.csv", "epoch", columns)
    (run,) = read(path)
    assert set(run.series) == {"part - loss"}  # the step's column tells where the run's name ends
    assert run.series["part - loss"].unit == "epoch"
    text = path.read_text().split("\n")
    path.write_text(
        "\n".join([text[0], *(f'"{n * 0.25}",{line.partition(",")[2]}' for n, line in enumerate(text[1:-1]))])
    )
    (run,) = read(path)
    np.testing.assert_array_equal(run.series["part - loss"].step, steps)  # fractions of an epoch are no step


def test_files_over_different_axes(tmp_path):
    chart(tmp_path / "a.csv", None, triple("r - loss", LOSS))
    chart(
        tmp_path / "b.csv",
        "trainer/global_step",
        triple("r - val", LOSS) | triple("r - _step", [float(n) for n in range(20)]),
    )
    (run,) = read(tmp_path)
    np.testing.assert_array_equal(run.series["val"].step, np.arange(20))
    chart(tmp_path / "c.csv", "epoch", triple("r - acc", LOSS))
    assert len(read(tmp_path)) == 3  # one that W&B's step is not given for: apart


def test_time_as_the_x_axis(tmp_path):
    path = chart(tmp_path / "a.csv", "Relative Time (Process)", triple("r - loss", LOSS))
    text = path.read_text().split("\n")
    path.write_text(
        "\n".join([text[0], *(f'"{n * 1.37}",{line.partition(",")[2]}' for n, line in enumerate(text[1:-1]))])
    )
    (run,) = read(path)
    np.testing.assert_array_equal(run.series["loss"].step, np.arange(20))
    assert any("counted" in note for note in run.notes)


def test_the_same_export_twice(tmp_path):
    chart(tmp_path / "a.csv", None, triple("r - loss", LOSS))
    chart(tmp_path / "a (1).csv", None, triple("r - loss", LOSS))
    (run,) = read(tmp_path)
    assert set(run.series) == {"loss"}


def history(count=30):
    for n in range(count):
        row = {
            "_step": n,
            "_runtime": n * 0.1,
            "_timestamp": 1.7e9 + n,
            "loss": "NaN" if n == 3 else 1.0 / (n + 1),
        }
        if n % 5 == 0:
            row["val/loss"] = 2.0 / (n + 1)
        yield row


def written(path, kind):
    rows = list(history())
    names = list(rows[0])
    if kind == "lines":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"_step": 30, "lo')
    elif kind == "list":
        path.write_text(json.dumps(rows, indent=1))
    elif kind == "columns":
        columns = {name: {str(n): row.get(name) for n, row in enumerate(rows)} for name in names}
        path.write_text(json.dumps(columns))
    elif kind == "split":
        data = [[row.get(name) for name in names] for row in rows]
        path.write_text(json.dumps({"columns": names, "index": list(range(30)), "data": data}))
    elif kind == "csv":
        cells = ((str(row.get(name, "")) for name in names) for row in rows)
        path.write_text(
            "\n".join([",".join(["", *names]), *(",".join([str(n), *each]) for n, each in enumerate(cells))])
        )
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [("h.jsonl", "lines"), ("h.json", "list"), ("h.json", "columns"), ("h.json", "split"), ("h.csv", "csv")],
)
def test_histories(tmp_path, name, kind):
    (run,) = read(written(tmp_path / name, kind))
    expected = 1.0 / np.arange(1, 31)
    expected[3] = np.nan
    np.testing.assert_array_equal(run.series["loss"].value, expected)
    np.testing.assert_array_equal(run.series["loss"].step, np.arange(30))
    assert set(run.series) >= {"loss"}
    assert not {"_runtime", "_step", "_timestamp"} & set(run.series)
    if "val/loss" in run.series:
        np.testing.assert_array_equal(run.series["val/loss"].step, np.arange(0, 30, 5))


def test_a_sample_of_500_is_noted(tmp_path):
    path = tmp_path / "h.jsonl"
    path.write_text(
        "".join(json.dumps({"_step": n * 3, "_runtime": n, "loss": 1.0}) + "\n" for n in range(500))
    )
    (run,) = read(path)
    assert any("scan_history" in note for note in run.notes)


def test_several_runs_under_each_other(tmp_path):
    path = tmp_path / "all.csv"
    lines = ["run_name,_step,_runtime,loss"]
    lines += [
        f"{name},{n},{n * 0.1},{1.0 / (n + 1)}"
        for name, count in (("r1", 20), ("r2", 30))
        for n in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    assert [(run.id, len(run.series["loss"])) for run in read(path)] == [("r1", 20), ("r2", 30)]


@pytest.mark.parametrize("name", ["abc.runhistory.parquet", "frame.parquet"])
def test_parquet(tmp_path, name):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    rows = [{**row, "loss": float(row["loss"]), "val/loss": row.get("val/loss")} for row in history()]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    (run,) = read(tmp_path / name)
    assert np.isnan(run.series["loss"].value[3])
    assert len(run.series["loss"]) == 30
    np.testing.assert_array_equal(run.series["val/loss"].step, np.arange(0, 30, 5))


def test_parquet_of_a_data_set_is_passed_over_quietly(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "train.parquet"
    pq.write_table(pa.table({"price": [1.0, 2.0], "name": ["a", "b"]}), path)
    claim = READER.claim(LogFile(path))
    assert claim.quiet
    with pytest.raises(NotALogError, match="counts steps"):
        read(path)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "x.runhistory.parquet"
    path.write_bytes(b"PAR1....")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ReadError, match=r"lrdoctor\[parquet\]"):
        read(path)


def test_damaged_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "x.runhistory.parquet"
    pq.write_table(pa.table({"_step": list(range(50)), "loss": [1.0] * 50}), path)
    content = path.read_bytes()
    chance = random.Random(0)
    for number in range(60):
        damaged = bytearray(content)
        for _ in range(5):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged if number % 2 else content[: chance.randrange(len(content))])
        try:
            read(path)
        except ReadError:
            continue


def test_the_table_of_runs_is_refused(tmp_path):
    path = tmp_path / "wandb_export.csv"
    path.write_text(
        '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","train/loss"\n'
        '"calm-1","finished","-","me","","2024-01-01T00:00:00.000Z","100","","0.1","0.5"\n'
        '"bold-2","crashed","-","me","","2024-01-02T00:00:00.000Z","90","","0.2","0.7"\n'
    )
    assert READER.claim(LogFile(path)).strength is Strength.FORMAT
    with pytest.raises(NotALogError, match="one row per run"):
        read(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metrics.csv", "step,loss\n0,1\n1,0.5\n"),
        ("metrics.csv", "step,train - loss\n0,1\n"),
        ("metrics.csv", "Step,train - loss,val - loss\n0,1,2\n"),
        ("wandb-summary.json", '{"_step": 3, "_runtime": 4, "loss": 0.1}'),
        ("log.jsonl", '{"step": 3, "loss": 0.1}\n'),
        ("people.csv", "Name,Age\nAda,36\n"),
        ("empty.csv", ""),
        ("x.json", '{"a": "_step"}'),
    ],
)
def test_other_files_are_not_claimed(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert READER.claim(LogFile(path)) is None


def test_a_header_longer_than_the_window(tmp_path):
    columns = {}
    for n in range(400):
        columns |= triple(f"a-rather-long-run-name-{n} - train/loss", LOSS)
    runs = read(chart(tmp_path / "a.csv", None, columns))
    assert len(runs) == 400
    assert all(len(run.series["train/loss"]) == 20 for run in runs)
