//! Compares what a disturbed run left with what an undisturbed one did.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::books::Entry;
use super::case::{Answer, Case};
use super::databases::Table;
use super::trial::{Asked, Left, Story, asked};

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A row or a request is missing.
    Lost,
    /// A row or a request is there twice.
    Doubled,
    /// Anything else.
    Different,
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: Kind,
    pub message: String,
}

/// Everything that is wrong.
#[must_use]
pub fn judge(case: &Case, undisturbed: &Left, left: &Left, story: &Story) -> Vec<Fault> {
    let given_up = given_up(case, left, story);
    let mut judge = Judge { case, given_up, faults: Vec::new() };
    if left.status != undisturbed.status {
        judge.different(format!("ended with {} instead of {}:\n{}", left.status, undisturbed.status, left.output));
        return judge.faults;
    }
    for complaint in &story.complaints {
        judge.different(complaint.clone());
    }
    judge.tables(undisturbed, left);
    judge.requests(undisturbed, left, story);
    if left.state.variables != undisturbed.state.variables {
        judge.different(format!("variables are {:?} instead of {:?}", left.state.variables, undisturbed.state.variables));
    }
    if judge.given_up.is_empty() && story.statements == 0 {
        judge.report(undisturbed, left);
    }
    judge.faults
}

/// Requests done without their reply: by us, and by the flow.
fn given_up(case: &Case, left: &Left, story: &Story) -> BTreeSet<Asked> {
    let mut given_up: BTreeSet<Asked> = story.given_up.iter().cloned().collect();
    if matches!(case.chooses, Answer::Skip | Answer::Done) {
        let report = left.state.report.as_ref().map_or(&Value::Null, |report| &report["in_doubt"]);
        given_up.extend(super::trial::titles(report).iter().filter_map(|title| asked(title)));
    }
    given_up
}

struct Judge<'a> {
    case: &'a Case,
    given_up: BTreeSet<Asked>,
    faults: Vec<Fault>,
}

impl Judge<'_> {
    fn fault(&mut self, kind: Kind, message: String) {
        self.faults.push(Fault { kind, message });
    }

    fn different(&mut self, message: String) {
        self.fault(Kind::Different, message);
    }

    fn tables(&mut self, undisturbed: &Left, left: &Left) {
        // A run that failed can be resumed, and keeps what it needs for that.
        if !left.contents.left_over.is_empty() && !self.case.fails {
            self.different(format!("left over: {}", left.contents.left_over.join(", ")));
        }
        let names: BTreeSet<_> = undisturbed.contents.tables.keys().chain(left.contents.tables.keys()).collect();
        for name in names {
            if !self.given_up.is_empty() && self.case.lost.tables.contains(name) {
                continue;
            }
            match (undisturbed.contents.tables.get(name), left.contents.tables.get(name)) {
                (Some(expected), Some(found)) => self.table(name, expected, found),
                (None, _) => self.different(format!("table {name} should not be there")),
                (_, None) => self.fault(Kind::Lost, format!("table {name} is missing")),
            }
        }
    }

    fn table(&mut self, name: &str, expected: &Table, found: &Table) {
        if expected.columns != found.columns {
            self.different(format!("{name} has columns {:?} instead of {:?}", found.columns, expected.columns));
        }
        let mut counts = BTreeMap::<&str, (i64, i64)>::new();
        for row in self.compared(name, expected) {
            counts.entry(row).or_default().0 += 1;
        }
        for row in self.compared(name, found) {
            counts.entry(row).or_default().1 += 1;
        }
        for (row, (expected, found)) in counts {
            let message = format!("{name}: {found} instead of {expected} of {row}");
            match (expected, found) {
                (0, _) => self.different(message),
                _ if found < expected => self.fault(Kind::Lost, message),
                _ if found > expected => self.fault(Kind::Doubled, message),
                _ => {}
            }
        }
    }

    /// The rows, but for those of replies that were given up.
    fn compared<'t>(&self, name: &str, table: &'t Table) -> Vec<&'t str> {
        let column = self.case.lost.rows.get(name);
        let lost = |row: &str| {
            let Some(column) = column else { return false };
            let row: Value = serde_json::from_str(row).unwrap_or_default();
            let value = row[column].to_string();
            self.given_up.iter().any(|(_, path)| path.rsplit('/').next() == Some(value.trim_matches('"')))
        };
        table.rows.iter().map(String::as_str).filter(|row| !lost(row)).collect()
    }

    fn requests(&mut self, undisturbed: &Left, left: &Left, story: &Story) {
        let (expected, found) = (self.asked(&undisturbed.entries), self.asked(&left.entries));
        let all: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        for entry in all {
            let (method, path, content) = entry;
            let wanted = expected.get(entry).copied().unwrap_or_default();
            let had = found.get(entry).copied().unwrap_or_default();
            let named = (method.clone(), path.clone());
            let again = story.sent_again.iter().filter(|asked| **asked == named).count();
            let again = again + if self.case.chooses == Answer::Send { story.crashes } else { 0 };
            let message = format!("{method} {path} {content} arrived {had} times instead of {wanted}");
            if had == 0 && matches!(self.case.chooses, Answer::Skip | Answer::Done) && self.given_up.contains(&named) {
                continue;
            }
            if wanted == 0 {
                self.different(message);
            } else if had < wanted {
                self.fault(Kind::Lost, message);
            } else if had > wanted + again && self.case.is_unsafe(method, path) {
                self.fault(Kind::Doubled, message);
            }
        }
    }

    /// How often each request was served. One with a key counts once; one that may be repeated counts as often as it is different.
    fn asked(&self, entries: &[Entry]) -> BTreeMap<(String, String, String), usize> {
        let mut keys = BTreeSet::new();
        let mut counts = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.acted()) {
            if entry.key.as_ref().is_some_and(|key| !keys.insert(key)) {
                continue;
            }
            let count: &mut usize = counts.entry((entry.method.clone(), entry.path.clone(), entry.content.clone())).or_default();
            *count = if self.case.is_unsafe(&entry.method, &entry.path) { *count + 1 } else { 1 };
        }
        counts
    }

    fn report(&mut self, undisturbed: &Left, left: &Left) {
        let (Some(expected), Some(found)) = (&undisturbed.state.report, &left.state.report) else {
            if left.state.report.is_none() {
                self.different("the run has no report".to_owned());
            }
            return;
        };
        let (expected, found) = (ops(expected), ops(found));
        if expected != found {
            let changed: Vec<_> = found.iter().filter(|(op, work)| expected.get(*op) != Some(work)).collect();
            let missing: Vec<_> = expected.iter().filter(|(op, work)| found.get(*op) != Some(work)).collect();
            self.different(format!("the report says {changed:?} instead of {missing:?} (executed, rows in, rows out)"));
        }
    }
}

/// By op: executed, rows in, rows out.
fn ops(report: &Value) -> BTreeMap<String, [u64; 3]> {
    let number = |op: &Value, key: &str| op[key].as_u64().unwrap_or_default();
    let ops = report["ops"].as_array().into_iter().flatten();
    ops.map(|op| (format!("{}/{}", op["flow"], op["id"]), ["executed", "rows_in", "rows_out"].map(|key| number(op, key)))).collect()
}
