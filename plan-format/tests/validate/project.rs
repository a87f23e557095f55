//! Names, flows and their calls, positions, the manifest.

use super::*;

#[test]
fn names_are_there_once() {
    assert_eq!(message(|plan| plan.flows[1].name = plan.flows[0].name), "two flows are named 'notify/customer'");
    assert_eq!(message(|plan| plan.sources[1].name = plan.sources[0].name), "two sources are named 'api'");
    let twin = |plan: &mut Plan| {
        let fetch = node_named(plan, "fetch");
        let name = plan.node(fetch).id;
        node_mut(plan, "create").id = name;
    };
    assert_eq!(message(twin), "two steps of a block are named 'fetch'");
    // The same name under another id is the same name.
    let text_twin = |plan: &mut Plan| {
        let name = add_text(plan, "fetch");
        node_mut(plan, "create").id = name;
    };
    assert_eq!(message(text_twin), "two steps of a block are named 'fetch'");
    assert_eq!(
        message(|plan| plan.flows[0].parameters[1].name = plan.flows[0].parameters[0].name),
        "two parameters of a flow are named 'customer'"
    );
    let unnamed = message(|plan| {
        let name = add_text(plan, "");
        plan.flows[0].name = name;
    });
    assert_eq!(unnamed, "flow 0 has no name");
    let map = message(|plan| {
        let (key, value) = (add_text(plan, "k"), add_value(plan, Value::Null));
        add_value(plan, Value::Map(vec![(key, value), (key, value)]));
    });
    assert_eq!(map, "two keys of a map are named 'k'");
}

#[test]
fn names_and_texts_are_not_too_long() {
    let long = "n".repeat(1001);
    let changes: [fn(&mut Plan, TextId); 4] = [
        |plan, long| plan.flows[0].name = long,
        |plan, long| plan.sources[0].name = long,
        |plan, long| plan.nodes[0].id = long,
        |plan, long| plan.spans[0].file = long,
    ];
    for change in changes {
        let invalid = broken(|plan| {
            let text = add_text(plan, &long);
            change(plan, text);
        });
        assert!(matches!(invalid, Invalid::LongName { .. }), "{invalid}");
    }
    // One text of a mebibyte, used in 300 places.
    let invalid = broken(|plan| {
        let text = add_text(plan, &"x".repeat(1 << 20));
        let value = add_value(plan, Value::Text(text));
        for _ in 0..300 {
            add_expr(plan, Expr::Const(value));
        }
    });
    assert!(matches!(invalid, Invalid::TooMuchText { .. }), "{invalid}");
}

#[test]
fn there_is_an_entry() {
    assert_eq!(broken(|plan| plan.project.entries.clear()), Invalid::NoEntry);
    assert_eq!(broken(|plan| plan.project.entries.push(FlowId(1))), Invalid::DuplicateEntry(1));
}

#[test]
fn flows_do_not_call_each_other_in_a_circle() {
    let circle = message(|plan| {
        let span = plan.flows[0].span;
        let (id, value) = (add_text(plan, "back"), add_value(plan, Value::Null));
        let (limit, given) = (plan.flows[1].parameters[1].name, add_expr(plan, Expr::Const(value)));
        let call = Op::RunFlow(RunFlow { flow: FlowId(1), parameters: vec![(limit, given)], output: None, start: None });
        plan.nodes.push(Node { id, title: None, span, when: None, retry: None, timeout_ms: None, replay: Replay::Pure, op: call });
        let node = NodeId(u32::try_from(plan.nodes.len() - 1).unwrap());
        let body = plan.flows[0].body;
        plan.blocks[body.index()].nodes.push(node);
    });
    assert!(
        circle == "flows call each other in a circle: main → notify/customer → main"
            || circle == "flows call each other in a circle: notify/customer → main → notify/customer",
        "{circle}"
    );
    let itself = message(|plan| {
        let limit = plan.flows[1].parameters[1].name;
        match &mut node_mut(plan, "call").op {
            Op::RunFlow(op) => {
                op.flow = FlowId(1);
                op.start = None;
                op.parameters[0].0 = limit;
            }
            other => panic!("{} is no call", other.name()),
        }
    });
    assert_eq!(itself, "flows call each other in a circle: main → main");
}

#[test]
fn calls_give_the_parameters_that_have_no_default() {
    let missing = message(|plan| match &mut node_mut(plan, "call").op {
        Op::RunFlow(op) => op.parameters.clear(),
        other => panic!("{} is no call", other.name()),
    });
    assert!(missing.ends_with("calls flow 'notify/customer' without its parameter 'customer'"), "{missing}");
}

#[test]
fn positions_are_in_the_project() {
    let changes: [fn(&mut Span); 3] = [|span| span.line = 0, |span| span.column = 0, |span| span.end_line = 0];
    for change in changes {
        assert!(matches!(broken(|plan| change(&mut plan.spans[0])), Invalid::SpanPosition { .. }));
    }
    for file in ["/etc/passwd", "../other/flow.yaml", "flows/../../x.yaml", "flows\\main.yaml"] {
        let invalid = broken(|plan| {
            let file = add_text(plan, file);
            plan.spans[0].file = file;
        });
        assert!(matches!(invalid, Invalid::FilePath { .. }), "{file}");
        let invalid = broken(|plan| {
            let file = add_text(plan, file);
            plan.lines.push(SourceLine { file, line: 1, text: file });
        });
        assert!(matches!(invalid, Invalid::FilePath { owner: Owner::Line(_), .. }), "{file}");
    }
}

#[test]
fn lines_are_there_once() {
    let twice = message(|plan| plan.lines.push(plan.lines[0].clone()));
    assert_eq!(twice, "two source lines are named 'flows/main.yaml:1'");
}

#[test]
fn the_manifest_tells_the_truth() {
    let changes: [(&str, Change); 8] = [
        ("host 'api.example.com' is listed twice", |plan| plan.manifest.hosts.push(plan.manifest.hosts[0])),
        ("method 'GET' is listed twice", |plan| plan.manifest.methods.push(plan.manifest.methods[0])),
        ("it does not list the method GET", |plan| {
            plan.manifest.methods.remove(0);
        }),
        ("it lists a table of source 'api', which is no database", |plan| plan.manifest.tables[0].source = SourceId(0)),
        ("a table of source 'stage' is listed twice", |plan| plan.manifest.tables.push(plan.manifest.tables[0].clone())),
        ("it gives step 'send' another replay class than the step has", |plan| plan.manifest.effects[0].1 = Replay::Pure),
        ("step 'send' is listed twice", |plan| plan.manifest.effects.push(plan.manifest.effects[0])),
        ("it does not list step 'send' (http_request)", |plan| {
            plan.manifest.effects.remove(0);
        }),
    ];
    for (says, change) in changes {
        assert_eq!(message(change), format!("the manifest does not agree with the plan: {says}"));
    }
}
