//! J509: what a template puts into SQL outside of quotes is a number, or SQL. Text needs quotes, and lists and rows are written out.

use sequor_plan_format::expr::Method;

use super::super::sql_text::Quotes;
use super::infer::Infer;
use super::sight::Sight;
use crate::diagnostic::Diagnostic;
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Value};
use crate::snippet::expression::{Expression, Kind};
use crate::tables::text;

/// Words that stand for values in SQL.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "default",
    "current_date",
    "current_time",
    "current_timestamp",
    "now",
    "today",
    "localtime",
    "localtimestamp",
];

pub(super) fn check(sql: &Expression, sight: &Sight<'_, '_>, found: &mut Vec<Diagnostic>) {
    let Some(parts) = sql.parts() else { return };
    // Loops and conditions of a template may open quotes that others close.
    if parts.iter().any(|part| matches!(part.kind, Kind::Comprehension { .. } | Kind::If { .. } | Kind::Let { .. })) {
        return;
    }
    let mut quotes = Quotes::default();
    let mut before = "";
    for part in parts {
        if let Kind::Text(text) = &part.kind {
            quotes.read(text);
            before = text;
            continue;
        }
        let stands = stands(before);
        let quoted_list = quotes.inside && !quotes.unsure && in_a_list(before);
        before = "";
        if let (true, Some((separator, _))) = (quoted_list, joined(part))
            && !separator.contains('\'')
        {
            let fault =
                Diagnostic::warning("J506", part.span.clone(), "all of these are one text here, since the quotes are around the whole");
            found.push(fault.help("put quotes between them as well: `join(\"', '\")`"));
        }
        if quotes.inside || quotes.unsure {
            continue;
        }
        let value = Infer::new(sight).value(part);
        if let Some((message, help)) = fault(&value, part, stands, sight) {
            let fault = Diagnostic::error("J509", part.span.clone(), message).help(help);
            found.push(sight.origin(part).into_iter().fold(fault, |fault, origin| fault.also(origin.at, "it is set here")));
        }
    }
}

/// `IN ('`
fn in_a_list(before: &str) -> bool {
    let opens = before.trim_end().strip_suffix('\'').and_then(|text| text.trim_end().strip_suffix('('));
    opens.is_some_and(|text| text.trim_end().to_ascii_lowercase().ends_with(" in"))
}

/// A list that is joined, behind what stands between its members.
fn joined(part: &Expression) -> Option<(&str, &Expression)> {
    match &part.kind {
        Kind::Method { base, method: Method::Join, arguments } => Some((text(base)?, arguments.first()?)),
        _ => None,
    }
}

/// What stands before a template.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Comparison,
    /// `IN (`, `VALUES (` and the commas behind them.
    List,
    Other,
}

fn stands(before: &str) -> Before {
    let text = before.trim_end();
    let word = |text: &str| text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_ascii_lowercase();
    if text.ends_with(['=', '<', '>']) || word(text) == "like" {
        return Before::Comparison;
    }
    let opens = text.strip_suffix('(').map(str::trim_end);
    if opens.is_some_and(|text| matches!(word(text).as_str(), "in" | "values")) {
        return Before::List;
    }
    Before::Other
}

fn fault(value: &Value, part: &Expression, stands: Before, sight: &Sight<'_, '_>) -> Option<(String, String)> {
    if value.kinds.within(Kinds::LIST.or(Kinds::TUPLE)) {
        let help = "write its members out: `IN ({{ … | join(', ') }})` for numbers; for texts, go over them with for_each or load them into a table";
        return Some((format!("{} is put into SQL as it is printed, with its brackets", value.kinds), help.to_owned()));
    }
    if value.kinds == Kinds::MAP {
        let help = "take one of its columns: `{{ var('…').column }}`";
        return Some((format!("{} is put into SQL as it is printed, with its braces", value.kinds), help.to_owned()));
    }
    if stands == Before::Other {
        return None;
    }
    if let Some((separator, list)) = joined(part)
        && !separator.contains('\'')
    {
        let element = Infer::new(sight).value(list).element();
        if element.kinds == Kinds::TEXT {
            let help = "put them in quotes: `'{{ … | join(\"', '\") }}'`";
            return Some(("these texts are put into SQL without quotes, and read as names".to_owned(), help.to_owned()));
        }
    }
    let Detail::Text(shown) = &value.detail else {
        let is_text = value.kinds.without(Kinds::NULL) == Kinds::TEXT && matches!(part.kind, Kind::Var(_));
        return is_text.then(|| {
            let message = "this is text, and without quotes its words are read as SQL".to_owned();
            (message, "put quotes around the template: `'{{ … }}'`".to_owned())
        });
    };
    reads_as_names(shown).then(|| {
        let message = format!("the text '{shown}' is put into SQL without quotes, and its words are read as SQL");
        (message, "put quotes around the template: `'{{ … }}'`".to_owned())
    })
}

/// Plain words or a date: no number, no expression of SQL.
fn reads_as_names(text: &str) -> bool {
    let text = text.trim();
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '@' | '.' | ':'));
    let number = text.parse::<f64>().is_ok();
    plain && !number && !text.is_empty() && !VALUES.contains(&text.to_ascii_lowercase().as_str())
}
