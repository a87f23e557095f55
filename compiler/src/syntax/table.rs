//! References to tables and sources.

use super::{Reader, SourceRef, TableRef};
use crate::diagnostic::{Diagnostic, Span};
use crate::snippet::Place;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::fields::Fields;
use crate::syntax::scalars::named;
use crate::syntax::value;

/// The keys that make up a table's address.
#[derive(Debug)]
pub struct Keys {
    pub source: &'static str,
    pub database: &'static str,
    pub namespace: &'static str,
    pub table: &'static str,
}

impl Keys {
    pub const PLAIN: Self = Self { source: "source", database: "database", namespace: "namespace", table: "table" };
    pub const TARGET: Self =
        Self { source: "target_source", database: "target_database", namespace: "target_namespace", table: "target_table" };
}

/// The table that `keys` name; `None` where there is none, or a fault.
pub fn read(fields: &Fields<'_>, keys: &Keys, at: &Span, place: Place, reader: &mut Reader<'_>) -> Option<TableRef> {
    let source = source(fields, keys.source, at, &mut reader.faults)?;
    let database = value::text_of_key(fields, keys.database, place, &mut reader.faults);
    let namespace = value::text_of_key(fields, keys.namespace, place, &mut reader.faults);
    let name = name(fields, keys.table, place, reader)?;
    Some(TableRef { source, database, namespace, name })
}

/// The name of a table, which is not empty.
pub fn name(fields: &Fields<'_>, key: &str, place: Place, reader: &mut Reader<'_>) -> Option<Expression> {
    let name = value::text_of_key(fields, key, place, &mut reader.faults)?;
    if matches!(&name.kind, Kind::Text(text) if text.trim().is_empty()) {
        let fault = Diagnostic::error("S106", name.span, format!("'{key}' is empty"));
        reader.faults.push(fault.help("give the table a name"));
        return None;
    }
    Some(name)
}

/// A source by name, or the default one where the key is absent; `None` where the name is no name.
pub fn source(fields: &Fields<'_>, key: &str, at: &Span, faults: &mut Vec<Diagnostic>) -> Option<SourceRef> {
    if !fields.has(key) {
        return Some(SourceRef::Default(at.clone()));
    }
    fields.name(key, faults).map(|found| SourceRef::Named(named(found)))
}
