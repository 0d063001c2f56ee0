"""Puts traffic on a deployed hub's stream and compares what comes of it with what the command line makes of it.

Usage: deployed.py KINESCOPE WORK WRITER, the last being who writes the lake: firehose or function."""

import base64
import collections
import glob
import gzip
import json
import pathlib
import re
import subprocess
import sys
import time
import zlib

import boto3
import duckdb

from stack import WAIT_SECONDS, ended, equal, invoked, items, ledgers, outputs_of, waited_for

KINESCOPE, WORK, WRITER = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
STACK = "kinescope-hub-dev"
EVENTS = 60


def records():
    """Generated records of all shapes, and each sample file as a record, plain or zipped; some of it is broken."""
    subprocess.run([KINESCOPE, "generate", "--events", str(EVENTS), "--seed", "11", "--shape", "capture", "--out", WORK / "generated"], check=True, stderr=subprocess.DEVNULL)
    data = []
    for path in sorted(glob.glob(f"{WORK}/generated/traffic/**", recursive=True)):
        if pathlib.Path(path).is_file():
            for line in pathlib.Path(path).read_bytes().splitlines():
                try:
                    data.append(base64.b64decode(json.loads(line)["Data"]))
                except (ValueError, KeyError, TypeError):
                    continue
    for at, path in enumerate(sorted(pathlib.Path("tests/samples").iterdir())):
        data.append(gzip.compress(path.read_bytes()) if at % 2 else path.read_bytes())
    data.append(gzip.compress(b"cut short" * 99)[:30])
    return data


def capture(shards, data):
    """The same records as a capture, which the command line reads."""
    path = WORK / "capture.jsonl"
    with path.open("w") as file:
        for shard, sequence, arrival, bytes_ in shards:
            line = {"SequenceNumber": sequence, "PartitionKey": "k", "ApproximateArrivalTimestamp": arrival,
                    "Data": base64.b64encode(bytes_).decode(), "ShardId": shard}
            file.write(json.dumps(line) + "\n")
    return path


def put(stream, data):
    """Puts the records, all of one key, so that they stay in one shard and in order."""
    kinesis = boto3.client("kinesis")
    for start in range(0, len(data), 100):
        batch = [{"Data": bytes_, "PartitionKey": "k"} for bytes_ in data[start:start + 100]]
        answer = kinesis.put_records(StreamName=stream, Records=batch)
        assert answer["FailedRecordCount"] == 0, answer


def on_stream(stream):
    """Everything that lies on the stream."""
    kinesis = boto3.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
            if not answer["Records"]:
                break
            iterator = answer["NextShardIterator"]
            found += [(shard["ShardId"], record["SequenceNumber"], record["ApproximateArrivalTimestamp"].timestamp(), record["Data"])
                      for record in answer["Records"]]
    return found


def told(sent):
    """What the function says of the records when it is asked for itself: its mapping keeps that to itself."""
    arn = f"arn:aws:kinesis:eu-west-1:000000000000:stream/{STREAM}"
    records = [{"eventSource": "aws:kinesis", "eventID": f"{shard}:{sequence}", "eventSourceARN": arn,
                "kinesis": {"sequenceNumber": sequence, "partitionKey": "k", "kinesisSchemaVersion": "1.0",
                            "approximateArrivalTimestamp": arrival, "data": base64.b64encode(data).decode()}}
               for shard, sequence, arrival, data in sent]
    yield json.dumps(invoked("kinescope-dev-pipeline", {"Records": records}))
    yield from (line for line in (WORK / "aws.log").read_text(errors="replace").splitlines() if '"errors"' in line)


def dealt_with(table, n_records):
    """The table's items, once every record is entered and no metrics wait to be sent."""
    def look():
        found = items(table)
        waits = any(item["sk"]["S"].startswith("outbox#") for item in found)
        return not waits and sum(ledger["records"]["in"] for ledger in ledgers(found)) >= n_records and found
    say = lambda: print(*told(on_stream(STREAM)), sep="\n", flush=True)
    return waited_for(f"all that comes of {n_records} records", look, say)


def asked(outputs, sql):
    athena = boto3.client("athena")
    query = athena.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": outputs["GlueDatabase"]}, WorkGroup=outputs["AthenaWorkgroup"],
    )["QueryExecutionId"]
    state = "QUEUED"
    ends = time.monotonic() + WAIT_SECONDS
    while state in ("QUEUED", "RUNNING") and time.monotonic() < ends:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        state = status["State"]
    assert state == "SUCCEEDED", f"{sql}: {status}"
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows[1:]]


def rows(files):
    """What is in files of the lake, row by row, with the names of the columns; not the day, which a function counts from arrival."""
    if not files:
        return []
    found = duckdb.sql(f"SELECT * REPLACE (epoch_ms(time_dt) AS time_dt) FROM read_parquet({files}, hive_partitioning=false)")
    return sorted(json.dumps(dict(zip(found.columns, row)), sort_keys=True, default=str) for row in found.fetchall())


def delivered(bucket, table):
    """The files of a table. Those of the function are named after the part that they are of."""
    s3 = boto3.client("s3")
    files = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"lake/{table}/"):
        for entry in page.get("Contents", []):
            is_part = re.fullmatch("[0-9a-f]{32}.parquet", entry["Key"].rsplit("/", 1)[1]) is not None
            if is_part != (WRITER == "function"):
                equal(f"who wrote {entry['Key']}", "another", WRITER)
            path = WORK / entry["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry["Key"], str(path))
            files.append(str(path))
    return files


def subscribed(topics):
    """A queue that hears of what is high or critical, by a filter policy."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
               "Condition": {"ArnEquals": {"aws:SourceArn": topics}}}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})})
    for topic in topics:
        policy = json.dumps({"severity": ["high", "critical"], "kind": ["alert"]})
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": policy})
    return queue


def heard(queue):
    sqs = boto3.client("sqs")
    found = []
    while True:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return found
        for message in messages:
            found.append(json.loads(json.loads(message["Body"])["Message"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def findings_in(table):
    """The lines of findings that count, by severity and by account, as anybody reads them who has the dictionary."""
    dictionary = pathlib.Path("pipeline/aws/src/sinks/ocsf/finding.dict").read_bytes()
    done = {(item["pk"]["S"], item["sk"]["S"]) for item in table}
    timed, of_account = [], []
    for item in table:
        kind, *place = item["pk"]["S"].split("#")
        if kind == "finding" and (item["lane"]["S"], item["done"]["S"]) in done:
            text = zlib.decompressobj(zdict=dictionary).decompress(item["findings"]["B"]).decode()
            (timed if len(place) == 3 else of_account).extend(text.splitlines())
    return timed, of_account


def shown_by_uid(found, *wanted):
    """What `kinescope hub findings` shows of the days that something was found on."""
    shown = {}
    for day in {finding["time"] // 86_400_000 for finding in found}:
        from_, to = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(day * 86_400 + second)) for second in (0, 86_399))
        command = [KINESCOPE, "hub", "findings", "--table", outputs["TableName"], "--severity", "unknown", "--from", from_, "--to", to, "--json"]
        lines = subprocess.run([*command, *wanted], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.splitlines()
        shown.update({finding["finding_info"]["uid"] if "finding_info" in finding else finding["uid"]: finding for finding in map(json.loads, lines)})
    return shown


outputs = outputs_of(STACK)
STREAM = outputs["StreamName"]
topics = [outputs[f"AlertTopic{severity}"] for severity in ("Critical", "High", "Medium", "Low")]
queue = subscribed(topics)
data = records()
began = time.monotonic()
put(outputs["StreamName"], data)
table = dealt_with(outputs["TableName"], len(data))
seconds = time.monotonic() - began

out = WORK / "expected"
sent = on_stream(outputs["StreamName"])
subprocess.run([KINESCOPE, "process", capture(sent, data), "--out", out], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
expected = json.loads((out / "ledger.json").read_text())
with (out / "findings.jsonl").open() as file:
    found = [json.loads(line) for line in file]
# Correlations look at a whole run, which a function does not have.
correlated = {finding["finding_info"]["analytic"]["uid"] for finding in found if finding["metadata"].get("log_name") == "correlation"}
found = [finding for finding in found if finding["finding_info"]["analytic"]["uid"] not in correlated]
entered = collections.Counter()
by_rule = collections.Counter()
for ledger in ledgers(table):
    entered.update({f"records {name}": n for name, n in ledger["records"].items()})
    entered.update({f"events {name}": n for name, n in ledger["events"].items()})
    by_rule.update(ledger["findings"]["by_rule"])

print(f"{len(data)} records, {expected['bytes_in']} bytes, dealt with in {seconds:.1f} s")
equal("records on the stream", len(sent), len(data))
for kind in ("records", "events"):
    for name, n in expected[kind].items():
        equal(f"{kind} {name}", entered[f"{kind} {name}"], n)
of_rules = {rule: n for rule, n in expected["findings"]["by_rule"].items() if rule not in correlated}
equal("findings by rule", dict(sorted(by_rule.items())), dict(sorted(of_rules.items())))
findings, of_account = findings_in(table)
equal("findings in DynamoDB", (len(findings), len(of_account)), (len(found), len(found)))
uids = sorted(finding["finding_info"]["uid"] for finding in found)
equal("their ids", sorted(json.loads(line)[1] for line in of_account) == uids, True)
forms = {json.loads(members)[1]: json.loads(form) for members, form in (line.split("\t") for line in findings)}
equal("their OCSF forms", forms == {finding["finding_info"]["uid"]: finding for finding in found}, True)
equal("what the command line shows of them", shown_by_uid(found) == forms, True)
accounts = {finding["finding_info"]["uid"]: finding.get("cloud", {}).get("account", {}).get("uid") for finding in found}
account = next(filter(None, accounts.values()))
shown = {uid: finding["account"] for uid, finding in shown_by_uid(found, "--account", account).items()}
equal("and of an account", shown == {uid: of for uid, of in accounts.items() if of == account}, True)

n_rows = 0
for name in ("api_activity", "network_activity", "http_activity", "operations", "logs", "findings"):
    (n, n_once), = asked(outputs, f"SELECT count(*), count(DISTINCT metadata_uid) FROM {name}")
    n_rows += int(n) if name != "findings" else 0
    files = glob.glob(f"{out}/lake/{name}/*/*.parquet")
    sql = f"SELECT count(*) FROM read_parquet({files}) WHERE metadata_log_name IS DISTINCT FROM 'correlation'" if name == "findings" else f"SELECT count(*) FROM read_parquet({files})"
    counted = duckdb.sql(sql).fetchall()[0][0] if files else 0
    equal(f"rows of {name} in Athena", (int(n), int(n_once)), (counted, counted))
    of_correlations = '"metadata_log_name": "correlation"'
    expected_rows = [row for row in rows(files) if of_correlations not in row]
    other = sorted(set(rows(delivered(outputs["LakeBucket"], name))) ^ set(expected_rows))
    equal(f"rows of {name} that are otherwise than those of the command line", other[:2], [])
equal("lines of metrics in Athena are samples of all events", asked(outputs, "SELECT CAST(sum(samples) AS bigint) FROM metrics WHERE metric = 'events' AND namespace = 'Kinescope'"), [[str(expected["events"]["accepted"])]])

with (out / "alerts.jsonl").open() as file:
    loud = [alert for alert in map(json.loads, file) if alert["kind"] == "alert" and alert["rule"] not in correlated and alert["severity"] in ("high", "critical")]
alerts = heard(queue)
equal("alerts that the queue heard", len(alerts), len(loud))
equal("their ids", sorted(alert["uid"] for alert in alerts) == sorted(alert["uid"] for alert in loud), True)
quarantined = boto3.client("s3").list_objects_v2(Bucket=outputs["QuarantineBucket"], Prefix="quarantine/").get("Contents", [])
equal("records in quarantine", len(quarantined), expected["records"]["quarantined"])
print(f"sent {len(data)}; in DynamoDB {len(findings)} findings; in Athena {n_rows} rows; alerts {len(alerts)}; lost 0, doubled 0")
ended()
