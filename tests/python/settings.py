"""Checks that the deploy command names what is wrong: with a stage's settings, by file and key, and with how it is called."""

import subprocess
import sys
import tempfile
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
# How it is called, and what it says of that.
CALLS = [
    (["hub"], "hub needs a stage: dev, staging, prod"),
    (["hub", "test"], "invalid choice: 'test'"),
    (["agent", "dev"], "agent needs --hub ACCOUNT"),
    (["agent", "dev", "--hub", "12345"], "agent needs --hub ACCOUNT"),
    (["hub", "dev", "--units", "ou-1"], "--units goes with agent and --artifacts BUCKET"),
    (["hub", "dev", "--rules", "none"], "--rules: none is no folder"),
    (["hub", "dev", "--config", "none"], "--config: none is no file"),
    (["hub", "dev", "--settings", "none.yml"], "failed to deploy: none.yml is missing"),
]
for arguments, expected in CALLS:
    command = [sys.executable, str(REPOSITORY / "infra" / "deploy"), *arguments]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if ended.returncode == 0 or expected not in ended.stderr:
        failures.append(f"{arguments}: {ended.stderr}")

# Two at once: the second waits, for one would get the other's program. Should it not, it ends at a program that is none.
with deploy.alone("hub"):
    command = [sys.executable, str(REPOSITORY / "infra" / "deploy"), "hub", "dev"]
    second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"KINESCOPE_BOOTSTRAP": "none"})
    said = second.stdout.readline()
    second.kill()
    second.wait()
if "another deployment of hub is under way" not in said:
    failures.append(f"two at once: {said}")

# The newest glibc that a program wants, and whether Lambda has it.
for symbols, starts in [(b"GLIBC_2.2.5 GLIBC_2.34", True), (b"", True), (b"GLIBC_2.4 GLIBC_2.38", False)]:
    with tempfile.NamedTemporaryFile() as program:
        Path(program.name).write_bytes(symbols)
        try:
            deploy.check_glibc(Path(program.name))
            started = True
        except deploy.Wrong:
            started = False
    if started != starts:
        failures.append(f"{symbols}: {started}")

if failures:
    sys.exit("\n".join(failures))
print(f"{len(CASES)} cases of settings, {len(CALLS)} of calls, two at once")
