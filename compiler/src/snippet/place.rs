//! From offsets in a snippet's text to spans in its file.

use crate::diagnostic::Span;
use crate::yaml::Scalar;

/// A snippet's text with its place in the file.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) scalar: &'a Scalar,
    /// The YAML value that holds the text.
    pub(super) whole: &'a Span,
}

impl Origin<'_> {
    pub(super) fn text(&self) -> &str {
        &self.scalar.text
    }

    /// The span of a stretch of the text (byte offsets), widened to whole characters.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let text = self.text();
        let end = (end.min(text.len())..=text.len()).find(|i| text.is_char_boundary(*i)).unwrap_or(text.len());
        let start = (0..=start.min(end)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        self.scalar.span_of(self.whole, offset(start), offset(end))
    }

    /// The span of the whole text, without a block's header or a string's quotes.
    pub(super) fn text_span(&self) -> Span {
        if self.scalar.text.is_empty() {
            return self.whole.clone();
        }
        let mut span = self.span(0, self.scalar.text.len());
        // A block's text ends with a line break, which a file that ends there does not have.
        span.end = span.end.min(offset(span.file.text.len()));
        span
    }

    /// Characters that the file has before each line after the first.
    pub(super) fn indent(&self) -> u32 {
        let Some(second) = self.scalar.text.find('\n').map(|i| i + 1).filter(|i| *i < self.scalar.text.len()) else { return 0 };
        self.whole.file.position(self.span(second, second).start).1 - 1
    }
}

/// Texts are shorter than 4 GiB: the reader's budget is far below.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
