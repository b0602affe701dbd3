"""The table of very many runs, and the view of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lrdoctor.cli import main
from lrdoctor.errors import ReadError, UsageError
from lrdoctor.fleet import summary, table
from lrdoctor.fleet.table import COLUMNS, TableWriter

parquet = pytest.importorskip("pyarrow.parquet")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def written(diagnosis, tmp_path):
    path = tmp_path / "fleet.parquet"
    with TableWriter(path) as writer:
        for item in [*diagnosis.runs, *diagnosis.unreadable]:
            writer.add(item)
        assert not path.exists(), "it has its name only when it is whole"
        writer.close(complete=True)
    return path


def test_a_row_per_run_and_per_log_that_could_not_be_read(written, diagnosis):
    rows = parquet.read_table(written).to_pylist()
    assert [row["id"] for row in rows] == [*(said.run.id for said in diagnosis.runs), None]
    assert (rows[-1]["source"], rows[-1]["error"]) == ("broken.csv", "the file is empty")
    first, said = rows[0], diagnosis.runs[0]
    assert list(first) == [name for name, _, _ in COLUMNS]
    assert first["factor"] == said.plan.lr.factor
    assert (first["low"], first["high"]) == said.plan.lr.interval
    assert first["codes"] == [finding.code for finding in said.findings]
    assert first["points"] == max(series.points for series in said.run.series.values())
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_rows_are_written_in_groups(diagnosis, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_GROUP", 4)
    with TableWriter(tmp_path / "x.parquet") as writer:
        for _ in range(3):
            for said in diagnosis.runs[:3]:
                writer.add(said)
        writer.close(complete=True)
    assert parquet.ParquetFile(tmp_path / "x.parquet").metadata.num_row_groups == 3


def test_what_fails_leaves_nothing_behind(diagnosis, tmp_path):
    (tmp_path / "x.parquet").write_bytes(b"before")
    with TableWriter(tmp_path / "x.parquet") as writer:  # and nobody closes it
        writer.add(diagnosis.runs[0])
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]
    with pytest.raises(UsageError, match="cannot write"):
        TableWriter(tmp_path / "nowhere" / "x.parquet")


def test_hostile_names_and_numbers_are_written(hostile, tmp_path):
    with TableWriter(tmp_path / "x.parquet") as writer:
        for item in [*hostile.runs, *hostile.unreadable]:
            writer.add(item)
        run = hostile.runs[0].run
        odd = replace(run, id="\udcff", hyperparameters={"optimizer": 3, "batch_size": "many", "schedule": True})
        writer.add(replace(hostile.runs[0], run=odd))
        writer.close(complete=True)
    last = parquet.read_table(tmp_path / "x.parquet").to_pylist()[-1]
    assert (last["id"], last["optimizer"], last["batch_size"]) == ("\\udcff", "3", None)


def test_the_view(written, diagnosis):
    found = summary.overview(written, worst=2)
    assert (found.runs, found.unreadable, found.complete) == (6, 1, True)
    assert {name: dose.runs for name, dose in found.verdicts.items()} == {
        "diverged": 1, "lr-too-high": 1, "inconclusive": 1, "healthy": 3,
    }  # fmt: skip
    assert sum(dose.runs for dose, _ in found.optimizers.values()) == 6
    for dose, by_verdict in found.optimizers.values():
        assert sum(by_verdict.values()) == dose.runs
    assert [row["verdict"] for row in found.worst] == ["diverged", "lr-too-high"]
    assert found.errors == {"the file is empty": 1}
    codes = [finding.code for said in diagnosis.runs for finding in said.findings]
    assert found.codes == {code: codes.count(code) for code in found.codes}
    assert sum(found.codes.values()) == len(codes)


def test_the_view_does_not_depend_on_the_batches(written, monkeypatch):
    whole = summary.overview(written)
    monkeypatch.setattr(summary, "_BATCH", 2)
    parts = summary.overview(written)
    assert repr(parts) == repr(whole)


def test_several_tables_are_one(written, tmp_path):
    other = tmp_path / "other.parquet"
    with TableWriter(other) as writer:
        writer.close(complete=False)
    both = summary.overview(written, written, other)
    one = summary.overview(written)
    assert (both.runs, both.unreadable, both.complete) == (12, 2, False)
    assert both.verdicts["healthy"].median == one.verdicts["healthy"].median
    assert both.codes == {code: 2 * count for code, count in one.codes.items()}


def test_doses_are_medians(diagnosis, tmp_path):
    said = diagnosis.runs[0]
    with TableWriter(tmp_path / "x.parquet") as writer:
        for factor in (0.1, 0.2, 0.9):
            rate = replace(said.plan.lr, factor=factor, interval=(0.05, 1.0))
            writer.add(replace(said, plan=replace(said.plan, lr=rate)))
        writer.close(complete=True)
    (dose,) = summary.overview(tmp_path / "x.parquet").verdicts.values()
    assert (dose.runs, dose.median) == (3, 0.2)
    assert 0.1 < dose.low < 0.2 < dose.high < 0.9


def test_the_command(written, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["fleet", str(written), "--color", "always"]) == 0
    text = capsys.readouterr().out
    assert "6 runs" in text
    assert main(["fleet", str(written), "--format", "json", "--worst", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "lrdoctor.fleet/1"
    assert len(said["worst"]) == 1
    assert said["verdicts"]["healthy"]["runs"] == 3
    assert main(["fleet", str(written), "--worst", "-1"]) == 2


def test_the_page_needs_nothing_and_trusts_nobody(diagnosis, tmp_path, capsys):
    said = diagnosis.runs[0]
    path = tmp_path / "x.parquet"
    with TableWriter(path) as writer:
        run = replace(said.run, id="<script>alert(1)</script>", hyperparameters={"optimizer": "<b>adam\x1b[31m"})
        writer.add(replace(said, run=run))
        writer.close(complete=False)
    assert main(["fleet", str(path), "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;adam\\x1b[31m" in page
    assert "<script" not in page
    assert "Interrupted" in page
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"step,loss\n1,2\n"])
def test_what_is_no_table(tmp_path, content):
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(ReadError, match="cannot be read as Parquet"):
        summary.overview(path)


def test_a_table_of_something_else(tmp_path):
    import pyarrow as pa

    parquet.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(ReadError, match="no table of runs"):
        summary.overview(tmp_path / "x.parquet")


def test_an_empty_table(tmp_path, capsys):
    with TableWriter(tmp_path / "x.parquet") as writer:
        writer.close(complete=False)
    assert main(["fleet", str(tmp_path / "x.parquet")]) == 0
    assert capsys.readouterr().out == "0 runs\ninterrupted: there are more\n"


def test_diagnose_writes_the_table_alone_or_beside_a_report(tree, tmp_path, capsys):
    path = tmp_path / "fleet.parquet"
    assert main(["diagnose", str(tree), "--format", f"parquet={path}"]) == 0
    alone = capsys.readouterr().out
    assert main(["fleet", str(path)]) == 0
    assert capsys.readouterr().out == alone
    assert main(["diagnose", str(tree), "--format", f"parquet={path}", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = [row for row in parquet.read_table(path).to_pylist() if row["error"] is None]
    assert [row["id"] for row in rows] == [run["id"] for run in report["runs"]]
    assert [row["factor"] for row in rows] == [run["plan"]["lr"]["factor"] for run in report["runs"]]
    assert main(["diagnose", str(tree), "--format", "parquet"]) == 2
    assert "parquet=FILE" in capsys.readouterr().err


def test_the_page_names_every_column():
    page = (DOCS / "fleet.md").read_text(encoding="utf-8")
    for name, kind, meaning in COLUMNS:
        assert f"| `{name}` | {kind} | {meaning} |" in page
