//! SQL texts and what is reported about them: `fixtures/sql/err/NAME.DIALECT.sql` gives `NAME.DIALECT.txt`, files in `fixtures/sql/ok` give nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod common;

use std::path::Path;

use common::{Random, files, fixtures, matches_expected};
use sequor_compiler::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use sequor_compiler::render::{Format, render};
use sequor_compiler::sql::{Dialect, Statement, query, statements};
use sequor_compiler::yaml::{Kind, Scalar, ScalarValue, Style, TextMap, parse};

/// A text as if it were the whole file.
fn scalar(path: &str, text: &str) -> (Scalar, Span) {
    let file = SourceFile::new(path, text);
    let scalar = Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Literal, map: TextMap { anchors: vec![(0, 0)] } };
    (scalar, Span { file, start: 0, end: u32::try_from(text.len()).unwrap() })
}

fn read(path: &Path) -> (Scalar, Span, Dialect) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let dialect = if name.ends_with(".sqlite.sql") { Dialect::Sqlite } else { Dialect::Postgres };
    let (scalar, span) = scalar(&name, &std::fs::read_to_string(path).unwrap());
    (scalar, span, dialect)
}

fn texts(text: &str, found: &[Statement]) -> Vec<String> {
    found.iter().map(|s| text[s.start as usize..s.end as usize].to_owned()).collect()
}

fn split(text: &str, dialect: Dialect) -> Vec<String> {
    let (scalar, span) = scalar("x.sql", text);
    texts(text, &statements(&scalar, &span, dialect).0)
}

fn query_faults(text: &str, dialect: Dialect) -> Vec<Diagnostic> {
    let (scalar, span) = scalar("x.sql", text);
    query(&scalar, &span, dialect).1
}

#[test]
fn faults_are_reported_as_expected() {
    let mut wrong = Vec::new();
    for path in files(&fixtures("sql/err"), "sql") {
        let (scalar, span, dialect) = read(&path);
        let faults = statements(&scalar, &span, dialect).1;
        assert!(!faults.is_empty(), "{} has no fault", path.display());
        wrong.extend(matches_expected(&path, &render(Format::Concise, &faults, false)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sound_statements_are_left_alone() {
    for path in files(&fixtures("sql/ok"), "sql") {
        let (scalar, span, dialect) = read(&path);
        let (found, faults) = statements(&scalar, &span, dialect);
        assert!(faults.is_empty(), "{}:\n{}", path.display(), render(Format::Full, &faults, false));
        assert!(found.len() > 2, "{}", path.display());
    }
}

#[test]
fn statements_end_where_the_engines_end_them() {
    use Dialect::{Postgres, Sqlite};
    let cases: &[(Dialect, &str, &[&str])] = &[
        (Postgres, "select 1; select 2", &["select 1", "select 2"]),
        (Postgres, ";;  ; -- nothing\n /* at ; all */ ;", &[]),
        (Postgres, "select ';'; select \"a;b\"", &["select ';'", "select \"a;b\""]),
        (Postgres, r"select E'a\';b'; select 2", &[r"select E'a\';b'", "select 2"]),
        (Postgres, r"select 'a\'; select 2", &[r"select 'a\'", "select 2"]),
        (Postgres, "select 1 -- a;\n; select 2", &["select 1", "select 2"]),
        (Postgres, "select 1 /* ; /* ; */ ; */; select 2", &["select 1", "select 2"]),
        (Postgres, "do $$ begin; end $$; do $x$ $$;$$ $x$", &["do $$ begin; end $$", "do $x$ $$;$$ $x$"]),
        (Postgres, "select $1; select 2", &["select $1", "select 2"]),
        (
            Postgres,
            "create or replace function f() returns int begin atomic select case when a then 1 end; select 2; end; select 3",
            &["create or replace function f() returns int begin atomic select case when a then 1 end; select 2; end", "select 3"],
        ),
        (Postgres, "begin; select 1; end; commit", &["begin", "select 1", "end", "commit"]),
        (
            Postgres,
            "create rule r as on insert to t do (select 1; select 2); select 3",
            &["create rule r as on insert to t do (select 1; select 2)", "select 3"],
        ),
        (Postgres, "select 1\ngo\nselect 2;\nGO;\nselect 3", &["select 1", "select 2", "select 3"]),
        (Postgres, "select '\ngo\n'\n  Go  \r\nselect 2", &["select '\ngo\n'", "select 2"]),
        (Postgres, "select go from t; go home", &["select go from t", "go home"]),
        (Postgres, "select a from (\ngo\nselect 2", &["select a from (", "select 2"]),
        (Sqlite, "select [a;b], `c;d`; select 2", &["select [a;b], `c;d`", "select 2"]),
        (
            Sqlite,
            "create temp trigger t after insert on a begin select case when 1 then 2 end; delete from b; end; select 3",
            &["create temp trigger t after insert on a begin select case when 1 then 2 end; delete from b; end", "select 3"],
        ),
        (Sqlite, "begin; select 1; end", &["begin", "select 1", "end"]),
        (
            Sqlite,
            "select '{{ var(\"a;b'c\") }}'; select {{ ';' }}; select 3",
            &["select '{{ var(\"a;b'c\") }}'", "select {{ ';' }}", "select 3"],
        ),
        (
            Sqlite,
            "{% for t in x %}drop table {{ t }};{% endfor %}; select 1",
            &["{% for t in x %}drop table {{ t }};{% endfor %}", "select 1"],
        ),
        (Sqlite, "{% set a = ';' %} select 1; select 2", &["{% set a = ';' %} select 1", "select 2"]),
        (Sqlite, "", &[]),
    ];
    for (dialect, text, expected) in cases {
        assert_eq!(split(text, *dialect), *expected, "{text}");
    }
}

#[test]
fn a_query_is_one_statement_that_gives_rows() {
    use Dialect::Postgres;
    let good = [
        "select 1",
        "SELECT 1\ngo\n",
        "-- all of them\nselect * from t",
        "(select 1) union (select 2)",
        "with a as (select 1) select * from a",
        "values (1), (2)",
        "table t",
        "update t set done = true where id = 1 returning *",
        "with a as (delete from t returning *) select * from a",
        "{{ sql }}",
        "insert into t select 1 {{ returning }}",
        "show search_path",
        "explain select 1",
    ];
    for text in good {
        assert!(query_faults(text, Postgres).is_empty(), "{text}");
    }
    let with_semicolon = query_faults("select 1;", Postgres);
    assert_eq!(with_semicolon.iter().map(|f| (f.code, f.severity)).collect::<Vec<_>>(), [("Q705", Severity::Hint)]);
    let bad = [
        "",
        "  -- nothing\n",
        ";",
        "select 1; select 2",
        "delete from t",
        "with a as (select 1) insert into t select * from a",
        "create table t (a int)",
        "drop table t",
    ];
    for text in bad {
        let codes: Vec<_> = query_faults(text, Postgres).iter().map(|d| d.code).collect();
        assert_eq!(codes, ["Q704"], "{text}");
    }
    assert_eq!(query_faults("selct 1", Postgres)[0].code, "Q701", "a fault of syntax is reported instead");
    let (scalar, span) = scalar("x.sql", " select 1 ; \n");
    assert_eq!(query(&scalar, &span, Postgres).0.map(|s| (s.start, s.end)), Some((1, 9)));
}

#[test]
fn a_fault_is_shown_at_its_place_in_the_yaml_file() {
    let text = "query: |\n    SELECT a,\n           b,\n    FROM t\n";
    let file = SourceFile::new("flow.yaml", text);
    let Some(node) = parse(&file).0 else { panic!() };
    let Kind::Mapping(entries) = &node.kind else { panic!() };
    let Kind::Scalar(scalar) = &entries[0].value.kind else { panic!() };
    let (_, faults) = query(scalar, &entries[0].value.span, Dialect::Sqlite);
    let span = faults[0].span.as_ref().unwrap();
    assert_eq!(file.position(span.start), (3, 13));
    assert_eq!(&text[span.start as usize..span.end as usize], ",");
}

#[test]
fn hostile_statements_end_in_time() {
    for text in [
        format!("select {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("select * from {}t{}", "(".repeat(12), ")".repeat(12)),
        format!("select * from {}select 1{}", "(".repeat(12), ")".repeat(12)),
        format!("select {}1{}", "case when a then ".repeat(1000), " end".repeat(1000)),
        format!("select {} 1", "not ".repeat(10_000)),
        format!("select {}1", "1 + ".repeat(10_000)),
        format!("select {}1", "- ".repeat(10_000)),
        "select 1;".repeat(100_000),
        format!("select '{}", "{{".repeat(50_000)),
        "/*".repeat(100_000),
        "$a".repeat(100_000),
    ] {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            split(&text, dialect);
        }
    }
}

#[test]
fn no_text_makes_the_checks_panic() {
    const PIECES: [&str; 40] = [
        "select ",
        "from ",
        "where ",
        "a",
        " ",
        "\n",
        "go",
        ",",
        "(",
        ")",
        ";",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "$$",
        "$x$",
        "--",
        "/*",
        "*/",
        "{{",
        "}}",
        "{%",
        "%}",
        "é",
        "日",
        "E'",
        "\\",
        "begin ",
        "end",
        "case ",
        "create trigger ",
        "insert into ",
        "values ",
        "1",
        "*",
        "=",
        "with ",
        "\r\n",
    ];
    let mut random = Random(11);
    for _ in 0..6000 {
        let text: String = (0..random.below(25)).map(|_| random.pick(&PIECES)).collect();
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let (scalar, span) = scalar("x.sql", &text);
            let (found, faults) = statements(&scalar, &span, dialect);
            assert!(texts(&text, &found).iter().all(|s| !s.trim().is_empty()));
            query(&scalar, &span, dialect);
            assert!(!render(Format::Full, &faults, false).is_empty());
        }
    }
}
