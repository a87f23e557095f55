//! Lines with indentation, and texts made safe to print.

use crate::{Plan, SpanId};

/// Text on its way out. Every line is written whole, without spaces at its end.
pub(super) struct Out<'a> {
    pub(super) plan: &'a Plan,
    text: String,
    level: usize,
    detail: Detail,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Everything,
    /// What belongs to one entry itself: no positions, and no steps of blocks.
    Own,
}

impl<'a> Out<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, text: String::new(), level: 0, detail: Detail::Everything }
    }

    pub(super) fn own(plan: &'a Plan) -> Self {
        Self { plan, text: String::new(), level: 0, detail: Detail::Own }
    }

    pub(super) fn is_own(&self) -> bool {
        self.detail == Detail::Own
    }

    /// One line. It must not hold a line break.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("  ", self.level));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// Lines that are complete already.
    pub(super) fn raw(&mut self, lines: &str) {
        self.text.push_str(lines);
    }

    /// A text of several lines, each behind a bar. A text that ends with a line break ends with an empty line here.
    pub(super) fn quoted(&mut self, text: &str) {
        for line in text.split('\n') {
            self.line(&behind_bar(line));
        }
    }

    pub(super) fn indented(&mut self, write: impl FnOnce(&mut Self)) {
        self.level += 1;
        write(self);
        self.level -= 1;
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A line of a text behind a bar, with a blank at its end spelled out.
pub(super) fn behind_bar(line: &str) -> String {
    match line.chars().next_back() {
        None => "|".to_owned(),
        Some(blank) if blank.is_whitespace() => {
            let rest = &line[..line.len() - blank.len_utf8()];
            format!("| {}{}", visible(rest), blank.escape_unicode())
        }
        Some(_) => format!("| {}", visible(line)),
    }
}

/// The start of a span as `file:line:column`.
pub(super) fn place(plan: &Plan, span: SpanId) -> String {
    let span = plan.span(span);
    format!("{}:{}:{}", visible(plan.text(span.file)), span.line, span.column)
}

/// The text with control and direction characters spelled out: a plan may come from anywhere, and a terminal obeys them.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && c != '\t' { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A name as it is, or quoted where it could be read as something else.
pub(super) fn name(text: &str) -> String {
    let plain = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '[' | ']' | '$'));
    if plain { text.to_owned() } else { quote(text) }
}

/// Names separated by commas.
pub(super) fn listed(names: &[&str]) -> String {
    names.iter().map(|text| name(text)).collect::<Vec<_>>().join(", ")
}

/// A JSON string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    escape(text, &mut quoted);
    quoted.push('"');
    quoted
}

/// The inside of a JSON string (RFC 8259, section 7), with hidden characters spelled out.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
}
