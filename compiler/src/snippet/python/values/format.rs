//! Text that values are put into: `'%s of %s' % (a, b)` and `'{} {}'.format(a, b)` have as many places as values.

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::{Expr, ExprCall};

use super::super::literal;
use super::{Detail, Look, Value};
use crate::kinds::Kinds;
use crate::snippet::python::embedded::BLANK;

impl<'a> Look<'a> {
    /// `text % values`, with what the values are.
    pub(super) fn percent(&mut self, left: &'a Expr, right: &'a Expr, value: &Value, at: TextRange) {
        let Some(text) = literal(left).filter(|t| !t.contains(BLANK)) else { return };
        let Some(places) = places_of_percent(text) else { return };
        let given = match &value.detail {
            Detail::Items(items) if value.kinds == Kinds::TUPLE => items.len(),
            _ if value.kinds.within(Kinds::DATA) => 1,
            _ => return,
        };
        if places.len() != given {
            let (many, few) = (places.len(), given);
            let message = format!("{many} places in this text, and {few} {}", if few == 1 { "value" } else { "values" });
            self.fault("P619", at, message, "give as many values as there are places, in parentheses: `% (a, b)`");
            return;
        }
        let values: Vec<Value> = match &value.detail {
            Detail::Items(items) if value.kinds == Kinds::TUPLE => items.to_vec(),
            _ => vec![value.clone()],
        };
        for (place, value) in places.iter().zip(values) {
            if "dixXofFeEgG".contains(*place) && value.kinds.within(Kinds::TEXT.or(Kinds::NULL).or(Kinds::LIST).or(Kinds::MAP)) {
                let message = format!("`%{place}` takes a number, and this is {}", value.kinds);
                self.fault("P619", right.range(), message, "write `%s`, or make a number of it: `int(…)`");
            }
        }
    }

    /// `text.format(values)`
    pub(super) fn formatted(&mut self, text: &str, call: &ExprCall) {
        let arguments = &call.arguments;
        if arguments.args.iter().any(|a| matches!(a, Expr::Starred(_))) || arguments.keywords.iter().any(|k| k.arg.is_none()) {
            return;
        }
        let Some(fields) = fields_of_format(text) else { return };
        let mut counted = 0;
        for field in fields {
            let name = field.split(['.', '[', ':', '!']).next().unwrap_or("");
            let position = if name.is_empty() {
                counted += 1;
                Some(counted - 1)
            } else {
                name.parse::<usize>().ok()
            };
            match position {
                Some(n) if n >= arguments.args.len() => {
                    let given = arguments.args.len();
                    let values = if given == 1 { "value" } else { "values" };
                    let message = format!("more places in this text than the {given} {values} given");
                    self.fault("P619", call.range, message, "give a value for each `{}`; a brace as text is written twice: `{{`");
                    return;
                }
                None if !arguments.keywords.iter().any(|k| k.arg.as_ref().is_some_and(|a| a.as_str() == name)) => {
                    self.fault("P619", call.range, format!("nothing gives a value for `{{{name}}}`"), format!("write `.format({name}=…)`"));
                    return;
                }
                _ => {}
            }
        }
    }
}

/// The kinds of places in a text for `%`; `None` where they are named or not plain.
fn places_of_percent(text: &str) -> Option<Vec<char>> {
    let mut places = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        loop {
            match rest.next()? {
                '%' => break,
                '(' | '*' => return None,
                c if c.is_ascii_digit() || "+-# .lhL".contains(c) => {}
                c if c.is_ascii_alphabetic() => {
                    places.push(c);
                    break;
                }
                _ => return None,
            }
        }
    }
    Some(places)
}

/// What stands in the braces of a text for `format`; `None` where that is not plain.
fn fields_of_format(text: &str) -> Option<Vec<&str>> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let behind = rest.get(at + 1..)?;
        if rest.get(at..=at)? == "}" || behind.starts_with('{') {
            // `{{` and `}}`
            rest = behind.get(1..)?;
            continue;
        }
        let end = behind.find('}')?;
        let field = behind.get(..end)?;
        if field.contains('{') {
            return None;
        }
        fields.push(field);
        rest = behind.get(end + 1..)?;
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn places_are_counted() {
        assert_eq!(places_of_percent("%s of %05.2f, 100%%").unwrap(), ['s', 'f']);
        assert_eq!(places_of_percent("%(name)s"), None);
        assert_eq!(fields_of_format("{} {{x}} {name!r:>10}").unwrap(), ["", "name!r:>10"]);
    }
}
