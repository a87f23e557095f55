//! Q708: SQL that another engine understands and the one of this source does not, with what it says instead.
//!
//! Only words that stand where no name of a table or column can stand are looked at, and only forms that the engine surely refuses without
//! something that an administrator added to it.

mod words;

use super::lex::{Kind, Token};
use super::{Dialect, Place};
use crate::diagnostic::Diagnostic;

/// The forms of other engines in a statement.
pub(super) fn check(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> Vec<Diagnostic> {
    if tokens.iter().any(|t| t.kind == Kind::Unclosed) {
        return Vec::new();
    }
    let words: Vec<String> = tokens.iter().map(|t| place.word(t).to_ascii_uppercase()).collect();
    // Bodies of functions are in a language of their own, and they may define what is missing.
    if words.first().is_some_and(|w| w == "CREATE")
        && words.iter().take(6).any(|w| matches!(w.as_str(), "FUNCTION" | "PROCEDURE" | "TRIGGER"))
    {
        return Vec::new();
    }
    (0..tokens.len()).filter_map(|i| at(place, tokens, &words, i, dialect)).collect()
}

fn at(place: &Place<'_>, tokens: &[Token], words: &[String], i: usize, dialect: Dialect) -> Option<Diagnostic> {
    let found = match tokens[i].kind {
        Kind::Word => function(tokens, words, i, dialect).or_else(|| phrase(tokens, words, i, dialect)),
        Kind::Symbol => symbol(place, tokens, words, i, dialect),
        _ => None,
    }?;
    let end = tokens.get(i + found.tokens - 1).map_or(tokens[i].end, |t| t.end);
    let text = place.text(tokens[i].start, end);
    let engine = match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    };
    let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = if found.call { format!("{shown}(…)") } else { shown };
    let shown = if shown.contains('`') { format!("'{shown}'") } else { format!("`{shown}`") };
    let fault = Diagnostic::warning("Q708", place.span_of(tokens[i].start, end), format!("{engine} does not know {shown}"));
    Some(fault.help(format!("write {}", found.instead)))
}

/// Whether the function is one of another engine, which is reported as such. The name is in small letters.
pub(super) fn is_foreign(name: &str, dialect: Dialect) -> bool {
    words::function(&name.to_ascii_uppercase(), dialect).is_some()
}

fn depth(tokens: &[Token], i: usize) -> usize {
    let open = |kind: Kind| tokens.iter().take(i).filter(|t| t.kind == kind).count();
    open(Kind::Open).saturating_sub(open(Kind::Close))
}

struct Foreign {
    /// How many tokens it has.
    tokens: usize,
    instead: String,
    call: bool,
}

fn foreign(tokens: usize, instead: impl Into<String>) -> Option<Foreign> {
    Some(Foreign { tokens, instead: instead.into(), call: false })
}

fn function(tokens: &[Token], words: &[String], i: usize, dialect: Dialect) -> Option<Foreign> {
    let opens = tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Open);
    let before = i.checked_sub(1).map_or("", |b| words[b].as_str());
    // There a name stands: of a table, a column list's owner, a WITH query.
    let is_name = matches!(
        before,
        "." | "INTO"
            | "TABLE"
            | "FROM"
            | "JOIN"
            | "EXISTS"
            | "UPDATE"
            | "WITH"
            | "RECURSIVE"
            | "VIEW"
            | "INDEX"
            | "ON"
            | "REFERENCES"
            | "AS"
    );
    // `name(` of a WITH query behind a comma, or a column in CREATE TABLE, is none either.
    let in_definition = words[0] == "CREATE" || words[0] == "ALTER" || (words[0] == "WITH" && before == ",");
    if !opens || is_name || in_definition {
        return None;
    }
    let instead = words::function(&words[i], dialect)?;
    Some(Foreign { tokens: 1, instead: instead.to_owned(), call: true })
}

fn phrase(tokens: &[Token], words: &[String], i: usize, dialect: Dialect) -> Option<Foreign> {
    let word = |n: usize| words.get(i + n).map_or("", String::as_str);
    let kind = |n: usize| tokens.get(i + n).map(|t| t.kind);
    let before = i.checked_sub(1).map_or("", |b| words[b].as_str());
    let creates_table = words[0] == "CREATE" && words.iter().take(4).any(|w| w == "TABLE");
    match (word(0), dialect) {
        ("TOP", _) if matches!(before, "SELECT" | "DISTINCT" | "ALL") && kind(1) == Some(Kind::Number) => {
            foreign(2, format!("`LIMIT {}` at the end of the query", word(1)))
        }
        ("ADD", _) if words[0] == "ALTER" && kind(1) == Some(Kind::Open) && words.get(1).is_some_and(|w| w == "TABLE") => {
            foreign(2, "`ADD COLUMN name type`, once for each column")
        }
        ("LIMIT", Dialect::Postgres) if matches!(words[0].as_str(), "DELETE" | "UPDATE") && depth(tokens, i) == 0 => {
            foreign(1, "`WHERE ctid IN (SELECT ctid FROM … LIMIT …)`")
        }
        ("FROM", _) if word(1) == "DUAL" && kind(2) != Some(Kind::Symbol) => foreign(2, "the SELECT without FROM"),
        ("ON", _) if word(1) == "DUPLICATE" && word(2) == "KEY" => foreign(3, "`ON CONFLICT (key) DO UPDATE SET …`"),
        ("INSERT", Dialect::Sqlite) if i == 0 && word(1) == "IGNORE" => foreign(2, "`INSERT OR IGNORE`"),
        ("INSERT", Dialect::Postgres) if i == 0 && word(1) == "IGNORE" => foreign(2, "`INSERT INTO … ON CONFLICT DO NOTHING`"),
        ("INSERT", Dialect::Postgres) if i == 0 && word(1) == "OR" && matches!(word(2), "REPLACE" | "IGNORE") => {
            let end = if word(2) == "IGNORE" { "DO NOTHING" } else { "(key) DO UPDATE SET …" };
            foreign(3, format!("`INSERT INTO … ON CONFLICT {end}`"))
        }
        ("REPLACE", Dialect::Postgres) if i == 0 && word(1) == "INTO" => foreign(2, "`INSERT INTO … ON CONFLICT (key) DO UPDATE SET …`"),
        ("MERGE", Dialect::Sqlite) if i == 0 && word(1) == "INTO" => foreign(2, "`INSERT INTO … ON CONFLICT (key) DO UPDATE SET …`"),
        ("DISTINCT", Dialect::Sqlite) if word(1) == "ON" && kind(2) == Some(Kind::Open) => {
            foreign(2, "a subquery with `row_number() OVER (PARTITION BY …)`, and take the rows with 1")
        }
        ("QUALIFY", _)
            if i > 0
                && kind(1) == Some(Kind::Word)
                && matches!(kind(2), Some(Kind::Open | Kind::Symbol))
                && !matches!(before, "," | "." | "AS" | "SELECT" | "AND" | "OR" | "BY" | "WHERE" | "ON" | "(" | "=")
                && word(2) != "," =>
        {
            foreign(1, "the window into a subquery, and WHERE around it")
        }
        ("USING", Dialect::Sqlite) if words[0] == "DELETE" && !words[..i].iter().any(|w| w == "JOIN" || w == "WHERE") => {
            foreign(1, "`WHERE id IN (SELECT …)`")
        }
        ("JOIN", _) if words[0] == "UPDATE" && !words[..i].iter().any(|w| w == "SET") => foreign(1, "`UPDATE … SET … FROM other WHERE …`"),
        ("SET", Dialect::Postgres)
            if words[0] == "UPDATE" && word(2) == "." && word(4) == "=" && words[1..i].iter().any(|w| w == word(1)) =>
        {
            foreign(4, format!("`SET {} = …`, without the table's name", word(3).to_lowercase()))
        }
        ("ADD", Dialect::Sqlite) if words[0] == "ALTER" && word(1) == "COLUMN" && word(2) == "IF" => {
            foreign(5, "`ADD COLUMN name type`; it fails where the column is there")
        }
        ("MODIFY", Dialect::Postgres) if words[0] == "ALTER" && i > 2 => foreign(1, "`ALTER COLUMN name TYPE type`"),
        ("REGEXP" | "RLIKE", Dialect::Postgres) if i > 0 && kind(1) == Some(Kind::Text) => foreign(1, "`~`"),
        ("AUTO_INCREMENT", Dialect::Sqlite) if creates_table => foreign(1, "`INTEGER PRIMARY KEY`, which counts by itself"),
        ("AUTO_INCREMENT" | "AUTOINCREMENT", Dialect::Postgres) if creates_table => foreign(1, "`GENERATED ALWAYS AS IDENTITY`"),
        ("SERIAL" | "BIGSERIAL" | "SMALLSERIAL", Dialect::Sqlite) if creates_table && !matches!(before, "(" | ",") => {
            foreign(1, "`INTEGER PRIMARY KEY`, which counts by itself: a column of another type stays NULL")
        }
        ("LIMIT", Dialect::Postgres) if kind(1) == Some(Kind::Number) && word(2) == "," && kind(3) == Some(Kind::Number) => {
            foreign(4, format!("`LIMIT {} OFFSET {}`", word(3), word(1)))
        }
        ("ILIKE", Dialect::Sqlite) => foreign(1, "`LIKE`, which ignores the case of ASCII letters in SQLite"),
        ("TRUNCATE", Dialect::Sqlite) if i == 0 => foreign(1 + usize::from(word(1) == "TABLE"), "`DELETE FROM …`"),
        ("ALTER", Dialect::Sqlite) if i == 0 && word(1) == "TABLE" => {
            let alters = words.windows(2).position(|w| w[0] == "ALTER" && w[1] == "COLUMN");
            alters.and_then(|_| foreign(2, "the table anew: create one with the right columns, copy the rows, rename it"))
        }
        ("CREATE", Dialect::Sqlite) if i == 0 && word(1) == "OR" && word(2) == "REPLACE" => {
            foreign(3, "`DROP … IF EXISTS` and then `CREATE`")
        }
        ("FETCH", Dialect::Sqlite) if i > 0 && matches!(word(1), "FIRST" | "NEXT") && kind(2) == Some(Kind::Number) => {
            foreign(3, format!("`LIMIT {}`", word(2)))
        }
        ("INTERVAL", Dialect::Sqlite) if kind(1) == Some(Kind::Text) => {
            foreign(2, "`datetime(x, '+1 day')`: the distance is text of the function")
        }
        ("EXTRACT", Dialect::Sqlite) if kind(1) == Some(Kind::Open) && word(3) == "FROM" => foreign(1, "`strftime('%Y', x)`"),
        ("GLOB", Dialect::Postgres) if i > 0 && kind(1) == Some(Kind::Text) => foreign(1, "`LIKE` or `~`"),
        ("NOCASE", Dialect::Postgres) if before == "COLLATE" => foreign(1, "`lower(x)` on both sides, or `ILIKE`"),
        ("PRAGMA", Dialect::Postgres) if i == 0 => foreign(1, "a query of `information_schema`, or `SET`"),
        _ => None,
    }
}

/// SQLite's function that makes what another engine makes by a cast: its own casts to such types give numbers.
pub(super) fn moment(kind: &str) -> Option<&'static str> {
    match kind.to_ascii_lowercase().as_str() {
        "date" => Some("date"),
        "time" | "timetz" => Some("time"),
        "timestamp" | "timestamptz" | "datetime" => Some("datetime"),
        _ => None,
    }
}

fn symbol(place: &Place<'_>, tokens: &[Token], words: &[String], i: usize, dialect: Dialect) -> Option<Foreign> {
    let adjoins = |n: usize| tokens.get(n).zip(tokens.get(n + 1)).is_some_and(|(a, b)| a.end == b.start);
    match (words[i].as_str(), dialect) {
        (":", Dialect::Sqlite) if words.get(i + 1).is_some_and(|w| w == ":") && adjoins(i) => {
            let kind = tokens.get(i + 2).filter(|t| t.kind == Kind::Word).map_or("type", |t| place.word(t));
            let instead = moment(kind).map_or_else(|| format!("`CAST(x AS {kind})`"), |function| format!("`{function}(x)`"));
            foreign(2 + usize::from(kind != "type"), instead)
        }
        // The lexer of PostgreSQL has no backquotes, so that the name is a word between two.
        ("`", Dialect::Postgres) => {
            let end = (i + 1..tokens.len().min(i + 6)).find(|n| words[*n] == "`")?;
            let opens = words[..i].iter().filter(|w| *w == "`").count() % 2 == 0;
            let name = place.text(tokens[i].end, tokens[end].start);
            if opens { foreign(end - i + 1, format!("`\"{name}\"`, or the name without quotes")) } else { None }
        }
        ("[", Dialect::Postgres) => {
            let name = tokens.get(i + 1).filter(|t| t.kind == Kind::Word)?;
            let closes = words.get(i + 2).is_some_and(|w| w == "]");
            // Behind a name or bracket it is an element of an array, and behind ARRAY its beginning.
            let before = i.checked_sub(1).map(|b| &tokens[b]);
            let begins = before.is_none_or(|t| match t.kind {
                Kind::Word => {
                    t.end < tokens[i].start
                        && matches!(
                            words[i - 1].as_str(),
                            "SELECT"
                                | "FROM"
                                | "JOIN"
                                | "INTO"
                                | "UPDATE"
                                | "WHERE"
                                | "AND"
                                | "OR"
                                | "BY"
                                | "ON"
                                | "SET"
                                | "TABLE"
                                | "DISTINCT"
                        )
                }
                Kind::Symbol => matches!(words[i - 1].as_str(), "," | "." | "="),
                Kind::Open => true,
                _ => false,
            });
            // `ARRAY[[a], [b]]`
            let nested = words[..i].iter().any(|w| w == "ARRAY");
            if closes && begins && !nested { foreign(3, format!("`\"{0}\"`, or `{0}` without quotes", place.word(name))) } else { None }
        }
        ("~", Dialect::Sqlite) if tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Text) => {
            // Before a value it turns the bits of a number.
            let behind_a_value = i > 0 && matches!(tokens[i - 1].kind, Kind::Word | Kind::Name | Kind::Close | Kind::Text);
            if behind_a_value { foreign(1, "`LIKE` or `GLOB`; SQLite has no regular expressions of its own") } else { None }
        }
        ("&", Dialect::Sqlite) if words.get(i + 1).is_some_and(|w| w == "&") && adjoins(i) => foreign(2, "`AND`"),
        ("=", Dialect::Postgres) if words.get(i + 1).is_some_and(|w| w == "=") && adjoins(i) => foreign(2, "`=`"),
        _ => None,
    }
}
