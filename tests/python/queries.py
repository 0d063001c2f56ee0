"""Checks Athena's saved queries, which the local AWS cannot hold: they parse as Athena's SQL, name columns that are there,
and run. DuckDB runs them, translated; what only Athena has (`$path`) is given to it as columns."""

import json
import sys
from pathlib import Path

import duckdb
import sqlglot
from samtranslator.yaml_helper import yaml_parse
from sqlglot.optimizer.qualify import qualify

INFRA = Path(__file__).resolve().parents[2] / "infra"
HIDDEN = {"$path": "string", "$file_size": "bigint"}
DUCKDB_TYPES = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN"}

problems = []
schema = {
    table["Name"]: {
        **{column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]},
        **{key["Name"]: key["Type"] for key in table["PartitionKeys"]},
        **HIDDEN,
    }
    for table in json.loads((INFRA / "glue" / "tables.json").read_text())
}
database = duckdb.connect()
for name, columns in schema.items():
    declared = [f'"{column}" {DUCKDB_TYPES.get(kind, kind)}' for column, kind in columns.items()]
    database.sql(f"CREATE TABLE {name} ({', '.join(declared)})")


def rows_of(statement):
    """What a statement gives, translated; every column of it is one of the tables'."""
    parsed = sqlglot.parse_one(statement, dialect="athena")
    query = parsed.expression if isinstance(parsed, sqlglot.exp.Create) else parsed
    qualify(query.copy(), schema=schema, dialect="athena", validate_qualify_columns=True)
    return database.sql(query.sql(dialect="duckdb")).fetchall()


def insert(table, **values):
    columns = ", ".join(values)
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(values))})", list(values.values()))


# Two of one event are one; those of another day or account are others; metric points without an id are all themselves.
twice = {"event_day": "2020-01-02", "metadata_uid": "a", "cloud_account_uid": "1", "time": 5}
for table in schema:
    for row in (twice, twice, {**twice, "event_day": "2020-01-03"}, {**twice, "cloud_account_uid": "2"}):
        insert(table, **row)
    for _ in range(2):
        insert(table, event_day="2020-01-02", time=5)

today = database.sql("SELECT cast(current_date AS VARCHAR)").fetchall()[0][0]
world = '{"ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}'
private = world.replace("0.0.0.0/0", "10.0.0.0/8")
anyone = '{"bucketPolicy":{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"}}]}}'
call = {"event_day": today, "metadata_uid": "b", "api_response_error": "AccessDenied", "$path": "p", "$file_size": 7}
for operation, data in [
    ("AuthorizeSecurityGroupIngress", world), ("AuthorizeSecurityGroupIngress", private), ("PutBucketPolicy", anyone),
]:
    quoted = {f'"{key}"': value for key, value in call.items()}
    insert("api_activity", **quoted, api_operation=operation, api_request_data=data)
insert("findings", event_day=today, finding_info_uid="f", severity_id=5, finding_info_title="t")

N_ROWS = {"TopDenied": 2, "FindingsByAccount": 1, "OpenedToWorld": 2, "BytesByDay": 1}
queries = yaml_parse((INFRA / "hub" / "queries.yaml").read_text())["Resources"]
for name, resource in queries.items():
    text = resource["Properties"]["QueryString"]
    # A view was made of four rows that are there once and of two without an id, before the day's calls were.
    rows = rows_of(text)
    if name.startswith("Once"):
        rows = [row for row in rows if row[list(schema["logs"]).index("time")] == 5]
    expected = N_ROWS.get(name, 5)
    if len(rows) != expected:
        problems.append(f"{name} gives {len(rows)} rows, not {expected}: {rows}")
if problems:
    sys.exit("\n".join(problems))
print(f"{len(queries)} queries")
