"""Checks a lake against its ledger, its contract and the hot store beside it, with DuckDB and pyarrow.

Usage: lake.py OUT CONTRACT, where CONTRACT is what `kinescope schema json` prints.
"""

import datetime
import json
import sqlite3
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("ms", tz="UTC"),
}
FIRST_DAY = datetime.date(2013, 1, 2)
OUT_OF_RANGE = "2013-01-01"
DAY_MS = 86_400_000

problems = []


def equal(what, left, right):
    if left != right:
        problems.append(f"{what}: {left!r} is not {right!r}")


def one(db, query):
    """The only value of a query."""
    return db.sql(query).fetchall()[0][0]


def partition_of(time_ms, today):
    """The partitions that a time may lie in: two if the clock may have struck midnight since."""
    day = time_ms // DAY_MS
    since = (FIRST_DAY - datetime.date(1970, 1, 1)).days
    last = (today - datetime.date(1970, 1, 1)).days + 1
    if since <= day < last:
        return [str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day))]
    if day == last:
        return [str(datetime.date(1970, 1, 1) + datetime.timedelta(days=day)), OUT_OF_RANGE]
    return [OUT_OF_RANGE]


def check_table(db, folder, columns, today):
    """Reads a table by both readers; how many rows it has."""
    name = folder.name
    described = db.sql(
        f"DESCRIBE SELECT * FROM read_parquet('{folder}/*/*.parquet', hive_partitioning=true)"
    ).fetchall()
    expected = [(column["name"], DUCKDB_TYPES[column["hive"]]) for column in columns]
    equal(f"{name} in DuckDB", [(row[0], row[1]) for row in described if row[0] != "event_day"], expected)
    arrow = [pa.field(column["name"], ARROW_TYPES[column["hive"]]) for column in columns]
    for path in folder.glob("*/*.parquet"):
        schema = pyarrow.parquet.read_schema(path)
        equal(f"{path} in Arrow", [pa.field(field.name, field.type) for field in schema], arrow)
    table = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
    view = f"read_parquet('{folder}/*/*.parquet', hive_partitioning=true, hive_types={{'event_day': VARCHAR}})"
    n_rows = one(db, f"SELECT count(*) FROM {view}")
    equal(f"rows of {name}", table.num_rows, n_rows)
    n_ids = one(db, f"SELECT count(DISTINCT (metadata_uid, cloud_account_uid)) FROM {view}")
    if name != "metrics":
        equal(f"ids of {name}", n_ids, n_rows)
    for time_ms, day in db.sql(f"SELECT DISTINCT time, event_day FROM {view}").fetchall():
        if day not in partition_of(time_ms, today):
            problems.append(f"{name}: time {time_ms} lies in {day}")
    incomplete = "time IS NULL OR class_uid IS NULL OR severity_id IS NULL OR epoch_ms(time_dt) <> time"
    n_incomplete = one(db, f"SELECT count(*) FROM {view} WHERE {incomplete}")
    equal(f"rows of {name} without time, class or severity", n_incomplete, 0)
    return n_rows


def main(out, contract):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    ledger = json.loads((out / "ledger.json").read_text())
    columns = {table["table"]: table["columns"] for table in json.loads(contract.read_text())}
    db = duckdb.connect()
    db.sql("SET TimeZone = 'UTC'")
    tables = sorted(path for path in (out / "lake").iterdir())
    rows = {folder.name: check_table(db, folder, columns[folder.name], today) for folder in tables}
    equal("rows in all", sum(rows.values()), ledger["sinks"]["lake"]["delivered"])

    metrics = f"read_parquet('{out}/lake/metrics/*/*.parquet')"
    findings = f"read_parquet('{out}/lake/findings/*/*.parquet')"
    # Points that are derived and findings that are ours are not events that came.
    ours = {
        "metrics": one(db, f"SELECT count(*) FROM {metrics} WHERE origin <> 'stream'"),
        "findings": ledger["findings"]["total"],
    }
    if "findings" in rows:
        where = "WHERE metadata_product_name = 'Kinescope'"
        equal("our findings", one(db, f"SELECT count(*) FROM {findings} {where}"), ours["findings"])
    accepted = ledger["events"]["accepted"]
    equal("rows of events", sum(rows.values()) - sum(ours.values()), accepted)
    of_events = "namespace = 'Kinescope' AND metric = 'events'"
    samples = one(db, f"SELECT sum(samples) FROM {metrics} WHERE {of_events}")
    equal("samples of the metric events", samples, accepted)

    names = "namespace, metric, unit"
    sums = f"count(DISTINCT (time, dimensions)), sum(samples), round(sum(sum), 3), min(min), max(max)"
    lake = db.sql(
        f"SELECT {names}, {sums} FROM {metrics} WHERE origin <> 'stream' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    store = sqlite3.connect(f"file:{out}/kinescope.db?mode=ro", uri=True)
    points = store.execute(
        f"SELECT {names}, count(*), sum(samples), round(sum(sum), 3), min(min), max(max) FROM points GROUP BY {names} ORDER BY {names}"
    ).fetchall()
    equal("metrics in the lake and the store", [tuple(row) for row in lake], points)
    return tables


if __name__ == "__main__":
    if not main(Path(sys.argv[1]), Path(sys.argv[2])):
        problems.append("there is no table")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
