"""Reads a CSV file with pandas and with polars, and writes it again with each of them.

    python csv_again.py FILE FOLDER

makes FOLDER/csv_again_pandas.csv and FOLDER/csv_again_polars.csv.
"""

import sys
from pathlib import Path

import pandas
import polars

file, folder = sys.argv[1], Path(sys.argv[2])
frame = pandas.read_csv(file, parse_dates=["At"])
frame.to_csv(folder / "csv_again_pandas.csv", index=False)
frame = polars.read_csv(file, try_parse_dates=True)
frame.write_csv(folder / "csv_again_polars.csv")
