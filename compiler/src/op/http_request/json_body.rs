//! H823: a text that is to be JSON is JSON once its templates are filled in.
//!
//! A template between quotes stands for text, one outside of them for a value. Looked at is the first fault only; where statements choose between parts, or where a
//! template may stand for more than a value, nothing is said.

use sequor_plan_format::op::http_request::BodyFormat;

use crate::check::sql_text::may_be_text;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::yaml::Scalar;

/// Stands for a character of a template.
const TEMPLATE: u8 = 1;

/// The faults of a body. `content_type` is the literal header of the request.
pub(super) fn check(body: &Scalar, whole: &Span, format: BodyFormat, content_type: Option<&str>) -> Vec<Diagnostic> {
    let Some(mask) = Mask::of(&body.text) else { return Vec::new() };
    let start = body.text.trim_start();
    let media = content_type.unwrap_or_default().to_ascii_lowercase();
    let is_json = |media: &str| media.contains("json") && !["ndjson", "jsonl", "json-seq", "jsonlines"].iter().any(|m| media.contains(m));
    let strict = match (format, content_type) {
        (BodyFormat::Json, _) => true,
        (BodyFormat::Auto | BodyFormat::Text, Some(_)) => is_json(&media),
        _ => false,
    };
    let next = start.get(1..).unwrap_or_default().trim_start();
    let looks_so = match (format, content_type) {
        (BodyFormat::Auto | BodyFormat::Text, None) => {
            start.starts_with('{') && next.starts_with('"') || start.starts_with('[') && next.starts_with(['{', '"', ']'])
        }
        _ => false,
    };
    if !start.starts_with(['{', '[']) || !(strict || looks_so) {
        return Vec::new();
    }
    let mut json = Json { mask: &mask, at: 0, bare: Vec::new() };
    let fault = json.document().err().flatten();
    let severity = if strict { Severity::Error } else { Severity::Warning };
    let place = |start: usize, end: usize| {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        body.span_of(whole, offset(start), offset(end))
    };
    let bare = json.bare.iter().filter_map(|(start, end)| {
        let name = text_name(body.text.get(*start..*end)?)?;
        let message = format!("'{name}' is text, and without quotes around it this is no JSON");
        let help = "put quotes around the template, or write `{{ … | tojson }}`, which also takes care of quotes in the value";
        Some(Diagnostic::warning("H823", place(*start, *end), message).help(help))
    });
    let broken = fault.map(|Fault { start, end, what, help }| Diagnostic {
        severity,
        ..Diagnostic::error("H823", place(start, end), format!("this body is no JSON: {what}")).help(help)
    });
    bare.chain(broken).collect()
}

/// The text with its templates blotted out, byte for byte.
struct Mask {
    bytes: Vec<u8>,
    /// Where loops end.
    loop_ends: Vec<usize>,
}

impl Mask {
    /// `None` where statements do more than repeat.
    fn of(text: &str) -> Option<Self> {
        let mut mask = Self { bytes: text.as_bytes().to_vec(), loop_ends: Vec::new() };
        let mut at = 0;
        while let Some(open) = text.get(at..)?.find('{').map(|i| at + i) {
            let inner = text.get(open..)?;
            let (close, with) = match inner.as_bytes().get(1) {
                Some(b'{') => ("}}", TEMPLATE),
                Some(b'%') => ("%}", b' '),
                Some(b'#') => ("#}", b' '),
                _ => {
                    at = open + 1;
                    continue;
                }
            };
            let end = open + 2 + inner.get(2..)?.find(close)? + 2;
            if close == "%}" {
                let statement = text.get(open + 2..end - 2)?.trim_matches(['-', '+', ' ', '\n']);
                match statement.split_whitespace().next() {
                    Some("for") => {}
                    Some("endfor") => mask.loop_ends.push(open),
                    _ => return None,
                }
            }
            mask.bytes.get_mut(open..end)?.fill(with);
            at = end;
        }
        Some(mask)
    }
}

struct Fault {
    start: usize,
    end: usize,
    what: String,
    help: &'static str,
}

/// `None`: what follows cannot be told.
type Stop = Option<Fault>;

struct Json<'m> {
    mask: &'m Mask,
    at: usize,
    /// Templates that stand for a value.
    bare: Vec<(usize, usize)>,
}

impl Json<'_> {
    fn peek(&self) -> Option<u8> {
        self.mask.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn fault(&self, start: usize, end: usize, what: impl Into<String>, help: &'static str) -> Stop {
        Some(Fault { start, end: end.max(start + 1), what: what.into(), help })
    }

    fn document(&mut self) -> Result<(), Stop> {
        self.value(0)?;
        self.blanks();
        match self.peek() {
            // Several values, one in a line, are a form of their own.
            None | Some(b'{' | b'[' | TEMPLATE) => Ok(()),
            Some(_) => Err(self.fault(self.at, self.at + 1, "there is more behind its end", "count the brackets: one closes too much")),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Stop> {
        self.blanks();
        if depth > 100 {
            return Err(None);
        }
        match self.peek() {
            Some(b'{') => self.members(b'}', depth),
            Some(b'[') => self.members(b']', depth),
            Some(b'"') => self.text(),
            Some(_) => self.word(),
            None => Err(self.fault(self.at.saturating_sub(1), self.at, "it ends before its brackets are closed", "close them")),
        }
    }

    /// What stands between brackets, with the brackets.
    fn members(&mut self, close: u8, depth: usize) -> Result<(), Stop> {
        let open = self.at;
        let mut comma: Option<usize> = None;
        self.at += 1;
        loop {
            self.blanks();
            match self.peek() {
                Some(b) if b == close => {
                    if let Some(comma) = comma {
                        let by_loop = self.mask.loop_ends.iter().any(|end| (comma..self.at).contains(end));
                        return Err(if by_loop {
                            self.fault(
                                comma,
                                comma + 1,
                                "each turn of the loop writes a comma, the last one too",
                                "write `{{ \",\" if not loop.last }}` instead of the comma, or let `tojson` write the whole list",
                            )
                        } else {
                            self.fault(
                                comma,
                                comma + 1,
                                "there is a comma before the end",
                                "take it out: JSON has none after the last member",
                            )
                        });
                    }
                    self.at += 1;
                    return Ok(());
                }
                Some(b',') => {
                    return Err(self.fault(self.at, self.at + 1, "there is a comma with nothing before it", "take it out"));
                }
                Some(b'}' | b']') => {
                    let what = if close == b'}' { "']' closes what '{' has opened" } else { "'}' closes what '[' has opened" };
                    return Err(self.fault(self.at, self.at + 1, what, "close each bracket with its own kind"));
                }
                None => return Err(self.fault(open, open + 1, "this bracket is not closed", "close it at the end of what belongs to it")),
                Some(_) => {}
            }
            if close == b'}' {
                self.name()?;
            }
            self.value(depth + 1)?;
            self.blanks();
            comma = match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    Some(self.at - 1)
                }
                Some(b) if b == close => None,
                // A template may write the comma, or a loop may have ended.
                Some(TEMPLATE) => return Err(None),
                Some(b'}' | b']') | None => None,
                Some(_) if self.behind_loop() => return Err(None),
                Some(_) => {
                    return Err(self.fault(self.at, self.at + 1, "a comma is missing before this", "put a comma between two members"));
                }
            };
        }
    }

    /// Nothing but blanks is between here and the end of a loop.
    fn behind_loop(&self) -> bool {
        let before = self.mask.bytes.get(..self.at).unwrap_or_default();
        let from = before.iter().rposition(|b| !b.is_ascii_whitespace()).unwrap_or(0);
        self.mask.loop_ends.iter().any(|end| (from..=self.at).contains(end))
    }

    /// The name of a member, with its colon.
    fn name(&mut self) -> Result<(), Stop> {
        match self.peek() {
            Some(b'"') => self.text()?,
            Some(TEMPLATE) => return Err(None),
            Some(b'\'') => return Err(self.single()),
            Some(_) => {
                let start = self.at;
                while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
                    self.at += 1;
                }
                let help = "write names in double quotes: \"name\": …";
                return Err(self.fault(start, self.at, "the name of a member has no quotes", help));
            }
            None => return Err(None),
        }
        self.blanks();
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                Ok(())
            }
            Some(TEMPLATE) | None => Err(None),
            Some(_) => Err(self.fault(self.at, self.at + 1, "a colon is missing before this", "write `\"name\": value`")),
        }
    }

    fn single(&self) -> Stop {
        self.fault(self.at, self.at + 1, "texts stand in double quotes, not in single ones", "write double quotes")
    }

    fn text(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(b'\n') | None => {
                    let help = "close the quote; a line break in a text is written \\n";
                    return Err(self.fault(start, start + 1, "this text is not closed in its line", help));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// A number, a word, or a template, alone or with such beside it.
    fn word(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while self.peek().is_some_and(|b| b == TEMPLATE || b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_')) {
            self.at += 1;
        }
        let word = self.mask.bytes.get(start..self.at).unwrap_or_default();
        if word.contains(&TEMPLATE) {
            if word.iter().all(|b| *b == TEMPLATE) {
                self.bare.push((start, self.at));
            }
            return Ok(());
        }
        let word = String::from_utf8_lossy(word).into_owned();
        let python = match word.as_str() {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            "" if self.peek() == Some(b'\'') => return Err(self.single()),
            "" if self.peek() == Some(b'/') => {
                return Err(self.fault(start, start + 2, "JSON has no comments", "take it out, or write it as `{# … #}`"));
            }
            "" if self.peek() == Some(b'}') => return Err(self.fault(start, start + 1, "a value is missing before this", "write null")),
            "" => return Err(None),
            "true" | "false" | "null" => return Ok(()),
            number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') => return Ok(()),
            _ => {
                return Err(self.fault(start, self.at, format!("'{word}' is text without quotes"), "write it in double quotes"));
            }
        };
        let help = "JSON writes true, false and null in small letters";
        Err(self.fault(start, self.at, format!("'{word}' is Python, not JSON: there it is '{python}'"), help))
    }
}

/// The name of the variable or column that a template writes, where it is text by its name and no filter makes JSON of it.
fn text_name(template: &str) -> Option<&str> {
    let inner = template.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    if inner.contains(['|', '~', '+', '{']) || inner.contains(" if ") {
        return None;
    }
    // `var('x')`, `var('x').name`, `var('x')['name']`, `var('x').get('name')`
    let rest = inner.strip_prefix("var(")?;
    let end = rest.trim_end_matches([')', ']', '\'', '"']);
    let start = end.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
    let name = end.get(start..)?;
    (!name.is_empty() && may_be_text(name) && !rest.contains(',')).then_some(name)
}
