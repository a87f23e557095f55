//! Goes over all flows and notes what each step does to tables.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::ColumnType;
use sequor_plan_format::op::WriteMode;

use super::{By, Catalog, Given, How, Key, Table, Writer, class, declared, text};
use crate::compile::Parsed;
use crate::op::Op;
use crate::op::copy::Origin;
use crate::op::execute::Execute;
use crate::op::http_request::HttpRequest;
use crate::snippet::expression::{GivenTable, Kind};
use crate::sql::columns::{Class, Column, Columns, Keys};
use crate::sql::outline::Outline;
use crate::sql::schema::{Effect, What, effect};
use crate::syntax::{Flow, Step, TableRef};

impl<'p> Catalog<'p> {
    /// Gathers what is known.
    #[must_use]
    pub fn collect(parsed: &'p Parsed) -> Self {
        let mut catalog = Self {
            parsed,
            tables: BTreeMap::new(),
            open: BTreeSet::new(),
            hidden: Vec::new(),
            patterns: Vec::new(),
            unreadable: parsed.all_flows().any(|f| f.unreadable),
            near: std::cell::OnceCell::new(),
            done: RefCell::new(BTreeMap::new()),
            gathering: std::cell::Cell::new(0),
            looked: RefCell::default(),
            outlines: RefCell::default(),
        };
        for flow in parsed.all_flows() {
            if !flow.suspected_text.is_empty() {
                catalog.hidden.push((None, flow.suspected_text.clone()));
            }
            catalog.block(&flow.steps, flow);
        }
        catalog
    }

    /// The depth of steps is bounded by the YAML reader.
    fn block(&mut self, steps: &'p [Step], flow: &'p Flow) {
        for step in steps {
            match &step.op {
                Op::HttpRequest(op) => {
                    for table in &op.response.tables {
                        let given = table.columns.as_ref().map_or(Given::Unknown, |list| Given::Listed(declared(list)));
                        self.write(&table.table, table.write_mode, given, flow);
                    }
                    self.parser(op, flow);
                }
                Op::Transform(op) => {
                    let outline = flow.sql.get(&op.query.span.start);
                    let given = match (outline, self.source(op.source.name())) {
                        (Some(outline), Some(source)) => Given::Query { source, outline },
                        _ => Given::Unknown,
                    };
                    self.write(&op.target, op.write_mode, given, flow);
                }
                Op::Copy(op) => {
                    let given = match (&op.columns, &op.from) {
                        (Some(list), _) => Given::Listed(declared(list)),
                        (None, Origin::Query { source, sql }) => match (flow.sql.get(&sql.span.start), self.source(source.name())) {
                            (Some(outline), Some(source)) => Given::Query { source, outline },
                            _ => Given::Unknown,
                        },
                        (None, Origin::Table(_)) => Given::Unknown,
                    };
                    self.write(&op.target, op.write_mode, given, flow);
                }
                Op::Execute(op) => self.execute(op, flow),
                Op::SetVariable(_)
                | Op::Print(_)
                | Op::Fail(_)
                | Op::IfElse(_)
                | Op::WhileLoop(_)
                | Op::ForEach(_)
                | Op::TryCatch(_)
                | Op::Parallel(_)
                | Op::Block(_)
                | Op::RunFlow(_)
                | Op::Sleep(_)
                | Op::Assert(_)
                | Op::Leave(_) => {}
            }
            for inner in step.op.blocks() {
                self.block(inner, flow);
            }
        }
    }

    fn write(&mut self, table: &TableRef, mode: WriteMode, given: Given<'p>, flow: &'p Flow) {
        let how = match mode {
            WriteMode::Create => How::Create,
            WriteMode::Append => How::Append,
        };
        let Some(source) = self.source(table.source.name()) else { return };
        match (self.key_of(table), text(&table.name)) {
            (Some(key), Some(name)) => {
                let writer = Writer { how, at: table.name.span.clone(), flow: &flow.name, given, by: By::Op };
                self.add(key, name, writer);
            }
            // The database or schema is computed.
            (None, Some(name)) => self.hidden.push((Some(source.to_owned()), name.to_lowercase())),
            (_, None) => {
                let (before, behind) = ends(&table.name.kind);
                self.patterns.push((source.to_owned(), before, behind));
            }
        }
    }

    fn add(&mut self, key: Key, name: &str, writer: Writer<'p>) {
        let table = self.tables.entry(key).or_insert_with(|| Table { name: name.to_owned(), writers: Vec::new() });
        table.writers.push(writer);
    }

    /// Tables that a parser describes itself.
    fn parser(&mut self, op: &'p HttpRequest, flow: &'p Flow) {
        let Some(parser) = &op.response.parser else { return };
        let uses = parser.expression.uses();
        for table in &uses.tables {
            self.given_table(table, flow);
        }
        // Others may be described in ways that reading the text does not show.
        let code = match &parser.expression.kind {
            Kind::Python { code, .. } => code.text.as_str(),
            _ => "",
        };
        if op.response.tables.is_empty()
            && code.contains("tables")
            && code.matches("table\"").count() + code.matches("table'").count() > uses.tables.len()
        {
            for source in self.databases() {
                self.open.insert(source);
            }
        }
    }

    fn databases(&self) -> Vec<String> {
        self.parsed.index.kinds.iter().filter(|(_, k)| k.is_some_and(crate::source::Kind::is_database)).map(|(n, _)| n.clone()).collect()
    }

    fn given_table(&mut self, table: &GivenTable, flow: &'p Flow) {
        let sources = match &table.source {
            Some(source) => self.source(Some(source)).map(str::to_owned).into_iter().collect(),
            None => self.databases(),
        };
        for source in sources {
            let columns = table.columns.as_ref().map(|list| {
                let class = |kind: &str| kind.parse::<ColumnType>().map_or(Class::Unknown, class);
                let column = |(name, kind): &(crate::snippet::expression::Named, String)| {
                    Column::new(name.name.clone(), class(kind), Some(name.span.clone()))
                };
                Columns { list: list.iter().map(column).collect(), closed: true, keys: Some(Keys::default()) }
            });
            let given = columns.map_or(Given::Unknown, Given::Listed);
            let key = self.key(&source, None, &table.name.name);
            let writer = Writer {
                how: if table.appends { How::Append } else { How::Create },
                at: table.name.span.clone(),
                flow: &flow.name,
                given,
                by: By::Parser,
            };
            self.add(key, &table.name.name, writer);
        }
    }

    fn execute(&mut self, op: &'p Execute, flow: &'p Flow) {
        let Some(source) = self.source(op.source.name()) else { return };
        for statement in &op.statements {
            match flow.sql.get(&statement.span.start) {
                Some(outline) => self.statement(outline, source, flow),
                None => {
                    self.open.insert(source.to_owned());
                }
            }
        }
    }

    fn statement(&mut self, outline: &'p Outline, source: &'p str, flow: &'p Flow) {
        let changes = match effect(outline) {
            Effect::Changes(changes) => changes,
            Effect::Hidden => {
                self.hidden.push((Some(source.to_owned()), outline.text.to_lowercase()));
                return;
            }
            Effect::Anything => {
                self.open.insert(source.to_owned());
                return;
            }
        };
        for change in changes {
            let create = |if_missing| if if_missing { How::CreateIfMissing } else { How::Create };
            let (how, given) = match change.what {
                What::Create { columns, if_missing } => (create(if_missing), Given::Listed(columns)),
                What::CreateAs { if_missing } => (create(if_missing), Given::Query { source, outline }),
                What::Add(columns) => (How::Change, Given::Listed(columns)),
                What::Keys => (How::Change, Given::Keys),
            };
            let key = self.key(source, change.schema.as_deref(), &change.name);
            let writer = Writer { how, at: change.at, flow: &flow.name, given, by: By::Sql };
            self.add(key, &change.name, writer);
        }
    }
}

/// What is literal at the ends of a computed name.
fn ends(kind: &Kind) -> (String, String) {
    let Kind::Concat(parts) = kind else { return (String::new(), String::new()) };
    let end = |part: Option<&crate::snippet::expression::Expression>| part.and_then(text).unwrap_or("").to_lowercase();
    (end(parts.first()), end(parts.last()))
}
