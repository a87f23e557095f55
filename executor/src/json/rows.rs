//! JSON text → table rows, without a tree: the way of a page of an API into a table.
//!
//! Walks to the objects under a path and gives one [`Cell`] per wanted column, borrowed from the text. Columns that nobody asked for are skipped
//! without allocating.

use std::borrow::Cow;

use jiter::{Jiter, JiterError, Peek};

use super::{fault, parse};
use crate::database::Cell;
use crate::error::{ErrorKind, RunError};
use crate::report::count;
use crate::value::number::is_integer;

/// A step from a reply's root towards its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Key(&'a str),
    Index(usize),
    /// Every member of a list; a map counts as a list of one.
    Each,
}

/// Calls `each` with the cells of every object under `path`, in the order of `columns`, and gives the number of objects.
///
/// Where the path ends at a list, its members are the rows; a map is one row, null is none. A column that an object has not is `Cell::Null`.
/// The whole text is read: a reply that was cut short is an error even where all wanted rows were there.
///
/// # Errors
/// Of kind `Reply` where the text is no JSON, the path leads nowhere (naming the step and the keys that are there), or a row is no object;
/// and what `each` reports.
pub fn rows(
    body: &[u8],
    path: &[Step<'_>],
    columns: &[&str],
    each: &mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>,
) -> Result<u64, RunError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|e| {
        RunError::new(ErrorKind::Reply, format!("the reply is not JSON: it is not UTF-8: byte {} is wrong", e.valid_up_to()))
    })?;
    let mut walk = Walk {
        text,
        reader: Jiter::new(body).with_allow_inf_nan(),
        path,
        columns,
        shape: Vec::new(),
        cells: vec![Cell::Null; columns.len()],
        rows: 0,
        members: vec![0; path.len() + 1],
        each,
    };
    let walked = walk.reader.peek().map_err(Fault::from).and_then(|peek| walk.follow(peek, 0));
    walked.and_then(|()| walk.reader.finish().map_err(Fault::from)).map_err(|fault_found| match fault_found {
        Fault::Json(error) => RunError::new(ErrorKind::Reply, format!("the reply is not JSON: {}", fault(&walk.reader, body, &error))),
        Fault::Run(error) => error,
    })?;
    Ok(walk.rows)
}

enum Fault {
    Json(JiterError),
    Run(RunError),
}

impl From<JiterError> for Fault {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

impl From<RunError> for Fault {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

/// What the nth key of an object was, and which column it is: objects of a list mostly have the same keys in the same order.
struct Known<'j> {
    raw_key: &'j str,
    column: Option<usize>,
}

struct Walk<'j, 'a> {
    text: &'j str,
    reader: Jiter<'j>,
    path: &'a [Step<'a>],
    columns: &'a [&'a str],
    shape: Vec<Known<'j>>,
    cells: Vec<Cell<'j>>,
    rows: u64,
    /// For each step, the member that is being looked at, for messages.
    members: Vec<usize>,
    each: &'a mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>,
}

impl<'j> Walk<'j, '_> {
    /// Goes on from step `at` of the path with the value that comes next.
    fn follow(&mut self, peek: Peek, at: usize) -> Result<(), Fault> {
        let Some(step) = self.path.get(at).copied() else { return self.end(peek, at) };
        match (step, peek) {
            (Step::Key(key), Peek::Object) => self.follow_key(key, at),
            (Step::Index(index), Peek::Array) => self.follow_index(index, at),
            (Step::Each, Peek::Array) => self.follow_each(at),
            (Step::Each, Peek::Null) => Ok(self.reader.known_null()?),
            (Step::Each, Peek::Object) => self.follow(peek, at + 1),
            (Step::Key(key), other) => Err(self.nowhere(at, &format!("is {}, which has no key `{key}`", kind(other)))),
            (Step::Index(index), other) => Err(self.nowhere(at, &format!("is {}, which has no member {index}", kind(other)))),
            (Step::Each, other) => Err(self.nowhere(at, &format!("is {}, not a list", kind(other)))),
        }
    }

    fn follow_key(&mut self, wanted: &str, at: usize) -> Result<(), Fault> {
        let start = self.reader.current_index();
        let mut found = false;
        let mut next = self.first_key()?;
        while let Some(raw) = next {
            let peek = self.reader.peek()?;
            if !found && key_is(raw, wanted) {
                found = true;
                self.follow(peek, at + 1)?;
            } else {
                self.reader.known_skip(peek)?;
            }
            next = self.next_key()?;
        }
        if found { Ok(()) } else { Err(self.no_key(wanted, at, start)) }
    }

    fn follow_index(&mut self, wanted: usize, at: usize) -> Result<(), Fault> {
        let mut next = self.reader.known_array()?;
        let mut index = 0;
        while let Some(peek) = next {
            if index == wanted {
                self.follow(peek, at + 1)?;
            } else {
                self.reader.known_skip(peek)?;
            }
            index += 1;
            next = self.reader.array_step()?;
        }
        if index > wanted {
            Ok(())
        } else {
            Err(self.nowhere(at, &format!("has {}, so there is no member {wanted}", count(index as u64, "member", "members"))))
        }
    }

    fn follow_each(&mut self, at: usize) -> Result<(), Fault> {
        let mut next = self.reader.known_array()?;
        let mut index = 0;
        while let Some(peek) = next {
            if let Some(member) = self.members.get_mut(at) {
                *member = index;
            }
            self.follow(peek, at + 1)?;
            index += 1;
            next = self.reader.array_step()?;
        }
        Ok(())
    }

    /// The path's end: a list of rows, one row, or null.
    fn end(&mut self, peek: Peek, at: usize) -> Result<(), Fault> {
        match peek {
            Peek::Null => Ok(self.reader.known_null()?),
            Peek::Object => self.row(),
            Peek::Array => {
                let mut next = self.reader.known_array()?;
                let mut index = 0usize;
                while let Some(peek) = next {
                    match peek {
                        Peek::Object => self.row()?,
                        Peek::Null => self.reader.known_null()?,
                        other => return Err(self.nowhere(at, &format!("has member {index}, which is {}; rows are maps", kind(other)))),
                    }
                    index += 1;
                    next = self.reader.array_step()?;
                }
                Ok(())
            }
            other => Err(self.nowhere(at, &format!("is {}; rows are maps", kind(other)))),
        }
    }

    fn row(&mut self) -> Result<(), Fault> {
        self.cells.fill(Cell::Null);
        let mut position = 0;
        let mut next = self.first_key()?;
        while let Some(raw) = next {
            let peek = self.reader.peek()?;
            match self.column(raw, position) {
                Some(column) => {
                    let cell = self.cell(peek)?;
                    if let Some(place) = self.cells.get_mut(column) {
                        *place = cell;
                    }
                }
                None => self.reader.known_skip(peek)?,
            }
            position += 1;
            next = self.next_key()?;
        }
        self.rows += 1;
        (self.each)(&self.cells)?;
        Ok(())
    }

    /// The column that the object's key number `position` fills.
    fn column(&mut self, raw_key: &'j str, position: usize) -> Option<usize> {
        if let Some(known) = self.shape.get(position)
            && known.raw_key == raw_key
        {
            return known.column;
        }
        let column = self.columns.iter().position(|column| key_is(raw_key, column));
        let known = Known { raw_key, column };
        match self.shape.get_mut(position) {
            Some(place) => *place = known,
            None => self.shape.push(known),
        }
        column
    }

    fn cell(&mut self, peek: Peek) -> Result<Cell<'j>, Fault> {
        Ok(match peek {
            Peek::Null => {
                self.reader.known_null()?;
                Cell::Null
            }
            Peek::True | Peek::False => Cell::Bool(self.reader.known_bool(peek)?),
            Peek::String => Cell::Text(parse::text(&mut self.reader, self.text)?),
            Peek::Array | Peek::Object => {
                let start = self.reader.current_index();
                self.reader.known_skip(peek)?;
                Cell::Json(compact(self.text.get(start..self.reader.current_index()).unwrap_or_default()))
            }
            number => {
                let start = self.reader.current_index();
                self.reader.known_number_bytes(number)?;
                number_cell(self.text.get(start..self.reader.current_index()).unwrap_or_default())
            }
        })
    }

    fn first_key(&mut self) -> Result<Option<&'j str>, JiterError> {
        let key = self.reader.next_object_bytes()?.map(span);
        Ok(key.map(|key| self.slice(key)))
    }

    fn next_key(&mut self) -> Result<Option<&'j str>, JiterError> {
        let key = self.reader.next_key_bytes()?.map(span);
        Ok(key.map(|key| self.slice(key)))
    }

    /// The same stretch of the text, borrowed for as long as the text lives.
    fn slice(&self, (address, length): (usize, usize)) -> &'j str {
        let start = address.wrapping_sub(self.text.as_ptr().addr());
        self.text.get(start..start.saturating_add(length)).unwrap_or_default()
    }

    fn no_key(&self, wanted: &str, at: usize, start: usize) -> Fault {
        let mut keys = Vec::new();
        let mut reader = Jiter::new(self.text.as_bytes().get(start..).unwrap_or_default()).with_allow_inf_nan();
        let mut next = reader.next_object().ok().flatten().map(str::to_owned);
        while let Some(key) = next {
            keys.push(key);
            next = reader.next_skip().ok().and_then(|()| reader.next_key().ok().flatten().map(str::to_owned));
        }
        let there = if keys.is_empty() { "it is empty".to_owned() } else { format!("the keys there are: {}", shortened(&keys)) };
        self.nowhere(at, &format!("has no key `{wanted}`; {there}"))
    }

    fn nowhere(&self, at: usize, what: &str) -> Fault {
        let mut place = String::new();
        for (index, step) in self.path.iter().take(at).enumerate() {
            match step {
                Step::Key(key) if place.is_empty() => place.push_str(key),
                Step::Key(key) => place.push_str(&format!(".{key}")),
                Step::Index(index) => place.push_str(&format!("[{index}]")),
                Step::Each => place.push_str(&format!("[{}]", self.members.get(index).copied().unwrap_or(0))),
            }
        }
        let place = if place.is_empty() { "the reply's root".to_owned() } else { format!("`{place}` in the reply") };
        Fault::Run(RunError::new(ErrorKind::Reply, format!("{place} {what}")))
    }
}

fn span(bytes: &[u8]) -> (usize, usize) {
    (bytes.as_ptr().addr(), bytes.len())
}

fn kind(peek: Peek) -> &'static str {
    match peek {
        Peek::Null => "null",
        Peek::True | Peek::False => "a boolean",
        Peek::String => "text",
        Peek::Array => "a list",
        Peek::Object => "a map",
        _ => "a number",
    }
}

/// At most twenty names, and how many more there are.
pub(crate) fn shortened<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(20).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(20);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn key_is(raw: &str, wanted: &str) -> bool {
    if raw == wanted {
        return true;
    }
    raw.contains('\\') && unescaped(raw).is_some_and(|key| key == wanted)
}

fn unescaped(raw: &str) -> Option<String> {
    Jiter::new(format!("\"{raw}\"").as_bytes()).next_str().ok().map(str::to_owned)
}

fn number_cell(text: &str) -> Cell<'_> {
    if is_integer(text)
        && let Ok(int) = text.parse()
    {
        return Cell::Int(int);
    }
    if text.bytes().any(|b| b.is_ascii_digit()) { Cell::Number(Cow::Borrowed(text)) } else { Cell::Float(text.parse().unwrap_or(f64::NAN)) }
}

/// JSON text without the white space between its tokens.
fn compact(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut in_text, mut escaped) = (false, false);
    let mut kept_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
        } else if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            out.push_str(text.get(kept_from..index).unwrap_or_default());
            kept_from = index + 1;
        } else if byte == b'"' {
            in_text = true;
        }
    }
    out.push_str(text.get(kept_from..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, path: &[Step<'_>], columns: &[&str]) -> Result<Vec<String>, RunError> {
        let mut found = Vec::new();
        rows(body.as_bytes(), path, columns, &mut |cells| {
            found.push(cells.iter().map(|c| format!("{c:?}")).collect::<Vec<_>>().join(" "));
            Ok(())
        })?;
        Ok(found)
    }

    const DATA: [Step<'_>; 1] = [Step::Key("data")];

    #[test]
    fn rows_under_a_key_in_any_order_of_keys() {
        let body = r#"{"meta": {"n": [1]}, "data": [{"id": 1, "x": {"deep": [1, 2]}, "name": "A"}, {"name": "B\n", "id": 12345678901234567890}, {"id": 10.20, "id": 2}], "z": 1}"#;
        assert_eq!(
            read(body, &DATA, &["id", "name"]).unwrap(),
            ["Int(1) Text(\"A\")", "Number(\"12345678901234567890\") Text(\"B\\n\")", "Int(2) Null"]
        );
    }

    #[test]
    fn nested_values_are_compact_json() {
        let body = r#"[{"a": [1, {"b c": " \" x"}], "d": 1.50, "e": true, "f\u0041": null, "g\"": 1}]"#;
        assert_eq!(
            read(body, &[], &["a", "d", "e", "fA", "g\""]).unwrap(),
            [r#"Json("[1,{\"b c\":\" \\\" x\"}]") Number("1.50") Bool(true) Null Int(1)"#]
        );
    }

    #[test]
    fn one_map_is_one_row_and_null_is_none() {
        assert_eq!(read(r#"{"data": {"id": 1}}"#, &DATA, &["id"]).unwrap(), ["Int(1)"]);
        assert_eq!(read(r#"{"data": [null, {"id": 1}]}"#, &DATA, &["id"]).unwrap(), ["Int(1)"]);
        assert!(read(r#"{"data": null}"#, &DATA, &["id"]).unwrap().is_empty());
        assert!(read(r#"{"data": null}"#, &[Step::Key("data"), Step::Each], &["id"]).unwrap().is_empty());
    }

    #[test]
    fn members_of_members() {
        let body = r#"{"orders": [{"lines": [{"id": 1}, {"id": 2}]}, {"lines": []}, {"lines": [{"id": 3}]}]}"#;
        let path = [Step::Key("orders"), Step::Each, Step::Key("lines")];
        assert_eq!(read(body, &path, &["id"]).unwrap(), ["Int(1)", "Int(2)", "Int(3)"]);
        let path = [Step::Key("orders"), Step::Index(2), Step::Key("lines"), Step::Each];
        assert_eq!(read(body, &path, &["id"]).unwrap(), ["Int(3)"]);
    }

    #[test]
    fn a_path_that_leads_nowhere_says_what_is_there() {
        let message = |body: &str, path: &[Step<'_>]| read(body, path, &["id"]).unwrap_err().message.clone();
        assert_eq!(message(r#"{"items": [], "next": null}"#, &DATA), "the reply's root has no key `data`; the keys there are: items, next");
        assert_eq!(
            message(r#"{"data": [{"x": []}, {"y": 1}]}"#, &[Step::Key("data"), Step::Each, Step::Key("x")]),
            "`data[1]` in the reply has no key `x`; the keys there are: y"
        );
        assert_eq!(message(r#"{"data": [1]}"#, &DATA), "`data` in the reply has member 0, which is a number; rows are maps");
        assert_eq!(message(r"[]", &DATA), "the reply's root is a list, which has no key `data`");
        assert!(message(r#"{"data": [{"id": 1}], "more"#, &DATA).starts_with("the reply is not JSON: "));
    }
}
