//! The steps behind a fault of YAML: each item of the list of steps that can be read by itself.
//!
//! An item is read in a copy of the file with everything else blanked out, so that its places are those of the file.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::yaml::{self, Node};

/// Larger files are made by programs: nobody reads this many faults.
const MAX_BYTES: usize = 256 << 10;
const MAX_ITEMS: usize = 100;

/// The steps of the outermost list that begin behind the first fault, as far as they are sound YAML, each with its own faults.
pub(super) fn steps(file: &Arc<SourceFile>, from: u32) -> Vec<(Node, Vec<Diagnostic>)> {
    let text = file.text.as_str();
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let Some(indent) = lines(text).find_map(|(_, line)| step_indent(line)) else { return Vec::new() };
    let mut found = Vec::new();
    let mut open: Option<usize> = None;
    for (start, line) in lines(text).chain(std::iter::once((text.len(), "-"))).skip_while(|(start, _)| *start <= from as usize) {
        let ends = !line.trim().is_empty() && blanks(line) <= indent && !line.trim_start().starts_with('#');
        if !ends && start < text.len() {
            continue;
        }
        if let Some(begin) = open.take() {
            found.extend(item(file, begin, start));
        }
        if found.len() == MAX_ITEMS {
            break;
        }
        open = (step_indent(line) == Some(indent)).then_some(start);
    }
    found
}

/// Each line with the place where it starts.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The indentation of a line on which a step begins.
fn step_indent(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches(' ').strip_prefix("- ")?.trim_start_matches([' ', '{']);
    ["op:", "id:", "title:", "when:"].iter().any(|key| rest.starts_with(key)).then(|| blanks(line))
}

/// The step between two places, if it is a whole one.
fn item(file: &Arc<SourceFile>, begin: usize, end: usize) -> Option<(Node, Vec<Diagnostic>)> {
    let blank = |text: &str| text.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect::<String>();
    let whole = file.text.get(begin..end)?;
    let alone = format!("{}{whole}", blank(file.text.get(..begin)?));
    let (node, faults) = yaml::parse(&SourceFile::new(file.path.clone(), alone));
    let yaml::Kind::Sequence(items) = node.filter(|_| !yaml::is_cut_short(&faults))?.kind else { return None };
    let node = items.into_iter().next()?;
    let yaml::Kind::Mapping(entries) = &node.kind else { return None };
    entries.iter().any(|e| e.key == "op").then_some((node, faults))
}
