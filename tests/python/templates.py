"""Checks what the templates promise, without deploying them: rights, encryption, dead letters, alarms, names.

The local AWS neither has every type of resource nor minds every property; this looks at what is written.
"""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

# The pinned local AWS resolves intrinsic functions, for the resources that it cannot deploy.
from ministack.services.cloudformation import engine
from samtranslator.yaml_helper import yaml_parse

REPOSITORY = Path(__file__).resolve().parents[2]
INFRA = REPOSITORY / "infra"
TABLES = [table["Name"] for table in json.loads((INFRA / "glue" / "tables.json").read_text())]
# What has no resource that could be named, by statement.
UNNAMED = {"Trace"}

problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


def template(path):
    return yaml_parse((INFRA / path).read_text())


def resources(parsed, kind=None):
    return {name: r["Properties"] for name, r in parsed["Resources"].items() if kind in (None, r["Type"])}


def rendered(path, name, **parameters):
    """A resource's properties, with every intrinsic function resolved."""
    parsed = template(path)
    values = engine._resolve_parameters(parsed, [{"Key": key, "Value": value} for key, value in parameters.items()])
    conditions = engine._evaluate_conditions(parsed, values)
    known = {
        logical: {"PhysicalResourceId": logical, "Attributes": {"Arn": f"arn:of:{logical}", "Value": "x", "Outputs.Bucket": f"bucket-of-{logical}"}}
        for logical in parsed["Resources"]
    }
    return engine._resolve_refs(parsed["Resources"][name]["Properties"], known, values, conditions, {}, "stack", "id")


def statements(properties):
    """The statements of a role's or policy's documents, unresolved; both branches of a condition."""
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    for document in documents:
        for statement in document["Statement"]:
            for branch in statement.get("Fn::If", [None, statement])[1:]:
                if "Action" in branch:
                    yield branch


def rights(path, parsed):
    kinds = ("AWS::IAM::Role", "AWS::IAM::Policy")
    for name, properties in [pair for kind in kinds for pair in resources(parsed, kind).items()]:
        for statement in statements(properties):
            named = statement.get("Sid") in UNNAMED or statement["Resource"] != "*"
            check(f"{path}: {name} names no resource for {statement['Action']}", named)
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            check(f"{path}: {name} may do everything: {actions}", not any(action.endswith("*") for action in actions))


def deliveries(path, parsed):
    for name, properties in resources(parsed, "AWS::Events::Rule").items():
        for target in properties["Targets"]:
            check(f"{path}: {name} has no dead letters", {"DeadLetterConfig", "RetryPolicy"} <= target.keys())
    for name, properties in resources(parsed, "AWS::SQS::Queue").items():
        check(f"{path}: {name} is not encrypted", properties.get("SqsManagedSseEnabled") is True)


def buckets(path, parsed):
    policies = [policy["Bucket"] for policy in resources(parsed, "AWS::S3::BucketPolicy").values()]
    for name, properties in resources(parsed, "AWS::S3::Bucket").items():
        check(f"{path}: {name} is open", all(properties["PublicAccessBlockConfiguration"].values()))
        rule = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        check(f"{path}: {name} is not encrypted", rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms")
        check(f"{path}: {name} takes plain HTTP", {"Ref": name} in policies)


def data_stays(path, parsed):
    """What holds data, and the key to it, outlives its stack."""
    for name, resource in parsed["Resources"].items():
        if resource["Type"] in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key"):
            policies = [resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")]
            check(f"{path}: {name} goes with the stack", policies == ["Retain", "Retain"])


def alarms(parsed_templates):
    """Every alarm links to a heading of the runbook, and every heading is linked to."""
    headings = set(re.findall(r"^## (.+)$", (INFRA / "runbook.md").read_text(), re.M))
    linked = set()
    for path, parsed in parsed_templates.items():
        for name, properties in resources(parsed, "AWS::CloudWatch::Alarm").items():
            link = re.search(r"\$\{Runbook(?:Base)?\}#([a-z-]+)$", properties["AlarmDescription"]["Fn::Sub"])
            check(f"{path}: {name} has no runbook", link)
            linked |= {link[1]} if link else set()
            # What an agent's alarm says goes to the hub as an event.
            actions = [{"Ref": "AlarmTopic"}] if path.startswith("hub/") else None
            check(f"{path}: {name} tells nobody", properties.get("AlarmActions") == actions)
    check(f"runbook: {linked ^ headings} are not both linked and written", linked == headings)


def tables():
    """Each table has a delivery from its own stream, and a view without duplicates."""
    lake = resources(template("hub/lake.yaml"), "AWS::CloudFormation::Stack")
    delivered = [properties["Parameters"]["Table"] for properties in lake.values() if "Table" in properties["Parameters"]]
    check(f"lake.yaml delivers {delivered}", delivered == TABLES)
    queries = [query["QueryString"] for query in resources(template("hub/queries.yaml"), "AWS::Athena::NamedQuery").values()]
    for table in TABLES:
        views = [query for query in queries if f"VIEW {table}_once AS" in query]
        check(f"queries.yaml: {table} has no view", len(views) == 1 and f"FROM {table}\n" in views[0])
        allowed = resources(template("hub/template.yaml"))["PipelineRole"]
        check(f"template.yaml: {table} may not be written", f"kinescope-${{Stage}}-{table}" in json.dumps(allowed))
    source = resources(template("hub/delivery.yaml"))["Delivery"]["ExtendedS3DestinationConfiguration"]
    schema = source["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    check("delivery.yaml converts by another table", schema["TableName"] == {"Ref": "Table"})


def agents():
    agent, stack_set = template("agent/template.yaml"), template("agent/stackset.yaml")
    version = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    parameters = agent["Parameters"]
    check("agent: AgentVersion is not the workspace's", parameters["AgentVersion"]["Default"] == version)
    own = {"AsDelegate", "OrganizationalUnits"}
    passed = {entry["ParameterKey"] for entry in resources(stack_set)["Agents"]["Parameters"]}
    check("stackset: not all of the agent's parameters are passed", passed == parameters.keys() - {"EndpointUrl"})
    check("stackset: parameters differ", stack_set["Parameters"].keys() == passed | own)
    for name in passed:
        defaults = [t["Parameters"][name].get("Default") for t in (agent, stack_set)]
        check(f"stackset: {name} has another default", defaults[0] == defaults[1])
    check("agent: a StackSet takes no transform", "Transform" not in agent)


def senders():
    """Who may send, for each way to say it. Texts within texts are where mistakes hide."""
    hub = {"Stage": "dev", "StreamArn": "arn:s", "StreamKeyArn": "", "IsAws": "true"}
    two, organization = "222222222222,333333333333", "o-abcdefghij"
    cases = [("", "", 1, ["000000000000"]), (two, "", 1, ["000000000000", *two.split(",")])]
    cases += [("", organization, 2, ["000000000000"]), (two, organization, 2, ["000000000000", *two.split(",")])]
    for accounts, org, n_statements, principals in cases:
        given = {**hub, "AgentAccounts": accounts, "OrganizationId": org}
        policy = json.loads(rendered("hub/sources.yaml", "LogsDestination", **given)["DestinationPolicy"])["Statement"]
        check(f"destination: {policy}", len(policy) == n_statements and policy[0]["Principal"]["AWS"] == principals)
        role = rendered("hub/sources.yaml", "LogsRole", **given)["AssumeRolePolicyDocument"]["Statement"][0]
        arns = role["Condition"]["StringLike"]["aws:SourceArn"]
        expected = ["arn:aws:logs:us-east-1:*:*"] if org else [f"arn:aws:logs:*:{account}:*" for account in principals]
        check(f"destination's role: {arns}", arns == expected)
        bus = rendered("hub/sources.yaml", "Bus", **given).get("Policy", {"Statement": []})["Statement"]
        names = [statement["Sid"] for statement in bus]
        check(f"bus: {bus}", names == ["Agents"] * bool(accounts) + ["Organization"] * bool(org))


def stream():
    """The stream's mode, and what belongs to it: a number of shards is refused on demand."""
    hub = {"Stage": "dev", "Architecture": "arm64"}
    for shards, mode, count in [("0", "ON_DEMAND", None), ("4", "PROVISIONED", "4")]:
        made = rendered("hub/template.yaml", "Stream", **hub, StreamShards=shards)
        found = made["StreamModeDetails"]["StreamMode"], made.get("ShardCount")
        check(f"stream: {found} with {shards} shards", found == (mode, count))


def lists():
    """Lists that become ARNs."""
    hub = {"Stage": "dev", "Architecture": "arm64", "SourceBuckets": "a,b"}
    for accounts, expected in [("", ["000000000000"]), ("222222222222", ["000000000000", "222222222222"])]:
        queue = rendered("hub/template.yaml", "ObjectQueuePolicy", **hub, AgentAccounts=accounts)
        condition = queue["PolicyDocument"]["Statement"][0]["Condition"]
        check(f"notifications: {condition}", condition["ArnEquals"]["aws:SourceArn"] == ["arn:aws:s3:::a", "arn:aws:s3:::b"])
        check(f"notifications: {condition}", condition["StringEquals"]["aws:SourceAccount"] == expected)
    role = rendered("hub/template.yaml", "PipelineRole", **hub)
    read = [s["Resource"] for s in statements(role) if s.get("Sid") == "ReadSources"]
    check(f"sources: {read}", read == [["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]])
    agent = {"Stage": "dev", "HubAccount": "111111111111", "Architecture": "arm64"}
    role = rendered("agent/template.yaml", "QueryErrorLogsRole", **agent, ErrorLogGroups="/a,/b")
    asked = next(statement["Resource"] for statement in statements(role) if statement["Sid"] == "Ask")
    check(f"errors: {asked}", asked == [f"arn:aws:logs:*:*:log-group:{name}" for name in ("/a", "/b", "/a:*", "/b:*")])
    policy = rendered("agent/template.yaml", "AllLogs", **agent, ExcludedLogGroups="/a,/b")
    left_out = json.loads(policy["SelectionCriteria"].removeprefix("LogGroupName NOT IN "))
    check(f"left out: {left_out}", left_out[-2:] == ["/a", "/b"])
    check("the policy's document", json.loads(policy["PolicyDocument"])["Distribution"] == "Random")
    own = [group["LogGroupName"]["Fn::Sub"] for path in ("hub/template.yaml", "hub/lake.yaml", "agent/template.yaml")
           for group in resources(template(path), "AWS::Logs::LogGroup").values()]
    check(f"an own group of {own} is subscribed", {name.replace("${Stage}", "dev") for name in own} <= set(left_out))


def parameters_page():
    """Both templates' parameters, as the README shows them."""
    page = []
    for kind in ("hub", "agent"):
        page += [f"\n{kind}:\n", "| parameter | default | what it is |", "|---|---|---|"]
        for name, parameter in template(f"{kind}/template.yaml")["Parameters"].items():
            default = f"`{parameter['Default']}`" if str(parameter.get("Default", "")) else "" if "Default" in parameter else "–"
            page.append(f"| `{name}` | {default} | {parameter['Description'].strip()} |")
    return "\n".join([*page, ""])


def readme():
    """The README's list of parameters is the templates'; KINESCOPE_BLESS=1 writes it."""
    path, end = INFRA / "README.md", "<!-- end of parameters -->"
    text = path.read_text()
    before, rest = re.split(r"(?<=tests/infra -->\n)", text, maxsplit=1)
    now = before + parameters_page() + "\n" + end + rest.split(end, 1)[1]
    if "KINESCOPE_BLESS" in os.environ:
        path.write_text(now)
        text = now
    check("infra/README.md: the parameters are stale: KINESCOPE_BLESS=1 tests/infra", text == now)


parsed_templates = {str(path.relative_to(INFRA)): template(path) for path in sorted(INFRA.glob("*/*.yaml"))}
for path, parsed in parsed_templates.items():
    rights(path, parsed)
    deliveries(path, parsed)
    buckets(path, parsed)
    data_stays(path, parsed)
alarms(parsed_templates)
tables()
agents()
senders()
stream()
lists()
readme()
if problems:
    sys.exit("\n".join(problems))
print(f"{len(parsed_templates)} templates")
