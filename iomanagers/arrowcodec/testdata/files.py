"""Makes the files of other programs that the tests read, and checks a file that the tests write.

    pip install pyarrow pandas polars
    python files.py make DIRECTORY
    python files.py check FILE
"""

import datetime as dt
import decimal
import pathlib
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc

BERLIN = "Europe/Berlin"
AT = dt.datetime(2026, 3, 29, 0, 59, 59, 123456)
ZONED = AT.replace(tzinfo=dt.timezone.utc)
DAY = dt.date(2024, 2, 29)
CLOCK = dt.time(23, 59, 59, 5)
TOOK = dt.timedelta(seconds=-90)
PRICE = decimal.Decimal("-12.50")


def arrays():
    """A column for each type that is read; the second row is null."""
    both = lambda value, kind: pa.array([value, None], kind)
    columns = {}
    for kind in [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]:
        columns[str(kind)] = both(100, kind)
    for kind in [pa.float16(), pa.float32(), pa.float64()]:
        columns[str(kind)] = both(0.5, kind)
    columns["bool"] = both(True, pa.bool_())
    for kind in [pa.string(), pa.large_string(), pa.string_view()]:
        columns[str(kind)] = both("grüße, a text of more than twelve bytes", kind)
    for kind in [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)]:
        columns[str(kind)] = both(b"\xff\x00a", kind)
    for unit in ["s", "ms", "us", "ns"]:
        at = AT.replace(microsecond=0) if unit == "s" else AT.replace(microsecond=123000) if unit == "ms" else AT
        columns[f"timestamp_{unit}"] = both(at, pa.timestamp(unit))
        columns[f"zoned_{unit}"] = both(at.replace(tzinfo=dt.timezone.utc), pa.timestamp(unit, BERLIN))
        columns[f"duration_{unit}"] = both(TOOK, pa.duration(unit))
    columns["date32"] = both(DAY, pa.date32())
    columns["date64"] = both(DAY, pa.date64())
    columns["time32_s"] = both(CLOCK.replace(microsecond=0), pa.time32("s"))
    columns["time32_ms"] = both(CLOCK.replace(microsecond=0), pa.time32("ms"))
    columns["time64_us"] = both(CLOCK, pa.time64("us"))
    columns["time64_ns"] = both(CLOCK, pa.time64("ns"))
    for kind in [pa.decimal32(7, 2), pa.decimal64(12, 2), pa.decimal128(20, 2), pa.decimal256(50, 2)]:
        columns[str(kind).split("(")[0]] = both(PRICE, kind)
    for name, kind in {"list": pa.list_(pa.int16()), "large_list": pa.large_list(pa.int16()), "fixed_size_list": pa.list_(pa.int16(), 2)}.items():
        columns[name] = both([1, 2], kind)
    columns["struct"] = both({"x": 1, "y": "z"}, pa.struct([("x", pa.int32()), ("y", pa.string())]))
    columns["map"] = both([("a", 1), ("b", 2)], pa.map_(pa.string(), pa.int64()))
    columns["dictionary"] = both("red", pa.string()).dictionary_encode()
    columns["dictionary_of_int"] = both(7, pa.int64()).dictionary_encode()
    columns["null"] = pa.nulls(2)
    return columns


def write(path, table, **options):
    with pa.ipc.new_file(str(path), table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)


def make(to):
    table = pa.table(arrays())
    write(to / "pyarrow.arrow", table)
    write(to / "pyarrow_first.arrow", table.slice(0, 1))
    write(to / "pyarrow_lz4.arrow", table.slice(0, 1), compression="lz4")
    write(to / "pyarrow_zstd.arrow", table.slice(0, 1), compression="zstd")
    write(to / "unread.arrow", pa.table({
        "run_end": pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["a"])),
        "list_view": pa.array([[1], [2]], pa.list_view(pa.int64())),
        "union": pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [pa.array([1, 2])]),
        "interval": pa.array([pa.MonthDayNano([1, 2, 3])] * 2),
    }))

    # Arrow 0.17 noted its compression like this. No version since then writes it.
    batch = pa.record_batch({"ID": pa.array([1, 2])})
    with pa.ipc.new_file(str(to / "old_lz4.arrow"), batch.schema) as writer:
        writer.write_batch(batch, custom_metadata={"ARROW:experimental_compression": "lz4"})

    pd.DataFrame({
        "id": [1, 2],
        "price": [1.5, 2.5],
        "item": ["tea", "grüße"],
        "paid": [True, False],
        "colour": pd.Categorical(["red", "blue"]),
        "at": pd.to_datetime([AT, AT]),
        "zoned": pd.to_datetime([ZONED, ZONED]).tz_convert(BERLIN),
        "took": pd.to_timedelta([TOOK, TOOK]),
        "count": pd.array([3, None], dtype="Int64"),
        "gap": [4, None],
        "day": [DAY, DAY],
        "clock": [CLOCK, CLOCK],
        "tags": [["a", "b"], []],
        "point": [{"x": 1, "y": 2.0}, {"x": 3, "y": 4.0}],
        "cost": [PRICE, PRICE],
        "raw": [b"\xff", b""],
        "none": [None, None],
        "note": ["x", None],
    }, index=pd.Index([10, 20], name="index")).reset_index().to_feather(to / "pandas.arrow")

    colour = pl.Series(["red", "blue"])
    pl.DataFrame({
        "id": [1, 2],
        "small": pl.Series([1, 2], dtype=pl.Int8),
        "price": [1.5, 2.5],
        "item": ["tea", "grüße"],
        "paid": [True, False],
        "colour": colour.cast(pl.Categorical),
        "size": colour.cast(pl.Enum(["blue", "red"])),
        "at": [AT, AT],
        "zoned": pl.Series([ZONED, ZONED]).dt.convert_time_zone(BERLIN),
        "took": [TOOK, TOOK],
        "day": [DAY, DAY],
        "clock": [CLOCK, CLOCK],
        "tags": [["a", "b"], []],
        "pair": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2)),
        "point": [{"x": 1, "y": 2.0}, {"x": 3, "y": 4.0}],
        "cost": pl.Series([PRICE, PRICE], dtype=pl.Decimal(10, 2)),
        "raw": [b"\xff", b""],
        "none": [None, None],
        "note": ["x", None],
    }).write_ipc(to / "polars.arrow")


def check(path):
    """Reads what the tests wrote, and compares each value."""
    want = [
        {"ID": 1, "Item": "tea", "Price": 1.5, "Paid": True, "At": ZONED, "Took": TOOK, "Raw": b"\xff",
         "Tags": ["a", "b"], "Point": {"X": 1.0, "Y": 2.0}, "By": {"a": 1, "b": 2}, "Note": "x", "Small": -1},
        {"ID": 2, "Item": "grüße", "Price": 2.5, "Paid": False, "At": ZONED, "Took": TOOK, "Raw": b"",
         "Tags": [], "Point": {"X": 3.0, "Y": 4.0}, "By": {}, "Note": None, "Small": 1},
    ]
    table = pa.feather.read_table(path)
    table.validate(full=True)
    got = table.to_pylist(maps_as_pydicts="strict")
    assert [{**row, "At": row["At"].to_pydatetime(), "Took": row["Took"].to_pytimedelta()} for row in got] == want, got

    frame = pd.read_feather(path)
    assert list(frame["Item"]) == ["tea", "grüße"] and list(frame["At"].dt.tz_convert("UTC")) == [ZONED, ZONED], frame
    assert list(frame["Price"]) == [1.5, 2.5] and frame["Note"].isna().tolist() == [False, True], frame

    # polars has no maps.
    columns = [name for name in table.column_names if name != "By"]
    other = pl.read_ipc(path, columns=columns).to_dicts()
    assert other == [{name: row[name] for name in columns} for row in want], other


if __name__ == "__main__":
    {"make": lambda path: make(pathlib.Path(path)), "check": check}[sys.argv[1]](sys.argv[2])
