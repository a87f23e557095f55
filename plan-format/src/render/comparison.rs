//! What differs between two plans: what `sequor diff` prints.

use crate::compare::{Comparison, Fate, Kept, Outside, Part, Step, Subject};
use crate::path::Paths;
use crate::{NodeId, Plan};

use super::expr::field;
use super::flow::{head, replay_name};
use super::lines::{Line, differing};
use super::text::{Out, listed, name, visible};
use super::{flow, source};

/// One entry for each difference, with the lines that went and came; a last line counts the steps that are the same. Stable, without colours.
#[must_use]
pub fn render_comparison(old: &Plan, new: &Plan, comparison: &Comparison) -> String {
    let texts = Texts { old, new, old_paths: Paths::new(old), new_paths: Paths::new(new) };
    let mut out = Out::own(new);
    for difference in &comparison.outside {
        texts.outside(&mut out, difference);
    }
    for step in comparison.steps.iter().filter(|step| !step.is_same()) {
        match step {
            Step::Kept(kept) => texts.kept(&mut out, kept),
            Step::Added(id) => out.line(&format!("{}: added", visible(&texts.new_paths.path(*id)))),
            Step::Removed(id) => out.line(&format!("{}: removed", visible(&texts.old_paths.path(*id)))),
        }
    }
    let same = comparison.steps.iter().filter(|step| step.is_same()).count();
    out.line(&if same == 1 { "1 step is the same".to_owned() } else { format!("{same} steps are the same") });
    out.finish()
}

struct Texts<'a> {
    old: &'a Plan,
    new: &'a Plan,
    old_paths: Paths<'a>,
    new_paths: Paths<'a>,
}

impl Texts<'_> {
    fn kept(&self, out: &mut Out<'_>, kept: &Kept) {
        let (before, after) = (self.old_paths.path(kept.old), self.new_paths.path(kept.new));
        let mut says = Vec::new();
        match (kept.moved, before == after) {
            (true, true) => says.push("in another order".to_owned()),
            (true, false) => says.push(format!("moved, was {}", visible(&before))),
            (false, false) => says.push(format!("was {}", visible(&before))),
            (false, true) => {}
        }
        let parts: Vec<String> = kept.parts.iter().filter(|part| **part != Part::Inside).map(Part::to_string).collect();
        if !parts.is_empty() {
            says.push(format!("{} changed", parts.join(", ")));
        }
        out.line(&format!("{}: {}", visible(&after), says.join("; ")));
        lines(out, &step(self.old, kept.old), &step(self.new, kept.new));
    }

    fn outside(&self, out: &mut Out<'_>, difference: &Outside) {
        let Outside { subject, fate } = difference;
        let what = match subject {
            Subject::ProjectName => "project name".to_owned(),
            Subject::Entries => "flows that a run may start with".to_owned(),
            Subject::DefaultSource => "default source".to_owned(),
            Subject::Variable(variable) => format!("project variable {}", name(variable)),
            Subject::Flow(flow) => format!("flow {}", name(flow)),
            Subject::Source(source) => format!("source {}", name(source)),
        };
        let (says, shown) = match (fate, subject) {
            (Fate::Added, _) => ("added", false),
            (Fate::Removed, _) => ("removed", false),
            (Fate::Changed, Subject::Flow(_)) => ("parameters changed", true),
            (Fate::Changed, _) => ("changed", true),
            (Fate::Settings, _) => ("settings changed", true),
        };
        out.line(&format!("{what}: {says}"));
        if shown {
            lines(out, &beside(self.old, subject), &beside(self.new, subject));
        }
    }
}

fn lines(out: &mut Out<'_>, old: &[String], new: &[String]) {
    out.indented(|out| {
        for line in differing(old, new) {
            out.line(&match line {
                Line::Gone(line) => format!("- {line}"),
                Line::Come(line) => format!("+ {line}"),
            });
        }
    });
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
