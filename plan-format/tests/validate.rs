//! Each rule of a plan, broken once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::codec::PlanError;
use sequor_plan_format::expr::{Binary, Clause, Comprehension, Function, Unary};
use sequor_plan_format::op::http_request::{Columns, Method, StatusRange, SuccessStatus, TableData};
use sequor_plan_format::op::{Group, HttpRequest, RunFlow};
use sequor_plan_format::plan::SourceLine;
use sequor_plan_format::refs::Ref;
use sequor_plan_format::validate::{Invalid, MAX_DEPTH, MAX_NODES, Owner, validate};
use sequor_plan_format::{
    Block, BlockId, ColumnType, Expr, ExprId, FlowId, Node, NodeId, Op, Plan, Replay, SourceId, SourceKind, Span, SpanId, TextId, Value,
    ValueId,
};
use support::sample;

type Change = fn(&mut Plan);

/// What validation says about the sample plan after a change.
fn broken(change: impl FnOnce(&mut Plan)) -> Invalid {
    let mut plan = sample::plan();
    change(&mut plan);
    match validate(&plan) {
        Err(PlanError::Invalid(invalid)) => invalid,
        other => panic!("expected a broken rule, got {other:?}"),
    }
}

fn message(change: impl FnOnce(&mut Plan)) -> String {
    broken(change).to_string()
}

fn node_named(plan: &Plan, id: &str) -> NodeId {
    let at = plan.nodes.iter().position(|node| plan.text(node.id) == id).unwrap();
    NodeId(u32::try_from(at).unwrap())
}

fn node_mut<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Node {
    let id = node_named(plan, id);
    &mut plan.nodes[id.index()]
}

fn request_mut<'a>(plan: &'a mut Plan, id: &str) -> &'a mut HttpRequest {
    match &mut node_mut(plan, id).op {
        Op::HttpRequest(op) => op,
        other => panic!("{} is no request", other.name()),
    }
}

fn add_text(plan: &mut Plan, text: &str) -> TextId {
    plan.texts.push(text.to_owned());
    TextId(u32::try_from(plan.texts.len() - 1).unwrap())
}

fn add_expr(plan: &mut Plan, expr: Expr) -> ExprId {
    plan.exprs.push(expr);
    ExprId(u32::try_from(plan.exprs.len() - 1).unwrap())
}

fn add_value(plan: &mut Plan, value: Value) -> ValueId {
    plan.values.push(value);
    ValueId(u32::try_from(plan.values.len() - 1).unwrap())
}

#[test]
fn the_sample_is_sound() {
    assert_eq!(validate(&sample::plan()), Ok(()));
}

#[test]
fn ids_are_in_range() {
    let changes: [(&str, Change); 9] = [
        ("node 0 refers to text 9999", |plan| plan.nodes[0].id = TextId(9999)),
        ("node 0 refers to span 9999", |plan| plan.nodes[0].span = SpanId(9999)),
        ("node 0 refers to expression 9999", |plan| plan.nodes[0].when = Some(ExprId(9999))),
        ("expression 0 refers to constant 4294967295", |plan| plan.exprs[0] = Expr::Const(ValueId(u32::MAX))),
        ("block 0 refers to node 9999", |plan| plan.blocks[0].nodes[0] = NodeId(9999)),
        ("flow 0 refers to block 9999", |plan| plan.flows[0].body = BlockId(9999)),
        ("the project refers to flow 2", |plan| plan.project.entries[0] = FlowId(2)),
        ("the manifest refers to source 9999", |plan| plan.manifest.tables[0].source = SourceId(9999)),
        ("source line 1 refers to text 9999", |plan| plan.lines[1].text = TextId(9999)),
    ];
    for (says, change) in changes {
        let message = message(change);
        assert!(message.starts_with(says), "{message}");
        assert!(message.contains("but the plan has only"), "{message}");
    }
}

#[test]
fn there_are_limits_to_counts() {
    let invalid = broken(|plan| {
        let node = plan.nodes[0].clone();
        plan.nodes.resize(MAX_NODES + 1, node);
    });
    assert_eq!(invalid, Invalid::TooMany { what: "nodes", count: MAX_NODES + 1, limit: MAX_NODES });
}

#[test]
fn expressions_have_one_owner() {
    let invalid = broken(|plan| {
        let when = node_named(plan, "fetch");
        plan.nodes[0].when = plan.node(when).when;
    });
    assert!(matches!(invalid, Invalid::Shared { entry: Ref::Expr(_) }), "{invalid}");
}

#[test]
fn lists_and_maps_have_one_owner_and_scalars_many() {
    let list = |plan: &mut Plan| {
        let value = add_value(plan, Value::List(vec![]));
        add_expr(plan, Expr::Const(value));
        add_expr(plan, Expr::Const(value));
        value
    };
    let mut plan = sample::plan();
    let value = list(&mut plan);
    plan.values[value.index()] = Value::Null;
    assert_eq!(validate(&plan), Ok(()));
    let invalid = broken(|plan| {
        list(plan);
    });
    assert_eq!(invalid, Invalid::Shared { entry: Ref::Value(value) });
}

#[test]
fn blocks_and_nodes_have_exactly_one_owner() {
    let twice = broken(|plan| plan.flows[1].body = plan.flows[0].body);
    assert!(matches!(twice, Invalid::Shared { entry: Ref::Block(_) }), "{twice}");
    let twice = broken(|plan| plan.blocks[1].nodes = plan.blocks[0].nodes.clone());
    assert!(matches!(twice, Invalid::Shared { entry: Ref::Node(_) }), "{twice}");
    let orphan = broken(|plan| plan.blocks.push(Block { nodes: vec![] }));
    assert!(matches!(orphan, Invalid::Orphan { entry: Ref::Block(_) }), "{orphan}");
    let orphan = broken(|plan| {
        plan.blocks[0].nodes.pop();
    });
    assert_eq!(orphan, Invalid::Orphan { entry: Ref::Node(NodeId(0)) });
}

#[test]
fn children_stand_before_their_owners() {
    let message = message(|plan| {
        let next = u32::try_from(plan.exprs.len()).unwrap();
        plan.exprs.push(Expr::Unary { operator: Unary::Not, operand: ExprId(next) });
    });
    assert!(message.contains("which must stand before it"), "{message}");
    let itself = broken(|plan| {
        let next = u32::try_from(plan.values.len()).unwrap();
        plan.values.push(Value::List(vec![ValueId(next)]));
    });
    assert!(matches!(itself, Invalid::Order { .. }), "{itself}");
    // A block that contains its own owner.
    let circle = broken(|plan| {
        let node = NodeId(u32::try_from(plan.nodes.len()).unwrap());
        let block = BlockId(u32::try_from(plan.blocks.len()).unwrap());
        plan.nodes.push(Node { op: Op::Block(Group { body: block }), ..plan.nodes[0].clone() });
        plan.blocks.push(Block { nodes: vec![node] });
    });
    assert!(matches!(circle, Invalid::Order { owner: Ref::Node(_), .. }), "{circle}");
}

#[test]
fn expressions_are_not_too_deep() {
    let nest = |levels: u16| {
        move |plan: &mut Plan| {
            let name = add_text(plan, "x");
            let mut at = add_expr(plan, Expr::Var(name));
            for _ in 1..levels {
                at = add_expr(plan, Expr::Unary { operator: Unary::Not, operand: at });
            }
        }
    };
    let mut deep = sample::plan();
    nest(MAX_DEPTH)(&mut deep);
    assert_eq!(validate(&deep), Ok(()));
    assert!(matches!(broken(nest(MAX_DEPTH + 1)), Invalid::TooDeep { entry: Ref::Expr(_) }));
    assert!(matches!(broken(nest(60_000)), Invalid::TooDeep { entry: Ref::Expr(_) }));
}

#[test]
fn constants_are_not_too_deep() {
    let invalid = broken(|plan| {
        let mut at = add_value(plan, Value::Null);
        for _ in 0..MAX_DEPTH {
            at = add_value(plan, Value::List(vec![at]));
        }
    });
    assert!(matches!(invalid, Invalid::TooDeep { entry: Ref::Value(_) }), "{invalid}");
}

#[test]
fn blocks_are_not_too_deep() {
    let invalid = broken(|plan| {
        let mut body = plan.flows[0].body;
        for _ in 0..MAX_DEPTH {
            let node = NodeId(u32::try_from(plan.nodes.len()).unwrap());
            plan.nodes.push(Node { replay: Replay::Pure, op: Op::Block(Group { body }), ..plan.nodes[0].clone() });
            plan.blocks.push(Block { nodes: vec![node] });
            body = BlockId(u32::try_from(plan.blocks.len() - 1).unwrap());
        }
        plan.flows[0].body = body;
    });
    assert!(matches!(invalid, Invalid::TooDeep { entry: Ref::Node(_) }), "{invalid}");
}

#[test]
fn slots_are_bound_once_around_their_use() {
    let unbound = broken(|plan| {
        add_expr(plan, Expr::Local(0));
    });
    assert!(matches!(unbound, Invalid::UnboundSlot { slot: 0, .. }), "{unbound}");

    let own_value = broken(|plan| {
        let value = add_expr(plan, Expr::Local(3));
        let body = add_expr(plan, Expr::Local(3));
        add_expr(plan, Expr::Let { slot: 3, value, body });
    });
    assert!(matches!(own_value, Invalid::UnboundSlot { slot: 3, .. }), "{own_value}");

    let twice = broken(|plan| {
        let (value, inner_value) = (add_expr(plan, Expr::List(vec![])), add_expr(plan, Expr::List(vec![])));
        let inner_body = add_expr(plan, Expr::Local(0));
        let body = add_expr(plan, Expr::Let { slot: 0, value: inner_value, body: inner_body });
        add_expr(plan, Expr::Let { slot: 0, value, body });
    });
    assert!(matches!(twice, Invalid::ReboundSlot { slot: 0, .. }), "{twice}");

    let high = broken(|plan| {
        let (value, body) = (add_expr(plan, Expr::List(vec![])), add_expr(plan, Expr::List(vec![])));
        add_expr(plan, Expr::Let { slot: u32::MAX, value, body });
    });
    assert!(matches!(high, Invalid::SlotNumber { slot: u32::MAX, .. }), "{high}");
}

#[test]
fn a_comprehension_binds_from_left_to_right() {
    let comprehension = |first_iterable_uses: u32| {
        move |plan: &mut Plan| {
            let first = add_expr(plan, Expr::List(vec![]));
            let used = add_expr(plan, Expr::Local(first_iterable_uses));
            let element = add_expr(plan, Expr::Local(1));
            let clauses = vec![
                Clause { slots: vec![0], iterable: first, conditions: vec![] },
                Clause { slots: vec![1], iterable: used, conditions: vec![] },
            ];
            add_expr(plan, Expr::Comprehension { kind: Comprehension::List, key: None, element, clauses });
        }
    };
    let mut plan = sample::plan();
    comprehension(0)(&mut plan);
    assert_eq!(validate(&plan), Ok(()));
    assert!(matches!(broken(comprehension(1)), Invalid::UnboundSlot { slot: 1, .. }));
}

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
fn ops_use_sources_of_their_kind() {
    let stage = |plan: &Plan| plan.source_named("stage").unwrap();
    let message = message(|plan| request_mut(plan, "fetch").request.source = Some(stage(plan)));
    assert!(message.ends_with("needs an http source, but source 'stage' is of type sqlite"), "{message}");

    let api = SourceId(0);
    assert!(matches!(sample::plan().source(api).kind, SourceKind::Http(_)));
    let changes: [Change; 5] = [
        |plan| match &mut node_mut(plan, "transform").op {
            Op::Transform(op) => op.source = SourceId(0),
            other => panic!("{}", other.name()),
        },
        |plan| match &mut node_mut(plan, "transform").op {
            Op::Transform(op) => op.target.source = SourceId(0),
            other => panic!("{}", other.name()),
        },
        |plan| match &mut node_mut(plan, "execute").op {
            Op::Execute(op) => op.source = SourceId(0),
            other => panic!("{}", other.name()),
        },
        |plan| request_mut(plan, "fetch").response.tables[0].table.source = SourceId(0),
        |plan| {
            for expr in &mut plan.exprs {
                if let Expr::Query { source, .. } = expr {
                    *source = SourceId(0);
                }
            }
        },
    ];
    for change in changes {
        assert!(matches!(broken(change), Invalid::WrongSource { needs: "a database", .. }));
    }
}

#[test]
fn payloads_are_complete() {
    let changes: [(&str, Change); 21] = [
        ("'if' has at least one condition", without_arms),
        ("'execute' has at least one statement", |plan| match &mut node_mut(plan, "execute").op {
            Op::Execute(op) => op.statements.clear(),
            other => panic!("{}", other.name()),
        }),
        ("'while' allows at least one iteration", |plan| match &mut node_mut(plan, "page_loop").op {
            Op::WhileLoop(op) => op.max_iterations = 0,
            other => panic!("{}", other.name()),
        }),
        ("a table gets its rows from a parser, but there is none", |plan| {
            let response = &mut request_mut(plan, "fetch").response;
            response.parser = None;
            assert!(response.tables.iter().any(|table| table.data == TableData::Parser));
        }),
        ("a table that declares its columns has at least one", |plan| {
            request_mut(plan, "fetch").response.tables[0].columns = Columns::Declared(vec![]);
        }),
        ("a varchar has a length", |plan| column_kind(plan, ColumnType::Varchar(0))),
        ("a scale that fits it", |plan| column_kind(plan, ColumnType::Numeric(Some((5, 6))))),
        ("a retry policy has at least one attempt", |plan| {
            request_mut(plan, "fetch").request.retry.as_mut().unwrap().attempts = 0;
        }),
        ("'and' and 'or' have at least one operand", |plan| {
            add_expr(plan, Expr::And(vec![]));
        }),
        ("a dict comprehension has a key", |plan| {
            for expr in &mut plan.exprs {
                if let Expr::Comprehension { kind, .. } = expr {
                    *kind = Comprehension::Dict;
                }
            }
        }),
        ("a comprehension has at least one 'for'", |plan| {
            let element = add_expr(plan, Expr::List(vec![]));
            add_expr(plan, Expr::Comprehension { kind: Comprehension::Set, key: None, element, clauses: vec![] });
        }),
        ("each 'for' binds a name", |plan| {
            let (element, iterable) = (add_expr(plan, Expr::List(vec![])), add_expr(plan, Expr::List(vec![])));
            let clauses = vec![Clause { slots: vec![], iterable, conditions: vec![] }];
            add_expr(plan, Expr::Comprehension { kind: Comprehension::Set, key: None, element, clauses });
        }),
        ("query_value converts to int, float, str or bool only", |plan| {
            for expr in &mut plan.exprs {
                if let Expr::QueryValue { cast, .. } = expr {
                    *cast = Some(Function::Sorted);
                }
            }
        }),
        ("between 1 and 1000 items are in flight together", |plan| in_flight(plan, 0)),
        ("between 1 and 1000 items are in flight together", |plan| in_flight(plan, 1001)),
        ("is 'keyed', and no other is", |plan| request_mut(plan, "send").request.key = None),
        ("is 'keyed', and no other is", |plan| node_mut(plan, "transform").replay = Replay::Keyed),
        ("a field of the body has a body with fields", |plan| request_mut(plan, "create").request.body = None),
        ("the request of 'verify' reads, or is idempotent", |plan| {
            request_mut(plan, "create").verify.as_mut().unwrap().request.method = Method::Patch;
        }),
        ("the request of 'verify' has no idempotency key", |plan| {
            let key = request_mut(plan, "send").request.key;
            request_mut(plan, "create").verify.as_mut().unwrap().request.key = key;
        }),
        ("lines count from 1", |plan| plan.lines[0].line = 0),
    ];
    for (says, change) in changes {
        let message = message(change);
        assert!(message.contains("is incomplete") && message.contains(says), "{message}");
    }
}

/// The blocks of the arms go to steps of their own, so that no other rule is broken before.
fn in_flight(plan: &mut Plan, items: u32) {
    request_mut(plan, "create").for_each.as_mut().unwrap().concurrency = items;
}

fn without_arms(plan: &mut Plan) {
    let arms = match &mut node_mut(plan, "branches").op {
        Op::IfElse(op) => std::mem::take(&mut op.arms),
        other => panic!("{}", other.name()),
    };
    for arm in arms {
        let id = add_text(plan, &format!("arm {}", arm.then.0));
        let node = Node { id, when: None, op: Op::Block(Group { body: arm.then }), ..plan.nodes[1].clone() };
        plan.nodes.push(node);
        let node = NodeId(u32::try_from(plan.nodes.len() - 1).unwrap());
        let body = plan.flows[1].body;
        plan.blocks[body.index()].nodes.push(node);
    }
}

fn column_kind(plan: &mut Plan, kind: ColumnType) {
    match &mut request_mut(plan, "fetch").response.tables[0].columns {
        Columns::Declared(columns) => columns[0].kind = kind,
        Columns::Auto => panic!("declared in the sample"),
    }
}

#[test]
fn statuses_are_statuses() {
    for (first, last) in [(300, 299), (99, 200), (200, 1000)] {
        let invalid = broken(|plan| {
            request_mut(plan, "fetch").response.success = SuccessStatus::Listed(vec![StatusRange { first, last }]);
        });
        assert!(matches!(invalid, Invalid::StatusRange { .. }), "{first} to {last}: {invalid}");
    }
}

#[test]
fn numbers_are_numbers() {
    let nan = broken(|plan| {
        add_value(plan, Value::Float(f64::NAN));
    });
    assert!(matches!(nan, Invalid::NotANumber { .. }));
    for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "0x10", "1 ", "NaN", "Infinity", "1.2.3", "1\n"] {
        let invalid = broken(|plan| {
            let text = add_text(plan, text);
            add_value(plan, Value::Number(text));
        });
        assert!(matches!(invalid, Invalid::NumberText { .. }), "'{text}'");
    }
    for text in ["0", "-0", "10", "0.50", "1e5", "-1.5E-300", "123456789012345678901234567890"] {
        let mut plan = sample::plan();
        let text = add_text(&mut plan, text);
        add_value(&mut plan, Value::Number(text));
        assert_eq!(validate(&plan), Ok(()));
    }
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

#[test]
fn wide_plans_are_checked_in_linear_time() {
    let mut plan = sample::plan();
    let name = add_text(&mut plan, "x");
    let mut sum = add_expr(&mut plan, Expr::Var(name));
    for _ in 0..100 {
        let terms = (0..2_000).map(|_| add_expr(&mut plan, Expr::Var(name))).collect();
        let right = add_expr(&mut plan, Expr::List(terms));
        sum = add_expr(&mut plan, Expr::Binary { operator: Binary::Add, left: sum, right });
    }
    assert_eq!(validate(&plan), Ok(()));
}
