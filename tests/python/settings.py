"""Checks that the deploy command names what is wrong with a stage's settings, by file and key."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
loader = SourceFileLoader("deploy", str(REPOSITORY / "infra" / "deploy"))
loader_spec = spec_from_loader("deploy", loader)
sys.dont_write_bytecode = True
deploy = module_from_spec(loader_spec)
loader.exec_module(deploy)

PARAMETERS = {
    "Stage": {"Type": "String"},
    "Architecture": {"Type": "String", "AllowedValues": ["arm64", "x86_64"]},
    "Email": {"Type": "String", "Default": "", "AllowedPattern": "^(.+@.+)?$"},
    "Days": {"Type": "Number", "Default": 3, "MinValue": 1, "MaxValue": 9},
    "Accounts": {"Type": "CommaDelimitedList", "Default": ""},
}
RIGHT = {"region": "eu-west-1", "parameters": {"Architecture": "arm64"}, "tags": {}}


def with_parameter(key, value):
    return {**RIGHT, "parameters": {"Architecture": "arm64", key: value}}


# Settings, and the one problem that they have.
CASES = [
    (RIGHT, None),
    (with_parameter("Days", 9), None),
    (with_parameter("Accounts", ["111111111111"]), None),
    (with_parameter("Email", ""), None),
    ({**RIGHT, "parameters": {}}, "dev.yml: parameters.Architecture: is missing"),
    ({**RIGHT, "colour": "red"}, "dev.yml: colour: is no setting; there are region, parameters and tags"),
    ({**RIGHT, "region": "here"}, "dev.yml: region: must name a Region, such as eu-west-1"),
    ({**RIGHT, "tags": ["a"]}, "dev.yml: tags: must be a map of texts"),
    ({**RIGHT, "tags": {"cost": 5}}, "dev.yml: tags: must be a map of texts"),
    ([], "dev.yml: must have region, parameters and tags"),
    (with_parameter("Stage", "dev"), "dev.yml: parameters.Stage: is given by the command"),
    (with_parameter("Dais", 3), "dev.yml: parameters.Dais: is no parameter of the template"),
    (with_parameter("Architecture", "z80"), "dev.yml: parameters.Architecture: must be one of arm64, x86_64, not 'z80'"),
    (with_parameter("Days", "3"), "dev.yml: parameters.Days: must be a whole number, not '3'"),
    (with_parameter("Days", True), "dev.yml: parameters.Days: must be a whole number, not True"),
    (with_parameter("Days", 10), "dev.yml: parameters.Days: must lie between 1 and 9, not be 10"),
    (with_parameter("Email", 7), "dev.yml: parameters.Email: must be text (in quotes), not 7"),
    (with_parameter("Email", "me"), "dev.yml: parameters.Email: must match ^(.+@.+)?$, not be 'me'"),
    (
        with_parameter("Accounts", [111111111111]),
        "dev.yml: parameters.Accounts: must be a list of texts (numbers of accounts in quotes), not [111111111111]",
    ),
]

failures = []
for settings, expected in CASES:
    found = list(deploy.problems_of(Path("dev.yml"), settings, PARAMETERS))
    if found != ([expected] if expected else []):
        failures.append(f"{settings}: {found}")
if failures:
    sys.exit("\n".join(failures))
print(f"{len(CASES)} cases of settings")
