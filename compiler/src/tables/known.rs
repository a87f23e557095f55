//! The columns of a table, from all that write it.

use std::collections::BTreeMap;

use std::rc::Rc;

use sqlparser::ast::{ObjectName, ObjectNamePart};

use super::{Catalog, Given, How, Key};
use crate::diagnostic::Span;
use crate::sql::columns::{Class, Column, Columns, Keys, kept};
use crate::sql::outline::Outline;
use crate::sql::scope::{self, Looked, Tables};

impl<'p> Catalog<'p> {
    /// The columns of a table. Not closed where anything about it is not known.
    #[must_use]
    pub fn columns(&self, key: &Key) -> Columns {
        // Of a table that is made from itself, nothing is known while that is found out.
        if let Some(done) = self.done.borrow().get(key) {
            return done.clone().unwrap_or_default();
        }
        self.done.borrow_mut().insert(key.clone(), None);
        self.gathering.set(self.gathering.get() + 1);
        let columns = self.gather(key);
        self.gathering.set(self.gathering.get() - 1);
        self.done.borrow_mut().insert(key.clone(), Some(columns.clone()));
        columns
    }

    fn gather(&self, key: &Key) -> Columns {
        let Some(table) = self.tables.get(key) else { return Columns::default() };
        let creates = table.writers.iter().any(|w| matches!(w.how, How::Create | How::CreateIfMissing));
        let mut all = Columns { closed: creates && !self.is_hidden(key), ..Columns::default() };
        let mut keys: Option<Option<Keys>> = None;
        for writer in &table.writers {
            // What a table keeps unique is known where all that create it say the same.
            match (&writer.given, writer.how) {
                (Given::Keys, _) => keys = Some(None),
                (_, How::Append | How::Change) => {}
                (Given::Listed(columns), _) => {
                    keys = Some(columns.keys.clone().filter(|k| keys.as_ref().is_none_or(|had| had.as_ref() == Some(k))))
                }
                (Given::Query { .. }, _) => {
                    keys = Some(Some(Keys::default()).filter(|k| keys.as_ref().is_none_or(|had| had.as_ref() == Some(k))))
                }
                (Given::Unknown, _) => keys = Some(None),
            }
            let given = match &writer.given {
                Given::Listed(columns) => columns.clone(),
                Given::Query { source, outline } => self.of_rows(outline, source, key),
                Given::Keys => Columns { closed: true, ..Columns::default() },
                Given::Unknown => Columns::default(),
            };
            // Rows that are added change nothing about the table, so that theirs need not be known.
            all.closed &= given.closed || writer.how == How::Append;
            for column in given.list {
                match all.list.iter_mut().find(|c| c.name == column.name) {
                    Some(known) => known.class = known.class.or(column.class),
                    None if writer.how == How::Change => all.list.push(Column { required: false, ..column }),
                    None => all.list.push(column),
                }
            }
        }
        // One that is not known may give any column another type.
        if !all.closed {
            let vague = table.writers.iter().any(|w| w.how != How::Append && matches!(&w.given, Given::Listed(c) if !c.closed));
            if vague {
                all.list.iter_mut().for_each(|c| c.class = Class::Unknown);
            }
        }
        all.keys = keys.flatten();
        // Other steps may have made the table without the column, or changed it.
        let creators = table.writers.iter().filter(|w| matches!(w.how, How::Create | How::CreateIfMissing)).count();
        if all.keys.is_none() || creators > 1 {
            all.list.iter_mut().for_each(|c| c.required = false);
        }
        all
    }

    /// The columns that the rows of a query give a table.
    fn of_rows(&self, outline: &Outline, source: &str, key: &Key) -> Columns {
        let mut columns = self.look(outline, source).columns.clone();
        // Between databases, types are those that the rows ask for.
        if source != key.source {
            columns.list.iter_mut().for_each(|c| c.class = Class::Unknown);
        }
        columns
    }

    /// The key of a table that a statement names, and the name as the engine keeps it; `None` where a part is computed.
    #[must_use]
    pub fn key_in_sql(&self, name: &ObjectName, outline: &Outline, source: &str) -> Option<(Key, String)> {
        let parts: Option<Vec<String>> = name
            .0
            .iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(ident) if !outline.is_computed(ident) => Some(kept(ident, outline.dialect)),
                ObjectNamePart::Identifier(_) | ObjectNamePart::Function(_) => None,
            })
            .collect();
        match parts?.as_slice() {
            [name] => Some((self.key(source, None, name), name.clone())),
            [schema, name] => Some((self.key(source, Some(schema), name), name.clone())),
            _ => None,
        }
    }

    /// Looks at a statement of a source where some tables are known to be otherwise than all steps together say.
    #[must_use]
    pub fn look_now(&self, outline: &Outline, source: &str, now: &BTreeMap<Key, Columns>) -> Looked {
        scope::look(outline, &Now { all: InSource { catalog: self, source }, now })
    }

    /// A literal query of a snippet, with its source; `None` where that is no database.
    #[must_use]
    pub fn query(&self, source: Option<&str>, text: &str, at: &Span) -> Option<(Rc<Outline>, &'p str)> {
        let source = self.source(source)?;
        let dialect = self.dialect(source)?;
        let key = (std::sync::Arc::as_ptr(&at.file) as usize, at.start, at.end, dialect);
        if let Some(outline) = self.outlines.borrow().get(&key).filter(|outline| outline.is_of(text)) {
            return Some((Rc::clone(outline), source));
        }
        let outline = Rc::new(Outline::of_string(text, at, dialect));
        self.outlines.borrow_mut().insert(key, Rc::clone(&outline));
        Some((outline, source))
    }

    /// Looks at a statement of a source.
    #[must_use]
    pub fn look(&self, outline: &Outline, source: &str) -> Rc<Looked> {
        let look = || Rc::new(scope::look(outline, &InSource { catalog: self, source }));
        if self.gathering.get() > 0 {
            return look();
        }
        let (file, start, end) = outline.place();
        let key = (file, start, end, source.to_owned());
        if let Some(looked) = self.looked.borrow().get(&key) {
            return Rc::clone(looked);
        }
        let looked = look();
        self.looked.borrow_mut().insert(key, Rc::clone(&looked));
        looked
    }
}

struct InSource<'c, 'p> {
    catalog: &'c Catalog<'p>,
    source: &'c str,
}

struct Now<'n, 'c, 'p> {
    all: InSource<'c, 'p>,
    now: &'n BTreeMap<Key, Columns>,
}

impl Tables for Now<'_, '_, '_> {
    fn columns(&self, schema: Option<&str>, name: &str) -> Columns {
        let key = self.all.catalog.key(self.all.source, schema, name);
        self.now.get(&key).cloned().unwrap_or_else(|| self.all.catalog.columns(&key))
    }

    fn may_define(&self, function: &str) -> bool {
        self.all.may_define(function)
    }
}

impl Tables for InSource<'_, '_> {
    fn columns(&self, schema: Option<&str>, name: &str) -> Columns {
        self.catalog.columns(&self.catalog.key(self.source, schema, name))
    }

    fn may_define(&self, function: &str) -> bool {
        self.catalog.may_define(self.source, function)
    }
}
