//! What differs between what the model tells and what happened: the first thing, for people.

use std::collections::BTreeSet;

use sequor_plan_format::op::WriteMode;
use sequor_plan_format::{NodeId, Op, Plan};

use super::outside::Outside;
use super::trace::{Batch, Fill, Story};

pub(super) fn stories(told: &Story, happened: &Story) -> Option<String> {
    for (number, pair) in told.entries.iter().zip(&happened.entries).enumerate() {
        if pair.0 != pair.1 {
            return Some(format!("entry {number}\n  should be {:?}\n  but is    {:?}", pair.0, pair.1));
        }
    }
    if told.entries.len() != happened.entries.len() {
        let (short, long) = (told.entries.len(), happened.entries.len());
        return Some(format!(
            "{short} entries should be, {long} are; first {:?}",
            told.entries.iter().chain(&happened.entries).nth(short.min(long))
        ));
    }
    differ("outcome", &told.outcome, &happened.outcome)
        .or_else(|| differ("effects", &told.effects, &happened.effects))
        .or_else(|| differ("project variables", &told.project, &happened.project))
        .or_else(|| differ("kept variables", &told.kept, &happened.kept))
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, should: &T, is: &T) -> Option<String> {
    (should != is).then(|| format!("{what}\n  should be {should:?}\n  but are   {is:?}"))
}

/// A replaced table has the rows of the last op that ended well; an appended one those of all of them, and of a failed one the first batches at most.
pub(super) fn tables(plan: &Plan, fills: &[Fill], outside: &Outside) -> Option<String> {
    if outside.databases.iter().any(|database| database.has_staging()) {
        return Some("staging tables are left".to_owned());
    }
    let tables = outside.tables();
    let nodes: BTreeSet<NodeId> = fills.iter().map(|fill| fill.node).collect();
    for node in nodes {
        let Op::HttpRequest(op) = &plan.node(node).op else { continue };
        let mine: Vec<&Fill> = fills.iter().filter(|fill| fill.node == node).collect();
        for table in &op.response.tables {
            let rows = tables.get(&(table.table.source.index(), node)).map(Vec::as_slice).unwrap_or_default();
            let fits = match table.write_mode {
                WriteMode::Create => {
                    let last = mine.iter().rev().find(|fill| fill.succeeded);
                    rows.iter().copied().eq(last.into_iter().flat_map(|fill| fill.batches.iter().map(|batch| (fill.n, *batch))))
                }
                WriteMode::Append => appended(&mine, rows),
            };
            if !fits {
                return Some(format!("table of node {} in database {}\n  fills {mine:?}\n  rows  {rows:?}", node.0, table.table.source.0));
            }
        }
    }
    None
}

fn appended(fills: &[&Fill], mut rows: &[(u64, Batch)]) -> bool {
    for fill in fills {
        let count = rows.iter().take_while(|(n, _)| *n == fill.n).count();
        let (mine, rest) = rows.split_at(count);
        let whole = if fill.succeeded { count == fill.batches.len() } else { count <= fill.batches.len() };
        if !whole || !mine.iter().map(|(_, batch)| batch).eq(&fill.batches[..count]) {
            return false;
        }
        rows = rest;
    }
    rows.is_empty()
}
