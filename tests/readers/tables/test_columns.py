"""Delimited text: dialects, cells, both roads, and what has to be mended."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from lrdoctor.errors import NotALogError, ReadError
from lrdoctor.readers import _columns, _lines
from lrdoctor.readers._base import LogFile
from lrdoctor.readers._cells import to_floats, unique_names
from lrdoctor.readers._dialect import sniff

ROWS = [(i, 2 / (i + 1), 3 / (i + 1)) for i in range(30)]
TEXT = "step,loss,val_loss\n" + "".join(f"{i},{a!r},{b!r}\n" for i, a, b in ROWS)


def read_columns(path, **options):
    return _columns.read_columns(LogFile(path), **options)


def check(columns):
    assert list(columns.table.columns) == ["step", "loss", "val_loss"]
    for name, expected in zip(columns.table.columns, zip(*ROWS, strict=True), strict=True):
        np.testing.assert_array_equal(columns.table.columns[name], expected)
    assert not columns.table.logged
    assert columns.notes == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT, id="comma"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="windows"),
        pytest.param(TEXT.replace("\n", "\r"), id="old-mac"),
        pytest.param(TEXT.replace(",", ";"), id="semicolon"),
        pytest.param(TEXT.replace(",", ";").replace(".", ","), id="semicolon-decimal-comma"),
        pytest.param(TEXT.replace(",", "\t"), id="tab"),
        pytest.param(TEXT.replace(",", "\t").replace(".", ","), id="tab-decimal-comma"),
        pytest.param(TEXT.replace(",", " | "), id="bars"),
        pytest.param(TEXT.replace(",", "   "), id="blanks"),
        pytest.param(TEXT.replace(",", ",     "), id="padded"),
        pytest.param('"' + TEXT.replace(",", '","').replace("\n", '"\n"')[:-1], id="quoted"),
        pytest.param("# made by me\n# lr: 0.1\n" + TEXT, id="comments"),
        pytest.param("Training log of a model\n\n" + TEXT, id="preamble"),
        pytest.param("\n\n" + TEXT + "\n\n", id="empty-lines"),
        pytest.param(TEXT.rstrip("\n"), id="no-newline-at-the-end"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), id="utf-8-mark"),
        pytest.param(TEXT.encode("utf-16"), id="utf-16"),
        pytest.param(TEXT.encode() + b"\x00" * 4096, id="zeros-after-a-power-cut"),
    ],
)
def test_dialects(write, content):
    check(read_columns(write(content)))


def test_a_markdown_table(write):
    lines = ["| step | loss |", "|------|-----:|"] + [f"| {i} | {1 / (i + 1)} |" for i in range(5)]
    columns = read_columns(write("\n".join(lines)))
    np.testing.assert_array_equal(columns.table.columns["step"], range(5))
    assert columns.notes == []


def test_a_header_that_is_a_comment(write):
    columns = read_columns(write("# step loss\n1 2\n2 1\n3 0.5\n"))
    assert list(columns.table.columns) == ["step", "loss"]


def test_names_in_another_encoding(write):
    columns = read_columns(write("schritt,größe\n1,2\n2,3\n".encode("latin-1")))
    assert list(columns.table.columns) == ["schritt", "größe"]


def test_holes_nan_and_infinity_are_told_apart(write):
    content = "step,a,b,c,d\n0,1,NA,nan,x\n1,,None,inf,y\n2,3,null,-Infinity,z\n3,4,5,NaN,\n"
    columns = read_columns(write(content))
    table = columns.table
    np.testing.assert_array_equal(table.columns["c"], [np.nan, np.inf, -np.inf, np.nan])
    assert "c" not in table.logged
    np.testing.assert_array_equal(table.logged["a"], [True, False, True, True])
    np.testing.assert_array_equal(table.logged["b"], [False, False, False, True])
    assert columns.text == {"d": ["x", "y", "z", ""]}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["tensor(0.5, device='cuda:0')", "tensor(1e-3)"], [0.5, 1e-3]),
        (["45%", "50.5%"], [45, 50.5]),
        (["1,000", "12,345.5"], [1000, 12345.5]),
        (["[0.5]", "[[1.5]]"], [0.5, 1.5]),
        (["np.float64(2.5)", "3"], [2.5, 3]),
        ([" 1 ", "'2'"], [1, 2]),
    ],
)
def test_numbers_in_disguise(cells, expected):
    values, _, odd = to_floats(cells)
    np.testing.assert_array_equal(values, expected)
    assert odd == 0


def test_words_are_no_numbers():
    assert to_floats(["a", "b", "1"]) is None
    assert to_floats(["12:30:01"] * 1000) is None
    values, present, odd = to_floats(["1", "oops", "3", "4"])
    np.testing.assert_array_equal(values, [1, np.nan, 3, 4])
    np.testing.assert_array_equal(present, [True, False, True, True])
    assert odd == 1


def test_a_last_line_that_was_cut_is_left_out_and_said(write):
    for cut in (TEXT + "30,0.0", TEXT + "30,0.5,1.", TEXT + "30", TEXT + "30,0.5,-"):
        columns = read_columns(write(cut))
        assert columns.table.rows == 30
        assert columns.notes == ["the last line is cut off: left out"]


def test_an_exponent_that_was_cut_is_seen(write):
    rows = "".join(f"{i},{1e-5 * (40 - i):.6e}\n" for i in range(40))
    columns = read_columns(write("step,loss\n" + rows + "40,5.3"))
    assert columns.table.rows == 40


def test_a_header_that_comes_again_is_no_row(write):
    columns = read_columns(write(TEXT + TEXT))
    assert columns.table.rows == 60
    assert columns.notes == ["the header comes 1 more time: the file was appended to"]


def test_a_header_that_grows(write):
    columns = read_columns(write("loss,step\n9,1\n8,2\nlr,loss,step\n0.1,7,3\n"))
    np.testing.assert_array_equal(columns.table.columns["loss"], [9, 8, 7])
    np.testing.assert_array_equal(columns.table.columns["step"], [1, 2, 3])
    np.testing.assert_array_equal(columns.table.logged["lr"], [False, False, True])


def test_rows_that_are_too_short_or_too_long(write):
    columns = read_columns(write("step,loss,acc\n0,1,2\n1,2\n2,3,4,5\n3,4,5,\n4,5,6\n"))
    np.testing.assert_array_equal(columns.table.columns["loss"], [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(columns.table.logged["acc"], [True, False, True, True, True])
    assert len(columns.notes) == 2


@pytest.mark.parametrize("header", ["loss,acc", ",loss,acc"])
def test_row_numbers_of_pandas(write, header):
    columns = read_columns(write(header + "\n0,1,.1\n1,.5,.2\n2,.4,.3\n"))
    assert list(columns.table.columns) == ["", "loss", "acc"]


def test_a_delimiter_at_the_end_of_each_line(write):
    columns = read_columns(write("step,loss,\n0,1,\n1,2,\n"))
    assert list(columns.table.columns) == ["step", "loss"]


def test_names_that_come_twice():
    assert unique_names(["loss", "loss", "", "loss"]) == ("loss", "loss.1", "column 3", "loss.2")


def test_thousands_of_columns(write):
    names = [f"metric/{i}" for i in range(6000)]
    content = (
        ",".join(["step", *names])
        + "\n"
        + "".join(f"{r}," + ",".join(["0.25"] * 6000) + "\n" for r in range(5))
    )
    columns = read_columns(write(content))
    assert len(columns.table.columns) == 6001
    assert columns.notes == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        ("\n \n", "empty"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (bytes(range(256)) * 40, "no table"),
        ("<html>\n<body>1,2</body>\n</html>", "no table"),
        ("some words\nand more words\n", "no table"),
    ],
)
def test_what_is_no_table(write, content, reason):
    with pytest.raises(NotALogError, match=reason):
        read_columns(write(content))


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(ReadError, match="cannot be read"):
        read_columns(tmp_path / "none.csv")


def test_a_line_without_end_is_refused(write, monkeypatch):
    monkeypatch.setattr(_lines, "LINE_BYTES", 10_000)
    monkeypatch.setattr(_lines, "_BLOCK_BYTES", 1_000)
    with pytest.raises(ReadError, match="line of more than"):
        read_columns(write(TEXT + "1" * 50_000))


def messy(seed):
    rng = random.Random(seed)
    cells = ["", "nan", "inf", "-inf", "NaN", "1e-3", "5", "0.25", "-1.5e+10", "123456789.25"]
    rows = [[str(i), *(rng.choice(cells) for _ in range(4)), f"{rng.random()!r}"] for i in range(300)]
    return "step,a,b,c,banana,loss\n" + "\n".join(",".join(row) for row in rows) + "\n"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("block", [97, 1 << 22])
def test_both_roads_agree(write, monkeypatch, seed, block):
    path = write(messy(seed))
    monkeypatch.setattr(_lines, "_BLOCK_BYTES", block)
    monkeypatch.setattr(_columns, "PANDAS_BYTES_IMPORTED", 1 << 60)
    monkeypatch.setattr(_columns, "PANDAS_BYTES", 1 << 60)
    slow = read_columns(path)
    monkeypatch.setattr(_columns, "PANDAS_BYTES_IMPORTED", 0)
    monkeypatch.setattr(_columns, "PANDAS_BYTES", 0)
    stop, gathering = _columns._read_with_pandas(path, slow.dialect, "utf-8-sig")
    assert stop == path.stat().st_size
    fast = gathering.columns()[0]
    assert list(fast.columns) == list(slow.table.columns)
    for name, values in slow.table.columns.items():
        np.testing.assert_array_equal(fast.present(name), slow.table.present(name))
        np.testing.assert_allclose(fast.columns[name], values, rtol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_against_pandas(write, seed):
    pd = pytest.importorskip("pandas")
    content = messy(seed)
    frame = pd.read_csv(io.StringIO(content))
    table = read_columns(write(content)).table
    for name in frame:
        np.testing.assert_allclose(table.columns[name], frame[name].to_numpy(float), rtol=1e-15)


@pytest.mark.parametrize(
    "content",
    [
        TEXT + TEXT,
        TEXT + "1,2,3,4\n",
        TEXT + "x,y,z\n",
        TEXT + "30,0.0",
        TEXT.replace(",", ";").replace(".", ","),
    ],
)
def test_the_fast_road_leaves_what_is_irregular_to_the_other(write, monkeypatch, content):
    path = write(content)
    slow = read_columns(path)
    monkeypatch.setattr(_columns, "PANDAS_BYTES_IMPORTED", 0)
    monkeypatch.setattr(_columns, "PANDAS_BYTES", 0)
    fast = read_columns(path)
    assert fast.notes == slow.notes
    for name, values in slow.table.columns.items():
        np.testing.assert_array_equal(fast.table.columns[name], values)


def test_the_header_alone_is_enough_to_claim():
    dialect = sniff("epoch,loss,val_lo")
    assert dialect.names == ("epoch", "loss")


@pytest.mark.parametrize("seed", range(300))
def test_hostile_bytes_raise_nothing_else(write, seed):
    rng = random.Random(seed)
    raw = bytearray(rng.choice([TEXT, messy(seed), TEXT.replace(",", ";").replace(".", ",")]).encode())
    for _ in range(rng.choice([1, 5, 50])):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    if rng.random() < 0.5:
        del raw[rng.randrange(len(raw)) :]
    try:
        columns = read_columns(write(bytes(raw)))
    except ReadError:
        return
    assert all(values.shape == (columns.table.rows,) for values in columns.table.columns.values())
