//! Scanner errors in the words of someone who wrote a flow, pointing at what has to change rather than at where the scanner gave up.

use std::sync::Arc;

use granit_parser::{ErrorKind, ScanError};

use super::{MAX_DEPTH, span};
use crate::diagnostic::{Diagnostic, Fix, SourceFile, Span};

/// What had been read when the scanner gave up.
pub(super) struct Context<'a> {
    pub(super) file: &'a Arc<SourceFile>,
    /// The end of the last token.
    pub(super) last_token: usize,
    /// The start of the last scalar.
    pub(super) last_scalar: usize,
    /// Where the open `[` and `{` are, outermost first.
    pub(super) open_brackets: Vec<usize>,
}

pub(super) fn unknown_alias(here: Span, name: &str) -> Diagnostic {
    Diagnostic::error("Y004", here, format!("no anchor `&{name}` before this alias"))
        .help(format!("write `\"*{name}\"` if it is text: an unquoted value that starts with `*` is an alias"))
}

pub(super) fn unknown_tag(here: Span, tag: &str, core: bool) -> Diagnostic {
    if core {
        Diagnostic::error("Y009", here, format!("the tag `{tag}` does not fit its value")).help("remove the tag, or change the value")
    } else {
        Diagnostic::error("Y009", here, format!("unknown tag `{tag}`"))
            .help("flows have no tags of their own: put the value in quotes if it is text that starts with `!`")
    }
}

pub(super) fn too_deep(here: Span) -> Diagnostic {
    Diagnostic::error("Y010", here, format!("more than {MAX_DEPTH} lists and mappings inside each other"))
        .help("move inner parts to a flow of their own (`op: run_flow`)")
}

pub(super) fn too_much(here: Span) -> Diagnostic {
    Diagnostic::error("Y010", here, "the aliases of this file stand for too many values")
        .help("write the values out, or use a loop: aliases of aliases multiply")
}

pub(super) fn tab(here: Span) -> Diagnostic {
    Diagnostic::error("Y002", here, "a tab is used as indentation").label("tab").help("indent by spaces; YAML allows no tabs there")
}

/// A template in quotes that has the same quotes in it: `"{{ var("x") }}"`. `None` where the written value is not in quotes.
pub(super) fn inner_quotes(here: &Span, written: &str) -> Option<Diagnostic> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = written.strip_prefix(quote)?.strip_suffix(quote)?;
    let other = if quote == '"' { '\'' } else { '"' };
    let fault = Diagnostic::error("Y013", here.clone(), "the inner quotes end the YAML text").label("the same quotes outside and inside");
    if inside.contains([other, '\\']) {
        return Some(
            fault.help(format!("write the quotes inside the template as `{other}`, or the whole value under `|` without outer quotes")),
        );
    }
    let mended = format!("{other}{inside}{other}");
    let fix = Fix { description: "use the other quotes outside".to_owned(), edits: vec![(here.clone(), mended.clone())] };
    Some(fault.help(format!("write `{mended}`")).fix(fix))
}

/// The fault behind a scanner error.
pub(super) fn syntax(context: &Context<'_>, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(0).min(context.file.text.len());
    if let Some(tab) = context.tab_near(at, error.kind()) {
        return tab;
    }
    if let Some(unclosed) = context.unclosed_bracket(at, error.kind()) {
        return unclosed;
    }
    if let Some(indented) = context.indented_too_far(at, error.kind()) {
        return indented;
    }
    let here = context.character(at);
    let fault = |message: &str| Diagnostic::error("Y001", here.clone(), message);
    match error.kind() {
        ErrorKind::UnclosedQuotedScalar => fault("this quote is never closed").help("close it, or remove it"),
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let opener = context.character(context.opening_quote(at));
            if context.file.text[at..].trim().is_empty() {
                return Diagnostic::error("Y001", opener, "this quote is never closed").help("close it, or remove it");
            }
            Diagnostic::error("Y001", opener, "this quote is not closed before the next key")
                .label("opened here")
                .also(here, "still inside the quotes")
                .help("close it at the end of its line; if the text goes on, indent its other lines")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            context.after_quotes(here.clone(), '\'').help("quote the whole value; a `'` inside single quotes is written twice (`''`)")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            context.after_quotes(here.clone(), '"').help("quote the whole value; a `\"` inside double quotes is written `\\\"`")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            fault(&format!("this `{open}` is never closed")).help(format!("close it with `{}`", closing(*open)))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            fault(&format!("this `{open}` is closed by a `{close}`")).help(format!("close it with `{}`", closing(*open)))
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            fault(&format!("this `{}` closes nothing", context.text_of(&here))).help("remove it, or put the value in quotes if it is text")
        }
        ErrorKind::MappingValueNotAllowed => context.unexpected_colon(at),
        ErrorKind::ExpectedBlockMappingKey => context.unexpected_line(at),
        ErrorKind::ExpectedBlockSequenceEntry => fault("a list goes on with `- `, and this line does not start with it")
            .help("start the line with `- `, or indent it to make it part of the item above"),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            fault("a list cannot start here").help("start the list on a line of its own below its key")
        }
        ErrorKind::BlockEntryInFlowCollection => fault("`- ` does not make a list inside brackets").help("separate the items by `,`"),
        ErrorKind::UnexpectedCharacter { character } => {
            fault(&format!("an unquoted value cannot start with `{character}`")).help("put the value in quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => context.bad_escape(at),
        ErrorKind::MissingAnchorOrAliasName => Diagnostic::error("Y004", here, "this alias or anchor has no name")
            .help("put the value in quotes: unquoted, `*` and `&` at the start of a value are special"),
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape => {
            let written = context.file.text[at..].split(char::is_whitespace).next().unwrap_or("!");
            let end = at + written.len();
            unknown_tag(span(context.file, at, end), written, false)
        }
        ErrorKind::RecursionLimitExceeded => too_deep(here),
        ErrorKind::InvalidSimpleKey | ErrorKind::SimpleKeyExpected => context.missing_colon(at),
        ErrorKind::InvalidBlockScalarIndent => fault("this line is indented less than the block text that it belongs to")
            .help("indent every line of the text by the same number of spaces or more"),
        ErrorKind::InvalidBlockScalarHeader => {
            fault("text after `|` or `>` on the same line").help("start the text on the next line, indented")
        }
        ErrorKind::BomInsideDocument => {
            fault("a byte order mark inside the text").help("remove it; it may only be the first character of a file")
        }
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent => {
            fault("this line is not indented as what it belongs to").help("line it up with the lines above")
        }
        ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator => {
            fault("a `,` or the closing bracket is missing before this")
                .help("separate the items by `,`; put text with brackets or commas in quotes")
        }
        other => {
            fault(&format!("this cannot be read as YAML: {other}")).help("put the value in quotes if it is text with special characters")
        }
    }
}

fn closing(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}

impl Context<'_> {
    fn bytes(&self) -> &[u8] {
        self.file.text.as_bytes()
    }

    fn line_start(&self, at: usize) -> usize {
        self.bytes()[..at.min(self.bytes().len())].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        let rest = &self.bytes()[at.min(self.bytes().len())..];
        at + rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())
    }

    /// The character at a place, or nothing at the end of the file.
    fn character(&self, at: usize) -> Span {
        let length = self.file.text.get(at..).and_then(|t| t.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
        span(self.file, at, at + length)
    }

    fn text_of(&self, here: &Span) -> &str {
        self.file.text.get(here.start as usize..here.end as usize).unwrap_or("")
    }

    /// A tab in the indentation of the line where the scanner stopped or of the one before: whatever the scanner says, that is the cause.
    fn tab_near(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        let line = self.line_start(at);
        let mut lines = vec![line];
        if matches!(
            kind,
            ErrorKind::TabInPlainScalar | ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabAtBlockScalarStart
        ) {
            lines.push((self.line_end(at) + 1).min(self.bytes().len()));
        }
        for line in lines {
            let indent = self.bytes()[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            if let Some(i) = self.bytes()[line..line + indent].iter().position(|b| *b == b'\t') {
                return Some(tab(span(self.file, line + i, line + i + 1)));
            }
        }
        let is_tab = matches!(
            kind,
            ErrorKind::TabNotAllowed | ErrorKind::TabInPlainScalar | ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation
        ) || matches!(kind, ErrorKind::UnexpectedCharacter { character: '\t' });
        is_tab.then(|| tab(self.character(at)))
    }

    /// What looks wrong on a later line is a bracket that is still open.
    fn unclosed_bracket(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        let inside = matches!(
            kind,
            ErrorKind::InvalidColonPlacement
                | ErrorKind::ExpectedFlowSequenceSeparator
                | ErrorKind::ExpectedFlowMappingSeparator
                | ErrorKind::InvalidFlowScalarIndent
                | ErrorKind::BlockEntryInFlowCollection
                | ErrorKind::MappingValueNotAllowed
                | ErrorKind::InvalidSimpleKey
                | ErrorKind::UnexpectedEofFlowSequence
                | ErrorKind::UnexpectedEofFlowMapping
        );
        let line = self.line_start(at);
        let opener = *self.open_brackets.iter().rev().find(|o| **o < line)?;
        if !inside {
            return None;
        }
        let here = self.character(opener);
        let open = self.text_of(&here).chars().next().unwrap_or('[');
        Some(
            Diagnostic::error("Y001", here.clone(), format!("this `{open}` is never closed"))
                .label("opened here")
                .also(self.character(at), "still inside the brackets")
                .help(format!("close it with `{}`", closing(open))),
        )
    }

    /// The quote that is open at `at`: the first after the last token that is not closed before.
    fn opening_quote(&self, at: usize) -> usize {
        let bytes = self.bytes();
        let mut i = self.last_token;
        let mut opener = at;
        while i < at {
            let quote = bytes[i];
            let starts = matches!(quote, b'"' | b'\'')
                && (i == 0 || matches!(bytes[i - 1], b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b':'));
            if !starts {
                i += 1;
                continue;
            }
            opener = i;
            i += 1;
            while i < at && bytes[i] != quote {
                i += if quote == b'"' && bytes[i] == b'\\' { 2 } else { 1 };
            }
            if i >= at {
                break;
            }
            i += 1;
        }
        opener
    }

    fn after_quotes(&self, here: Span, quote: char) -> Diagnostic {
        let opener = self.character(self.opening_quote(here.start as usize));
        let mut fault =
            Diagnostic::error("Y001", here.clone(), format!("text after the closing `{quote}`")).label("not part of the quoted text");
        if opener.start < here.start && self.text_of(&opener).starts_with(quote) {
            fault = fault.also(opener, "quoted text starts here");
        }
        fault
    }

    /// A key that is indented more than the key above, which has its value already: YAML takes the line for the rest of that value.
    fn indented_too_far(&self, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
        if !matches!(
            kind,
            ErrorKind::MappingValueNotAllowed
                | ErrorKind::InvalidSimpleKey
                | ErrorKind::SimpleKeyExpected
                | ErrorKind::ExpectedBlockMappingKey
                | ErrorKind::InvalidTrailingSingleQuotedScalar
                | ErrorKind::InvalidTrailingDoubleQuotedScalar
        ) || !self.open_brackets.is_empty()
        {
            return None;
        }
        let first = self.line_start(at);
        let second = (self.line_end(first) + 1).min(self.bytes().len());
        // The scanner stops at the line itself, or at the start of the value that goes on into it.
        let above = first.checked_sub(1).map(|end| self.line_start(end));
        let pairs = [above.map(|above| (above, first)), Some((first, second))];
        let (above, line) = pairs.into_iter().flatten().find(|(above, line)| self.goes_on_as_key(*above, *line))?;
        let start = line + self.indent(line);
        let end = start + self.key_on_line(start)?.len();
        let column = self.key_column(above);
        Some(
            Diagnostic::error("Y001", span(self.file, start, end), "this key is indented too far")
                .also(self.character(above + column), "the key above starts here")
                .help(format!("indent it by {column} spaces, like the key above")),
        )
    }

    /// Whether `above` is `key: value` and `line` a key that is indented more than that key.
    fn goes_on_as_key(&self, above: usize, line: usize) -> bool {
        let column = self.key_column(above);
        let value =
            self.key_on_line(above + column).map(|key| self.text_between(above + column + key.len() + 1, self.line_end(above)).trim());
        let complete = |v: &str| {
            let has_colon = v.contains(": ") || v.ends_with(':');
            !v.is_empty() && !v.starts_with(['|', '>', '#']) && (!has_colon || v.starts_with(['"', '\'']))
        };
        value.is_some_and(complete) && self.indent(line) > column && self.key_on_line(line + self.indent(line)).is_some()
    }

    fn text_between(&self, start: usize, end: usize) -> &str {
        self.file.text.get(start..end).unwrap_or("")
    }

    fn indent(&self, line: usize) -> usize {
        self.bytes()[line..].iter().take_while(|b| **b == b' ').count()
    }

    /// Where the key of a line starts, after the `- ` of list items.
    fn key_column(&self, line: usize) -> usize {
        let mut column = self.indent(line);
        while self.bytes()[line + column..].starts_with(b"- ") {
            column += 2 + self.indent(line + column + 2);
        }
        column
    }

    /// The plain key that starts there and is followed by a colon.
    fn key_on_line(&self, start: usize) -> Option<&str> {
        let text = self.text_between(start, self.line_end(start));
        let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (key, rest) = text.split_at(length);
        let is_key = rest.strip_prefix(':').is_some_and(|r| r.is_empty() || r.starts_with([' ', '\t']));
        (is_key && !key.is_empty()).then_some(key)
    }

    fn unexpected_colon(&self, at: usize) -> Diagnostic {
        let here = self.character(at);
        if self.last_scalar < self.line_start(at) && self.last_token > self.line_start(at) {
            return self.missing_colon(self.last_scalar);
        }
        Diagnostic::error("Y001", here, "a second `: ` on one line")
            .help("put the value in quotes if the colon is part of it; otherwise start the inner mapping on a line of its own")
    }

    /// A line in a mapping that is no `key: value`.
    fn missing_colon(&self, at: usize) -> Diagnostic {
        let end = self.line_end(at);
        let start = at.min(end);
        let line = self.file.text.get(start..end).unwrap_or("").trim_end();
        let here = span(self.file, start, start + line.len());
        let fault = Diagnostic::error("Y001", here, "this line is not `key: value`");
        if line.contains(':') { fault.help("put a space after the `:`") } else { fault.help("put a `:` and a space after the key") }
    }

    fn unexpected_line(&self, at: usize) -> Diagnostic {
        let line = self.line_start(at);
        let before = self.file.text.get(line..at).unwrap_or("");
        if before.trim() == "-" {
            return self.unexpected_line(at - before.trim_start().len());
        }
        if !before.trim().is_empty() {
            return Diagnostic::error("Y001", self.character(at), "this does not belong to the value before it")
                .help("put the whole value in quotes if this is part of it");
        }
        let end = self.line_end(at);
        let text = self.file.text.get(at..end).unwrap_or("").trim_end();
        let here = span(self.file, at, at + text.len());
        // The scanner ends a block text at a line that is indented less, even if it is indented more than the key.
        let header = self.file.text.get(..self.last_scalar).unwrap_or("").trim_end_matches([' ', '\t']).trim_end_matches(['\n', '\r']);
        let after_block = header.len() < self.last_scalar && header.trim_end_matches(['-', '+']).ends_with(['|', '>']);
        if after_block && self.last_token <= line {
            return Diagnostic::error("Y001", here, "this line is indented less than the block text above, and more than its key")
                .help("indent it like the text that it belongs to, or like the next key");
        }
        if text == "-" || text.starts_with("- ") {
            return Diagnostic::error("Y001", here, "a list item among the keys of a mapping")
                .help("indent the list below the key that it belongs to, or remove the `- `");
        }
        Diagnostic::error("Y001", here, "the indentation of this line fits no line above")
            .help("line it up with the keys that it belongs to; all keys of one mapping start in the same column")
    }

    /// The escape in the double-quoted text that starts at `at` which YAML does not know.
    fn bad_escape(&self, at: usize) -> Diagnostic {
        let bytes = self.bytes();
        let mut i = at + 1;
        while i + 1 < bytes.len() && bytes[i] != b'"' {
            if bytes[i] != b'\\' {
                i += 1;
                continue;
            }
            let digits = match bytes[i + 1] {
                b'x' => 2,
                b'u' => 4,
                b'U' => 8,
                b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"' | b'/' | b'\\' | b'N' | b'_' | b'L'
                | b'P' | b'\n' | b'\r' => 0,
                _ => break,
            };
            let hex = bytes[i + 2..].iter().take(digits).take_while(|b| b.is_ascii_hexdigit()).count();
            if hex < digits {
                break;
            }
            i += 2 + digits;
        }
        if bytes.get(i) != Some(&b'\\') {
            return Diagnostic::error("Y001", self.character(at), "an escape in this text is not a character")
                .help("write the character itself, or use single quotes: they know no escapes");
        }
        let length = 1 + self.file.text.get(i + 1..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8);
        let here = span(self.file, i, i + length);
        let written = self.text_of(&here).to_owned();
        Diagnostic::error("Y001", here, format!("`{written}` is not an escape that YAML knows"))
            .help("write `\\\\` for a backslash, or use single quotes: they know no escapes")
    }
}
