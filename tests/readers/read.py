"""Reads a report as those do who it is written for, and prints what they get out of it. Ends with 1 where it is not valid.

usage: read.py sarif|junit FILE
       read.py schema SCHEMA FILE...      (YAML files against a JSON Schema)
"""

import json
import sys


def sarif(path):
    from sarif_kit.validate import validation_errors

    log = json.load(open(path, encoding="utf-8"))
    errors = validation_errors(log)
    for result in log["runs"][0]["results"]:
        print(result["ruleId"], result["level"])
    return errors


def junit(path):
    from junitparser import Failure, JUnitXml

    xml = JUnitXml.fromfile(path)
    for suite in xml:
        for case in suite:
            failed = any(isinstance(result, Failure) for result in case.result)
            print(suite.name, "|", case.name, "|", "failed" if failed else "passed")
    counted = (xml.tests, xml.failures)
    xml.update_statistics()
    return [] if counted == (xml.tests, xml.failures) else [f"counts are wrong: {counted}, {xml.tests}, {xml.failures}"]


def schema(path, files):
    import yaml
    from jsonschema.validators import validator_for

    text = json.load(open(path, encoding="utf-8"))
    validator = validator_for(text, default=None)
    validator.check_schema(text)
    errors = []
    for file in files:
        document = yaml.load(open(file, encoding="utf-8"), Loader=Core)
        found = list(validator(text).iter_errors(document))
        errors += [f"{file}: {list(e.absolute_path)}: {e.message[:300]}" for e in found]
        print(file, "is not valid" if found else "is valid")
    return errors


def loader():
    """YAML 1.2's core schema, as editors read it: `on`, `off` and dates are text."""
    import re

    import yaml

    class Core(yaml.SafeLoader):
        yaml_implicit_resolvers = {}

    Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
    Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
    Core.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"), list("-+.0123456789"))
    Core.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
    return Core


if __name__ == "__main__":
    kind, path, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    if kind == "schema":
        Core = loader()
        errors = schema(path, files)
    else:
        errors = {"sarif": sarif, "junit": junit}[kind](path)
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(1 if errors else 0)
