"""Checks events, one JSON object a line, against OCSF 1.3.0.

Usage: ocsf.py FILE. Schema and classes are those of the OCSF server, as ocsf-json-schema carries them; what a JSON
Schema cannot say is asserted besides: type_uid, captions of ids, milliseconds, and the version.
"""

import json
import multiprocessing
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.3.0"
SCHEMA = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
VALIDATORS = {}
PROBLEMS_MAX = 200
# What no event of AWS is older than, in seconds and in milliseconds: 2001-09-09 and 1970-01-12.
SECONDS_MIN = 1_000_000_000


def validator(class_uid, profiles):
    key = class_uid, profiles
    if key not in VALIDATORS:
        name = "base_event" if class_uid == 0 else SCHEMA.lookup_class_name_from_uid(class_uid)
        schema = SCHEMA.get_class_schema(name, list(profiles))
        VALIDATORS[key] = Draft202012Validator(schema), schema
    return VALIDATORS[key]


def captions(schema, name):
    """The captions of an id: `ocsf-json-schema` describes an enum by oneOf of const and title."""
    described = schema["properties"].get(name, {})
    return {choice["const"]: choice["title"] for choice in described.get("oneOf", []) if "title" in choice}


def seconds(value, path):
    """Members whose name says that they are times, and whose value must have been meant in seconds."""
    if isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}"
            if (name == "time" or name.endswith("_time")) and isinstance(member, int):
                if SECONDS_MIN <= member < SECONDS_MIN * 10:
                    yield f"{here}: {member} looks like seconds"
            elif name != "unmapped":
                yield from seconds(member, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from seconds(item, f"{path}[{index}]")


def problems(line):
    event = json.loads(line)
    profiles = tuple(event.get("metadata", {}).get("profiles", []))
    check, schema = validator(event["class_uid"], profiles)
    for error in check.iter_errors(event):
        yield f"{error.json_path}: {error.message[:300]}"
    expected = event["class_uid"] * 100 + event["activity_id"]
    if event["type_uid"] != expected:
        yield f"$.type_uid: {event['type_uid']} is not {expected}"
    if event["metadata"]["version"] != VERSION:
        yield f"$.metadata.version: {event['metadata']['version']}"
    for caption, name in (
        ("severity", "severity_id"),
        ("status", "status_id"),
        ("activity_name", "activity_id"),
        ("class_name", "class_uid"),
        ("category_name", "category_uid"),
        ("type_name", "type_uid"),
    ):
        known = CAPTIONS.get(name) or captions(schema, name)
        if caption in event and event.get(name) in known and event[caption] != known[event[name]]:
            yield f"$.{caption}: {event[caption]!r} contradicts {name} {event[name]}"
    yield from seconds(event, "$")


CAPTIONS = {
    "severity_id": dict(
        enumerate(["Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal"])
    )
}


def check(line):
    return [(problem, line) for problem in problems(line)]


def main(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        # Not splitlines: events hold other separators of lines, such as U+2028.
        lines = file.read().rstrip("\n").split("\n")
    with multiprocessing.Pool() as pool:
        found = [problem for list_ in pool.imap(check, lines, chunksize=50) for problem in list_]
    for problem, line in found[:PROBLEMS_MAX]:
        print(problem, "\n   ", line[:6000])
    print(f"{len(lines)} events, {len(found)} problems")
    return bool(found) or not lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
