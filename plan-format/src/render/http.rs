//! The payload of `http_request`.

use crate::op::http_request::{
    Backoff, BodyFormat, Columns, ForEachRow, HttpRequest, InDoubt, Key, KeyIn, KeyValue, Pairs, PathStep, ReplyFormat, Request, Response,
    ResponseTable, RetryPolicy, StatusRange, SuccessStatus, TableData, Verify,
};
use crate::{Column, Plan, TextId};

use super::expr::field;
use super::op::{assign, optional, rows, source, table, texts, write_mode};
use super::text::{Out, listed, name, quote};

pub(super) fn http_request(out: &mut Out<'_>, op: &HttpRequest) {
    let HttpRequest { init, for_each, request: sent, response: reply, verify: question, in_doubt } = op;
    for set in init {
        assign(out, "init", set);
    }
    if let Some(for_each) = for_each {
        each_row(out, for_each);
    }
    request(out, "request", sent);
    response(out, reply);
    if let Some(question) = question {
        verify(out, question);
    }
    match in_doubt {
        InDoubt::Stop => {}
        InDoubt::Send => out.line("in doubt: send again"),
        InDoubt::Skip => out.line("in doubt: taken as not done"),
        InDoubt::Done => out.line("in doubt: taken as done"),
    }
}

fn verify(out: &mut Out<'_>, verify: &Verify) {
    let Verify { request: question, arrived, reply } = verify;
    request(out, "verify", question);
    out.indented(|out| {
        field(out, "arrived", *arrived);
        optional(out, "reply", *reply);
    });
}

fn each_row(out: &mut Out<'_>, for_each: &ForEachRow) {
    let plan = out.plan;
    let ForEachRow { rows: from, item, key, concurrency } = for_each;
    rows(out, from);
    out.indented(|out| {
        out.line(&format!("as {}", name(plan.text(*item))));
        if !key.is_empty() {
            out.line(&format!("key {}", listed(&texts(plan, key))));
        }
        if *concurrency > 1 {
            out.line(&format!("{concurrency} items in flight together"));
        }
    });
}

fn request(out: &mut Out<'_>, label: &str, request: &Request) {
    let Request { source: from, url, method, parameters, headers, body, timeout_ms, retry: policy, idempotent, key } = request;
    out.line(&format!("{label} {}", method.name()));
    out.indented(|out| {
        if let Some(id) = from {
            source(out, *id);
        }
        field(out, "url", *url);
        pairs(out, "parameter", parameters);
        pairs(out, "header", headers);
        if let Some(body) = body {
            let format = match body.format {
                BodyFormat::Auto => "body by its kind",
                BodyFormat::Json => "body json",
                BodyFormat::Form => "body form_urlencoded",
                BodyFormat::Text => "body text",
            };
            field(out, format, body.value);
        }
        if let Some(key) = key {
            idempotency_key(out, key);
        }
        timeout(out, *timeout_ms);
        if let Some(policy) = policy {
            retry(out, policy);
        }
        if *idempotent {
            out.line("may be repeated: the flow says that it is idempotent");
        }
    });
}

fn idempotency_key(out: &mut Out<'_>, key: &Key) {
    let plan = out.plan;
    let Key { value, place, quoted, validity_ms } = key;
    let mut label = match place {
        KeyIn::Header(header) => format!("idempotency key in header {}", name(plan.text(*header))),
        KeyIn::Field(body_field) => format!("idempotency key in body field {}", name(plan.text(*body_field))),
    };
    if *quoted {
        label.push_str(", in quotes");
    }
    if let Some(milliseconds) = validity_ms {
        label.push_str(&format!(", remembered for {milliseconds} ms"));
    }
    match value {
        KeyValue::Auto => out.line(&format!("{label}, made for each request")),
        KeyValue::Given(value) => field(out, &label, *value),
    }
}

pub(super) fn pairs(out: &mut Out<'_>, label: &str, pairs: &Pairs) {
    match pairs {
        Pairs::Listed(listed) => named(out, label, listed),
        Pairs::Computed(map) => field(out, &format!("{label}s"), *map),
    }
}

pub(super) fn named(out: &mut Out<'_>, label: &str, pairs: &[(TextId, crate::ExprId)]) {
    for (key, value) in pairs {
        field(out, &format!("{label} {}", name(out.plan.text(*key))), *value);
    }
}

pub(super) fn timeout(out: &mut Out<'_>, timeout_ms: Option<u64>) {
    if let Some(milliseconds) = timeout_ms {
        out.line(&format!("timeout {milliseconds} ms"));
    }
}

pub(super) fn retry(out: &mut Out<'_>, policy: &RetryPolicy) {
    let RetryPolicy { attempts, statuses, network, backoff, delay_ms, max_delay_ms } = policy;
    let mut on = ranges(statuses);
    if *network {
        on.push("network".to_owned());
    }
    let on = if on.is_empty() { "nothing".to_owned() } else { on.join(", ") };
    out.line(&format!("retry: {attempts} attempts, on {on}; {}", wait(*backoff, *delay_ms, *max_delay_ms)));
}

/// How long is waited between attempts.
pub(super) fn wait(backoff: Backoff, delay_ms: u64, max_delay_ms: u64) -> String {
    let backoff = match backoff {
        Backoff::Constant => "constant",
        Backoff::Linear => "linear",
        Backoff::Exponential => "exponential",
    };
    format!("wait {backoff} from {delay_ms} ms, at most {max_delay_ms} ms")
}

/// `404`, `4xx` or `500-504`.
fn ranges(ranges: &[StatusRange]) -> Vec<String> {
    let shown = |range: &StatusRange| match *range {
        StatusRange { first, last } if first == last => first.to_string(),
        StatusRange { first, last } if first % 100 == 0 && last == first + 99 => format!("{}xx", first / 100),
        StatusRange { first, last } => format!("{first}-{last}"),
    };
    ranges.iter().map(shown).collect()
}

fn response(out: &mut Out<'_>, response: &Response) {
    let Response { success, format, tables, parser, variables, repeat } = response;
    out.line(match format {
        ReplyFormat::Auto => "response by its content type",
        ReplyFormat::Json => "response json",
        ReplyFormat::JsonLines => "response jsonl",
        ReplyFormat::Csv => "response csv",
        ReplyFormat::Text => "response text",
    });
    out.indented(|out| {
        out.line(&match success {
            SuccessStatus::Default => "success 2xx".to_owned(),
            SuccessStatus::Any => "success every status: the parser reads it".to_owned(),
            SuccessStatus::Listed(listed) if listed.is_empty() => "success no status".to_owned(),
            SuccessStatus::Listed(listed) => format!("success {}", ranges(listed).join(", ")),
        });
        for table in tables {
            response_table(out, table);
        }
        optional(out, "parser", *parser);
        for set in variables {
            assign(out, "set", set);
        }
        optional(out, "while", *repeat);
    });
}

pub(super) fn declared_columns(out: &mut Out<'_>, columns: &[Column]) {
    let plan = out.plan;
    let columns: Vec<String> = columns.iter().map(|c| format!("{} {}", name(plan.text(c.name)), c.kind)).collect();
    out.line(&format!("columns {}", columns.join(", ")));
}

fn response_table(out: &mut Out<'_>, loaded: &ResponseTable) {
    let plan = out.plan;
    let ResponseTable { table: target, columns, write_mode: mode, data } = loaded;
    out.line(&format!("table, {}", write_mode(*mode)));
    out.indented(|out| {
        table(out, target);
        match columns {
            Columns::Auto => out.line("columns found in the first rows"),
            Columns::Declared(columns) => declared_columns(out, columns),
        }
        match data {
            TableData::Parser => out.line("rows from the parser"),
            TableData::Path(steps) => out.line(&format!("rows at {}", path(plan, steps))),
            TableData::Value(value) => field(out, "rows", *value),
        }
    });
}

/// In the notation of JSONPath (RFC 9535).
fn path(plan: &Plan, steps: &[PathStep]) -> String {
    let mut shown = "$".to_owned();
    for step in steps {
        match step {
            PathStep::Key(key) => {
                let key = plan.text(*key);
                let plain =
                    key.chars().all(|c| c.is_alphanumeric() || c == '_') && !key.starts_with(|c: char| c.is_numeric()) && !key.is_empty();
                shown.push_str(&if plain { format!(".{key}") } else { format!("[{}]", quote(key)) });
            }
            PathStep::Index(index) => shown.push_str(&format!("[{index}]")),
            PathStep::Each => shown.push_str("[*]"),
        }
    }
    shown
}
