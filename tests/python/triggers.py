"""Tries what invokes a deployed hub's function besides its stream, and an agent's function beside it."""

import gzip
import json
import time

import boto3

from stack import ended, equal, invoked, items, ledgers, outputs_of, waited_for

N_EVENTS = 40
KEY, BUCKET = "AWSLogs/a b/é+%.json.gz", "tests-source"


def lanes(table, prefix):
    """What the lanes with such names entered."""
    return ledgers(item for item in items(table) if item["pk"]["S"].startswith(f"lane#{prefix}"))


def accepted(ledgers):
    return sum(ledger["events"]["accepted"] for ledger in ledgers)


def event(at):
    return {
        "eventVersion": "1.08", "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "eventID": f"object-{at}",
        "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances", "awsRegion": "eu-west-1", "readOnly": True,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann"}, "recipientAccountId": "111122223333",
    }


def objects(table):
    """A bucket tells the queue of an object, and the function fetches it."""
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName="kinescope-dev-objects")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=told)
    body = gzip.compress(json.dumps({"Records": [event(at) for at in range(N_EVENTS)]}).encode(), mtime=0)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    entered = waited_for("the object", lambda: lanes(table, f"s3/{BUCKET}/"))
    equal("events of the object", accepted(entered), N_EVENTS)
    # The same object, told of by EventBridge to the function itself: its lane knows it. One that is gone is quarantined.
    etag = s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"].strip('"')
    for key, etag in ((KEY, etag), ("gone", "0")):
        told = {"detail-type": "Object Created", "source": "aws.s3", "time": "2026-03-02T08:00:00Z",
                "detail": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": 1, "etag": etag}}}
        invoked("kinescope-dev-pipeline", told)
    entered = lanes(table, f"s3/{BUCKET}/")
    equal("events of the object, told of twice", accepted(entered), N_EVENTS)
    equal("objects in quarantine", sum(ledger["records"]["quarantined"] for ledger in entered), 1)


def given_up(outputs):
    """A pointer to what was dealt with changes nothing and leaves the queue; one to what is gone stays there."""
    sqs, kinesis = boto3.client("sqs"), boto3.client("kinesis")
    stream, table = outputs["StreamName"], outputs["TableName"]
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    names = [f"{stream}/{shard['ShardId']}" for shard in kinesis.list_shards(StreamName=stream)["Shards"]]
    others = {name: accepted(lanes(table, name)) for name in names}
    put = kinesis.put_record(StreamName=stream, Data=json.dumps(event("stream")).encode(), PartitionKey="k")
    shard, sequence = put["ShardId"], put["SequenceNumber"]
    earlier = others[f"{stream}/{shard}"]
    before = earlier + waited_for("the record", lambda: accepted(lanes(table, f"{stream}/{shard}")) - earlier)
    queue = sqs.get_queue_url(QueueName="kinescope-dev-records-dlq")["QueueUrl"]

    def tell(first):
        info = {"shardId": shard, "startSequenceNumber": first, "endSequenceNumber": sequence, "streamArn": arn}
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"version": "1.0", "KinesisBatchInfo": info}))

    tell(sequence)
    equal("redriven", invoked("kinescope-dev-pipeline", {"kinescope": "redrive-records"}), {"redriven": 1})
    equal("events of the shard", accepted(lanes(table, f"{stream}/{shard}")), before)
    tell("1")
    answer = invoked("kinescope-dev-pipeline", {"kinescope": "redrive-records"})
    equal("what is gone is said", "retention" in answer.get("errorMessage", ""), True)


def quarantine(outputs):
    """An entry that can be read leaves, one without bytes stays."""
    s3, bucket = boto3.client("s3"), outputs["QuarantineBucket"]
    entry = {"source": "a", "record_id": "4985701bf87e4180111b7512065f412c", "data": "aGVsbG8gd29ybGQK"}
    s3.put_object(Bucket=bucket, Key="quarantine/2026-03-03/a.jsonl", Body=json.dumps(entry))
    redrive = {"kinescope": "redrive", "prefix": "quarantine/2026-03-03/"}
    expected = {"objects": 1, "left": 1, "entries": 1, "stuck": 0, "accepted": 1}
    equal("quarantine", invoked("kinescope-dev-pipeline", redrive), expected)
    redrive["prefix"] = "quarantine/"
    held = lambda: s3.list_objects_v2(Bucket=bucket, Prefix="quarantine/").get("KeyCount", 0)
    before = held()
    invoked("kinescope-dev-pipeline", redrive)
    equal("what is in quarantine stays", held(), before)


def agent(bus):
    """The agent's function finds errors and tells the hub's bus of them."""
    logs, events, sqs = boto3.client("logs"), boto3.client("events"), boto3.client("sqs")
    queue = sqs.create_queue(QueueName="tests-errors")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="tests-errors", EventBusName=bus, EventPattern='{"source": ["monitoring.agent.error-logs"]}')
    events.put_targets(Rule="tests-errors", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    logs.create_log_stream(logGroupName="/tests/asked", logStreamName="s")
    # Of the last period that has been over for a minute, at its begin.
    minutes = 5 * 60_000
    period_ms = (int(time.time() * 1000) - 60_000) // minutes * minutes - minutes
    said = [{"timestamp": period_ms + at, "message": f"ERROR order {at} failed"} for at in range(3)]
    logs.put_log_events(logGroupName="/tests/asked", logStreamName="s", logEvents=said)
    answer = invoked("kinescope-dev-query-error-logs", {"kinescope": "query-error-logs"})
    equal("errors", answer, {"found": 3, "told": 1, "cut": 0})
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", [])
    told = [json.loads(message["Body"])["detail"] for message in messages]
    equal("told", [(each["count"], each["message"]) for each in told], [(3, "ERROR order 0 failed")])


hub = outputs_of("kinescope-hub-dev")
objects(hub["TableName"])
given_up(hub)
quarantine(hub)
agent(hub["EventBusName"])
ended()
