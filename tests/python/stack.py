"""What the checks of a deployed stack share."""

import json
import time

import boto3

# Long enough for a slow machine; what is waited for is there or the test fails.
WAIT_SECONDS = 120
failures = []


def equal(what, found, expected):
    """Says what was found, and keeps it for `ended` if something else should have been."""
    print(f"  {what}: {found}")
    if found != expected:
        failures.append(f"{what}: {found} and not {expected}")


def ended():
    """Fails if something was not equal."""
    if failures:
        raise SystemExit("\n".join(failures))


def outputs_of(stack):
    listed = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in listed}


def waited_for(what, look, say=lambda: None):
    """What `look` finds, as soon as it finds something; `say` may tell why nothing came."""
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    say()
    raise SystemExit(f"{what} did not come in {WAIT_SECONDS} s")


def invoked(function, payload):
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
    return json.load(answer["Payload"])


def items(table):
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [item for page in pages for item in page["Items"]]


def ledgers(found):
    """What the lanes among the items entered."""
    return [json.loads(item["ledger"]["S"]) for item in found if item["sk"]["S"].startswith("done#")]
