//! What is in doubt, for people.

use std::fmt::Write as _;

use crate::journal::effects::{Decision, Doubt};

/// A line for each.
#[must_use]
pub fn doubts(doubts: &[Doubt]) -> String {
    let mut text = String::from("in doubt (sent, and nobody knows whether they were carried out):\n");
    for doubt in doubts {
        let item = doubt.item.as_ref().map(|item| format!(", row {item}")).unwrap_or_default();
        let page = if doubt.page > 1 { format!(", page {}", doubt.page) } else { String::new() };
        let _ = writeln!(text, "  {}: {}{item}{page}{}", doubt.node, doubt.title, settled(doubt.settled));
    }
    text
}

/// What was decided, as the end of a line; nothing where nothing was.
#[must_use]
pub(crate) fn settled(decision: Option<Decision>) -> &'static str {
    match decision {
        None => "",
        Some(Decision::Send) => ": sent again",
        Some(Decision::Skip) => ": left out",
        Some(Decision::Done) => ": taken as done",
    }
}
