//! What differs between two plans: what `sequor diff` prints.

use serde::Serialize;

use crate::compare::{Comparison, Fate, Kept, Outside, Part, Step, Subject};
use crate::path::Paths;
use crate::{NodeId, Plan};

use super::expr::field;
use super::flow::{head, replay_name};
use super::lines::{Line, differing};
use super::text::{Out, listed, name, visible};
use super::{flow, source};

/// A comparison as data, for `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparisonView {
    pub is_same: bool,
    /// How many steps are the same.
    pub same_steps: usize,
    /// What differs beside the steps, then steps.
    pub differences: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `step`, `flow`, `source`, `project variable`, or what else of the project it is.
    pub kind: &'static str,
    /// A step's path in the plan that has it, in the new one where both do. None where the kind says it all.
    pub name: Option<String>,
    /// `added`, `removed` or `changed`.
    pub fate: &'static str,
    /// A step's path in the old plan, where that is another one.
    pub was: Option<String>,
    /// The step stands in another block, or in another order.
    pub is_moved: bool,
    /// The parts that differ.
    pub parts: Vec<String>,
    /// The lines that went and came, as `sequor show` writes them.
    pub lines: Vec<ChangedLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangedLine {
    Old(String),
    New(String),
}

/// One entry for each difference, with the lines that went and came; a last line counts the steps that are the same. Stable, without colours.
#[must_use]
pub fn render_comparison(old: &Plan, new: &Plan, comparison: &Comparison) -> String {
    let ComparisonView { is_same: _, same_steps, differences } = comparison_view(old, new, comparison);
    let mut out = Out::own(new);
    for difference in &differences {
        entry(&mut out, difference);
    }
    out.line(&if same_steps == 1 { "1 step is the same".to_owned() } else { format!("{same_steps} steps are the same") });
    out.finish()
}

/// The same as data.
#[must_use]
pub fn comparison_view(old: &Plan, new: &Plan, comparison: &Comparison) -> ComparisonView {
    let texts = Texts { old, new, old_paths: Paths::new(old), new_paths: Paths::new(new) };
    let outside = comparison.outside.iter().map(|difference| texts.outside(difference));
    let steps = comparison.steps.iter().filter(|step| !step.is_same()).map(|step| match step {
        Step::Kept(kept) => texts.kept(kept),
        Step::Added(id) => Difference::of(STEP, Some(visible(&texts.new_paths.path(*id))), "added"),
        Step::Removed(id) => Difference::of(STEP, Some(visible(&texts.old_paths.path(*id))), "removed"),
    });
    ComparisonView {
        is_same: comparison.is_same(),
        same_steps: comparison.steps.iter().filter(|step| step.is_same()).count(),
        differences: outside.chain(steps).collect(),
    }
}

fn entry(out: &mut Out<'_>, difference: &Difference) {
    let Difference { kind, name, fate, was, is_moved, parts, lines } = difference;
    let subject = match name {
        Some(name) if *kind == STEP => name.clone(),
        Some(name) => format!("{kind} {name}"),
        None => (*kind).to_owned(),
    };
    let mut says = Vec::new();
    match (is_moved, was) {
        (true, None) => says.push("in another order".to_owned()),
        (true, Some(was)) => says.push(format!("moved, was {was}")),
        (false, Some(was)) => says.push(format!("was {was}")),
        (false, None) => {}
    }
    if !parts.is_empty() {
        says.push(format!("{} {fate}", parts.join(", ")));
    } else if says.is_empty() {
        says.push((*fate).to_owned());
    }
    out.line(&format!("{subject}: {}", says.join("; ")));
    out.indented(|out| {
        for line in lines {
            out.line(&match line {
                ChangedLine::Old(line) => format!("- {line}"),
                ChangedLine::New(line) => format!("+ {line}"),
            });
        }
    });
}

/// The kind of difference that is a step.
const STEP: &str = "step";

impl Difference {
    fn of(kind: &'static str, name: Option<String>, fate: &'static str) -> Self {
        Self { kind, name, fate, was: None, is_moved: false, parts: Vec::new(), lines: Vec::new() }
    }
}

struct Texts<'a> {
    old: &'a Plan,
    new: &'a Plan,
    old_paths: Paths<'a>,
    new_paths: Paths<'a>,
}

impl Texts<'_> {
    fn kept(&self, kept: &Kept) -> Difference {
        let (before, after) = (self.old_paths.path(kept.old), self.new_paths.path(kept.new));
        Difference {
            was: (before != after).then(|| visible(&before)),
            is_moved: kept.moved,
            parts: kept.parts.iter().filter(|part| **part != Part::Inside).map(Part::to_string).collect(),
            lines: changed(&step(self.old, kept.old), &step(self.new, kept.new)),
            ..Difference::of(STEP, Some(visible(&after)), "changed")
        }
    }

    fn outside(&self, difference: &Outside) -> Difference {
        let Outside { subject, fate } = difference;
        let (kind, named) = match subject {
            Subject::ProjectName => ("project name", None),
            Subject::Entries => ("flows that a run may start with", None),
            Subject::DefaultSource => ("default source", None),
            Subject::Variable(variable) => ("project variable", Some(name(variable))),
            Subject::Flow(flow) => ("flow", Some(name(flow))),
            Subject::Source(source) => ("source", Some(name(source))),
        };
        let (fate, part) = match (fate, subject) {
            (Fate::Added, _) => return Difference::of(kind, named, "added"),
            (Fate::Removed, _) => return Difference::of(kind, named, "removed"),
            (Fate::Changed, Subject::Flow(_)) => ("changed", Some("parameters".to_owned())),
            (Fate::Changed, _) => ("changed", None),
            (Fate::Settings, _) => ("changed", Some("settings".to_owned())),
        };
        Difference {
            parts: part.into_iter().collect(),
            lines: changed(&beside(self.old, subject), &beside(self.new, subject)),
            ..Difference::of(kind, named, fate)
        }
    }
}

fn changed(old: &[String], new: &[String]) -> Vec<ChangedLine> {
    let lines = differing(old, new).into_iter();
    let owned = |line: Line<'_>| match line {
        Line::Gone(line) => ChangedLine::Old(line.to_owned()),
        Line::Come(line) => ChangedLine::New(line.to_owned()),
    };
    lines.map(owned).collect()
}

/// What a step says itself.
fn step(plan: &Plan, id: NodeId) -> Vec<String> {
    own(plan, |out| {
        let node = plan.node(id);
        out.line(&format!("{} [{}]", node.op.name(), replay_name(node.replay)));
        flow::content(out, node);
    })
}

/// What a plan says of something beside its steps.
fn beside(plan: &Plan, subject: &Subject) -> Vec<String> {
    own(plan, |out| match subject {
        Subject::ProjectName => out.line(&name(plan.text(plan.project.name))),
        Subject::Entries => {
            out.line(&listed(&plan.project.entries.iter().map(|&entry| plan.text(plan.flow(entry).name)).collect::<Vec<_>>()));
        }
        Subject::DefaultSource => {
            out.line(&plan.project.default_source.map_or_else(|| "none".to_owned(), |source| name(plan.text(plan.source(source).name))))
        }
        Subject::Variable(variable) => {
            for (_, value) in plan.project.variables.iter().filter(|(id, _)| plan.text(*id) == variable) {
                field(out, "value", *value);
            }
        }
        Subject::Flow(flow) => {
            if let Some(flow) = plan.flow_named(flow) {
                head(out, plan.flow(flow).description, &plan.flow(flow).parameters);
            }
        }
        Subject::Source(found) => {
            if let Some(found) = plan.source_named(found) {
                let found = plan.source(found);
                out.line(found.kind.name());
                source::content(out, found);
            }
        }
    })
}

fn own(plan: &Plan, write: impl FnOnce(&mut Out<'_>)) -> Vec<String> {
    let mut out = Out::own(plan);
    write(&mut out);
    out.finish().lines().map(str::to_owned).collect()
}
