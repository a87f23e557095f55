//! The journal in memory: what is appended is durable once it is flushed, and a crash takes the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::answers::Reply;
use crate::machine::Activation;
use crate::value::{Map, Value};

/// A request or statement of an activation: ordinal and page.
pub(super) type Key = (Activation, u64, u64);

#[derive(Debug, Default)]
pub(super) struct Journal {
    durable: Store,
    appended: Vec<Record>,
}

/// Everything is kept encoded.
#[derive(Debug, Default)]
struct Store {
    snapshot: String,
    /// Events that the snapshot covers.
    covered: u64,
    events: Vec<String>,
    spool: BTreeMap<Activation, String>,
    intents: BTreeSet<Key>,
    replies: BTreeMap<Key, String>,
    /// Project variables.
    kept: Map,
}

#[derive(Clone, Debug)]
pub(super) enum Record {
    Event(String),
    /// The members of a loop.
    Spool(Activation, String),
    Intent(Key),
    Reply(Key, String),
    Commit(Vec<(Arc<str>, Value)>),
}

impl Journal {
    pub(super) fn new(project: Map) -> Self {
        Self { durable: Store { kept: project, ..Store::default() }, appended: Vec::new() }
    }

    pub(super) fn append(&mut self, record: Record) {
        self.appended.push(record);
    }

    /// Makes everything durable that was appended.
    pub(super) fn flush(&mut self) {
        for record in self.appended.drain(..) {
            match record {
                Record::Event(event) => self.durable.events.push(event),
                Record::Spool(activation, members) => drop(self.durable.spool.insert(activation, members)),
                Record::Intent(key) => drop(self.durable.intents.insert(key)),
                Record::Reply(key, reply) => drop(self.durable.replies.insert(key, reply)),
                Record::Commit(values) => self.durable.kept.extend(values),
            }
        }
    }

    /// What is appended becomes durable, and the snapshot takes the place of all events.
    pub(super) fn compact(&mut self, snapshot: &impl Serialize) {
        self.flush();
        self.durable.covered += self.durable.events.len() as u64;
        self.durable.events.clear();
        self.durable.snapshot = encode(snapshot);
    }

    pub(super) fn crash(&mut self) {
        self.appended.clear();
    }

    pub(super) fn snapshot<T: for<'de> Deserialize<'de>>(&self) -> T {
        decode(&self.durable.snapshot)
    }

    /// Since the snapshot.
    pub(super) fn events(&self) -> Vec<String> {
        self.durable.events.clone()
    }

    /// Durable ones, from the run's start.
    pub(super) fn count(&self) -> u64 {
        self.durable.covered + self.durable.events.len() as u64
    }

    pub(super) fn intended(&self, key: Key) -> bool {
        self.durable.intents.contains(&key)
    }

    pub(super) fn kept(&self) -> &Map {
        &self.durable.kept
    }

    pub(super) fn members(&self, activation: Activation) -> Option<Vec<Value>> {
        let appended = self.appended.iter().rev().find_map(|record| match record {
            Record::Spool(of, members) if *of == activation => Some(members),
            _ => None,
        });
        appended.or_else(|| self.durable.spool.get(&activation)).map(|members| decode(members))
    }

    pub(super) fn reply(&self, key: Key) -> Option<Reply> {
        self.durable.replies.get(&key).map(|reply| decode(reply))
    }
}

pub(super) fn encode(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

pub(super) fn decode<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}
