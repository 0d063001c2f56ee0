"""Stands in for the pipeline's program in tests of the templates: it speaks Lambda's runtime interface, says which
files it has, makes the calls that a test asks for with the rights that the function has, and leaves a mark in the quarantine
when records come."""

import json
import os
import urllib.request

import boto3

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def outcome(service, method, arguments):
    """"ok", or the code of the refusal."""
    client = boto3.client(service)
    try:
        getattr(client, method)(**arguments)
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"


while True:
    with urllib.request.urlopen(f"{API}/next") as invocation:
        request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(invocation)
    outcomes = [outcome(*call) for call in event.get("calls", [])]
    for record in event.get("Records", [])[:1]:
        mark = {"Bucket": os.environ["KINESCOPE_QUARANTINE_BUCKET"], "Key": f"seen/{record['eventSource']}", "Body": "seen"}
        outcome("s3", "put_object", mark)
    files = sorted(os.listdir(os.environ["LAMBDA_TASK_ROOT"]))
    answer = {"batchItemFailures": [], "outcomes": outcomes, "files": files}
    urllib.request.urlopen(f"{API}/{request_id}/response", json.dumps(answer).encode())
