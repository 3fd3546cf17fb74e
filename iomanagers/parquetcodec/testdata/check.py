"""Checks that pandas, polars, pyarrow and duckdb read a file as the rows of a JSON file.

python_test.go runs it: python check.py rows.parquet rows.json
"""

import datetime as dt
import decimal
import json
import math
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq


def plain(value):
    """Returns a value as JSON has it."""
    if isinstance(value, np.ndarray):
        value = list(value)
    if isinstance(value, dict) and set(value) == {"key", "value"} and isinstance(value["key"], list):
        value = list(zip(value["key"], value["value"]))
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def same(want, got):
    """Compares values; maps are lists of pairs or of structs, or dicts, by program."""
    if isinstance(want, dict) and isinstance(got, list):
        got = {str(e[0] if isinstance(e, list) else e["key"]): e[1] if isinstance(e, list) else e["value"] for e in got}
    if isinstance(want, dict) and isinstance(got, dict):
        return set(want) == set(got) and all(same(want[k], got[k]) for k in want)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(same(a, b) for a, b in zip(want, got))
    return want == got


file, expected = sys.argv[1:]
rows = json.load(open(expected, encoding="utf-8"))
duckdb.sql("SET TimeZone = 'UTC'")
result = duckdb.sql(f"FROM '{file}'")
readers = {
    "pyarrow": pq.read_table(file).to_pylist(),
    "pandas": pd.read_parquet(file, dtype_backend="numpy_nullable").to_dict("records"),
    "polars": pl.read_parquet(file).to_dicts(),
    "duckdb": [dict(zip(result.columns, row)) for row in result.fetchall()],
}
faults = 0
for program, read in readers.items():
    if len(read) != len(rows):
        print(f"{program}: {len(read)} rows, want {len(rows)}")
        faults += 1
    for i, (want, got) in enumerate(zip(rows, read)):
        for name, value in want.items():
            if name not in got or not same(value, plain(got[name])):
                print(f"{program}: row {i}: {name} is {got.get(name)!r}, want {value!r}")
                faults += 1
sys.exit(1 if faults else 0)
