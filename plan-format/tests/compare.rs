//! Two plans compared: which step is which, and what of it differs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::compare::{Fate, Part, Step, Subject, compare};
use sequor_plan_format::op::http_request::{BodyFormat, Columns, InDoubt, ReplyFormat, SuccessStatus, TableData};
use sequor_plan_format::op::print::Level;
use sequor_plan_format::op::{HttpRequest, WriteMode};
use sequor_plan_format::path::{Paths, find};
use sequor_plan_format::render::render_comparison;
use sequor_plan_format::validate::validate;
use sequor_plan_format::{BlockId, Expr, Node, NodeId, Op, Plan, SourceKind};
use support::{sample, small};

/// What is said of each step that is not the same, by its path: the new one, or the old one where it is removed.
fn said(old: &Plan, new: &Plan) -> Vec<String> {
    validate(old).unwrap();
    validate(new).unwrap();
    let (old_paths, new_paths) = (Paths::new(old), Paths::new(new));
    let steps = compare(old, new).steps.into_iter().filter(|step| !step.is_same());
    let says = steps.map(|step| match step {
        Step::Added(id) => format!("{} added", new_paths.path(id)),
        Step::Removed(id) => format!("{} removed", old_paths.path(id)),
        Step::Kept(kept) => {
            let parts: Vec<String> = kept.parts.iter().map(|part| format!("{part:?}")).collect();
            let moved = if kept.moved { "moved " } else { "" };
            format!("{} {moved}{}", new_paths.path(kept.new), parts.join("+")).trim_end().to_owned()
        }
    });
    says.collect()
}

fn changed(change: impl FnOnce(&mut Plan)) -> Vec<String> {
    let mut new = sample::plan();
    change(&mut new);
    said(&sample::plan(), &new)
}

fn node<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Node {
    let found = find(plan, id).unwrap();
    &mut plan.nodes[found.index()]
}

fn request<'a>(plan: &'a mut Plan, id: &str) -> &'a mut HttpRequest {
    match &mut node(plan, id).op {
        Op::HttpRequest(op) => op,
        other => panic!("{}", other.name()),
    }
}

fn set_text(plan: &mut Plan, from: &str, to: &str) {
    *plan.texts.iter_mut().find(|text| *text == from).unwrap() = to.to_owned();
}

fn body(plan: &Plan, id: &str) -> BlockId {
    plan.node(find(plan, id).unwrap()).op.blocks()[0]
}

#[test]
fn a_plan_is_the_same_as_itself_wherever_its_entries_stand() {
    let (plan, moved) = (
        sample::plan(),
        sample::plan_after(|b| {
            b.text("in front");
        }),
    );
    let mut places = sample::plan();
    places.spans.iter_mut().for_each(|span| (span.line, span.end_line) = (span.line + 7, span.end_line + 7));
    for new in [&plan, &moved, &places] {
        let comparison = compare(&plan, new);
        assert!(comparison.is_same());
        assert_eq!(comparison.steps.len(), plan.nodes.len());
        assert_eq!(render_comparison(&plan, new, &comparison), "37 steps are the same\n");
    }
}

#[test]
fn each_step_of_the_old_plan_is_found_in_the_new_one() {
    let (old, mut new) = (sample::plan(), sample::plan());
    set_text(&mut new, "transform", "clean");
    let comparison = compare(&old, &new);
    for (index, _) in (0u32..).zip(&old.nodes) {
        let kept = comparison.kept(NodeId(index));
        match old.text(old.nodes[index as usize].id) {
            "transform" => assert_eq!(kept, None),
            _ => assert_eq!((kept.unwrap().old, kept.unwrap().does_the_same()), (NodeId(index), true)),
        }
    }
}

#[test]
fn a_changed_step_does_not_change_those_around_it() {
    let (old, mut new) = (sample::plan(), sample::plan());
    set_text(&mut new, "/messages", "/mails");
    assert_eq!(said(&old, &new), ["notify/customer/send Request"]);
    let comparison = compare(&old, &new);
    for caller in ["each", "queried", "items", "call"] {
        let kept = comparison.kept(find(&old, caller).unwrap()).unwrap();
        assert_eq!((kept.parts.as_slice(), kept.does_the_same(), kept.is_same()), (&[Part::Inside][..], true, true), "{caller}");
    }
    assert_eq!(comparison.kept(find(&old, "fetch").unwrap()).unwrap().parts, []);
}

#[test]
fn the_request_side_of_a_request_is_told_from_its_reply_side() {
    let requests: [fn(&mut HttpRequest); 7] = [
        |op| op.init.clear(),
        |op| op.request.idempotent = false,
        |op| op.request.url = op.response.repeat.unwrap(),
        |op| op.request.source = None,
        |op| op.response.tables[0].write_mode = WriteMode::Append,
        |op| op.response.tables[0].columns = Columns::Auto,
        |op| op.response.tables[1].table.namespace = op.response.parser,
    ];
    for (index, change) in requests.into_iter().enumerate() {
        let mut new = sample::plan();
        change(request(&mut new, "fetch"));
        assert_eq!(parts(&new, "fetch"), [Part::Request], "{index}");
    }
    let replies: [fn(&mut HttpRequest); 6] = [
        |op| op.response.parser = None,
        |op| op.response.variables.clear(),
        |op| op.response.repeat = None,
        |op| op.response.success = SuccessStatus::Any,
        |op| op.response.format = ReplyFormat::Csv,
        |op| op.response.tables[0].data = TableData::Path(vec![]),
    ];
    for (index, change) in replies.into_iter().enumerate() {
        let mut new = sample::plan();
        change(request(&mut new, "fetch"));
        assert_eq!(parts(&new, "fetch"), [Part::Reply], "{index}");
    }
    let both = changed(|plan| {
        request(plan, "create").request.body.as_mut().unwrap().format = BodyFormat::Form;
        request(plan, "create").response.format = ReplyFormat::Csv;
    });
    assert_eq!(both, ["main/create Request+Reply"]);
}

/// Of one step, without rules that a whole plan has to keep.
fn parts(new: &Plan, id: &str) -> Vec<Part> {
    let old = sample::plan();
    let found = find(&old, id).unwrap();
    compare(&old, new).kept(found).unwrap().parts.clone()
}

#[test]
fn conditions_payloads_sources_and_settings_are_told_apart() {
    let condition = changed(|plan| {
        let when = node(plan, "fetch").when.unwrap();
        plan.exprs[when.index()] = Expr::List(vec![]);
    });
    assert_eq!(condition, ["main/fetch When"]);
    assert_eq!(changed(|plan| set_text(plan, "no customers", "nobody")), ["main/guarded/steps/fail Op"]);
    assert_eq!(changed(|plan| set_text(plan, "s-1", "s-2")), ["notify/customer/send Sources", "main/fetch Sources", "main/create Sources"]);
    let settings = changed(|plan| {
        request(plan, "fetch").request.retry = None;
        request(plan, "create").in_doubt = InDoubt::Send;
        request(plan, "create").for_each.as_mut().unwrap().concurrency = 9;
        match &mut node(plan, "say").op {
            Op::Print(op) => op.level = Level::Debug,
            other => panic!("{}", other.name()),
        }
    });
    assert_eq!(settings, ["main/fetch Settings", "main/create Settings", "main/branches/then[0]/say Settings"]);
}

#[test]
fn a_step_with_another_op_is_the_same_step_with_another_payload() {
    let (old, new) = (small::plan(&["print say a"]), small::plan(&["fail say a"]));
    assert_eq!(said(&old, &new), ["main/say Op"]);
}

#[test]
fn steps_in_another_order_have_moved() {
    let (old, new) = (small::plan(&["print a x", "print b x", "print c x"]), small::plan(&["print b x", "print c x", "print a x"]));
    assert_eq!(said(&old, &new), ["main/a moved"]);
    let comparison = compare(&old, &new);
    assert!(!comparison.is_same());
    assert_eq!(render_comparison(&old, &new, &comparison), "main/a: in another order\n2 steps are the same\n");
}

#[test]
fn a_step_in_another_block_has_moved_with_all_that_it_owns() {
    let moved = changed(|plan| {
        let (from, to) = (plan.flow(plan.flow_named("main").unwrap()).body, body(plan, "group"));
        let each = find(plan, "each").unwrap();
        let group = find(plan, "group").unwrap();
        plan.blocks[from.index()].nodes.retain(|&id| id != each);
        plan.blocks[to.index()].nodes.insert(0, each);
        assert!(each < group);
    });
    assert_eq!(moved, ["main/group/each moved"]);
}

#[test]
fn steps_without_an_id_of_their_own_are_known_by_their_content() {
    let old = small::plan(&["print print_1 a", "print print_2 b", "fail fail_3 c"]);
    let new = small::plan(&["print print_1 new", "print print_2 a", "print print_3 b", "fail fail_4 c"]);
    assert_eq!(said(&old, &new), ["main/print_1 added"]);
    assert_eq!(said(&new, &old), ["main/print_1 removed"]);
    let comparison = compare(&old, &new);
    assert_eq!(comparison.kept(find(&old, "print_2").unwrap()).unwrap().new, find(&new, "print_3").unwrap());

    let edited = small::plan(&["print print_1 new", "print print_2 a", "print print_3 edited", "fail fail_4 c"]);
    assert_eq!(said(&old, &edited), ["main/print_1 added", "main/print_3 Op"]);
}

#[test]
fn what_stands_beside_the_steps_is_compared_too() {
    let found = |change: fn(&mut Plan)| {
        let mut new = sample::plan();
        change(&mut new);
        validate(&new).unwrap();
        let comparison = compare(&sample::plan(), &new);
        assert_eq!(comparison.is_same(), comparison.outside.is_empty() && comparison.steps.iter().all(Step::is_same));
        comparison.outside.into_iter().map(|outside| (outside.subject, outside.fate)).collect::<Vec<_>>()
    };
    let named = |name: &str| name.to_owned();
    assert_eq!(found(|plan| plan.project.variables.truncate(1)), [(Subject::Variable(named("base")), Fate::Removed)]);
    assert_eq!(found(|plan| set_text(plan, "v3", "v4")), [(Subject::Variable(named("api_version")), Fate::Changed)]);
    assert_eq!(found(|plan| set_text(plan, "hello", "good day")), [(Subject::Flow(named("notify/customer")), Fate::Changed)]);
    assert_eq!(
        found(|plan| set_text(plan, "Customers in, messages out.\nRuns nightly.", "Other")),
        [(Subject::Flow(named("main")), Fate::Settings)]
    );
    assert_eq!(found(|plan| plan.project.entries = vec![plan.flow_named("notify/customer").unwrap()]), [(Subject::Entries, Fate::Changed)]);
    assert_eq!(found(|plan| plan.project.default_source = plan.source_named("stage")), [(Subject::DefaultSource, Fate::Changed)]);
    assert_eq!(found(|plan| set_text(plan, "stage.db", "other.db")), [(Subject::Source(named("stage")), Fate::Changed)]);
    let settings = found(|plan| match &mut plan.sources[0].kind {
        SourceKind::Http(http) => http.timeout_ms = Some(7),
        SourceKind::Sqlite(_) | SourceKind::Postgres(_) => panic!("no API"),
    });
    assert!(matches!(settings.as_slice(), [(Subject::Source(_), Fate::Settings)]), "{settings:?}");
    assert_eq!(found(|plan| set_text(plan, "shop", "store")), [(Subject::ProjectName, Fate::Changed)]);
}

#[test]
fn differences_are_shown_line_by_line_without_positions() {
    let mut new = sample::plan();
    set_text(&mut new, "/customers/{id}", "/people/{id}");
    set_text(&mut new, "stage.db", "other.db");
    request(&mut new, "fetch").response.success = SuccessStatus::Default;
    new.spans.iter_mut().for_each(|span| (span.line, span.end_line) = (span.line + 7, span.end_line + 7));
    insta::assert_snapshot!(render_comparison(&sample::plan(), &new, &compare(&sample::plan(), &new)));
}
