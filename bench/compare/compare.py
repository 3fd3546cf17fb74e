"""Does the work of BenchmarkStream with Dagster, polars, pandas and fxrun, and prints a Markdown table.

    python compare.py [ROWS] [ROUNDS] [WORD...]

If there are words, only the contenders whose names have one of them take part.

Each contender makes the same rows, stores them as CSV, turns the CSV into Parquet, and computes sums
of what the Parquet file holds. The rows are made in the fastest way of each library: as columns with
polars and numpy, and in batches in Go. Each contender runs in a process of its own, so that its peak
of memory is its own. The contenders take turns, so that a busy machine is busy for all of them. The
time to start Python and to import libraries is not counted. fxrun takes part with 3,000,000 rows, if
the command go is there.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

CHUNK = 100_000
GO_ROWS = 3_000_000  # streamRows in stream_test.go
ITEMS = ["tea", "milk", "coffee beans", "sugar", "bread"]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def polars_source(rows):
    """Returns the rows of saleOf in stream_test.go."""
    import polars

    i = polars.int_range(0, rows, dtype=polars.Int64)
    return polars.select(
        ID=i,
        Customer=polars.format("customer {}", i % 10_007),
        Item=polars.lit(polars.Series(ITEMS)).gather(i % 5),
        Price=(i % 997) / 4,
        Count=i % 7,
        At=polars.lit(START) + polars.duration(seconds=i),
    )


def polars_steps(folder, rows, lazy):
    import polars

    lines, stored = folder / "sales.csv", folder / "sales.parquet"
    value = (polars.col("Price") * polars.col("Count")).sum().alias("sum")

    def sales():
        if lazy:
            polars_source(rows).lazy().sink_csv(lines)
        else:
            polars_source(rows).write_csv(lines)

    def columns():
        if lazy:
            polars.scan_csv(lines, try_parse_dates=True).sink_parquet(stored)
        else:
            polars.read_csv(lines, try_parse_dates=True).write_parquet(stored)

    def sums():
        if lazy:
            sums = polars.scan_parquet(stored).group_by("Item").agg(value).collect(engine="streaming")
        else:
            sums = polars.read_parquet(stored).group_by("Item").agg(value)
        return dict(zip(sums["Item"], sums["sum"]))

    return sales, columns, sums


def pandas_steps(folder, rows):
    import numpy
    import pandas

    lines, stored = folder / "sales.csv", folder / "sales.parquet"
    customers = numpy.array([f"customer {i}" for i in range(10_007)], dtype=object)

    def sales():
        with open(lines, "wb") as f:
            for first in range(0, rows, CHUNK):
                i = numpy.arange(first, min(first + CHUNK, rows))
                frame = pandas.DataFrame({
                    "ID": i,
                    "Customer": customers[i % 10_007],
                    "Item": numpy.array(ITEMS, dtype=object)[i % 5],
                    "Price": i % 997 / 4,
                    "Count": i % 7,
                    "At": pandas.Timestamp(START) + pandas.to_timedelta(i, unit="s"),
                })
                frame.to_csv(f, index=False, header=first == 0)

    def columns():
        pandas.read_csv(lines, parse_dates=["At"]).to_parquet(stored)

    def sums():
        frame = pandas.read_parquet(stored)
        return (frame["Price"] * frame["Count"]).groupby(frame["Item"]).sum().to_dict()

    return sales, columns, sums


def alone(steps):
    sales, columns, sums = steps
    sales()
    columns()
    return sums()


def in_dagster(steps):
    """Runs the steps as three assets that depend on each other."""
    import dagster

    sales, columns, sums = steps
    result = {}
    first = dagster.asset(name="sales")(lambda: sales())
    second = dagster.asset(name="columns", deps=[first])(lambda: columns())
    third = dagster.asset(name="sums", deps=[second])(lambda: result.update(sums()))
    dagster.materialize([first, second, third])
    return result


PYTHON = {
    "Dagster with polars, lazily": (in_dagster, lambda folder, rows: polars_steps(folder, rows, True)),
    "Dagster with polars, eagerly": (in_dagster, lambda folder, rows: polars_steps(folder, rows, False)),
    "Dagster with pandas": (in_dagster, pandas_steps),
    "polars alone, lazily": (alone, lambda folder, rows: polars_steps(folder, rows, True)),
}
GO = {  # the places in streamers of stream_test.go
    "fxrun, in batches": 1,
    "fxrun, row by row, `rows.Seq`": 2,
    "fxrun, row by row, `iter.Seq2`": 3,
    "by hand, with csvutil and parquet-go": 0,
}


def expected(rows):
    """Returns the sums. All values are quarters, so floats hold them exactly."""
    sums = dict.fromkeys(ITEMS, 0.0)
    for i in range(rows):
        sums[ITEMS[i % 5]] += i % 997 / 4 * (i % 7)
    return {item: total for item, total in sums.items() if rows > ITEMS.index(item)}


def processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run(name, rows):
    """Runs one contender in this process and prints what it took."""
    within, steps_of = PYTHON[name]
    with tempfile.TemporaryDirectory() as folder:
        steps = steps_of(Path(folder), rows)  # imports the library
        if within is in_dagster:
            import dagster  # noqa: F401
        begun, used = time.perf_counter(), processor()
        sums = within(steps)
        seconds, used = time.perf_counter() - begun, processor() - used
        stored = os.path.getsize(Path(folder) / "sales.parquet")
    if sums != expected(rows):
        sys.exit(f"{name}: the sums are {sums}, want {expected(rows)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("RESULT " + json.dumps({"Seconds": seconds, "Processor": used, "PeakMB": peak, "Stored": stored}))


def measure(command, extra):
    """Runs a contender in a process of its own."""
    process = subprocess.Popen(command, env=os.environ | extra, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or "RESULT " not in output:
        sys.exit(f"{command}: {output}")
    result = json.loads(output.split("RESULT ", 1)[1].splitlines()[0])
    return {"Processor": used.ru_utime + used.ru_stime} | result


def table(rows, rounds, words):
    commands = {name: ([sys.executable, __file__, "--one", name, str(rows)], {}) for name in PYTHON}
    with tempfile.TemporaryDirectory() as folder:
        if rows == GO_ROWS and shutil.which("go"):
            program = Path(folder) / "bench.test"
            subprocess.run(["go", "test", "-c", "-o", program, "."], cwd=Path(__file__).parent.parent, check=True, env=os.environ | {"GOWORK": "off"})
            for name, i in GO.items():
                commands[name] = ([program, "-test.run=^TestStreamProcess$", "-test.v"], {"FXRUN_BENCH_STREAM": str(i)})
        commands = {name: c for name, c in commands.items() if not words or any(word in name for word in words)}
        results = {name: [] for name in commands}
        for n in range(rounds):
            for name, (command, extra) in commands.items():
                results[name].append(measure(command, extra))
                print(f"round {n + 1}: {name}: {results[name][-1]}", file=sys.stderr)
    print(f"| {rows:,} rows: source, CSV, Parquet, sums | rows a second, median (least to most) | processor time for a row, median | most memory |")
    print("|---|--:|--:|--:|")
    for name, all in results.items():
        speeds = sorted(rows / r["Seconds"] for r in all)
        time_of_row = statistics.median(r["Processor"] for r in all) / rows * 1e6
        peak = max(r["PeakMB"] for r in all)
        print(f"| {name} | {statistics.median(speeds):,.0f} ({speeds[0]:,.0f} to {speeds[-1]:,.0f}) | {time_of_row:.2f} µs | {peak:.0f} MB |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        rows, rounds = [int(a) for a in (sys.argv[1:] + ["3000000", "1"][len(sys.argv) - 1 :])[:2]]
        table(rows, rounds, sys.argv[3:])
