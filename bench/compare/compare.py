"""Does the work of BenchmarkStream with polars and pandas, and prints a Markdown table.

    python compare.py [ROWS] [ROUNDS]

Each contender stores the same rows as CSV, turns the CSV into Parquet, and computes sums of what
the Parquet file holds. Each runs in a process of its own, so that its peak of memory is its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

CHUNK = 100_000
ITEMS = ["tea", "milk", "coffee beans", "sugar", "bread"]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def columns(first, last):
    """Returns rows as columns. They are those of saleOf in stream_test.go."""
    numbers = range(first, last)
    return {
        "ID": list(numbers),
        "Customer": [f"customer {i % 10_007}" for i in numbers],
        "Item": [ITEMS[i % 5] for i in numbers],
        "Price": [i % 997 / 4 for i in numbers],
        "Count": [i % 7 for i in numbers],
        "At": [START + timedelta(seconds=i) for i in numbers],
    }


def write_chunks(path, rows, to_csv):
    """Writes the CSV in chunks: no contender holds all rows in memory for that."""
    with open(path, "wb") as f:
        for first in range(0, rows, CHUNK):
            to_csv(columns(first, min(first + CHUNK, rows)), f, first == 0)


def by_polars(folder, rows, lazy):
    import polars

    lines, stored = folder / "sales.csv", folder / "sales.parquet"
    write_chunks(lines, rows, lambda c, f, header: polars.DataFrame(c).write_csv(f, include_header=header))
    if lazy:
        polars.scan_csv(lines, try_parse_dates=True).sink_parquet(stored)
    else:
        polars.read_csv(lines, try_parse_dates=True).write_parquet(stored)
    value = (polars.col("Price") * polars.col("Count")).sum().alias("sum")
    if lazy:
        sums = polars.scan_parquet(stored).group_by("Item").agg(value).collect(engine="streaming")
    else:
        sums = polars.read_parquet(stored).group_by("Item").agg(value)
    return dict(zip(sums["Item"], sums["sum"]))


def by_pandas(folder, rows):
    import pandas

    lines, stored = folder / "sales.csv", folder / "sales.parquet"
    write_chunks(lines, rows, lambda c, f, header: pandas.DataFrame(c).to_csv(f, index=False, header=header))
    pandas.read_csv(lines, parse_dates=["At"]).to_parquet(stored)
    frame = pandas.read_parquet(stored)
    return (frame["Price"] * frame["Count"]).groupby(frame["Item"]).sum().to_dict()


CONTENDERS = {
    "polars, lazy": lambda folder, rows: by_polars(folder, rows, True),
    "polars, eager": lambda folder, rows: by_polars(folder, rows, False),
    "pandas": by_pandas,
}


def expected(rows):
    """Returns the sums. All values are quarters, so floats hold them exactly."""
    sums = dict.fromkeys(ITEMS, 0.0)
    for i in range(rows):
        sums[ITEMS[i % 5]] += i % 997 / 4 * (i % 7)
    return {item: total for item, total in sums.items() if rows > ITEMS.index(item)}


def run(name, rows):
    """Runs one contender in this process and prints what it took."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        sums = CONTENDERS[name](Path(folder), rows)
        seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    if sums != expected(rows):
        sys.exit(f"{name}: the sums are {sums}, want {expected(rows)}")
    print(json.dumps({"seconds": seconds, "processor": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024}))


def table(rows, rounds):
    print(f"| {rows:,} rows: source, CSV, Parquet, sums | rows a second | processor time for a row | most memory |")
    print("|---|--:|--:|--:|")
    for name in CONTENDERS:
        results = []
        for _ in range(rounds):
            command = [sys.executable, __file__, "--one", name, str(rows)]
            results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
        mean = {key: sum(r[key] for r in results) / rounds for key in ("seconds", "processor")}
        peak = max(r["peak"] for r in results)
        print(f"| {name} | {rows / mean['seconds']:,.0f} | {mean['processor'] / rows * 1e6:.2f} µs | {peak:.0f} MB |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        table(*[int(a) for a in sys.argv[1:] + ["3000000", "1"][len(sys.argv) - 1 :]])
