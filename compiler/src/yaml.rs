//! YAML to nodes, each with its place in the file.
//!
//! Takes one file's text; gives a [`Node`] and all faults (Y codes). Parsing never stops the rest of the project: a file with a fault gives
//! what could be read. This module knows nothing about flows.
//!
//! After a fault of syntax the rest of the file is unknown: the unfinished item of the outermost list is left out, and what is missing from the
//! tree may well be in the file. [`is_cut_short`] tells, so that nobody reports it as missing.

mod anchor;
mod build;
mod code;
mod comment;
mod fault;
mod invisible;
mod scalar;
mod template;
mod text_map;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};
pub use code::{Language, ambiguous, folded_code};
pub use text_map::TextMap;

/// Bytes of a file; a project is written by hand, so more is a mistake or an attack.
const MAX_BYTES: usize = 16 << 20;
/// Lists and mappings in each other, aliases followed. Later phases may recurse over nodes because of it.
const MAX_DEPTH: usize = 100;

/// A YAML node.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In the order of the file; keys are unique (a second one is a fault and is left out).
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text after escapes and folding.
    pub text: String,
    pub value: ScalarValue,
    pub style: Style,
    pub map: TextMap,
}

/// What an unquoted scalar means by YAML 1.2's core schema (with 1.1's `yes`/`no`/`on`/`off` left as text); a quoted or block one is always text.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalarValue {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number that neither holds without loss, as JSON writes it.
    Number(String),
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
}

impl Scalar {
    /// The span of a stretch of this scalar's text.
    #[must_use]
    pub fn span_of(&self, whole: &Span, start: u32, end: u32) -> Span {
        let from = self.map.file_offset(start);
        Span { file: whole.file.clone(), start: from, end: self.file_end(whole, end).max(from) }
    }

    /// Where the character before `end` stops in the file, which is not where the next one starts if a line break or an indentation is between them.
    fn file_end(&self, whole: &Span, end: u32) -> u32 {
        let Some(last) = self.text.get(..end as usize).and_then(|t| t.chars().next_back()) else { return self.map.file_offset(end) };
        let length = u32::try_from(last.len_utf8()).unwrap_or(1);
        let at = self.map.file_offset(end.saturating_sub(length));
        let escaped = match self.style {
            Style::DoubleQuoted => b'\\',
            Style::SingleQuoted => b'\'',
            Style::Plain | Style::Literal | Style::Folded => return at.saturating_add(length),
        };
        if whole.file.text.as_bytes().get(at as usize) == Some(&escaped) { self.map.file_offset(end) } else { at.saturating_add(length) }
    }
}

/// Reads one file. `None` where there is nothing in it, or nothing that could be read.
pub fn parse(file: &Arc<SourceFile>) -> (Option<Node>, Vec<Diagnostic>) {
    if file.text.len() > MAX_BYTES {
        let fault = Diagnostic::error("Y010", span(file, 0, 0), format!("the file is larger than {} MiB", MAX_BYTES >> 20))
            .help("data of this size belongs in a table or a file of its own, not in YAML");
        return (None, vec![fault]);
    }
    let (node, mut faults) = template::parse(file);
    faults.extend(invisible::check(file));
    if let Some(node) = &node {
        faults.extend(comment::check(file, node));
    }
    (node, faults)
}

/// Whether parsing stopped before the end of the file, so that what the tree lacks may be there.
#[must_use]
pub fn is_cut_short(faults: &[Diagnostic]) -> bool {
    faults.iter().any(|f| matches!(f.code, "Y001" | "Y002" | "Y010"))
}

fn span(file: &Arc<SourceFile>, start: usize, end: usize) -> Span {
    let clamp = |n: usize| u32::try_from(n.min(file.text.len())).unwrap_or(u32::MAX);
    Span { file: file.clone(), start: clamp(start), end: clamp(end) }
}
