"""Removes the agent and the hub, and checks what they leave behind: what holds data, and nothing else."""

import sys

import boto3

formation = boto3.client("cloudformation")
for stack in ("kinescope-agent-dev", "kinescope-hub-dev"):
    formation.delete_stack(StackName=stack)
    formation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

buckets = [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
left = {
    "buckets": len([name for name in buckets if name.startswith("kinescope-hub-dev")]),
    "hot stores": len(boto3.client("dynamodb").list_tables()["TableNames"]),
    "streams": len(boto3.client("kinesis").list_streams()["StreamNames"]),
    "delivery streams": len(boto3.client("firehose").list_delivery_streams()["DeliveryStreamNames"]),
    "functions": len(boto3.client("lambda").list_functions()["Functions"]),
    "roles": len([role for role in boto3.client("iam").list_roles()["Roles"] if role["RoleName"].startswith("kinescope")]),
}
# The lake's bucket is not among them: the local AWS deletes what nested stacks hold whatever is to be retained, so that
# templates.py looks after that.
expected = {"buckets": 1, "hot stores": 1, "streams": 0, "delivery streams": 0, "functions": 0, "roles": 0}
if left != expected:
    sys.exit(f"left behind: {left}, not {expected}")
