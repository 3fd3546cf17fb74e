"""Makes the Parquet files of this folder that other programs write.

    pip install pandas polars pyarrow duckdb
    python make.py

The files with the same rows (foreign_*.parquet) are listed in foreign_test.go.
"""

import datetime as dt
import decimal
import os

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
UTC = dt.timezone.utc
at = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
early = dt.datetime(1931, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

rows = [
    dict(n=1, small=-128, text="tea", price=2.5, flag=True, at=at, naive=at.replace(tzinfo=None),
         day=dt.date(2026, 1, 2), tags=["a", "b"], spot=dict(x=1, y="one"), amount=decimal.Decimal("12.30")),
    dict(n=None, small=127, text=None, price=-0.25, flag=False, at=early, naive=early.replace(tzinfo=None),
         day=None, tags=None, spot=None, amount=decimal.Decimal("-0.05")),
    dict(n=2**63 - 1, small=0, text="", price=1e300, flag=True, at=at, naive=at.replace(tzinfo=None),
         day=dt.date(1969, 12, 31), tags=[], spot=dict(x=-5, y=None), amount=decimal.Decimal("9999999.99")),
    dict(n=-2**63, small=7, text="tea", price=0.0, flag=False, at=at, naive=at.replace(tzinfo=None),
         day=dt.date(1, 1, 1), tags=["c", None], spot=dict(x=9, y="\u00fc"), amount=decimal.Decimal("0.00")),
]

schema = pa.schema([
    ("n", pa.int64()), ("small", pa.int8()), ("text", pa.string()), ("price", pa.float64()), ("flag", pa.bool_()),
    ("at", pa.timestamp("us", "UTC")), ("naive", pa.timestamp("us")), ("day", pa.date32()),
    ("tags", pa.list_(pa.string())), ("spot", pa.struct([("x", pa.int64()), ("y", pa.string())])),
    ("amount", pa.decimal128(9, 2)),
])
table = pa.Table.from_pylist(rows, schema)


def cast(**types):
    """Returns the table with other types for some columns."""
    return table.cast(pa.schema([(f.name, types.get(f.name, f.type)) for f in schema]))


for codec in ["none", "snappy", "gzip", "zstd", "brotli"]:
    pq.write_table(table, f"foreign_pyarrow_{codec}.parquet", compression=codec)
pq.write_table(table, "foreign_pyarrow_v2.parquet", data_page_version="2.0", use_dictionary=False, row_group_size=3)
pq.write_table(table, "foreign_pyarrow_item.parquet", use_compliant_nested_type=False)
pq.write_table(table, "foreign_pyarrow_v1.parquet", version="1.0", data_page_size=1, write_batch_size=1)
pq.write_table(table, "foreign_pyarrow_delta.parquet", use_dictionary=False, store_decimal_as_integer=True,
               column_encoding={"n": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "price": "BYTE_STREAM_SPLIT",
                                "tags.list.element": "DELTA_LENGTH_BYTE_ARRAY"})
pq.write_table(cast(text=pa.large_string(), tags=pa.large_list(pa.large_string()), amount=pa.decimal256(50, 2)),
               "foreign_pyarrow_large.parquet")
pq.write_table(table, "foreign_pyarrow_int96.parquet", use_deprecated_int96_timestamps=True)
pq.write_table(table.set_column(2, "text", table["text"].dictionary_encode()), "foreign_pyarrow_dictionary.parquet")
table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get).to_parquet("foreign_pandas.parquet", index=False)
pl.from_arrow(table).write_parquet("foreign_polars.parquet")
pl.from_arrow(table).with_columns(pl.col("text").cast(pl.Categorical)).write_parquet(
    "foreign_polars_categories.parquet", compression="snappy", row_group_size=2)
duckdb.sql("SET TimeZone = 'UTC'")
duckdb.register("source", table)
for codec in ["snappy", "zstd"]:
    duckdb.sql(f"COPY (FROM source) TO 'foreign_duckdb_{codec}.parquet' (COMPRESSION {codec}, ROW_GROUP_SIZE 2048)")

times = [dt.datetime(1, 1, 1), dt.datetime(1677, 1, 1), dt.datetime(2262, 6, 1), dt.datetime(9999, 12, 31, 23, 59, 59)]
for unit in ["s", "ms", "us"]:
    for zone in [None, "UTC", "Europe/Zurich"]:
        name = f"far_{unit}_{zone or 'naive'}.parquet".replace("/", "_")
        if name != "far_us_UTC.parquet":
            pq.write_table(pa.table({"t": pa.array([t.replace(tzinfo=UTC) if zone else t for t in times],
                                                   pa.timestamp(unit, zone))}), name)

pq.write_table(pa.table({
    "u8": pa.array([255], pa.uint8()), "u16": pa.array([65535], pa.uint16()), "u32": pa.array([2**32 - 1], pa.uint32()),
    "u64": pa.array([2**64 - 1], pa.uint64()), "i8": pa.array([-128], pa.int8()), "i16": pa.array([-2**15], pa.int16()),
    "i32": pa.array([-2**31], pa.int32()), "f32": pa.array([0.1], pa.float32()), "raw": pa.array([b"\x00\xff"], pa.binary()),
    "fixed": pa.array([b"abcd"], pa.binary(4)), "clock": pa.array([dt.time(23, 59, 59, 999000)], pa.time32("ms")),
    "clock64": pa.array([dt.time(0, 0, 0, 1)], pa.time64("us")), "length": pa.array([5], pa.duration("ms")),
    "by": pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())),
    "deep": pa.array([[[1, 2], None, [], [None]]], pa.list_(pa.list_(pa.int32()))),
    "spots": pa.array([[{"x": 1, "tags": ["p", "q"]}, None, {"x": 2, "tags": []}, {"x": 3, "tags": None}]],
                      pa.list_(pa.struct([("x", pa.int64()), ("tags", pa.list_(pa.string()))]))),
    "nothing": pa.nulls(1), "nothings": pa.array([[None, None]], pa.list_(pa.null())),
}), "types.parquet")

# Booleans as runs of equal values, whose lengths are no multiples of eight, and as bits.
bits = [i // 13 % 2 == 0 if i < 200 else i % 3 == 0 for i in range(300)]
runs = pa.table({
    "b": pa.array(bits), "n": pa.array([None if i % 7 == 0 else bit for i, bit in enumerate(bits)]),
    "l": pa.array([None if i % 11 == 0 else [bit] * (i % 4) for i, bit in enumerate(bits)], pa.list_(pa.bool_())),
})
pages = {"data_page_size": 64, "write_batch_size": 50, "use_dictionary": False}
pq.write_table(runs, "runs_v1.parquet", column_encoding={"b": "RLE", "n": "RLE", "l.list.element": "RLE"}, **pages)
pq.write_table(runs, "runs_v2.parquet", data_page_version="2.0", compression="zstd", row_group_size=120, **pages)
pq.write_table(runs, "runs_v2_none.parquet", data_page_version="2.0", compression="none", **pages)
pq.write_table(runs, "runs_plain.parquet", column_encoding={"b": "PLAIN", "n": "PLAIN", "l.list.element": "PLAIN"}, **pages)
