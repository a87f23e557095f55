//! Everything that a compile does with texts, and what must hold of its answer. Shared by the tests and the fuzz targets.

use std::sync::Arc;

use sequor_compiler::diagnostic::{Diagnostic, SourceFile, Span};
use sequor_compiler::project::File;
use sequor_compiler::render::{Format, render};
use sequor_compiler::snippet::{self, Place};
use sequor_compiler::sql::{self, Dialect};
use sequor_compiler::yaml::{Scalar, ScalarValue, Style, TextMap};
use sequor_compiler::{CompileError, Options, Project, compile};
use sequor_plan_format::codec;

/// A project of one flow, with an API and a database.
pub fn project(settings: &str, flow: &str, source: &str) -> Project {
    let file = |path: &str, text: &str| SourceFile::new(path, text);
    let named = |name: &str, file: Arc<SourceFile>| File { name: name.to_owned(), file };
    Project {
        settings: file("project.yaml", settings),
        flows: vec![named("a", file("flows/a.yaml", flow)), named("b", file("flows/b.yaml", "- op: print\n  message: b\n"))],
        sources: vec![
            named("api", file("sources/api.yaml", source)),
            named("stage", file("sources/stage.yaml", "type: sqlite\npath: stage.db\n")),
        ],
        environments: vec![named("test", file("envs/test.yaml", "variables: {api_token: t}\n"))],
        choice: None,
        options: Options::default(),
        faults: Vec::new(),
    }
}

/// Compiles, draws what is wrong, writes what is sound.
pub fn whole(project: &Project) {
    match compile(project, &[] as &[&str]) {
        Ok(compiled) => {
            faults(&compiled.diagnostics);
            assert_eq!(compiled.plan.is_some(), !compiled.has_errors());
            if let Some(plan) = &compiled.plan {
                let bytes = codec::encode(plan).expect("a plan that the compiler gives can be written");
                codec::decode(&bytes).expect("a plan that was written can be read");
            }
        }
        Err(CompileError::NoFlows | CompileError::UnknownFlow { .. }) => {}
        Err(error @ CompileError::Internal(_)) => panic!("{error}"),
    }
}

/// Each place is in its file, and every form of the report can be drawn.
pub fn faults(found: &[Diagnostic]) {
    for fault in found {
        let spans = fault
            .span
            .iter()
            .chain(fault.labels.iter().map(|l| &l.span))
            .chain(fault.fix.iter().flat_map(|f| f.edits.iter().map(|(s, _)| s)));
        for Span { file, start, end } in spans {
            let (start, end) = (*start as usize, *end as usize);
            let sound = start <= end && end <= file.text.len() && file.text.is_char_boundary(start) && file.text.is_char_boundary(end);
            assert!(sound, "{start}..{end} of {}: {} {}", file.text.len(), fault.code, fault.message);
        }
        assert!(!fault.message.is_empty() && !fault.message.ends_with('.'), "{} {:?}", fault.code, fault.message);
    }
    for format in [Format::Full, Format::Concise, Format::Json] {
        assert!(!render(format, found, true).is_empty());
    }
}

fn scalar(text: &str) -> (Scalar, Span) {
    let file = SourceFile::new("flow.yaml", text);
    let end = u32::try_from(text.len()).expect("a short text");
    (
        Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Literal, map: TextMap::default() },
        Span { file, start: 0, end },
    )
}

const PLACES: [Place; 2] = [Place { response: true, parser: true }, Place { response: false, parser: false }];

pub fn jinja(text: &str) {
    let (scalar, span) = scalar(text);
    for place in PLACES {
        faults(&snippet::text(&scalar, &span, place).1);
    }
}

pub fn python(text: &str) {
    let (scalar, span) = scalar(text);
    for place in PLACES {
        faults(&snippet::python(&scalar, &span, place).1);
    }
}

pub fn sql(text: &str) {
    let (scalar, span) = scalar(text);
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        faults(&sql::statements(&scalar, &span, dialect).1);
        faults(&sql::query(&scalar, &span, dialect).1);
    }
}
