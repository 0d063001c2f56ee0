"""Checks a deployed hub, and an agent beside it, against what others rely on.

Usage: contract.py KINESCOPE, where KINESCOPE is the command line's binary. The AWS is the one that AWS_ENDPOINT_URL names;
it enforces IAM, and the function is stand_in.py.
"""

import json
import subprocess
import sys

import boto3

from stack import invoked, outputs_of

HUB, AGENT = "kinescope-hub-dev", "kinescope-agent-dev"
OUTPUTS = {
    "StreamName", "LakeBucket", "QuarantineBucket", "TableName", "GlueDatabase", "AthenaWorkgroup", "AlertTopicCritical",
    "AlertTopicHigh", "AlertTopicMedium", "AlertTopicLow", "EventBusName", "LogsDestinationArn",
}
BUFFER_MIB_MIN = 64
DAY = "2026-01-02"
# How often a query's state is asked for; the local AWS answers in milliseconds.
ASKS_MAX = 5000

problems = []


def equal(what, left, right):
    if left != right:
        problems.append(f"{what}: {left!r} is not {right!r}")


def variables_of(function):
    return boto3.client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]


def glue_tables(outputs, binary):
    """The tables are what the command line says that they are; returns their names."""
    location = f"s3://{outputs['LakeBucket']}/lake"
    printed = subprocess.run([binary, "schema", "glue", "--location", location], check=True, stdout=subprocess.PIPE).stdout
    expected = {table["Name"]: table for table in json.loads(printed)}
    listed = boto3.client("glue").get_tables(DatabaseName=outputs["GlueDatabase"])["TableList"]
    found = {table["Name"]: table for table in listed}
    equal("tables", found.keys(), expected.keys())
    for name, table in expected.items():
        for key, value in table.items():
            equal(f"{name}.{key}", found[name].get(key), value)
    return list(expected)


def keys_of(binary):
    """What a row calls each table's columns and its day, as the command line says."""
    printed = subprocess.run([binary, "schema", "json"], check=True, stdout=subprocess.PIPE).stdout
    return {
        table["table"]: {column["name"]: column["key"] for column in table["columns"]} | {table["partition"]: table["partition_key"]}
        for table in json.loads(printed)
    }


def deliveries(outputs, keys):
    firehose = boto3.client("firehose")
    names = firehose.list_delivery_streams()["DeliveryStreamNames"]
    equal("delivery streams", sorted(names), sorted(f"kinescope-dev-{table}" for table in keys))
    for table in keys:
        described = firehose.describe_delivery_stream(DeliveryStreamName=f"kinescope-dev-{table}")
        to = described["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
        conversion = to["DataFormatConversionConfiguration"]
        equal(f"{table} converts", conversion["Enabled"], True)
        equal(f"{table} converts by", conversion["SchemaConfiguration"]["TableName"], table)
        equal(f"{table}'s database", conversion["SchemaConfiguration"]["DatabaseName"], outputs["GlueDatabase"])
        read = conversion["InputFormatConfiguration"]["Deserializer"]["OpenXJsonSerDe"]["ColumnToJsonKeyMappings"]
        equal(f"{table}'s keys", {"event_day": keys[table]["event_day"], **read}, keys[table])
        equal(f"{table}'s bucket", to["BucketARN"], f"arn:aws:s3:::{outputs['LakeBucket']}")
        equal(f"{table} goes to", to["Prefix"], f"lake/{table}/event_day=!{{partitionKeyFromQuery:event_day}}/")
        equal(f"{table}'s errors", to["ErrorOutputPrefix"], f"errors/{table}/!{{firehose:error-output-type}}/")
        equal(f"{table}'s buffer is enough", to["BufferingHints"]["SizeInMBs"] >= BUFFER_MIB_MIN, True)
        equal(f"{table} is partitioned", to["DynamicPartitioningConfiguration"]["Enabled"], True)


def variables(outputs):
    """What the function is told, and nothing else."""
    dead = boto3.client("sqs").get_queue_url(QueueName="kinescope-dev-records-dlq")["QueueUrl"]
    expected = {
        "KINESCOPE_STAGE": "dev",
        "KINESCOPE_TABLE": outputs["TableName"],
        "KINESCOPE_FIREHOSE_PREFIX": "kinescope-dev-",
        "KINESCOPE_LAKE_BUCKET": outputs["LakeBucket"],
        "KINESCOPE_LAKE_WRITER": "firehose",
        "KINESCOPE_QUARANTINE_BUCKET": outputs["QuarantineBucket"],
        "KINESCOPE_TOPIC_CRITICAL": outputs["AlertTopicCritical"],
        "KINESCOPE_TOPIC_HIGH": outputs["AlertTopicHigh"],
        "KINESCOPE_TOPIC_MEDIUM": outputs["AlertTopicMedium"],
        "KINESCOPE_TOPIC_LOW": outputs["AlertTopicLow"],
        "KINESCOPE_CHAT": "0",
        # In templates the local AWS calls itself by name.
        "KINESCOPE_RECORDS_DLQ": dead.replace("//127.0.0.1:", "//localhost:"),
        "KINESCOPE_FIREHOSE_RECORD_BYTES": "1",
        "AWS_ENDPOINT_URL": boto3.client("s3").meta.endpoint_url,
    }
    equal("variables", variables_of("kinescope-dev-pipeline"), expected)
    files = invoked("kinescope-dev-pipeline", {"kinescope": "sweep"})["files"]
    equal("files", files, ["bootstrap", "kinescope.toml", "rules"])


def pipeline_rights(outputs, keys):
    """What the function may do and what not, tried with its own credentials."""
    table, bucket = outputs["TableName"], outputs["QuarantineBucket"]
    row = {"event_day": DAY, "metadata_uid": "a", "time": 1, "class_uid": 0}
    rows = {name: json.dumps({of[column]: value for column, value in row.items()}) for name, of in keys.items()}
    key, put = {"pk": {"S": "a"}, "sk": {"S": "b"}}, {"TableName": table, "Item": {"pk": {"S": "c"}, "sk": {"S": "d"}}}
    of_key = {"TableName": table, "KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    queue = boto3.client("sqs").get_queue_url(QueueName="kinescope-dev-objects")["QueueUrl"]
    dead = boto3.client("sqs").get_queue_url(QueueName="kinescope-dev-records-dlq")["QueueUrl"]
    allowed = [
        *(["firehose", "put_record_batch", {"DeliveryStreamName": f"kinescope-dev-{name}", "Records": [{"Data": row}]}]
          for name, row in rows.items()),
        ["dynamodb", "put_item", put],
        ["dynamodb", "batch_write_item", {"RequestItems": {table: [{"PutRequest": {"Item": key}}]}}],
        ["dynamodb", "batch_get_item", {"RequestItems": {table: {"Keys": [key]}}}],
        ["dynamodb", "update_item", {"TableName": table, "Key": key}],
        ["dynamodb", "query", of_key],
        ["dynamodb", "transact_write_items",
         {"TransactItems": [{"Put": {**put, "Item": {"pk": {"S": "e"}, "sk": {"S": "f"}}}}, {"Put": put}]}],
        ["dynamodb", "delete_item", {"TableName": table, "Key": key}],
        *(["sns", "publish", {"TopicArn": outputs[f"AlertTopic{severity}"], "Message": "m"}]
          for severity in ("Critical", "High", "Medium", "Low")),
        ["s3", "put_object", {"Bucket": outputs["LakeBucket"], "Key": "lake/k", "Body": "b"}],
        ["s3", "put_object", {"Bucket": bucket, "Key": "k", "Body": "b"}],
        ["s3", "get_object", {"Bucket": bucket, "Key": "k"}],
        ["s3", "delete_object", {"Bucket": bucket, "Key": "k"}],
        ["s3", "list_objects_v2", {"Bucket": bucket}],
        ["kinesis", "list_shards", {"StreamName": outputs["StreamName"]}],
        ["kinesis", "describe_stream_summary", {"StreamName": outputs["StreamName"]}],
        ["kinesis", "get_shard_iterator",
         {"StreamName": outputs["StreamName"], "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}],
        ["sqs", "receive_message", {"QueueUrl": queue}],
        ["sqs", "receive_message", {"QueueUrl": dead}],
        ["sqs", "send_message", {"QueueUrl": dead, "MessageBody": "m"}],
    ]
    refused = [
        ["kinesis", "put_record", {"StreamName": outputs["StreamName"], "Data": "d", "PartitionKey": "p"}],
        ["dynamodb", "scan", {"TableName": table}],
        ["dynamodb", "get_item", {"TableName": table, "Key": key}],
        ["s3", "put_object", {"Bucket": outputs["LakeBucket"], "Key": "k", "Body": "b"}],
        ["sqs", "send_message", {"QueueUrl": queue, "MessageBody": "m"}],
        ["events", "put_events", {"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}"}]}],
    ]
    outcomes = invoked("kinescope-dev-pipeline", {"calls": allowed + refused})["outcomes"]
    for call, outcome in zip(allowed, outcomes[: len(allowed)], strict=True):
        equal(f"{call[0]}.{call[1]} of {call[2]}", outcome, "ok")
    for call, outcome in zip(refused, outcomes[len(allowed) :], strict=True):
        equal(f"{call[0]}.{call[1]} is refused ({outcome})", outcome.startswith("AccessDenied"), True)


def rows_arrived(outputs, tables):
    """Each table's row became a file of its day."""
    listed = boto3.client("s3").list_objects_v2(Bucket=outputs["LakeBucket"])
    keys = [entry["Key"] for entry in listed.get("Contents", [])]
    for table in tables:
        files = [key for key in keys if key.startswith(f"lake/{table}/event_day={DAY}/") and key.endswith(".parquet")]
        equal(f"{table}'s files of {keys}", len(files), 1)


def rows_are_queried(outputs, tables):
    """The row of each table is there for Athena, in the workgroup and by the Glue table."""
    athena = boto3.client("athena")
    for table in tables:
        query = athena.start_query_execution(
            QueryString=f"SELECT metadata_uid, time, class_uid FROM {table} WHERE event_day = '{DAY}'",
            QueryExecutionContext={"Database": outputs["GlueDatabase"]},
            WorkGroup=outputs["AthenaWorkgroup"],
        )["QueryExecutionId"]
        state = "QUEUED"
        for _ in range(ASKS_MAX):
            state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
            if state not in ("QUEUED", "RUNNING"):
                break
        equal(f"query of {table}", state, "SUCCEEDED")
        if state == "SUCCEEDED":
            rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
            texts = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
            equal(f"rows of {table}", texts, [["metadata_uid", "time", "class_uid"], ["a", "1", "0"]])


def mappings(outputs):
    mapped = boto3.client("lambda").list_event_source_mappings(FunctionName="kinescope-dev-pipeline")["EventSourceMappings"]
    by_service = {mapping["EventSourceArn"].split(":")[2]: mapping for mapping in mapped}
    stream = by_service["kinesis"]
    for key, value in {
        "BatchSize": 500, "MaximumBatchingWindowInSeconds": 2, "ParallelizationFactor": 1, "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 60, "MaximumRecordAgeInSeconds": 21600, "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }.items():
        equal(f"mapping's {key}", stream.get(key), value)
    failed = stream["DestinationConfig"]["OnFailure"]["Destination"]
    equal("where given-up batches go", failed.rsplit(":", 1)[1], "kinescope-dev-records-dlq")
    equal("objects' failures", by_service["sqs"]["FunctionResponseTypes"], ["ReportBatchItemFailures"])


def records_reach_the_function(outputs):
    """What is put on the stream and on the queue comes to the function, which leaves marks."""
    boto3.client("kinesis").put_record(StreamName=outputs["StreamName"], Data=b"{}", PartitionKey="p")
    queue = boto3.client("sqs").get_queue_url(QueueName="kinescope-dev-objects")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    seen = boto3.client("s3").get_waiter("object_exists")
    for source in ("aws:kinesis", "aws:sqs"):
        seen.wait(Bucket=outputs["QuarantineBucket"], Key=f"seen/{source}", WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def hot_store(outputs):
    table = boto3.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]
    equal("keys", [key["AttributeName"] for key in table["KeySchema"]], ["pk", "sk"])


def schedules():
    """What starts the functions by the clock says what they are to do."""
    events = boto3.client("events")
    for kind in ("pipeline", "query-error-logs"):
        arn = boto3.client("lambda").get_function(FunctionName=f"kinescope-dev-{kind}")["Configuration"]["FunctionArn"]
        rules = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
        equal(f"{kind}'s rules", len(rules), 1)
        target = events.list_targets_by_rule(Rule=rules[0])["Targets"][0]
        equal(kind, json.loads(target["Input"]), {"kinescope": "sweep" if kind == "pipeline" else kind})


def forwarding(outputs):
    """Every kind of event has a rule to the stream, on the agents' bus and on the account's own."""
    events = boto3.client("events")
    stream = boto3.client("kinesis").describe_stream_summary(StreamName=outputs["StreamName"])["StreamDescriptionSummary"]
    for bus, sources in {
        outputs["EventBusName"]: {"aws.cloudwatch", "aws.guardduty", "aws.health", "aws.securityhub", "monitoring.agent."},
        "default": {"aws.cloudwatch", "aws.guardduty", "aws.health", "aws.securityhub"},
    }.items():
        found = set()
        for name in events.list_rule_names_by_target(TargetArn=stream["StreamARN"], EventBusName=bus)["RuleNames"]:
            pattern = json.loads(events.describe_rule(Name=name, EventBusName=bus)["EventPattern"])
            found |= {s["prefix"] if isinstance(s, dict) else s for s in pattern.get("source", [])}
        equal(f"sources on {bus}", found, sources)


def agent(outputs):
    """The agent's function knows what it needs, and may write to the hub's bus and nowhere else."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    region = boto3.session.Session().region_name
    bus = f"arn:aws:events:{region}:{account}:event-bus/{outputs['EventBusName']}"
    entry = {"Source": "monitoring.agent.error", "DetailType": "Agent Error", "Detail": "{}"}
    calls = [
        ["events", "put_events", {"Entries": [{**entry, "EventBusName": bus}]}],
        ["events", "put_events", {"Entries": [{**entry, "EventBusName": "default"}]}],
        ["logs", "filter_log_events", {"logGroupName": "/tests/asked"}],
        ["logs", "filter_log_events", {"logGroupName": "/tests/other"}],
    ]
    outcomes = invoked("kinescope-dev-query-error-logs", {"calls": calls})["outcomes"]
    expected = {
        "KINESCOPE_ERROR_LOG_GROUPS": "/tests/asked",
        "KINESCOPE_ERROR_PATTERN": "?ERROR ?Exception ?FATAL",
        "KINESCOPE_ERROR_MINUTES": "5",
        "KINESCOPE_EVENT_BUS": bus,
        "KINESCOPE_AGENT_ID": f"agent-{account}-{region}",
        "AWS_ENDPOINT_URL": boto3.client("s3").meta.endpoint_url,
    }
    equal("agent's variables", variables_of("kinescope-dev-query-error-logs"), expected)
    equal("agent's rights", [outcome == "ok" for outcome in outcomes], [True, False, True, False])
    equal("agent's bus", outputs_of(AGENT)["HubEventBus"], bus)
    equal("agent's destination", outputs_of(AGENT)["HubLogsDestination"], outputs["LogsDestinationArn"])
    filters = boto3.client("logs").describe_subscription_filters(logGroupName="/tests/subscribed")["subscriptionFilters"]
    found = [(each["destinationArn"], each["distribution"]) for each in filters]
    equal("subscriptions", found, [(outputs["LogsDestinationArn"], "Random")])


def deployment_is_told(outputs):
    """What CloudFormation says of the agent's stack comes to the hub's bus in our words."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    queue = sqs.create_queue(QueueName="tests-told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = outputs["EventBusName"]
    events.put_rule(Name="tests-told", EventBusName=bus, EventPattern='{"source": [{"prefix": "monitoring.agent."}]}')
    events.put_targets(Rule="tests-told", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    stack = boto3.client("cloudformation").describe_stacks(StackName=AGENT)["Stacks"][0]["StackId"]
    pattern = json.loads(events.describe_rule(Name="kinescope-dev-deployments")["EventPattern"])
    for source, status, expected in [
        ("aws.cloudformation", "UPDATE_COMPLETE", True),
        ("aws.cloudformation", "ROLLBACK_FAILED", True),
        ("aws.cloudformation", "UPDATE_IN_PROGRESS", False),
        ("tests.cloudformation", "UPDATE_COMPLETE", False),
    ]:
        event = {
            "id": "i", "account": "000000000000", "source": source, "time": "2026-01-02T03:04:05Z", "region": "eu-west-1",
            "resources": [], "detail-type": "CloudFormation Stack Status Change",
            "detail": {"stack-id": stack, "status-details": {"status": status}},
        }
        matched = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"]
        equal(f"{source} {status} is told", matched, expected)
    # Nobody but AWS may send as aws.cloudformation: another rule, with the same targets, takes what the test sends.
    events.put_rule(Name="tests-deployments", EventPattern=json.dumps({**pattern, "source": ["tests.cloudformation"]}))
    targets = events.list_targets_by_rule(Rule="kinescope-dev-deployments")["Targets"]
    events.put_targets(Rule="tests-deployments", Targets=targets)
    entry = {"Source": "tests.cloudformation", "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
    events.put_events(Entries=[entry])
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=10).get("Messages", [])
    told = [json.loads(message["Body"]) for message in messages]
    equal("told", [event["source"] for event in told], ["monitoring.agent.deployment"])
    for event in told:
        equal("told of", event["detail"]["status"], "UPDATE_COMPLETE")
        equal("told by", event["detail"]["agentId"], outputs_of(AGENT)["AgentId"])
        equal("told that", event["detail"]["message"], f"stack {AGENT} is UPDATE_COMPLETE")


def main(binary):
    outputs = outputs_of(HUB)
    equal("outputs that are missing", OUTPUTS - outputs.keys(), set())
    tables = glue_tables(outputs, binary)
    keys = keys_of(binary)
    equal("tables with keys", list(keys), tables)
    deliveries(outputs, keys)
    variables(outputs)
    pipeline_rights(outputs, keys)
    rows_arrived(outputs, tables)
    rows_are_queried(outputs, tables)
    mappings(outputs)
    records_reach_the_function(outputs)
    hot_store(outputs)
    schedules()
    forwarding(outputs)
    agent(outputs)
    deployment_is_told(outputs)
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(outputs)} outputs, {len(tables)} tables")


main(sys.argv[1])
