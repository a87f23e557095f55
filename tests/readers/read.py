"""Reads a report as those do who it is written for, and prints what they get out of it. Ends with 1 where it is not valid.

usage: read.py sarif|junit|dot|svg FILE
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


def dot(path):
    import pydot

    graphs = pydot.graph_from_dot_file(path) or []
    open_, found = list(graphs), 0
    while open_:
        graph = open_.pop()
        open_ += graph.get_subgraphs()
        for node in graph.get_nodes():
            found += node.get_name() not in ("graph", "node", "edge")
            label = node.get_label() or ""
            print(node.get_name(), label.strip('"').replace('\\"', '"').replace("\\\\", "\\"))
    return [] if found else ["no node was read"]


def svg(path):
    from xml.etree import ElementTree

    texts = [e for e in ElementTree.parse(path).iter() if e.tag == "{http://www.w3.org/2000/svg}text"]
    for text in texts:
        print("text", text.text)
    return [] if texts else ["no text was read"]


def schema(path, files):
    from jsonschema.validators import validator_for
    from ruamel.yaml import YAML

    text = json.load(open(path, encoding="utf-8"))
    validator = validator_for(text, default=None)
    validator.check_schema(text)
    errors = []
    for file in files:
        # YAML 1.2, as editors read it: `on` and `off` are text.
        document = YAML(typ="safe", pure=True).load(open(file, encoding="utf-8"))
        found = list(validator(text).iter_errors(document))
        errors += [f"{file}: {list(e.absolute_path)}: {e.message[:300]}" for e in found]
        print(file, "is not valid" if found else "is valid")
    return errors


if __name__ == "__main__":
    kind, path, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    if kind == "schema":
        errors = schema(path, files)
    else:
        errors = {"sarif": sarif, "junit": junit, "dot": dot, "svg": svg}[kind](path)
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(1 if errors else 0)
