//! The manifest: as data, and as text.

use serde::Serialize;

use crate::manifest::{Access, TableUse};
use crate::op::http_request::{HttpRequest, InDoubt};
use crate::{Manifest, NodeId, Op, Plan, Replay, TextId};

use super::flow::replay_name;
use super::text::{Out, listed, name, place};

/// What a plan touches, with names in place of ids. Field names are stable: `sequor show --manifest --json` prints this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestView {
    /// Counts up when the shape of this view changes.
    pub version: u32,
    pub project: String,
    pub entries: Vec<String>,
    pub hosts: Vec<String>,
    pub computed_hosts: bool,
    pub methods: Vec<String>,
    pub tables: Vec<TableView>,
    pub variables: Vec<String>,
    pub python: Vec<PythonView>,
    pub effects: Vec<EffectView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableView {
    pub source: String,
    /// `None` where the name is computed at run time.
    pub table: Option<String>,
    /// `read`, `create`, `append` or `sql`.
    pub access: &'static str,
}

/// A step with snippets that need Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PythonView {
    pub step: String,
    pub snippets: usize,
    /// `file:line:column`.
    pub place: String,
}

/// A step that has an effect outside the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectView {
    pub step: String,
    pub op: &'static str,
    /// `file:line:column`.
    pub place: String,
    pub replay: &'static str,
    /// What a resume does about the effect, in words.
    pub promise: String,
}

/// The manifest of a validated plan as data.
#[must_use]
pub fn manifest_view(plan: &Plan) -> ManifestView {
    let Manifest { hosts, computed_hosts, methods, tables, variables, python, effects } = &plan.manifest;
    let texts = |ids: &[TextId]| ids.iter().map(|&id| plan.text(id).to_owned()).collect();
    ManifestView {
        version: 1,
        project: plan.text(plan.project.name).to_owned(),
        entries: plan.project.entries.iter().map(|&entry| plan.text(plan.flow(entry).name).to_owned()).collect(),
        hosts: texts(hosts),
        computed_hosts: *computed_hosts,
        methods: texts(methods),
        tables: tables.iter().map(|table| table_view(plan, table)).collect(),
        variables: texts(variables),
        python: python.chunk_by(|a, b| a == b).filter_map(|same| python_view(plan, same)).collect(),
        effects: effects.iter().map(|&(id, replay)| effect_view(plan, id, replay)).collect(),
    }
}

fn table_view(plan: &Plan, table: &TableUse) -> TableView {
    let TableUse { source, table, access } = table;
    TableView {
        source: plan.text(plan.source(*source).name).to_owned(),
        table: table.map(|id| plan.text(id).to_owned()),
        access: match access {
            Access::Read => "read",
            Access::Create => "create",
            Access::Append => "append",
            Access::Sql => "sql",
        },
    }
}

/// The list has a step once for each of its snippets, one behind the other.
fn python_view(plan: &Plan, same: &[NodeId]) -> Option<PythonView> {
    let node = plan.node(*same.first()?);
    Some(PythonView { step: plan.text(node.id).to_owned(), snippets: same.len(), place: place(plan, node.span) })
}

fn effect_view(plan: &Plan, id: NodeId, replay: Replay) -> EffectView {
    let node = plan.node(id);
    EffectView {
        step: plan.text(node.id).to_owned(),
        op: node.op.name(),
        place: place(plan, node.span),
        replay: replay_name(replay),
        promise: promise(&node.op, replay),
    }
}

fn promise(op: &Op, replay: Replay) -> String {
    match replay {
        Replay::Pure => "no effect outside the run".to_owned(),
        Replay::Transactional => "exactly once: the effect and the note that it is done are committed in one transaction".to_owned(),
        Replay::Idempotent => "repeated: a resume may do it again, which has the effect of doing it once".to_owned(),
        Replay::Keyed => "effectively once, by key: a resume may send it again, and the other side does it once".to_owned(),
        Replay::Once => match op {
            Op::HttpRequest(request) => once(request),
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_) => LISTED.to_owned(),
        },
    }
}

const LISTED: &str = "at most once: never done again by itself once it may have happened; doubts are listed";

/// Of a request without a key: the flow may say what is done about it when it is in doubt.
fn once(op: &HttpRequest) -> String {
    let done = match op.in_doubt {
        InDoubt::Stop => "is listed",
        InDoubt::Send => "is sent again",
        InDoubt::Skip => "is skipped",
        InDoubt::Done => "is counted as done",
    };
    match (&op.verify, op.in_doubt) {
        (None, InDoubt::Stop) => LISTED.to_owned(),
        (None, InDoubt::Send) => format!("at least once: what is in doubt {done}"),
        (None, InDoubt::Skip | InDoubt::Done) => format!("at most once: what is in doubt {done}"),
        (Some(_), _) => {
            format!("once, as far as 'verify' knows: it is asked about what is in doubt; where it gives no answer, that {done}")
        }
    }
}

/// The manifest of a validated plan for people: what it touches, and what a crash may do to each effect.
#[must_use]
pub fn render_manifest(plan: &Plan) -> String {
    let view = manifest_view(plan);
    let mut out = Out::new(plan);
    out.line("manifest");
    out.indented(|out| {
        let mut hosts: Vec<String> = view.hosts.iter().map(|host| name(host)).collect();
        if view.computed_hosts {
            hosts.push("hosts computed at run time".to_owned());
        }
        out.line(&format!("hosts: {}", or_none(hosts.join(", "))));
        out.line(&format!("methods: {}", names(&view.methods)));
        out.line(&format!("variables needed: {}", names(&view.variables)));
        section(out, "tables", view.tables.iter().map(table_line).collect());
        section(out, "steps that need Python", view.python.iter().map(python_line).collect());
        section(out, "effects", view.effects.iter().flat_map(effect_lines).collect());
    });
    out.finish()
}

fn names(texts: &[String]) -> String {
    or_none(listed(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn section(out: &mut Out<'_>, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        out.line(&format!("{title}: none"));
        return;
    }
    out.line(title);
    out.indented(|out| lines.iter().for_each(|line| out.line(line)));
}

fn table_line(table: &TableView) -> String {
    let shown = table.table.as_deref().map_or_else(|| "(computed at run time)".to_owned(), name);
    format!("{}: {shown}, {}", name(&table.source), table.access)
}

fn python_line(python: &PythonView) -> String {
    let snippets = if python.snippets == 1 { "1 snippet".to_owned() } else { format!("{} snippets", python.snippets) };
    format!("{}: {snippets} ({})", name(&python.step), python.place)
}

fn effect_lines(effect: &EffectView) -> [String; 2] {
    let EffectView { step, op, place, replay, promise } = effect;
    [format!("{}: {op} [{replay}] ({place})", name(step)), format!("  {promise}")]
}
