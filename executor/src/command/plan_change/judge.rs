//! Which changes of its plan a run that has begun can bear.
//!
//! A step that has not started may be any other; so may the one that the run stopped at, if nothing came of it. What is done or running must do what it did: the
//! run's results would otherwise be those of neither plan. Nothing is looked up here but the journal.

use std::collections::BTreeSet;

use sequor_plan_format::compare::{Fate, Kept, Outside, Part, Step, Subject};
use sequor_plan_format::path::{Owner, Paths, blocks};
use sequor_plan_format::{BlockId, NodeId};

use super::sources::Held;
use super::standing::{Standing, Standings};
use crate::journal::carry::GoOn;
use crate::journal::restore::Restored;
use crate::machine::Carrier;

/// One difference between the plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The path of a step, or what differs beside the steps.
    pub(super) subject: String,
    /// How far the run has come with it.
    pub(super) standing: &'static str,
    pub(super) differs: String,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// Why.
    Refused(String),
}

pub(super) struct Judgement {
    pub(super) rows: Vec<Row>,
    pub(super) go_on: GoOn,
}

impl Judgement {
    pub(super) fn is_accepted(&self) -> bool {
        self.rows.iter().all(|row| row.verdict == Verdict::Allowed)
    }
}

pub(super) fn judge(carrier: Carrier<'_>, restored: &Restored, forked: bool) -> Judgement {
    let standings = Standings::new(carrier, restored, forked);
    let judge = Judge {
        carrier,
        held: Held::new(carrier.old, restored, &standings),
        never_run: never_run(carrier, &standings),
        old_paths: Paths::new(carrier.old),
        new_paths: Paths::new(carrier.new),
        standings,
    };
    let mut rows: Vec<Row> = carrier.comparison.outside.iter().map(|outside| judge.outside(outside)).collect();
    rows.extend(carrier.comparison.steps.iter().filter_map(|step| judge.step(step)));
    Judgement { rows, go_on: judge.go_on() }
}

struct Judge<'a> {
    carrier: Carrier<'a>,
    standings: Standings<'a>,
    held: Held<'a>,
    /// Steps of the new plan that stand before one that has started.
    never_run: BTreeSet<NodeId>,
    old_paths: Paths<'a>,
    new_paths: Paths<'a>,
}

/// In each block that runs, the steps in front of the last one that has started, those that have started aside.
fn never_run(carrier: Carrier<'_>, standings: &Standings<'_>) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    for block in &standings.blocks {
        let Some(new) = block.new else { continue };
        let started = carrier.old.block(block.old).nodes.iter().take(block.started);
        let started: BTreeSet<NodeId> = started.filter_map(|node| carrier.node(*node)).collect();
        let nodes = &carrier.new.block(new).nodes;
        let passed = nodes.iter().rposition(|node| started.contains(node)).map_or(0, |last| last + 1);
        found.extend(nodes.iter().take(passed).filter(|node| !started.contains(node)));
    }
    found
}

impl Judge<'_> {
    fn step(&self, step: &Step) -> Option<Row> {
        let (subject, standing, differs, refused) = match step {
            Step::Added(new) => {
                let refused = self.comes_late(*new);
                (self.new_paths.path(*new), Standing::NotStarted, "added".to_owned(), refused)
            }
            Step::Removed(old) => {
                let standing = self.standings.of(*old);
                (self.old_paths.path(*old), standing, "removed".to_owned(), self.stays(*old, "it must stay in the plan"))
            }
            Step::Kept(kept) => {
                let refused = self.kept(kept);
                if kept.is_same() && refused.is_none() {
                    return None;
                }
                (self.new_paths.path(kept.new), self.standings.of(kept.old), self.differs(kept), refused)
            }
        };
        let verdict = refused.map_or(Verdict::Allowed, Verdict::Refused);
        Some(Row { subject, standing: standing.name(), differs, verdict })
    }

    /// Why a step must not be as the new plan has it.
    fn kept(&self, kept: &Kept) -> Option<String> {
        let standing = self.standings.of(kept.old);
        if standing.is_free() {
            let still_to_come = !kept.moved && !self.never_run.contains(&kept.new);
            return if still_to_come { None } else { self.comes_late(kept.new) };
        }
        if kept.moved {
            return self.stays(kept.old, "it must stay where it was");
        }
        if kept.does_the_same() {
            return None;
        }
        let beyond = |part: &&Part| !matches!(part, Part::Settings | Part::Inside);
        if kept.parts.iter().filter(beyond).eq([&Part::Reply]) && standing == Standing::Running {
            let unread = self.standings.has_read_nothing(kept.old);
            return (!unread).then(|| "replies of it have been read already: the rest would be read in another way".to_owned());
        }
        self.stays(kept.old, "it must stay as it was")
    }

    /// Why a step that has not started cannot stand where the new plan has it.
    fn comes_late(&self, new: NodeId) -> Option<String> {
        if self.never_run.contains(&new) {
            return Some("the run has passed the place where it stands: it would never run".to_owned());
        }
        let block = self.old_block(new)?;
        if !self.standings.has_been_through(block) {
            return None;
        }
        let neighbour = self.carrier.old.block(block).nodes.first()?;
        Some(match self.standings.rounds_of(*neighbour) {
            Some((1, items)) => format!("one of the {items} of its loop has been done without it"),
            Some((rounds, items)) => format!("{items} 1 to {rounds} of its loop have been done without it"),
            None => "the steps around it are done: it would have been left out".to_owned(),
        })
    }

    /// The block of the old plan that a step of the new one stands in. None where that block is new as well.
    fn old_block(&self, new: NodeId) -> Option<BlockId> {
        match self.new_paths.owner(new)? {
            Owner::Flow(flow) => {
                let name = self.carrier.new.text(self.carrier.new.flow(flow).name);
                self.carrier.old.flow_named(name).map(|flow| self.carrier.old.flow(flow).body)
            }
            Owner::Node(owner, field) => {
                let old = self.carrier.comparison.steps.iter().find_map(|step| match step {
                    Step::Kept(kept) if kept.new == owner => Some(kept.old),
                    Step::Kept(_) | Step::Added(_) | Step::Removed(_) => None,
                })?;
                blocks(&self.carrier.old.node(old).op).into_iter().find(|(_, own)| *own == field).map(|(block, _)| block)
            }
        }
    }

    /// Why something of a step must stay, as far as the run has come with it.
    fn stays(&self, old: NodeId, what: &str) -> Option<String> {
        let why = match (self.standings.of(old), self.standings.rounds_of(old)) {
            (Standing::NotStarted | Standing::Stopped, _) => return None,
            (Standing::Running | Standing::Done, Some((1, items))) => {
                format!("one of the {items} of its loop has been done with the old step")
            }
            (Standing::Running | Standing::Done, Some((rounds, items))) => {
                format!("{items} 1 to {rounds} of its loop have been done with the old step")
            }
            (Standing::Running, None) => "the run is in it".to_owned(),
            (Standing::Done, None) => "it is done".to_owned(),
            (Standing::Skipped, _) => "the run has passed it".to_owned(),
        };
        Some(format!("{why}: {what}"))
    }

    fn differs(&self, kept: &Kept) -> String {
        let (before, after) = (self.old_paths.path(kept.old), self.new_paths.path(kept.new));
        let mut says = Vec::new();
        if before != after {
            says.push(format!("was {before}"));
        } else if kept.moved {
            says.push("another order".to_owned());
        }
        says.extend(kept.parts.iter().filter(|part| **part != Part::Inside).map(Part::to_string));
        says.join(", ")
    }

    fn outside(&self, outside: &Outside) -> Row {
        let Outside { subject, fate } = outside;
        let differs = match fate {
            Fate::Added => "added",
            Fate::Removed => "removed",
            Fate::Changed => "changed",
            Fate::Settings => "settings",
        };
        let matters = matches!(fate, Fate::Changed | Fate::Removed);
        let (what, refused) = match subject {
            Subject::ProjectName => ("project name".to_owned(), Some("it is the plan of another project".to_owned())),
            Subject::Entries => ("flows that a run may start with".to_owned(), None),
            Subject::DefaultSource => {
                let refused = self.held.queries_default().then(|| "a step that the run is in may query it".to_owned());
                ("default source".to_owned(), refused)
            }
            Subject::Variable(name) => (format!("project variable '{name}'"), self.held.by_variable(name).filter(|_| matters)),
            Subject::Flow(name) => (format!("flow '{name}'"), self.flow(name, *fate)),
            Subject::Source(name) => {
                let gone = *fate == Fate::Removed && self.held.has(name);
                (
                    format!("source '{name}'"),
                    gone.then(|| "it holds something of this run: a step that uses it must stay in the plan".to_owned()),
                )
            }
        };
        let verdict = refused.map_or(Verdict::Allowed, Verdict::Refused);
        Row { subject: what, standing: "", differs: differs.to_owned(), verdict }
    }

    fn flow(&self, name: &str, fate: Fate) -> Option<String> {
        let flow = self.carrier.old.flow_named(name).filter(|_| matches!(fate, Fate::Changed | Fate::Removed))?;
        let settling = self.standings.begun.and_then(|begun| begun.calls);
        let mut running = self.standings.states().into_iter().flat_map(|state| {
            let mut flows = state.flows();
            if settling.is_some() {
                flows.pop();
            }
            flows
        });
        if !self.standings.is_at_start() && running.any(|running| running == flow) {
            return Some("the flow is running with its old parameters".to_owned());
        }
        self.standings.has_started(self.carrier.old.flow(flow).body).then(|| "steps of the flow have run".to_owned())
    }

    /// The step that the run stopped at starts anew where another step comes first, or where it is another.
    fn go_on(&self) -> GoOn {
        let Some(begun) = self.standings.begun else { return GoOn::AtCommand };
        let next = self.standings.blocks.last().and_then(|block| {
            let new = block.new?;
            self.carrier.new.block(new).nodes.get(block.started).copied()
        });
        let parameters = begun.calls.map(|flow| Subject::Flow(self.carrier.old.text(self.carrier.old.flow(flow).name).to_owned()));
        let same_call = !self.carrier.comparison.outside.iter().any(|outside| Some(&outside.subject) == parameters.as_ref());
        match self.carrier.comparison.kept(begun.node) {
            Some(kept) if kept.does_the_same() && !kept.moved && Some(kept.new) == next && same_call => GoOn::AtCommand,
            Some(_) | None => GoOn::Anew(begun),
        }
    }
}
