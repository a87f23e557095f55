//! Where each byte of a scalar's text comes from: through indentation, folding and escapes back to the file.
//!
//! The scanner gives a scalar's text and the stretch of source it was read from. The walkers here follow YAML's rules over that stretch once more
//! and note where text and file stop advancing together. They must agree with the scanner; a property test compares them.

use super::Style;

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
            Some((t, f)) => f.saturating_add(text_offset - t),
            None => text_offset,
        }
    }

    /// The map of a stretch of the text.
    #[must_use]
    pub fn slice(&self, start: u32, end: u32) -> Self {
        let from = self.anchors.partition_point(|(t, _)| *t <= start);
        let until = self.anchors.partition_point(|(t, _)| *t < end).max(from);
        let inner = self.anchors.get(from..until).unwrap_or_default().iter().map(|(t, f)| (t - start, *f));
        Self { anchors: std::iter::once((0, self.file_offset(start))).chain(inner).collect() }
    }

    /// Follows a scalar from `start` to `end` in `source`. `indent` is the indentation of a block scalar's lines.
    pub(super) fn of_scalar(source: &str, start: usize, end: usize, style: Style, indent: Option<usize>, text: &str) -> Self {
        let mut walk = Walk { source: source.as_bytes(), text, at: start, end: end.min(source.len()), out: Vec::new(), done: 0 };
        match (style, indent) {
            (Style::Plain, _) => walk.flow(b'\0'),
            (Style::SingleQuoted, _) => walk.quoted(b'\''),
            (Style::DoubleQuoted, _) => walk.quoted(b'"'),
            (Style::Literal, Some(indent)) => walk.literal(indent),
            (Style::Folded, Some(indent)) => walk.folded(indent),
            (Style::Literal | Style::Folded, None) => walk.only_breaks(),
        }
        let to_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { anchors: walk.out.into_iter().map(|(t, f)| (to_u32(t), to_u32(f))).collect() }
    }
}

struct Walk<'a> {
    source: &'a [u8],
    text: &'a str,
    at: usize,
    end: usize,
    out: Vec<(usize, usize)>,
    /// How much of the text has been accounted for.
    done: usize,
}

impl Walk<'_> {
    /// The next character of the text was written at `file`.
    fn character(&mut self, file: usize) {
        let length = self.text.get(self.done..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        self.stretch(length, file);
    }

    /// The next `length` bytes of the text were written at `file`, unchanged.
    fn stretch(&mut self, length: usize, file: usize) {
        let goes_on = self.out.last().is_some_and(|(t, f)| f + (self.done - t) == file);
        if !goes_on {
            self.out.push((self.done, file));
        }
        self.done = (self.done + length).min(self.text.len());
    }

    /// Closes the map: the end of the text is here.
    fn finish(&mut self, file: usize) {
        self.stretch(0, file);
    }

    fn byte(&self, at: usize) -> u8 {
        if at < self.end { self.source[at] } else { 0 }
    }

    fn is_break(&self, at: usize) -> bool {
        matches!(self.byte(at), b'\n' | b'\r')
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t')
    }

    /// Behind the line break at `at`.
    fn after_break(&self, at: usize) -> usize {
        if self.byte(at) == b'\r' && self.byte(at + 1) == b'\n' { at + 2 } else { at + 1 }
    }

    fn line_end(&self, mut at: usize) -> usize {
        while at < self.end && !self.is_break(at) {
            at += 1;
        }
        at
    }

    /// To the first line of a block scalar: before its first content, as many lines as the text has leading line breaks.
    fn rewind_to_first_line(&mut self) {
        let leading = self.text.bytes().take_while(|b| *b == b'\n').count();
        let mut line = self.line_start(self.at);
        for _ in 0..leading {
            let Some(before) = line.checked_sub(1) else { break };
            let before = if before > 0 && self.source[before] == b'\n' && self.source[before - 1] == b'\r' { before - 1 } else { before };
            line = self.line_start(before);
        }
        self.at = line;
    }

    fn line_start(&self, at: usize) -> usize {
        self.source[..at.min(self.source.len())].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |i| i + 1)
    }

    fn skip_indent(&self, at: usize, indent: usize) -> usize {
        at + (0..indent).take_while(|i| self.byte(at + i) == b' ').count()
    }

    /// A block scalar without content. Its span is its header and what follows, or nothing at the start of the next token.
    fn only_breaks(&mut self) {
        if matches!(self.byte(self.at), b'|' | b'>') {
            self.at = self.after_break(self.line_end(self.at));
        } else {
            self.rewind_to_first_line();
        }
        for _ in 0..self.text.len() {
            let at = self.line_end(self.at);
            self.character(at);
            self.at = self.after_break(at);
        }
        self.finish(self.at.min(self.end));
    }

    fn literal(&mut self, indent: usize) {
        self.rewind_to_first_line();
        let text = self.text;
        for line in text.split_inclusive('\n') {
            let content = self.skip_indent(self.at, indent);
            self.stretch(line.len(), content);
            self.at = self.after_break(self.line_end(content)).min(self.end);
        }
        if text.ends_with('\n') || text.is_empty() {
            self.finish(self.at);
        }
    }

    fn folded(&mut self, indent: usize) {
        self.rewind_to_first_line();
        let mut breaks: Vec<usize> = Vec::new();
        // Whether the last content line starts with a blank; `None` before the first.
        let mut last: Option<bool> = None;
        while self.at < self.end {
            let content = self.skip_indent(self.at, indent);
            let end = self.line_end(content);
            if content < end {
                let indented_more = self.is_blank(content);
                let folds = last == Some(false) && !indented_more;
                self.breaks(&breaks, folds);
                breaks.clear();
                self.stretch(end - content, content);
                last = Some(indented_more);
            }
            breaks.push(end);
            self.at = self.after_break(end);
        }
        self.breaks(&breaks, false);
        self.finish(self.end);
    }

    /// The line breaks between two content lines: one is a space, more lose their first, unless the lines do not fold.
    fn breaks(&mut self, breaks: &[usize], folds: bool) {
        let kept = if folds && breaks.len() > 1 { &breaks[1..] } else { breaks };
        for at in kept {
            let expected = if folds && breaks.len() == 1 { b' ' } else { b'\n' };
            if self.text.as_bytes().get(self.done) == Some(&expected) {
                self.character(*at);
            }
        }
    }

    fn quoted(&mut self, quote: u8) {
        self.at += 1;
        if self.end > self.at && self.source[self.end - 1] == quote {
            self.end -= 1;
        }
        self.flow(quote);
    }

    /// Plain and quoted text: escapes, and lines folded with the blanks around their breaks.
    fn flow(&mut self, quote: u8) {
        while self.at < self.end {
            let at = self.at;
            if self.is_blank(at) || self.is_break(at) {
                let mut blanks = at;
                while self.is_blank(blanks) {
                    blanks += 1;
                }
                if self.is_break(blanks) {
                    self.at = blanks;
                    self.fold(true);
                } else {
                    self.stretch(blanks - at, at);
                    self.at = blanks;
                }
            } else if quote == b'"' && self.byte(at) == b'\\' {
                self.escape();
            } else if quote == b'\'' && self.byte(at) == b'\'' {
                self.character(at);
                self.at += 2;
            } else {
                let length = self.text.get(self.done..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
                self.stretch(length, at);
                self.at += length;
            }
        }
        self.finish(self.end);
    }

    /// One or more line breaks, the first of which is a space if it is alone and not escaped.
    fn fold(&mut self, first_counts: bool) {
        let mut breaks = Vec::new();
        while self.is_break(self.at) {
            breaks.push(self.at);
            self.at = self.after_break(self.at);
            while self.is_blank(self.at) {
                self.at += 1;
            }
        }
        if breaks.len() > 1 || first_counts {
            self.breaks(&breaks, true);
        }
    }

    fn escape(&mut self) {
        let at = self.at;
        if self.is_break(at + 1) {
            self.at = at + 1;
            self.fold(false);
            return;
        }
        let character = self.text.get(self.done..).and_then(|t| t.chars().next()).unwrap_or('\0');
        let length = match self.byte(at + 1) {
            b'x' => 4,
            // A pair of surrogates gives one character.
            b'u' if u32::from(character) > 0xFFFF => 12,
            b'u' => 6,
            b'U' => 10,
            _ => 2,
        };
        self.character(at);
        self.at = (at + length).min(self.end);
    }
}
