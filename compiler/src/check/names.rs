//! S113: names that are hard to write on a command line, in a shell or as a file, and names that differ in capitals only.

use std::collections::BTreeMap;

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::run_flow::RunFlow;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::value::is_template;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    let mut flows = Group::new(What::Flow);
    let mut sources = Group::new(What::Source);
    for flow in &resolved.flows {
        flows.add(&flow.name, &start(&flow.span), faults);
        of_flow(flow, faults);
    }
    for source in &resolved.sources {
        sources.add(&source.name, &start(&source.span), faults);
        constants(&source.variables, faults);
    }
    constants(&parsed.settings.variables, faults);
    for file in &parsed.environments.files {
        let mut group = Group::new(What::Variable);
        file.names.iter().for_each(|name| group.named(name, faults));
    }
}

/// The name of a file belongs to the file as a whole.
fn start(span: &Span) -> Span {
    Span { file: span.file.clone(), start: 0, end: 0 }
}

fn constants(variables: &[(Named, Expression)], faults: &mut Vec<Diagnostic>) {
    let mut group = Group::new(What::Variable);
    variables.iter().for_each(|(name, _)| group.named(name, faults));
}

fn of_flow(flow: &Flow, faults: &mut Vec<Diagnostic>) {
    let mut variables = Variables { group: Group::new(What::Variable), faults };
    for parameter in flow.parameters.iter().flatten() {
        variables.add(&parameter.name);
    }
    visit::steps(&flow.steps, &mut variables);
    ids(&flow.steps, faults);
}

/// Ids beside each other. The depth of steps is bounded by the YAML reader.
fn ids(steps: &[Step], faults: &mut Vec<Diagnostic>) {
    let mut group = Group::new(What::Step);
    for step in steps {
        if let Some(id) = &step.id {
            group.named(id, faults);
        }
        step.op.blocks().into_iter().for_each(|block| ids(block, faults));
    }
}

/// The variables that a flow gives a value.
struct Variables<'p, 'f> {
    group: Group<'p>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Variables<'p, '_> {
    fn add(&mut self, name: &'p Named) {
        self.group.named(name, self.faults);
    }
}

impl<'p> Visitor<'p> for Variables<'p, '_> {
    fn assign(&mut self, assign: &'p Assign) {
        self.add(&assign.name);
    }

    fn bind(&mut self, name: &'p Named) {
        self.add(name);
    }

    fn call(&mut self, call: &'p RunFlow) {
        if let Some(output) = &call.output {
            self.add(output);
        }
    }
}

/// What a name is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Flow,
    Source,
    Step,
    Variable,
}

impl What {
    fn noun(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Source => "source",
            Self::Step => "step",
            Self::Variable => "variable",
        }
    }

    fn allows(self, c: char) -> bool {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || (self == Self::Flow && c == '/')
    }

    fn why(self) -> &'static str {
        match self {
            Self::Flow | Self::Source => "it is written on command lines, and is the name of a file",
            Self::Step => "it is written on command lines (--op-id) and stands in the paths of steps",
            Self::Variable => "it is written on command lines (--var NAME=VALUE) and as SEQUOR_VAR_NAME",
        }
    }
}

/// Names that stand in one place, and must be told apart.
struct Group<'p> {
    what: What,
    /// By the name in small letters: the name that was first, and its place.
    seen: BTreeMap<String, (&'p str, Span)>,
}

impl<'p> Group<'p> {
    fn new(what: What) -> Self {
        Self { what, seen: BTreeMap::new() }
    }

    fn named(&mut self, name: &'p Named, faults: &mut Vec<Diagnostic>) {
        self.add(&name.name, &name.span, faults);
    }

    /// A name that is there already has been looked at.
    fn add(&mut self, name: &'p str, at: &Span, faults: &mut Vec<Diagnostic>) {
        // What can be no name at all has been reported (V409).
        if name.is_empty() || is_template(name) {
            return;
        }
        match self.seen.get(&name.to_lowercase()) {
            Some((first, _)) if *first == name => return,
            Some((first, place)) => faults.push(self.alike(name, first, at, place)),
            None => {
                self.seen.insert(name.to_lowercase(), (name, at.clone()));
            }
        }
        faults.extend(awkward(self.what, name, at));
    }

    fn alike(&self, name: &str, first: &str, at: &Span, place: &Span) -> Diagnostic {
        let message = format!("the {}s '{first}' and '{name}' differ in capitals only", self.what.noun());
        let help = match self.what {
            What::Flow | What::Source => "give one another name: some file systems take the two files for one",
            What::Step | What::Variable => "give one another name, or write both alike if one is meant",
        };
        Diagnostic::warning("S113", at.clone(), message).also(place.clone(), "the first one").help(help)
    }
}

fn awkward(what: What, name: &str, at: &Span) -> Option<Diagnostic> {
    let odd = name.chars().find(|c| !what.allows(*c));
    let has = match (odd, name.chars().next()?) {
        (Some(c), _) if c.is_whitespace() => "has a space in it".to_owned(),
        (Some(c), _) if c.is_control() => "has a character in it that nobody can see".to_owned(),
        (Some(c), _) => format!("has '{c}' in it"),
        (None, '-') => "starts with '-', like an option".to_owned(),
        (None, first) if what == What::Variable && first.is_ascii_digit() => "starts with a digit".to_owned(),
        (None, _) => return None,
    };
    let message = format!("the name of the {} '{}' {has}", what.noun(), name.escape_debug());
    let slash = if what == What::Flow { ", '/'" } else { "" };
    let help = format!("write it with letters, digits, '_', '-'{slash} and '.', starting with a letter: {}", what.why());
    Some(Diagnostic::warning("S113", at.clone(), message).help(help))
}
