//! Where a run is, for people.

use std::fmt::Write as _;

use super::work::{Each, From, Mode, Step, Table, Work};
use super::{Doubtful, Facts, Kind, Outlook, Requests, Resume, Then};
use crate::command::hint;

/// Steps to come, and requests in doubt, that are listed one by one.
const LISTED: usize = 20;

pub(super) fn facts(facts: &Facts) -> String {
    let Facts { run, project: _, flow, plan: _, state, finished: _, started, ended, run_key, parent, holder, last_error } = facts;
    let ended = ended.as_deref().map(|ended| format!(", ended {ended}")).unwrap_or_default();
    let mut text = format!("run {run}: flow '{flow}', {state} (started {started}{ended})\n");
    for (title, value) in [("run key", run_key), ("forked from", parent), ("held by", holder), ("last error", last_error)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{title}: {value}");
        }
    }
    text
}

pub(super) fn text(outlook: &Outlook) -> String {
    let Outlook { version: _, facts, resume, position, loops, requests, in_doubt, doing, ahead } = outlook;
    let mut text = self::facts(facts);
    if *resume == Resume::Nothing {
        text.push_str("nothing is left to do\n");
        return text;
    }
    text.push_str("\nwhere it is:\n");
    for running in position {
        let Step { step, op, file, line } = &running.step;
        let round = running.round.map(|round| format!(", round {round}")).unwrap_or_default();
        let _ = writeln!(text, "  {step} ({op}), {file}:{line}{round}");
    }
    text.push_str("\nwhat a resume does:\n");
    for one in loops {
        let left = one.items_total.saturating_sub(one.at_item);
        let _ = writeln!(text, "  - goes on with {} at member {} of {}; {left} are left after it", one.step, one.at_item, one.items_total);
    }
    for one in requests {
        request_lines(&mut text, one, in_doubt);
    }
    if let Some(work) = doing {
        let _ = writeln!(text, "  - does {}: {}{}", work.step.step, effect(work), standing(work, in_doubt));
    }
    for work in ahead.iter().take(LISTED) {
        let _ = writeln!(text, "  - then {}: {}", work.step.step, effect(work));
    }
    if ahead.len() > LISTED {
        let _ = writeln!(text, "  - and {} more steps", ahead.len() - LISTED);
    }
    match resume {
        Resume::Starts => text.push_str("  - starts from the beginning: nothing was done yet\n"),
        Resume::Ends => text.push_str("  - everything was done; the end is recorded\n"),
        Resume::GoesOn | Resume::Nothing => {}
    }
    let _ = writeln!(text, "\nto go on: {}", hint::resume(&facts.run));
    text
}

fn request_lines(text: &mut String, requests: &Requests, in_doubt: &[Doubtful]) {
    let Requests {
        step,
        method,
        items_done,
        items_total,
        items_not_sent,
        page,
        replies_loaded,
        replies_kept,
        sent_again,
        in_doubt: count,
        writes,
    } = requests;
    let at = page.map(|page| format!(", at page {page} of item {}", items_done + 1)).unwrap_or_default();
    let _ = writeln!(
        text,
        "  - goes on with {step} ({method}): {items_done} of {items_total} items are done, {replies_loaded} replies are loaded{at}"
    );
    let doubtful: Vec<&Doubtful> = in_doubt.iter().filter(|doubt| doubt.kind == Kind::Request && doubt.step == *step).collect();
    if let Some(first) = doubtful.first() {
        let policy = match first.then {
            Then::Verify => "the flow's 'verify' asks about each",
            Then::Stop => "it stops and lists them (exit status 75), unless --in-doubt says send, skip or done",
            Then::Send => "they are sent again (on_in_doubt: send)",
            Then::Skip => "their items are left out (on_in_doubt: skip)",
            Then::Done => "they count as done (on_in_doubt: done)",
        };
        let _ = writeln!(text, "    {count} requests may have arrived, nobody knows: {policy}");
        for doubt in doubtful.iter().take(LISTED) {
            let item = doubt.item.as_ref().map(|item| format!(", row {item}")).unwrap_or_default();
            let key = doubt.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
            let sent = doubt.sent_at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            let (request, page) = (doubt.request.as_deref().unwrap_or_default(), doubt.page.unwrap_or(1));
            let _ = writeln!(text, "      {request}{item}, page {page}{key}{sent}");
        }
        if doubtful.len() > LISTED {
            let _ = writeln!(text, "      and {} more", doubtful.len() - LISTED);
        }
    }
    if *replies_kept > 0 {
        let _ = writeln!(text, "    {replies_kept} replies were received before: they are read, their requests are not sent again");
    }
    if *sent_again > 0 {
        let _ =
            writeln!(text, "    {sent_again} requests are sent again, which does no harm: by their method, their key, or your decision");
    }
    let _ = writeln!(text, "    {items_not_sent} items have not been sent: {method} for each, and what their pages ask for");
    for table in writes {
        let _ = writeln!(text, "    rows go into table {}", written(table));
    }
}

/// What is known of an effect that had begun.
fn standing(work: &Work, in_doubt: &[Doubtful]) -> String {
    match in_doubt.iter().find_map(|doubt| doubt.statement) {
        Some(number) => format!(
            "; its statement {number} may have run, nobody knows: it stops (exit status 75), unless --in-doubt says send, skip or done"
        ),
        None if work.transaction == Some(true) => {
            "; if its transaction was committed already, that is seen and it is not done again".to_owned()
        }
        None => String::new(),
    }
}

fn effect(work: &Work) -> String {
    let Work { step, sends, for_each, writes, statements, transaction: _ } = work;
    let each = match for_each {
        Some(Each { from: From::Table, table }) => format!(" for each row of {}", quoted(table.as_deref())),
        Some(Each { from: From::Query, .. }) => " for each row of a query".to_owned(),
        Some(Each { from: From::Items, .. }) => " for each item".to_owned(),
        None => String::new(),
    };
    let tables: Vec<String> = writes.iter().map(written).collect();
    match (sends, statements) {
        (Some(method), _) if tables.is_empty() => format!("sends {method}{each}"),
        (Some(method), _) => format!("sends {method}{each}, rows into {}", tables.join(", ")),
        (None, Some(count)) => format!("runs {count} SQL statements"),
        (None, None) if !tables.is_empty() => format!("writes table {}", tables.join(", ")),
        (None, None) => format!("{}{each} (nothing outside of the run by itself)", step.op),
    }
}

fn written(table: &Table) -> String {
    let mode = match table.mode {
        Mode::Create => "replaced at the end of the step",
        Mode::Append => "appended",
    };
    format!("{} ({mode})", quoted(table.table.as_deref()))
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "(computed)".to_owned(), |name| format!("'{name}'"))
}
