//! Reads a mapping by its key table: finds unknown, doubled and missing keys, and hands out the rest by name.

mod unknown;

use crate::diagnostic::{Diagnostic, Fix, Span, did_you_mean};
use crate::syntax::key::{Key, Kind, Presence, Table};
use crate::yaml::{self, Entry, Node, Scalar, ScalarValue};
use unknown::{Wrong, is_read_anyway, known};

/// The suffix of a key whose value is Python.
pub const EXPRESSION: &str = "_expression";

/// One key that is there.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub key: &'static Key,
    pub entry: &'a Entry,
    /// Written `KEY_expression`.
    pub python: bool,
}

/// The keys of one mapping that are there and known.
#[derive(Debug)]
pub struct Fields<'a> {
    /// The mapping.
    pub span: &'a Span,
    fields: Vec<Field<'a>>,
    /// Keys that are there in another spelling: that is fault enough.
    misspelt: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Reads `node` by `tables`: a key is looked up in the first table that has it. `at` is where a missing key is reported.
    pub fn read(node: &'a Node, at: &Span, tables: &[&'static Table], faults: &mut Vec<Diagnostic>) -> Option<Self> {
        let what = tables.first().map_or("", |t| t.what);
        let yaml::Kind::Mapping(entries) = &node.kind else {
            faults.push(wrong_kind(node, what, "a mapping of keys to values"));
            return None;
        };
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut misspelt: Vec<&'static str> = Vec::new();
        for entry in entries {
            let field = match known(entry, tables) {
                Ok(field) => field,
                Err(Wrong { mut fault, meant, read_as }) => {
                    let needed = |m: &str| tables.iter().filter_map(|t| t.key(m)).any(|k| k.presence == Presence::Required);
                    fault.bearable &= !meant.is_some_and(needed);
                    let is_there = |m: &&str| entries.iter().any(|e| known(e, tables).is_ok_and(|f| f.key.name == *m));
                    let is_taken = meant.is_none_or(|m| misspelt.contains(&m) || is_there(&m));
                    if let Some(field) = read_as.filter(|f| !is_taken && is_read_anyway(f)) {
                        // What it holds is part of the flow, so that there is none without it.
                        fault.bearable = false;
                        fields.push(field);
                    }
                    if let Some(meant) = meant.filter(is_there).filter(|_| fault.fix.take().is_some()) {
                        // Renamed, the key would be there twice.
                        let others: Vec<&str> = tables.iter().flat_map(|t| t.keys).map(|k| k.name).filter(|k| *k != meant).collect();
                        if did_you_mean(&entry.key, [meant]).is_none() {
                            fault.help = Some(format!("'{meant}' is there already; other keys: {}", others.join(", ")));
                        }
                    }
                    faults.push(*fault);
                    misspelt.extend(meant);
                    continue;
                }
            };
            match fields.iter().find(|f| f.key.name == field.key.name) {
                Some(first) => faults.push(doubled(first, &field)),
                None => fields.push(field),
            }
        }
        let read = Self { span: &node.span, fields, misspelt };
        for table in tables {
            for key in
                table.keys.iter().filter(|k| k.presence == Presence::Required && !read.has(k.name) && !read.misspelt.contains(&k.name))
            {
                let written = read.get(key.name).map_or(at, |f| &f.entry.key_span);
                let state = if read.get(key.name).is_some() { "is empty" } else { "is missing" };
                faults.push(
                    Diagnostic::error(table.missing, written.clone(), format!("{} {state} in {what}", key.spellings()))
                        .help(format!("{}: {}", key.name, key.doc)),
                );
            }
        }
        Some(read)
    }

    /// The field of that name, empty or not.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|f| f.key.name == name)
    }

    /// The key is there in another spelling, which has been reported.
    #[must_use]
    pub fn is_misspelt(&self, name: &str) -> bool {
        self.misspelt.contains(&name)
    }

    /// The field of that name, unless it is empty (null).
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&Field<'a>> {
        self.get(name).filter(|f| !is_null(&f.entry.value))
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.filled(name).is_some()
    }

    /// The value of a key that is not Python and not empty.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.filled(name).filter(|f| !f.python).map(|f| &f.entry.value)
    }

    /// Where a key stands, if it is there.
    #[must_use]
    pub fn key_span(&self, name: &str) -> Option<Span> {
        self.get(name).map(|f| f.entry.key_span.clone())
    }

    /// The keys that are there, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter()
    }

    /// The literal text of a key: any scalar, as written.
    pub fn literal(&self, name: &str, faults: &mut Vec<Diagnostic>) -> Option<(&'a str, &'a Span)> {
        let node = self.node(name)?;
        let Some(scalar) = scalar(node) else {
            faults.push(wrong_kind(node, &format!("'{name}'"), "text"));
            return None;
        };
        Some((scalar.text.as_str(), &node.span))
    }

    /// A literal name: not empty, and no template.
    pub fn name(&self, name: &str, faults: &mut Vec<Diagnostic>) -> Option<(&'a str, &'a Span)> {
        let (text, span) = self.literal(name, faults)?;
        if text.contains("{{") || text.contains("{%") {
            faults.push(
                Diagnostic::error("S108", span.clone(), format!("'{name}' cannot be computed in this version"))
                    .help("write the name itself; parameters and variables can carry what differs"),
            );
            return None;
        }
        if text.trim().is_empty() {
            faults.push(Diagnostic::error("S106", span.clone(), format!("'{name}' is empty")).help(format!("give '{name}' a name")));
            return None;
        }
        Some((text, span))
    }

    pub fn bool(&self, name: &str, faults: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.node(name)?;
        if let Some(ScalarValue::Bool(value)) = scalar(node).map(|s| &s.value) {
            return Some(*value);
        }
        faults.push(wrong_kind(node, &format!("'{name}'"), "true or false"));
        None
    }

    pub fn integer(&self, name: &str, least: i64, faults: &mut Vec<Diagnostic>) -> Option<i64> {
        let node = self.node(name)?;
        if let Some(ScalarValue::Int(value)) = scalar(node).map(|s| &s.value)
            && *value >= least
        {
            return Some(*value);
        }
        faults.push(wrong_kind(node, &format!("'{name}'"), &format!("a whole number, at least {least}")));
        None
    }

    /// One of the key's choices, in any case. Choices that come later are told apart from wrong ones.
    pub fn choice(&self, name: &str, faults: &mut Vec<Diagnostic>) -> Option<&'static str> {
        let field = *self.filled(name)?;
        let Kind::Choice(choices) = field.key.kind else { return None };
        let (text, span) = self.literal(name, faults)?;
        if let Some(found) = choices.iter().find(|c| c.eq_ignore_ascii_case(text)) {
            if *found != text {
                let fault = Diagnostic::hint("S109", span.clone(), format!("'{text}' is usually written '{found}'"));
                faults.push(instead(fault, text, found).help(format!("write '{found}'")));
            }
            return Some(found);
        }
        faults.push(not_a_choice(name, text, span, choices, field.key.later_values));
        None
    }
}

/// Stands between a word and the key that does not know it, in every message that says so.
const UNKNOWN_WORD: &str = " is not a known ";

/// Whether the fault is a word that a key does not know.
pub(super) fn is_unknown_word(fault: &Diagnostic) -> bool {
    fault.code == "S107" && fault.message.contains(UNKNOWN_WORD)
}

/// The fault of a value that is none of the known ones.
pub fn not_a_choice(name: &str, text: &str, span: &Span, choices: &[&str], later: &[&str]) -> Diagnostic {
    let list = choices.join(", ");
    if later.iter().any(|l| l.eq_ignore_ascii_case(text)) {
        return Diagnostic::error("S108", span.clone(), format!("{name} '{text}' is not in this version yet"))
            .help(format!("this version has: {list}"));
    }
    let help = match did_you_mean(text, choices.iter().copied()) {
        Some(near) => format!("did you mean '{near}'? (one of: {list})"),
        None => format!("one of: {list}"),
    };
    let fault = Diagnostic::error("S107", span.clone(), format!("'{text}'{UNKNOWN_WORD}{name}")).help(help);
    match did_you_mean(text, choices.iter().copied()) {
        Some(near) => instead(fault, text, near),
        None => fault,
    }
}

/// The fault of a value of the wrong kind.
pub fn wrong_kind(node: &Node, what: &str, wanted: &str) -> Diagnostic {
    let is = match scalar(node) {
        // Short values are best named themselves.
        Some(s) if s.value != ScalarValue::Null && s.text.chars().count() <= 20 => format!("'{}'", s.text),
        _ => kind_name(node).to_owned(),
    };
    Diagnostic::error("S106", node.span.clone(), format!("{what} must be {wanted}, but is {is}"))
}

/// What a value is, for messages.
pub fn kind_name(node: &Node) -> &'static str {
    match &node.kind {
        yaml::Kind::Sequence(_) => "a list",
        yaml::Kind::Mapping(_) => "a mapping",
        yaml::Kind::Scalar(s) => match s.value {
            ScalarValue::Null => "empty",
            ScalarValue::Bool(_) => "true or false",
            ScalarValue::Int(_) | ScalarValue::Float(_) | ScalarValue::Number(_) => "a number",
            ScalarValue::Text => "text",
        },
    }
}

#[must_use]
pub fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.kind {
        yaml::Kind::Scalar(s) => Some(s),
        yaml::Kind::Sequence(_) | yaml::Kind::Mapping(_) => None,
    }
}

#[must_use]
pub fn is_null(node: &Node) -> bool {
    scalar(node).is_some_and(|s| s.value == ScalarValue::Null)
}

fn doubled(first: &Field<'_>, second: &Field<'_>) -> Diagnostic {
    Diagnostic::error(
        "S105",
        second.entry.key_span.clone(),
        format!("'{}' and '{}' say the same thing twice", first.entry.key, second.entry.key),
    )
    .also(first.entry.key_span.clone(), "the other one")
    .help("keep one of the two")
}

/// The fault with the fix that writes `meant` for `written`, where it stands in the file just so.
#[must_use]
pub fn instead(mut fault: Diagnostic, written: &str, meant: &str) -> Diagnostic {
    let span = fault.span.clone().filter(|s| s.file.text.get(s.start as usize..s.end as usize) == Some(written));
    fault.fix = span.map(|span| Fix { description: format!("write '{meant}'"), edits: vec![(span, meant.to_owned())] });
    fault
}
