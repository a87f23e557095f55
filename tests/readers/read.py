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


def dot(path):
    import pydot

    graphs = pydot.graph_from_dot_file(path, encoding="utf-8")
    if not graphs or len(graphs) != 1:
        return ["it is no graph"]
    nodes, edges, clusters = [], [], []
    open_graphs = graphs
    while open_graphs:
        graph = open_graphs.pop()
        nodes += [n.get_name() for n in graph.get_nodes() if n.get_name() not in ("graph", "node", "edge")]
        edges += graph.get_edges()
        clusters += graph.get_subgraphs()
        open_graphs += graph.get_subgraphs()
    print(len(nodes), "nodes,", len(edges), "edges,", len(clusters), "clusters")
    ends = {end for edge in edges for end in (edge.get_source(), edge.get_destination())}
    return [f"{end} is no node" for end in sorted(ends - set(nodes))]


def svg(path):
    from xml.etree import ElementTree

    picture = ElementTree.parse(path)
    space = "{http://www.w3.org/2000/svg}"
    print(sum(1 for _ in picture.iter(space + "title")), "steps")
    strange = [e.tag for e in picture.iter() if e.tag.removeprefix(space) in ("script", "image", "foreignObject") or not e.tag.startswith(space)]
    links = [e.get("href") for e in picture.iter(space + "a")]
    places = {"#" + e.get("id") for e in picture.iter() if e.get("id")}
    return strange + [f"{link} leads nowhere" for link in links if link not in places]


if __name__ == "__main__":
    kind, path, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    if kind == "schema":
        errors = schema(path, files)
    else:
        errors = {"sarif": sarif, "junit": junit, "dot": dot, "svg": svg}[kind](path)
    for error in errors:
        print(error, file=sys.stderr)
    sys.exit(1 if errors else 0)
