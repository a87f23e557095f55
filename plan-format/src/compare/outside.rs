//! What stands beside the steps of a plan: project, flows, sources.

use std::collections::BTreeMap;

use super::parts::Side;
use crate::fingerprint::Fingerprint;
use crate::source::Http;
use crate::{Flow, Source, SourceKind};

/// One difference beside the steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub subject: Subject,
    pub fate: Fate,
}

/// Names are those of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    ProjectName,
    /// The flows that a run may start with, in order.
    Entries,
    /// The database that queries without a source mean.
    DefaultSource,
    /// A constant of the project.
    Variable(String),
    /// A flow's parameters and their defaults. Its steps are compared by themselves.
    Flow(String),
    Source(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Added,
    Removed,
    Changed,
    /// Only what does not change what steps do: descriptions, time limits, retries.
    Settings,
}

pub(super) fn differing(old: &Side<'_>, new: &Side<'_>) -> Vec<Outside> {
    let mut found = Vec::new();
    let mut project = |same: bool, subject: Subject| {
        if !same {
            found.push(Outside { subject, fate: Fate::Changed });
        }
    };
    let (before, after) = (&old.plan.project, &new.plan.project);
    project(old.plan.text(before.name) == new.plan.text(after.name), Subject::ProjectName);
    project(entries(old) == entries(new), Subject::Entries);
    project(old.own.of(&before.default_source) == new.own.of(&after.default_source), Subject::DefaultSource);
    named(&mut found, variables(old), variables(new), Subject::Variable);
    named(&mut found, flows(old), flows(new), Subject::Flow);
    named(&mut found, sources(old), sources(new), Subject::Source);
    found
}

/// What counts, and what is settings.
type Contents = (Fingerprint, Fingerprint);

/// In the order of their names.
fn named(found: &mut Vec<Outside>, old: BTreeMap<&str, Contents>, new: BTreeMap<&str, Contents>, subject: impl Fn(String) -> Subject) {
    let mut differs = |name: &str, fate: Fate| found.push(Outside { subject: subject(name.to_owned()), fate });
    for (name, (content, settings)) in &old {
        match new.get(name) {
            None => differs(name, Fate::Removed),
            Some((other, _)) if other != content => differs(name, Fate::Changed),
            Some((_, other)) if other != settings => differs(name, Fate::Settings),
            Some(_) => {}
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        differs(name, Fate::Added);
    }
}

fn entries<'a>(side: &Side<'a>) -> Vec<&'a str> {
    side.plan.project.entries.iter().map(|&entry| side.plan.text(side.plan.flow(entry).name)).collect()
}

fn variables<'a>(side: &Side<'a>) -> BTreeMap<&'a str, Contents> {
    let variables = side.plan.project.variables.iter();
    variables.map(|(name, value)| (side.plan.text(*name), (side.own.of(value), Fingerprint::default()))).collect()
}

fn flows<'a>(side: &Side<'a>) -> BTreeMap<&'a str, Contents> {
    let contents = |flow: &Flow| (side.own.flow(flow), side.own.of(&flow.description));
    side.plan.flows.iter().map(|flow| (side.plan.text(flow.name), contents(flow))).collect()
}

fn sources<'a>(side: &Side<'a>) -> BTreeMap<&'a str, Contents> {
    side.plan.sources.iter().map(|source| (side.plan.text(source.name), (side.own.source(source), settings(side, source)))).collect()
}

fn settings(side: &Side<'_>, source: &Source) -> Fingerprint {
    match &source.kind {
        SourceKind::Http(http) => {
            let Http { base_url: _, headers: _, auth: _, timeout_ms, retry, allow_hosts: _ } = http.as_ref();
            side.own.of(&(timeout_ms, retry))
        }
        SourceKind::Sqlite(_) | SourceKind::Postgres(_) => Fingerprint::default(),
    }
}
