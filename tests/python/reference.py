"""Compares the lake's table of CloudTrail with a reference, by DuckDB and by pyarrow. Prints how many rows they have.

Usage: reference.py OUT REFERENCE. The reference is lines of JSON: first which columns are times and which JSON, then a
row each. Rows that come again are one, as they are in the lake.
"""

import datetime
import json
import sys
from pathlib import Path

import duckdb
import pyarrow.dataset

PROBLEMS_MAX = 20

problems = []


def milliseconds(text):
    """Of a time as CloudTrail writes it."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1_000)


def read(path):
    """The reference's rows by id and account, and what its columns are."""
    lines = path.read_text().split("\n")
    kinds, rows = json.loads(lines[0]), {}
    for line in filter(None, lines[1:]):
        row = json.loads(line)
        for name in kinds["times"]:
            row[name] = row[name] and milliseconds(row[name])
        rows.setdefault((row["metadata_uid"], row["cloud_account_uid"]), row)
    return kinds, rows


def compare(reader, rows, reference, kinds):
    """Every row of the one is in the other, and every column of it is the same."""
    found = {}
    for row in rows:
        for name in kinds["jsons"]:
            row[name] = row[name] and json.loads(row[name])
        found[(row["metadata_uid"], row["cloud_account_uid"])] = row
    if len(found) != len(rows):
        problems.append(f"{reader}: {len(rows) - len(found)} rows have the id and account of another")
    problems.extend(f"{reader}: {key} is not in the lake" for key in reference.keys() - found.keys())
    problems.extend(f"{reader}: {key} is not in the reference" for key in found.keys() - reference.keys())
    for name in next(iter(reference.values()), {}):
        for key in reference.keys() & found.keys():
            ours, theirs = found[key][name], reference[key][name]
            # Equal in Python is 1 == True as well.
            if (ours, type(ours)) != (theirs, type(theirs)):
                problems.append(f"{reader}: {name} of {key} is {ours!r}, and {theirs!r} in the reference")


def main(out, path):
    kinds, reference = read(path)
    columns = list(next(iter(reference.values()), {}))
    folder = out / "lake/api_activity"
    table = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table(columns=columns)
    compare("pyarrow", table.to_pylist(), reference, kinds)
    query = duckdb.sql(f"SELECT {', '.join(columns)} FROM read_parquet('{folder}/*/*.parquet')")
    compare("DuckDB", [dict(zip(columns, row)) for row in query.fetchall()], reference, kinds)
    return len(reference)


if __name__ == "__main__":
    n_rows = main(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(problems[:PROBLEMS_MAX]) if problems else n_rows)
    sys.exit(1 if problems else 0)
