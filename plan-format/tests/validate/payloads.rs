//! What the ops hold.

use super::*;

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
