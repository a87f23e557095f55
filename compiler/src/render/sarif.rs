//! SARIF 2.1.0 (OASIS), for code scanning: rules with their pages, results with places, labels and fixes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Region, Report, fingerprint, with_help};
use crate::codes::{self, Code};
use crate::diagnostic::{Diagnostic, Fix, Severity, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &Report<'_>) -> String {
    let reported: BTreeSet<&str> = report.diagnostics.iter().map(|d| d.code).collect();
    let rules: Vec<&Code> = reported.iter().filter_map(|c| codes::find(c)).collect();
    let fingerprints = fingerprint::all(report.diagnostics);
    let results: Vec<Value> = report.diagnostics.iter().zip(&fingerprints).map(|(d, f)| result(report, &rules, d, f)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Sequor",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|c| rule(c)).collect::<Vec<_>>(),
            }},
            // Columns count characters, as everywhere in this compiler.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: &Code) -> Value {
    let page = codes::explain(code.code).unwrap_or(code.summary);
    json!({
        "id": code.code,
        "name": in_one_word(code.name),
        "shortDescription": {"text": code.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": level(code.severity)},
    })
}

/// `unknown-key` → `UnknownKey`, as names of rules are written.
fn in_one_word(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn result(report: &Report<'_>, rules: &[&Code], diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| out.insert(key.to_owned(), value);
    set("ruleId", json!(diagnostic.code));
    if let Some(index) = rules.iter().position(|c| c.code == diagnostic.code) {
        set("ruleIndex", json!(index));
    }
    set("level", json!(level(diagnostic.severity)));
    set("message", json!({"text": with_help(diagnostic)}));
    if let Some(span) = &diagnostic.span {
        set("locations", json!([{"physicalLocation": place(report, span)}]));
    }
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .enumerate()
        .map(|(i, label)| {
            let text = if label.text.is_empty() { "see here" } else { &label.text };
            json!({"id": i + 1, "physicalLocation": place(report, &label.span), "message": {"text": text}})
        })
        .collect();
    if !related.is_empty() {
        set("relatedLocations", json!(related));
    }
    set("partialFingerprints", json!({"sequorFault/v1": fingerprint}));
    if let Some(fix) = &diagnostic.fix {
        set("fixes", json!([changes(report, fix)]));
    }
    Value::Object(out)
}

fn place(report: &Report<'_>, span: &Span) -> Value {
    json!({"artifactLocation": artifact(report, span), "region": region(span)})
}

fn artifact(report: &Report<'_>, span: &Span) -> Value {
    json!({"uri": uri(&report.path(&span.file.path)), "uriBaseId": "%SRCROOT%"})
}

fn region(span: &Span) -> Value {
    let Region { line, column, end_line, end_column } = Region::of(span);
    json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
}

/// A change for each file; edits are in the order of the text.
fn changes(report: &Report<'_>, fix: &Fix) -> Value {
    let paths: BTreeSet<&str> = fix.edits.iter().map(|(span, _)| span.file.path.as_str()).collect();
    let change = |path: &str| {
        let edits: Vec<&(Span, String)> = fix.edits.iter().filter(|(span, _)| span.file.path == path).collect();
        let replacements: Vec<Value> =
            edits.iter().map(|(span, text)| json!({"deletedRegion": region(span), "insertedContent": {"text": text}})).collect();
        json!({"artifactLocation": edits.first().map(|(span, _)| artifact(report, span)), "replacements": replacements})
    };
    json!({"description": {"text": fix.description}, "artifactChanges": paths.into_iter().map(change).collect::<Vec<_>>()})
}

/// A path as a relative reference (RFC 3986): whatever is no part of one is written in hexadecimal.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
