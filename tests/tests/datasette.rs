//! Real input that nobody here wrote: a Datasette server is read page by page, and written to through its API.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::datasette::Datasette;
use sequor_tests::postgres;
use sequor_tests::program::Project;
use sequor_tests::sqlite;

const ROWS: u32 = 1234;

/// The same digest in both databases' SQL: every value in its text form, in the order of the ids.
const SQLITE_DIGEST: &str = "select count(*) || ' ' || group_concat(id || '|' || name || '|' || coalesce(note, '-') || '|' || cast(round(height * 4) as integer) || '|' || seeds, ';') from (select * from plants order by id)";
const POSTGRES_DIGEST: &str = "select count(*) || ' ' || string_agg(id || '|' || name || '|' || coalesce(note, '-') || '|' || cast(round(height * 4) as integer) || '|' || seeds, ';' order by id) from plants";

#[test]
fn a_table_is_copied_page_by_page_and_rows_are_sent_back() {
    let project = Project::fixture("datasette");
    let garden = project.home().join("garden.db");
    sqlite::execute(
        &garden,
        &format!(
            "create table plants (id integer primary key, name text not null, note text, height real, seeds integer);
             with recursive n(i) as (select 1 union all select i + 1 from n where i < {ROWS})
             insert into plants select i, 'plant ' || i || ' ''\"\\' || char(233, 128512), case when i % 3 = 0 then null else 'line' || char(10) || i end,
                    i / 4.0, 9007199254740993 + i from n;
             create table inbox (id integer primary key, name text, note text, height real)"
        ),
    );
    let Some(server) = Datasette::start(&garden) else {
        eprintln!("Datasette is not installed: tests/run installs it");
        return;
    };
    let database = postgres::database();
    let variables = [format!("api={}", server.url()), format!("token={}", server.token()), format!("postgres={}", database.url())];
    let run = |flow| {
        let mut arguments = vec!["run", flow];
        arguments.extend(variables.iter().flat_map(|v| ["--var", v]));
        project.sequor(arguments).ended(0)
    };
    let expected = sqlite::value(&garden, SQLITE_DIGEST);
    assert!(expected.starts_with(&format!("{ROWS} ")));

    run("fetch_lite");
    assert_eq!(sqlite::value(&project.path().join("copy.db"), SQLITE_DIGEST), expected);
    run("fetch_pg");
    assert_eq!(database.psql(POSTGRES_DIGEST), expected);

    run("insert");
    let tall = "select count(*) || ' ' || group_concat(id || name || coalesce(note, '-') || height) from (select * from @ where height > 290 order by id)";
    assert_eq!(sqlite::value(&garden, &tall.replace('@', "inbox")), sqlite::value(&garden, &tall.replace('@', "plants")));
    assert_eq!(sqlite::value(&project.path().join("copy.db"), "select count(*) from inserted"), (ROWS - 290 * 4).to_string());
}
