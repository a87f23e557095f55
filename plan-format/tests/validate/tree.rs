//! The tree of blocks, nodes, expressions and values: owners, order, depth, slots.

use super::*;

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
