//! Y013: `{{ … }}` without quotes, which YAML reads as mappings or not at all.
//!
//! Where YAML cannot read it, parsing stops at the template. To find the other faults of the file too, the template is overwritten by as many letters
//! and the file is parsed again; the builder puts the written text back.

use std::ops::Range;
use std::sync::Arc;

use super::{Node, build};
use crate::diagnostic::{Diagnostic, SourceFile};

/// Each costs another pass over the file.
const MAX_PATCHES: usize = 25;
/// Of all passes together.
const MAX_BYTES: usize = 8 << 20;

pub(super) fn parse(file: &Arc<SourceFile>) -> (Option<Node>, Vec<Diagnostic>) {
    let mut patched = file.text.clone();
    let mut patches: Vec<Range<usize>> = Vec::new();
    let mut outcome = build::build(file, &patched, &patches);
    while let Some(stop) = &outcome.stop
        && patches.len() < MAX_PATCHES
        && patches.len() * patched.len() < MAX_BYTES
        && let Some(range) = unquoted_template(&patched, stop.last_token, stop.at)
    {
        let mut next = patched.clone();
        next.replace_range(range.clone(), &"x".repeat(range.len()));
        patches.push(range);
        let second = build::build(file, &next, &patches);
        // Not the cause if parsing gets no further.
        if second.stop.as_ref().is_some_and(|s| s.at <= stop.at) {
            break;
        }
        patched = next;
        outcome = second;
    }
    (outcome.node, outcome.faults)
}

/// The first template between the last token that was read and the end of the line where parsing stopped.
fn unquoted_template(text: &str, last_token: usize, stop: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let line_end = |at: usize| at + bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
    let from = bytes[..last_token.min(bytes.len())].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let to = line_end(stop.min(bytes.len()));
    let region = text.get(from..to)?;
    let start = from + ["{{", "{%"].iter().filter_map(|open| region.find(open)).min()?;
    let line = text.get(start..line_end(start))?;
    let close = if line.starts_with("{{") { "}}" } else { "%}" };
    let end = line.find(close).map_or(line.trim_end().len(), |i| i + 2);
    Some(start..start + end)
}
