//! Paths name each node, and are found again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::path::{Paths, find, node_path};
use sequor_plan_format::{NodeId, Plan};
use support::sample;

fn all(plan: &Plan) -> Vec<String> {
    let paths = Paths::new(plan);
    (0u32..).zip(&plan.nodes).map(|(index, _)| paths.path(NodeId(index))).collect()
}

#[test]
fn a_path_is_the_flow_and_the_steps_around() {
    let mut paths = all(&sample::plan());
    paths.sort();
    assert_eq!(
        paths,
        [
            "main/branches",
            "main/branches/else/shout",
            "main/branches/then[0]/say",
            "main/checks",
            "main/checks/empty",
            "main/checks/holds",
            "main/checks/not_empty",
            "main/checks/three",
            "main/copies",
            "main/copies/copy",
            "main/copies/copy_query",
            "main/create",
            "main/each",
            "main/each/queried",
            "main/each/queried/items",
            "main/each/queried/items/call",
            "main/execute",
            "main/fetch",
            "main/group",
            "main/group/inner",
            "main/guarded",
            "main/guarded/catch[0]/warn",
            "main/guarded/finally/last",
            "main/guarded/steps/fail",
            "main/leaving",
            "main/leaving/end",
            "main/leaving/turns",
            "main/leaving/turns/choice",
            "main/leaving/turns/choice/else/out",
            "main/leaving/turns/choice/then[0]/next",
            "main/page_loop",
            "main/page_loop/debug",
            "main/set_variables",
            "main/side_by_side",
            "main/side_by_side/branches[0]/sleep",
            "main/transform",
            "notify/customer/send",
        ]
    );
}

#[test]
fn a_node_is_found_by_its_path_and_by_its_id_where_one_has_it() {
    let mut plan = sample::plan();
    for (index, path) in (0u32..).zip(all(&plan)) {
        assert_eq!(find(&plan, &path), Some(NodeId(index)));
        assert_eq!(find(&plan, path.rsplit('/').next().unwrap()), Some(NodeId(index)));
        assert_eq!(node_path(&plan, NodeId(index)), path);
    }
    assert_eq!(find(&plan, "main/nothing"), None);
    assert_eq!(find(&plan, "branches/say"), None);

    let say = find(&plan, "say").unwrap();
    let shout = find(&plan, "shout").unwrap();
    plan.nodes[shout.index()].id = plan.nodes[say.index()].id;
    assert_eq!(find(&plan, "say"), None);
    assert_eq!(find(&plan, "main/branches/else/say"), Some(shout));
}
