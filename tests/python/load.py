"""Many events through a local AWS and the function's own program.

The hub's template partitions by day in Firehose, which the local AWS does for single rows only, a file each; here plain
delivery streams take the same records, so that what is measured is the function and not the emulator."""

import collections
import io
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import zipfile

import boto3

BINARIES, WORK, EVENTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
TABLES = ("api_activity", "network_activity", "http_activity", "findings", "operations", "logs", "metrics")
ROLE = "arn:aws:iam::000000000000:role/load"
WAIT_SECONDS = 1800


def made():
    """The hub's resources, as plain as can be; the function's environment."""
    iam = boto3.client("iam")
    trusted = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
               "Principal": {"Service": ["lambda.amazonaws.com", "firehose.amazonaws.com"]}}]}
    iam.create_role(RoleName="load", AssumeRolePolicyDocument=json.dumps(trusted))
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="load", PolicyName="all", PolicyDocument=json.dumps(everything))
    for bucket in ("load-lake", "load-quarantine"):
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for table in TABLES:
        boto3.client("firehose").create_delivery_stream(
            DeliveryStreamName=f"load-{table}", DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::load-lake", "Prefix": f"{table}/"})
    boto3.client("dynamodb").create_table(
        TableName="load", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
    environment = {"KINESCOPE_STAGE": "load", "KINESCOPE_TABLE": "load", "KINESCOPE_FIREHOSE_PREFIX": "load-",
                   "KINESCOPE_LAKE_BUCKET": "load-lake", "KINESCOPE_QUARANTINE_BUCKET": "load-quarantine", "AWS_ENDPOINT_URL": boto3.client("s3").meta.endpoint_url}
    for severity in ("LOW", "MEDIUM", "HIGH", "CRITICAL"):
        topic = boto3.client("sns").create_topic(Name=f"load-{severity.lower()}")["TopicArn"]
        environment[f"KINESCOPE_TOPIC_{severity}"] = topic
    return environment


def deployed(environment):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        program = zipfile.ZipInfo("bootstrap")
        program.external_attr = 0o755 << 16
        archive.writestr(program, (BINARIES / "bootstrap").read_bytes(), zipfile.ZIP_DEFLATED)
    boto3.client("lambda").create_function(
        FunctionName="load", Runtime="provided.al2023", Handler="bootstrap", Role=ROLE, Timeout=300, MemorySize=1769,
        Environment={"Variables": environment}, Code={"ZipFile": content.getvalue()})
    stream = boto3.client("kinesis")
    stream.create_stream(StreamName="load", ShardCount=1)
    stream.get_waiter("stream_exists").wait(StreamName="load", WaiterConfig={"Delay": 1})
    arn = stream.describe_stream_summary(StreamName="load")["StreamDescriptionSummary"]["StreamARN"]
    boto3.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="load", StartingPosition="TRIM_HORIZON", BatchSize=100,
        FunctionResponseTypes=["ReportBatchItemFailures"])


def put(files):
    kinesis = boto3.client("kinesis")
    for start in range(0, len(files), 50):
        records = [{"Data": path.read_bytes(), "PartitionKey": "k"} for path in files[start:start + 50]]
        answer = kinesis.put_records(StreamName="load", Records=records)
        assert answer["FailedRecordCount"] == 0, answer


def receipts():
    pages = boto3.client("dynamodb").get_paginator("query").paginate(
        TableName="load", KeyConditionExpression="pk = :lane AND begins_with(sk, :done)",
        ExpressionAttributeValues={":lane": {"S": "lane#load/shardId-000000000000"}, ":done": {"S": "done#"}})
    total = collections.Counter()
    for page in pages:
        for item in page["Items"]:
            ledger = json.loads(item["ledger"]["S"])
            total.update({"records": ledger["records"]["in"], **{name: n for name, n in ledger["events"].items()}})
    return total


def resident():
    """Resident memory of the function's program, in MiB."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "exe").resolve().name == "bootstrap":
                return int(re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())[1]) / 1024
        except (OSError, TypeError):
            continue
    return 0.0


generated = subprocess.run([BINARIES / "kinescope", "generate", "--events", str(EVENTS), "--shape", "cwl", "--out", WORK / "generated"],
                           check=True, capture_output=True)
files = sorted(path for path in (WORK / "generated" / "traffic").rglob("*") if path.is_file())
deployed(made())
began = time.monotonic()
threading.Thread(target=put, args=(files,), daemon=True).start()
memory, total = [], collections.Counter()
while total["records"] < len(files):
    if time.monotonic() - began > WAIT_SECONDS:
        raise SystemExit(f"{total} of {len(files)} records after {WAIT_SECONDS} s")
    time.sleep(2)
    memory.append(resident())
    total = receipts()
    print(f"\r{total['records']} of {len(files)} records, {total['in'] / (time.monotonic() - began):,.0f} events/s, {memory[-1]:.0f} MiB ", end="", file=sys.stderr)
seconds = time.monotonic() - began
print(file=sys.stderr)
out = WORK / "expected"
processed = subprocess.run([BINARIES / "kinescope", "process", WORK / "generated" / "traffic", "--out", out, "--threads", "1"], check=True, capture_output=True)
expected = json.loads((out / "ledger.json").read_text())
n_rows = 0
for page in boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket="load-lake", Prefix="api_activity/"):
    for listed in page.get("Contents", []):
        n_rows += boto3.client("s3").get_object(Bucket="load-lake", Key=listed["Key"])["Body"].read().count(b"\n")
print(f"{total['in']:,} events in {len(files)} records: {seconds:.0f} s through the local AWS, {total['in'] / seconds:,.0f} events/s; "
      f"the same processed without it {expected['seconds']:.0f} s; accepted {total['accepted']:,}, rows of api_activity {n_rows:,}; "
      f"the function's memory {memory[len(memory) // 4]:.0f} MiB after a quarter, {memory[-1]:.0f} MiB at the end, {max(memory):.0f} MiB at most")
for name in ("in", "accepted", "duplicate", "quarantined"):
    assert total[name] == expected["events"][name], (name, total[name], expected["events"][name])
assert n_rows == expected["events"]["accepted"], n_rows
