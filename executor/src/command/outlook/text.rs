//! Where a run is, for people.

use std::fmt::Write as _;

use super::requests::{Does, Requests};
use super::work::{Each, From, Mode, Step, Table, When, Work};
use super::{At, Branch, Doubtful, Facts, Kind, Outlook, Resume, SaidBy, Stands, Then};
use crate::command::hint;
use crate::journal::effects::{Decision, Doubt};
use crate::report::{count, settled};

/// Steps to come, and requests in doubt, that are listed one by one.
const LISTED: usize = 20;

pub(super) fn facts(facts: &Facts) -> String {
    let Facts { run, project: _, flow, plan: _, state, finished: _, started, ended, run_key, parent, holder, last_error, decided } = facts;
    let ended = ended.as_deref().map(|ended| format!(", ended {ended}")).unwrap_or_default();
    let mut text = format!("run {run}: flow '{flow}', {state} (started {started}{ended})\n");
    for (title, value) in [("run key", run_key), ("forked from", parent), ("held by", holder), ("last error", last_error)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{title}: {value}");
        }
    }
    for doubt in decided.iter().take(LISTED) {
        let _ = writeln!(text, "was in doubt: {}: {}{}", doubt.id(), doubt.title, settled(doubt.settled));
    }
    if decided.len() > LISTED {
        let _ = writeln!(text, "was in doubt: {} more", decided.len() - LISTED);
    }
    text
}

/// `1 left out, 2 sent again`.
pub(super) fn decided(doubts: &[Doubt]) -> String {
    let of = |wanted: Option<Decision>| doubts.iter().filter(|doubt| doubt.settled == wanted).count();
    let words = [
        (of(Some(Decision::Send)), "sent again"),
        (of(Some(Decision::Skip)), "left out"),
        (of(Some(Decision::Done)), "taken as done"),
        (of(None), "in doubt"),
    ];
    let words: Vec<String> = words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    words.join(", ")
}

pub(super) fn text(outlook: &Outlook) -> String {
    let Outlook { version: _, facts, resume, answer, stops, unknown, failing, at, in_doubt } = outlook;
    let mut text = self::facts(facts);
    if *resume == Resume::Nothing {
        text.push_str("nothing is left to do\n");
        return text;
    }
    text.push_str("\nwhere it is:\n");
    where_it_is(&mut text, at, "  ");
    match answer {
        Some(answer) => {
            let _ = writeln!(text, "\nwhat a resume does with {answer}:");
        }
        None => text.push_str("\nwhat a resume does:\n"),
    }
    if *stops {
        text.push_str("  - stops at once and sends nothing: what is in doubt waits for an answer. With one, it\n");
    }
    if let Some(reason) = unknown {
        let _ = writeln!(text, "  - asks the databases first what has landed already, which is not done again. Not known now: {reason}");
    }
    what_it_does(&mut text, at, in_doubt);
    if *failing {
        text.push_str("  - then the run fails with the error that led here; a resume after that goes on at the step that failed\n");
    }
    match resume {
        Resume::Starts => text.push_str("  - starts from the beginning: nothing was done yet\n"),
        Resume::Ends => text.push_str("  - everything was done; the end is recorded\n"),
        Resume::GoesOn | Resume::Nothing => {}
    }
    let answer = answer.as_ref().map(|answer| format!(" {answer}")).unwrap_or_default();
    let _ = writeln!(text, "\nto go on: {}{answer}", hint::resume(&facts.run));
    text
}

fn where_it_is(text: &mut String, at: &At, indent: &str) {
    for running in &at.position {
        let Step { step, op, file, line } = &running.step;
        let round = running.round.map(|round| format!(", round {round}")).unwrap_or_default();
        let _ = writeln!(text, "{indent}{step} ({op}), {file}:{line}{round}");
    }
    for Branch { branch, stands: _, at } in at.branches.iter().filter(|branch| branch.stands == Stands::GoesOn) {
        let _ = writeln!(text, "{indent}in branch '{branch}':");
        where_it_is(text, at, &format!("{indent}  "));
    }
}

/// Of a run, or of a branch.
fn what_it_does(text: &mut String, at: &At, in_doubt: &[Doubtful]) {
    for one in &at.loops {
        let left = one.items_total.saturating_sub(one.at_item);
        let are = if left == 1 { "is" } else { "are" };
        let _ =
            writeln!(text, "  - goes on with {} at member {} of {}; {left} {are} left after it", one.step, one.at_item, one.items_total);
    }
    for one in &at.requests {
        request_lines(text, one, in_doubt);
    }
    if let Some(work) = &at.doing {
        let _ = writeln!(text, "  - does {}: {}{}", work.step.step, effect(work), standing(work, in_doubt));
        inside(text, work, 2);
    }
    for Branch { branch, stands, at } in &at.branches {
        let stands = match stands {
            Stands::NotStarted => "starts",
            Stands::GoesOn => "goes on",
            Stands::Done => "is done",
        };
        let _ = writeln!(text, "  - branch '{branch}' {stands}");
        let mut inside = String::new();
        what_it_does(&mut inside, at, in_doubt);
        for line in inside.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    let ahead = &at.ahead;
    for work in ahead.iter().take(LISTED) {
        let _ = writeln!(text, "  - {} {}: {}", when(work.when), work.step.step, effect(work));
        inside(text, work, 2);
    }
    if ahead.len() > LISTED {
        let _ = writeln!(text, "  - and {}", count((ahead.len() - LISTED) as u64, "more step", "more steps"));
    }
}

fn request_lines(text: &mut String, requests: &Requests, in_doubt: &[Doubtful]) {
    let Requests {
        step,
        method,
        each,
        items_done,
        items_total,
        items_not_sent,
        page,
        replies_loaded,
        replies_kept,
        sent_again,
        in_doubt: _,
        sends,
        pages_unknown,
        next,
        closes,
        writes,
    } = requests;
    let loaded = count(*replies_loaded, "reply is loaded", "replies are loaded");
    if *each {
        let at = page.filter(|page| *page > 1).map(|page| format!(", at page {page} of item {}", items_done + 1)).unwrap_or_default();
        let items = count(*items_total, "item is", "items are");
        let _ = writeln!(text, "  - goes on with {step} ({method}): {items_done} of {items} done, {loaded}{at}");
    } else {
        let at = page.map(|page| format!(", at page {page}")).unwrap_or_default();
        let _ = writeln!(text, "  - goes on with {step} ({method}): {loaded}{at}");
    }
    doubts(text, step, in_doubt);
    if *replies_kept > 0 {
        let were = if *replies_kept == 1 {
            "was received before: it is read, its request is not sent again"
        } else {
            "were received before: they are read, their requests are not sent again"
        };
        let _ = writeln!(text, "    {} {were}", count(*replies_kept, "reply", "replies"));
    }
    if *sent_again > 0 {
        let are = count(*sent_again, "request is", "requests are");
        let _ = writeln!(text, "    {are} sent again, which does no harm: by method or key; or because somebody decided so");
    }
    if *each && *items_not_sent > 0 {
        let _ = writeln!(text, "    {} not been sent: {method} for each", count(*items_not_sent, "item has", "items have"));
    }
    if let Some(next) = next {
        let item = next.item.as_ref().map(|item| format!(" of row {item}")).unwrap_or_default();
        let request = next.request.as_ref().map(|request| format!(": {request}")).unwrap_or_default();
        let unknown = next.unknown.as_ref().map(|reason| format!(" (where it goes is not known now: {reason})")).unwrap_or_default();
        let does = match next.does {
            Does::Send => "is asked for next",
            Does::SendAgain => "is asked for again next",
            Does::Read => "is here and is read next",
            Does::Nothing => "is passed over next, as was decided",
            Does::InDoubt => "comes next and is in doubt",
        };
        let _ = writeln!(text, "    page {}{item} {does}{request}{unknown}", next.page);
    }
    let more = if *pages_unknown { ", and an unknown number of further pages: each reply says whether there is another" } else { "" };
    let _ = writeln!(text, "    in all: {}{more}", count(*sends, "request is sent", "requests are sent"));
    if *closes {
        text.push_str("    all replies are loaded: only the end of the step is left\n");
    }
    for table in writes {
        let _ = writeln!(text, "    rows go into table {}", written(table));
    }
}

/// What happens to the requests in doubt, those with the same answer together.
fn doubts(text: &mut String, step: &str, in_doubt: &[Doubtful]) {
    let doubtful: Vec<&Doubtful> = in_doubt.iter().filter(|doubt| doubt.kind == Kind::Request && doubt.step == step).collect();
    let mut answers: Vec<(Then, Option<SaidBy>)> = Vec::new();
    for doubt in &doubtful {
        if !answers.contains(&(doubt.then, doubt.said_by)) {
            answers.push((doubt.then, doubt.said_by));
        }
    }
    for (then, said_by) in answers {
        let these: Vec<&&Doubtful> = doubtful.iter().filter(|doubt| doubt.then == then && doubt.said_by == said_by).collect();
        let one = these.len() == 1;
        let by = if said_by == Some(SaidBy::Operator) { "--in-doubt" } else { "on_in_doubt" };
        let they = if one { "it" } else { "they" };
        let policy = match then {
            Then::Verify => format!("the flow's 'verify' asks about {}", if one { "it" } else { "each" }),
            Then::Stop => format!(
                "it stops and lists {} (exit status 75), unless --in-doubt says send, skip or done",
                if one { "it" } else { "them" }
            ),
            Then::Send => format!("{they} {} sent again ({by}: send)", if one { "is" } else { "are" }),
            Then::Skip => {
                format!("{} left out, with the pages that would follow ({by}: skip)", if one { "its item is" } else { "their items are" })
            }
            Then::Done => format!(
                "{they} {} as done, without {} ({by}: done)",
                if one { "counts" } else { "count" },
                if one { "its reply" } else { "their replies" }
            ),
        };
        let _ = writeln!(text, "    {} may have arrived, nobody knows: {policy}", count(these.len() as u64, "request", "requests"));
        for doubt in these.iter().take(LISTED) {
            let key = doubt.key.as_ref().map(|key| format!(", key {key}")).unwrap_or_default();
            let sent = doubt.sent_at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            let request = doubt.request.as_deref().unwrap_or_default();
            let _ = writeln!(text, "      {}: {request}{key}{sent}", doubt.id);
        }
        if these.len() > LISTED {
            let _ = writeln!(text, "      and {} more", these.len() - LISTED);
        }
    }
}

/// What is known of an effect that had begun.
fn standing(work: &Work, in_doubt: &[Doubtful]) -> String {
    match in_doubt.iter().find_map(|doubt| doubt.statement.map(|number| (number, doubt))) {
        Some((number, doubt)) => {
            let then = match doubt.then {
                Then::Stop | Then::Verify => "it stops (exit status 75), unless --in-doubt says send, skip or done".to_owned(),
                Then::Send => format!("it runs again, and those after it (--in-doubt: send; its id is {})", doubt.id),
                Then::Skip | Then::Done => "it is passed over, and those after it run (--in-doubt)".to_owned(),
            };
            format!("; its statement {number} may have run, nobody knows: {then}")
        }
        None => match (work.transaction, work.committed) {
            (Some(true), Some(true)) => "; its transaction was committed before: it is not done again".to_owned(),
            (Some(true), Some(false)) => "; its transaction was not committed: it is done from its beginning".to_owned(),
            (Some(true), None) => "; if its transaction was committed already, that is seen and it is not done again".to_owned(),
            (Some(false) | None, _) => String::new(),
        },
    }
}

fn when(when: Option<When>) -> &'static str {
    match when {
        None | Some(When::Always) => "then",
        Some(When::Condition) => "if its condition is true,",
        Some(When::EachMember) => "for each member that is left,",
        Some(When::WhileTrue) => "again while its condition is true, nobody knows how often,",
        Some(When::Error) => "if a step before it fails,",
        Some(When::Finally) => "at the end in any case,",
    }
}

/// Steps within a step, deeper by two blanks for each level.
fn inside(text: &mut String, work: &Work, level: usize) {
    for part in &work.inside {
        for step in &part.steps {
            let blanks = "  ".repeat(level);
            let when = match part.when {
                When::Always => String::new(),
                other => format!("{} ", self::when(Some(other))),
            };
            let _ = writeln!(text, "{blanks}{when}{}: {}", step.step.step, effect(step));
            inside(text, step, level + 1);
        }
    }
}

fn effect(work: &Work) -> String {
    let Work { step, sends, for_each, writes, statements, transaction: _, statements_done, committed: _, when: _, inside } = work;
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
        (None, Some(number)) => {
            let runs = format!("runs {}", count(*number, "SQL statement", "SQL statements"));
            match statements_done {
                None | Some(0) => runs,
                Some(done) => format!("{runs}, of which {} done before", count(*done, "was", "were")),
            }
        }
        (None, None) if !tables.is_empty() => format!("writes table {}", tables.join(", ")),
        (None, None) if !inside.is_empty() => format!("{}{each}", step.op),
        (None, None) => format!("{}{each} (nothing outside of the run by itself)", step.op),
    }
}

fn written(table: &Table) -> String {
    let mode = match (table.mode, table.filling) {
        (Mode::Create, false) => "replaced at the end of the step",
        (Mode::Create, true) => {
            "rows so far are in a staging table, which is swapped in at the end of the step; until then the table is as it was"
        }
        (Mode::Append, _) => "appended",
    };
    format!("{} ({mode})", quoted(table.table.as_deref()))
}

fn quoted(name: Option<&str>) -> String {
    name.map_or_else(|| "(computed)".to_owned(), |name| format!("'{name}'"))
}

/// What is given up with an unfinished run.
pub(super) fn losses(outlook: &Outlook) -> String {
    let mut text = format!("run {} ({}) is given up:\n", outlook.facts.run, outlook.facts.state);
    given_up(&mut text, &outlook.at);
    for doubt in outlook.in_doubt.iter().take(LISTED) {
        let what = doubt.request.clone().unwrap_or_else(|| format!("statement {}", doubt.statement.unwrap_or(1)));
        let _ = writeln!(text, "  {}: {what} may have happened, and nobody will know", doubt.id);
    }
    if outlook.in_doubt.len() > LISTED {
        let _ = writeln!(text, "  and {} more that may have happened", outlook.in_doubt.len() - LISTED);
    }
    text
}

/// Of a run, or of a branch.
fn given_up(text: &mut String, at: &At) {
    for one in &at.loops {
        let left = one.items_total.saturating_sub(one.at_item);
        let _ = writeln!(text, "  {}: {} not begun", one.step, count(left, "member is", "members are"));
    }
    for one in &at.requests {
        let left = one.items_total.saturating_sub(one.items_done);
        if one.each {
            let _ = writeln!(text, "  {}: {} of {} are not done", one.step, left, count(one.items_total, "item", "items"));
        } else {
            let _ = writeln!(
                text,
                "  {}: {}, further pages are not",
                one.step,
                count(one.replies_loaded, "page is loaded", "pages are loaded")
            );
        }
        for table in one.writes.iter().filter(|table| table.filling && table.mode == Mode::Create) {
            let name = quoted(table.table.as_deref());
            let _ = writeln!(text, "  {}: the staging table of {name} in '{}' is dropped; {name} stays as it was", one.step, table.source);
        }
    }
    if let Some(work) = &at.doing {
        let _ = writeln!(text, "  {}: not done", work.step.step);
    }
    let steps = at.ahead.iter().filter(|work| work.when.is_none()).count();
    if steps > 0 {
        let _ = writeln!(text, "  {} not begun", count(steps as u64, "step is", "steps are"));
    }
    for branch in at.branches.iter().filter(|branch| branch.stands != Stands::Done) {
        let _ = writeln!(text, "  branch '{}' is not done", branch.branch);
        given_up(text, &branch.at);
    }
}
