//! Reading `http_request`: YAML fields to the typed op.

use sequor_plan_format::op::http_request::{BodyFormat, MAX_CONCURRENCY, Method, ReplyFormat};

use super::{
    FOR_EACH, ForEachRow, HttpRequest, INIT, Pairs, Parser, REQUEST, RESPONSE, Request, Response, ResponseTable, TABLE, TableData,
    json_body, path, repeat,
};
use crate::diagnostic::{Diagnostic, Span};
use crate::op::{Op, transform};
use crate::snippet::expression::{Expression, Named};
use crate::syntax::columns::{self, Columns, MODEL};
use crate::syntax::fields::{EXPRESSION, Fields, scalar, wrong_kind};
use crate::syntax::scalars::{duration, named, names, retry, statuses};
use crate::syntax::table::{self, Keys};
use crate::syntax::value::{self, Scalars, is_template};
use crate::syntax::{Assign, BEFORE_REPLY, IN_PARSER, IN_REPLY, Reader, assign, rows};
use crate::yaml::{self, Node};

pub(in crate::op) fn read(fields: &Fields<'_>, _at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    fields.choice("on_error", &mut reader.faults);
    let init = fields.filled("init").map(|f| init(&f.entry.value, &f.entry.key_span, reader));
    let for_each = fields.filled("for_each").map(|f| for_each(&f.entry.value, &f.entry.key_span, reader));
    let request = fields.filled("request").and_then(|f| request(&f.entry.value, &f.entry.key_span, fields, reader));
    let response = match fields.filled("response") {
        Some(f) => response(&f.entry.value, &f.entry.key_span, reader),
        None => Some(Response::empty()),
    };
    let source = request.as_ref().and_then(|r| r.source.as_ref());
    let verify = fields.has("verify").then(|| repeat::verify(fields, source, reader));
    let in_doubt = repeat::in_doubt(fields, reader);
    Some(Op::HttpRequest(Box::new(HttpRequest {
        init: init.unwrap_or_default(),
        for_each: match for_each {
            Some(read) => Some(read?),
            None => None,
        },
        request: request?,
        response: response?,
        verify: match verify {
            Some(read) => Some(read?),
            None => None,
        },
        in_doubt,
    })))
}

fn init(node: &Node, at: &Span, reader: &mut Reader<'_>) -> Vec<Assign> {
    let Some(fields) = Fields::read(node, at, &[&INIT], &mut reader.faults) else { return Vec::new() };
    fields.node("variables").map(|n| assign::read(n, "'variables'", BEFORE_REPLY, reader)).unwrap_or_default()
}

fn for_each(node: &Node, at: &Span, reader: &mut Reader<'_>) -> Option<ForEachRow> {
    let fields = Fields::read(node, at, &[&FOR_EACH], &mut reader.faults)?;
    let item = fields.name("as", &mut reader.faults).map(named);
    let key = fields.node("key").map(|n| names(n, "'key'", &mut reader.faults)).unwrap_or_default();
    let concurrency = concurrency(&fields, reader);
    let rows = rows::read(&fields, at, "'for_each'", reader)?;
    Some(ForEachRow { rows, item: item?, key, concurrency })
}

fn concurrency(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<(u32, Span)> {
    let field = fields.filled("concurrency")?;
    let items = fields.integer("concurrency", 1, &mut reader.faults)?;
    match u32::try_from(items).ok().filter(|items| *items <= MAX_CONCURRENCY) {
        Some(items) => Some((items, field.entry.key_span.clone())),
        None => {
            let help = "few servers take more than a dozen requests at once from one client";
            reader.faults.push(wrong_kind(&field.entry.value, "'concurrency'", "a whole number from 1 to 1000").help(help));
            None
        }
    }
}

pub(super) fn request(node: &Node, at: &Span, op: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Request> {
    let fields = Fields::read(node, at, &[&REQUEST], &mut reader.faults)?;
    let source = fields.has("source").then(|| table::source(&fields, "source", at, &mut reader.faults)).flatten();
    let method = method(&fields, reader);
    let parameters = pairs(&fields, "parameters", reader);
    let headers = pairs(&fields, "headers", reader);
    let body = body(&fields, &headers, reader);
    let faults = &mut reader.faults;
    let timeout_ms = duration(&fields, "timeout", faults).or_else(|| duration(op, "timeout", faults));
    let retry = [&fields, op].into_iter().find_map(|f| Some((retry(f, faults)?, f.get("retry")?.entry.key_span.clone())));
    let idempotent = [&fields, op].into_iter().find_map(|f| f.bool("idempotent", faults)).unwrap_or(false);
    let idempotent_at = [&fields, op].into_iter().find_map(|f| Some(f.get("idempotent")?.entry.key_span.clone()));
    let key = repeat::key(&fields, reader);
    let faults = &mut reader.faults;
    let url = value::text_of_key(&fields, "url", BEFORE_REPLY, faults)?;
    Some(Request { source, url, method, parameters, headers, body, timeout_ms, retry, idempotent, idempotent_at, key })
}

fn method(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Method {
    if fields.has("method") && fields.literal("method", &mut Vec::new()).is_some_and(|(t, _)| is_template(t)) {
        // Reported as something that cannot be computed.
        fields.name("method", &mut reader.faults);
        return Method::Get;
    }
    match fields.choice("method", &mut reader.faults) {
        Some("POST") => Method::Post,
        Some("PUT") => Method::Put,
        Some("PATCH") => Method::Patch,
        Some("DELETE") => Method::Delete,
        Some("HEAD") => Method::Head,
        Some("OPTIONS") => Method::Options,
        // A wrong one is reported; whatever was meant, nothing more is to be said about its body or its repetition.
        None if fields.has("method") => Method::Put,
        _ => Method::Get,
    }
}

/// Parameters or headers: name → value, or one expression for all of them.
fn pairs(fields: &Fields<'_>, key: &str, reader: &mut Reader<'_>) -> Pairs {
    let Some(field) = fields.filled(key) else { return Pairs::Listed(Vec::new()) };
    let node = &field.entry.value;
    if field.python {
        return Pairs::Computed(value::python(node, BEFORE_REPLY, &mut reader.faults));
    }
    match &node.kind {
        yaml::Kind::Scalar(s) if is_template(&s.text) => Pairs::Computed(value::template(s, &node.span, BEFORE_REPLY, &mut reader.faults)),
        yaml::Kind::Mapping(entries) if entries.iter().any(|e| is_template(&e.key)) => {
            Pairs::Computed(value::of_node(node, Scalars::Written, BEFORE_REPLY, &mut reader.faults))
        }
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) | yaml::Kind::Mapping(_) => Pairs::Listed(
            value::entries(node, &format!("'{key}'"), Scalars::Written, BEFORE_REPLY, &mut reader.faults)
                .into_iter()
                .map(|(name, entry, value)| (Named { name: name.to_owned(), span: entry.key_span.clone() }, value))
                .collect(),
        ),
    }
}

fn body(fields: &Fields<'_>, headers: &Pairs, reader: &mut Reader<'_>) -> Option<(BodyFormat, Expression)> {
    let format = match fields.choice("body_format", &mut reader.faults) {
        Some("json") => BodyFormat::Json,
        Some("form_urlencoded" | "form") => BodyFormat::Form,
        Some("text") => BodyFormat::Text,
        _ => BodyFormat::Auto,
    };
    let scalars = match format {
        BodyFormat::Auto | BodyFormat::Json => Scalars::Data,
        BodyFormat::Form | BodyFormat::Text => Scalars::Written,
    };
    let before = reader.faults.len();
    let value = value::of_key(fields, "body", scalars, BEFORE_REPLY, &mut reader.faults)?;
    let is_sound = reader.faults[before..].is_empty();
    if let Some((node, text)) = fields.node("body").and_then(|node| Some((node, scalar(node)?))).filter(|_| is_sound) {
        reader.faults.extend(json_body::check(text, &node.span, format, content_type(headers)));
    }
    Some((format, value))
}

/// A header of the request itself; empty where it is computed.
fn content_type(headers: &Pairs) -> Option<&str> {
    match headers {
        Pairs::Listed(pairs) => {
            let (_, value) = pairs.iter().find(|(name, _)| name.name.eq_ignore_ascii_case("content-type"))?;
            Some(crate::tables::text(value).unwrap_or_default())
        }
        Pairs::Computed(_) => Some(""),
    }
}

impl Response {
    fn empty() -> Self {
        Self {
            success: None,
            success_at: None,
            format: ReplyFormat::Auto,
            tables: Vec::new(),
            parser: None,
            variables: Vec::new(),
            repeat: None,
        }
    }
}

fn response(node: &Node, at: &Span, reader: &mut Reader<'_>) -> Option<Response> {
    let fields = Fields::read(node, at, &[&RESPONSE], &mut reader.faults)?;
    let success = fields.node("success_status").map(|n| statuses(n, "'success_status'", None, &mut reader.faults));
    let success_at = fields.node("success_status").map(|n| n.span.clone());
    let format = match fields.choice("format", &mut reader.faults) {
        Some("json") => ReplyFormat::Json,
        Some("jsonl") => ReplyFormat::JsonLines,
        Some("csv") => ReplyFormat::Csv,
        Some("text") => ReplyFormat::Text,
        _ => ReplyFormat::Auto,
    };
    let parser = fields.filled("parser").map(|f| Parser {
        reads_status: reads_status(&f.entry.value),
        expression: value::python(&f.entry.value, IN_PARSER, &mut reader.faults),
    });
    let tables = fields.node("tables").map(|n| tables(n, parser.is_some(), reader)).unwrap_or_default();
    let variables = fields.node("variables").map(|n| assign::read(n, "'variables'", IN_REPLY, reader)).unwrap_or_default();
    let repeat = value::condition(&fields, "while", IN_REPLY, &mut reader.faults);
    if let Some(misplaced) = variables.iter().find(|v| v.name.name == "while").filter(|_| repeat.is_none()) {
        let fault = Diagnostic::warning(
            "P611",
            misplaced.name.span.clone(),
            "'while' among the variables is a variable, and asks for no other page",
        );
        reader.faults.push(fault.help("write it beside 'variables', in 'response'"));
    }
    Some(Response { success, success_at, format, tables, parser, variables, repeat })
}

/// The parser's code, comments left out, names the status.
fn reads_status(node: &Node) -> bool {
    scalar(node).is_some_and(|s| s.text.lines().filter_map(|l| l.split('#').next()).any(|l| l.contains("status_code")))
}

fn tables(node: &Node, has_parser: bool, reader: &mut Reader<'_>) -> Vec<ResponseTable> {
    let one = std::slice::from_ref(node);
    let nodes = match &node.kind {
        yaml::Kind::Sequence(items) => items.as_slice(),
        yaml::Kind::Mapping(entries) if entries.iter().any(|e| !matches!(e.value.kind, yaml::Kind::Mapping(_)) || is_table_key(&e.key)) => {
            one
        }
        yaml::Kind::Mapping(_) => {
            let fault = wrong_kind(node, "'tables'", "a list of tables");
            reader.faults.push(fault.help("write each table as an item: `- {source: …, table: …}`"));
            return Vec::new();
        }
        yaml::Kind::Scalar(_) => {
            reader.faults.push(wrong_kind(node, "'tables'", "a list of tables"));
            return Vec::new();
        }
    };
    nodes.iter().filter_map(|n| table(n, has_parser, reader)).collect()
}

fn is_table_key(name: &str) -> bool {
    TABLE.key(name.strip_suffix(EXPRESSION).unwrap_or(name)).is_some()
}

fn table(node: &Node, has_parser: bool, reader: &mut Reader<'_>) -> Option<ResponseTable> {
    let at = match &node.kind {
        yaml::Kind::Mapping(entries) => entries.first().map_or(&node.span, |e| &e.key_span),
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => &node.span,
    };
    let fields = Fields::read(node, at, &[&TABLE], &mut reader.faults)?;
    let write_mode = transform::write_mode(&fields, reader);
    let columns = columns(&fields, reader);
    let data = data(&fields, has_parser, reader);
    let table = table::read(&fields, &Keys::PLAIN, at, IN_REPLY, reader)?;
    Some(ResponseTable { table, columns: columns?, write_mode, write_mode_at: fields.key_span("write_mode"), data: data? })
}

/// `columns` or `model: {columns: …}`.
fn columns(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Columns> {
    let field = match (fields.filled("columns"), fields.filled("model")) {
        (None, None) => return Some(None),
        (Some(columns), Some(model)) => {
            reader.faults.push(value::twice(columns.entry, model.entry));
            return None;
        }
        (Some(columns), None) => columns,
        (None, Some(model)) => {
            let fault = Diagnostic::hint("S115", model.entry.key_span.clone(), "'model' is the older way to write the columns of a table");
            reader.faults.push(fault.help("write what is under 'columns' of the model as the table's own 'columns'"));
            let model = Fields::read(&model.entry.value, &model.entry.key_span, &[&MODEL], &mut reader.faults)?;
            return columns::read(model.node("columns")?, &mut reader.faults);
        }
    };
    columns::read(&field.entry.value, &mut reader.faults)
}

/// Where the rows are: by `data_path`, `data`, `data_expression` or the parser; without any of them they are the whole reply.
fn data(fields: &Fields<'_>, has_parser: bool, reader: &mut Reader<'_>) -> Option<TableData> {
    match (fields.filled("data_path"), fields.filled("data")) {
        (Some(path), Some(data)) => {
            reader.faults.push(value::twice(path.entry, data.entry));
            None
        }
        (Some(path), None) if scalar(&path.entry.value).is_some_and(|s| s.text.trim().is_empty()) => Some(TableData::Path(Vec::new())),
        (Some(_), None) => {
            let (text, span) = fields.name("data_path", &mut reader.faults)?;
            let (steps, fault) = path::read(text, span);
            reader.faults.extend(fault);
            steps.map(TableData::Path)
        }
        (None, Some(_)) => value::of_key(fields, "data", Scalars::Data, IN_REPLY, &mut reader.faults).map(TableData::Value),
        (None, None) if has_parser => Some(TableData::Parser),
        (None, None) => Some(TableData::Path(Vec::new())),
    }
}
