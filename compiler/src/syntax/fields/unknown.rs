//! Which key an entry of a mapping is, or which one was meant.

use super::{EXPRESSION, Field, instead, is_null, scalar};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::syntax::key::{Form, Key, Kind, Presence, Table};
use crate::yaml::{self, Entry, ScalarValue};

/// An entry that is no key as it stands.
pub(super) struct Wrong<'a> {
    pub(super) fault: Box<Diagnostic>,
    /// The key that was meant, or the one that it belongs to.
    pub(super) meant: Option<&'static str>,
    /// The entry as the key that was clearly meant.
    pub(super) read_as: Option<Field<'a>>,
}

/// Whether a key in another spelling is read as the one that was meant: where the rest cannot be checked without it, and its value is of that kind.
/// Other keys stay left out, for a project may have them as warnings.
pub(super) fn is_read_anyway(field: &Field<'_>) -> bool {
    let node = &field.entry.value;
    let list = matches!(node.kind, yaml::Kind::Sequence(_));
    let map = matches!(node.kind, yaml::Kind::Mapping(_));
    let text = scalar(node).is_some_and(|s| s.value != ScalarValue::Null);
    // One of several keys that each would do.
    let needed = field.key.presence == Presence::Required
        || matches!(field.key.name, "condition" | "query" | "table" | "items" | "index_as" | "expect" | "parser");
    match field.key.kind {
        _ if field.python => needed && text,
        Kind::Steps => list,
        Kind::Section(_) => map,
        Kind::Sections(_) | Kind::Branches => list || map,
        Kind::Text | Kind::Condition => needed && text,
        Kind::Any | Kind::Names => needed && !is_null(node),
        Kind::Assigns | Kind::Entries => needed && map,
        _ => false,
    }
}

/// The key an entry is, or a fault.
pub(super) fn known<'a>(entry: &'a Entry, tables: &[&'static Table]) -> Result<Field<'a>, Wrong<'a>> {
    let find = |name: &str| tables.iter().find_map(|t| t.key(name));
    let (found, python) = match find(&entry.key) {
        Some(key) => (Some(key), false),
        None => (entry.key.strip_suffix(EXPRESSION).and_then(find), true),
    };
    let what = tables.first().map_or("", |t| t.what);
    let Some(key) = found else { return Err(unknown(entry, tables)) };
    let fault = |code, message, help| {
        let fault = Box::new(Diagnostic::error(code, entry.key_span.clone(), message).help(help));
        Err(Wrong { fault, meant: Some(key.name), read_as: None })
    };
    if key.presence == Presence::Later {
        let message = format!("'{}' in {what} is not in this version yet", entry.key);
        return fault("S108", message, "take it out; leaving it would change what the flow does without a word".to_owned());
    }
    match (key.form, python) {
        (Form::Literal, true) => {
            let message = format!("'{}' in {what} cannot be computed in this version", key.name);
            fault("S108", message, format!("write '{}' with a literal value", key.name))
        }
        (Form::Python, false) => {
            let message = format!("'{}' in {what} is always Python", key.name);
            let spelt = format!("{}{EXPRESSION}", entry.key);
            let fault = Diagnostic::error("S103", entry.key_span.clone(), message).help(format!("write '{}{EXPRESSION}'", key.name));
            let fault = Box::new(instead(fault, &entry.key, &spelt));
            Err(Wrong { fault, meant: Some(key.name), read_as: Some(Field { key, entry, python: true }) })
        }
        (Form::Literal, false) | (Form::Dynamic, _) | (Form::Python, true) => Ok(Field { key, entry, python }),
    }
}

fn unknown<'a>(entry: &'a Entry, tables: &[&'static Table]) -> Wrong<'a> {
    let what = tables.first().map_or("", |t| t.what);
    let mut fault = Diagnostic::error("S103", entry.key_span.clone(), format!("unknown key '{}' in {what}", entry.key));
    fault.bearable = true;
    let (base, suffix) = match entry.key.strip_suffix(EXPRESSION) {
        Some(base) => (base, EXPRESSION),
        None => (entry.key.as_str(), ""),
    };
    let usable = || tables.iter().flat_map(|t| t.keys).filter(|k| k.presence != Presence::Later);
    // A few words are no id.
    let words = scalar(&entry.value).is_some_and(|s| s.text.contains(char::is_whitespace));
    if let Some(key) = usable().find(|k| k.mistaken.contains(&base) && !(words && k.name == "id")) {
        let meant = format!("{}{suffix}", key.name);
        let fault = instead(fault, &entry.key, &meant).help(format!("did you mean '{meant}'?"));
        return Wrong { fault: Box::new(fault), meant: Some(key.name), read_as: clearly(key, entry, suffix) };
    }
    if let Some(whole) = usable().find(|k| k.parts.contains(&base)) {
        let fault = Box::new(fault.help(format!("it is a part of '{}': {}", whole.name, whole.doc)));
        return Wrong { fault, meant: Some(whole.name), read_as: None };
    }
    let inside = usable().find_map(|k| match k.kind {
        Kind::Section(t) | Kind::Sections(t) => t.key(base).map(|_| k.name),
        _ => None,
    });
    if let Some(section) = inside {
        let fault = Box::new(fault.help(format!("'{}' belongs inside '{section}'", entry.key)));
        return Wrong { fault, meant: Some(section), read_as: None };
    }
    match did_you_mean(base, usable().flat_map(|k| std::iter::once(k.name).chain(k.aliases.iter().copied()))) {
        Some(near) => {
            let key = usable().find(|k| k.name == near || k.aliases.contains(&near));
            let near = format!("{near}{suffix}");
            let fault = Box::new(instead(fault, &entry.key, &near).help(format!("did you mean '{near}'?")));
            Wrong { fault, meant: key.map(|k| k.name), read_as: key.and_then(|key| clearly(key, entry, suffix)) }
        }
        None => {
            let list: Vec<&str> = usable().map(|k| k.name).collect();
            Wrong { fault: Box::new(fault.help(format!("known keys: {}", list.join(", ")))), meant: None, read_as: None }
        }
    }
}

/// The entry as a key that has this form.
fn clearly<'a>(key: &'static Key, entry: &'a Entry, suffix: &str) -> Option<Field<'a>> {
    let python = !suffix.is_empty();
    let fits = match key.form {
        Form::Literal => !python,
        Form::Dynamic => true,
        Form::Python => python,
    };
    fits.then_some(Field { key, entry, python })
}
