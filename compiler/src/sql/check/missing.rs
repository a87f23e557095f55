//! Q701: something is missing between two words, or in front of a whole statement. As in [`super::clauses`], words that are reserved in both engines, and
//! forms that have been tried with both.

use super::super::lex::{Kind, Token};
use super::super::{Dialect, Place};
use crate::diagnostic::Diagnostic;

/// Want a value or a condition behind them, and are never names without quotes.
const OPEN_ENDED: [&str; 10] = ["AND", "OR", "NOT", "ON", "LIKE", "THEN", "ELSE", "WHEN", "WHERE", "HAVING"];
/// Start a clause and are never names without quotes.
const CLAUSES: [&str; 9] = ["FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "INTERSECT", "EXCEPT"];
const UNITS: [&str; 14] =
    ["SECOND", "SECONDS", "MINUTE", "MINUTES", "HOUR", "HOURS", "DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS"];

pub(super) fn check(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> Option<Diagnostic> {
    // A template may be what is missing, or open what follows.
    let template = tokens.iter().position(|t| t.kind == Kind::Template);
    let known = &tokens[..template.unwrap_or(tokens.len())];
    let words: Vec<String> = known.iter().map(|t| place.word(t).to_ascii_uppercase()).collect();
    let statement = Statement { place, tokens: known, words: &words, dialect };
    let verb = words.first()?.as_str();
    let creates_table = verb == "CREATE" && words.iter().take(4).any(|w| w == "TABLE");
    if creates_table || ["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE"].contains(&verb) {
        let found = (1..known.len()).find_map(|i| statement.at(i));
        return found.or_else(|| if template.is_none() { statement.end() } else { None });
    }
    if ["DROP", "ALTER"].contains(&verb) || (verb == "CREATE" && words.iter().take(3).any(|w| w == "INDEX")) {
        return (2..known.len()).find_map(|i| statement.another(i));
    }
    None
}

struct Statement<'s> {
    place: &'s Place<'s>,
    tokens: &'s [Token],
    words: &'s [String],
    dialect: Dialect,
}

impl Statement<'_> {
    fn word(&self, i: usize) -> &str {
        self.words.get(i).map_or("", String::as_str)
    }

    fn kind(&self, i: usize) -> Option<Kind> {
        self.tokens.get(i).map(|t| t.kind)
    }

    fn back(&self, i: usize, n: usize) -> &str {
        i.checked_sub(n).map_or("", |i| self.word(i))
    }

    fn fault(&self, i: usize, message: String, help: impl Into<String>) -> Option<Diagnostic> {
        Some(Diagnostic::error("Q701", self.place.of_token(self.tokens.get(i)?), message).help(help))
    }

    fn at(&self, i: usize) -> Option<Diagnostic> {
        self.another(i).or_else(|| self.nothing_before(i)).or_else(|| self.comma(i)).or_else(|| self.form(i))
    }

    /// A clause or `)` where a value should stand.
    fn nothing_before(&self, i: usize) -> Option<Diagnostic> {
        let clause = self.kind(i) == Some(Kind::Word) && CLAUSES.contains(&self.word(i));
        if !clause && self.kind(i) != Some(Kind::Close) {
            return None;
        }
        // `"order"` would be a name; `t.from` and `AS from` are names in PostgreSQL.
        let before = i.checked_sub(1)?;
        self.open_ended(before).then(|| self.missing(before, &format!("and `{}`", self.place.word(&self.tokens[i])))).flatten()
    }

    /// Whether something must stand behind that token.
    fn open_ended(&self, i: usize) -> bool {
        match self.kind(i) {
            Some(Kind::Word) => {
                OPEN_ENDED.contains(&self.word(i)) && !matches!(self.back(i, 1), "." | "AS") && !(self.word(i) == "ON" && i == 0)
            }
            Some(Kind::Symbol) => {
                // `OPERATOR(pg_catalog.+)`, `ORDER BY x USING >`
                let named = matches!(self.back(i, 1), "." | "(" | "USING" | "") || self.back(i, 2) == "OPERATOR";
                matches!(self.word(i), "+" | "-" | "/" | "=" | "<" | ">") && !named && !self.part_of_operator(i)
            }
            _ => false,
        }
    }

    /// `USING >=`
    fn part_of_operator(&self, i: usize) -> bool {
        let symbols = self.tokens[..=i].iter().rev().take_while(|t| t.kind == Kind::Symbol).count();
        self.back(i, symbols) == "USING"
    }

    fn missing(&self, i: usize, then: &str) -> Option<Diagnostic> {
        let word = self.place.word(self.tokens.get(i)?);
        self.fault(i, format!("nothing between `{word}` {then}"), "add what is missing, or take it out")
    }

    fn end(&self) -> Option<Diagnostic> {
        let last = self.tokens.len().checked_sub(1)?;
        if last > 0 && self.word(last) == "," {
            return self.fault(last, "nothing behind this comma".to_owned(), "remove the comma, or add what is missing behind it");
        }
        let escape = self.word(last) == "ESCAPE" && self.kind(last.checked_sub(1)?) == Some(Kind::Text);
        if self.open_ended(last) || escape {
            return self.missing(last, "and the end");
        }
        None
    }

    fn comma(&self, i: usize) -> Option<Diagnostic> {
        if self.word(i - 1) != "," {
            return None;
        }
        let then = match self.word(i) {
            "," => "the next one",
            "SELECT" if self.kind(i) == Some(Kind::Word) => "`SELECT`",
            _ => return None,
        };
        self.fault(i - 1, format!("nothing between this comma and {then}"), "remove the comma, or add what is missing behind it")
    }

    /// Another statement begins in a line of its own, and nothing has ended this one.
    fn another(&self, i: usize) -> Option<Diagnostic> {
        if self.kind(i) != Some(Kind::Word) || !self.starts_line(i) || self.depth(i) > 0 {
            return None;
        }
        let first = self.word(0);
        let starts = match (self.word(i), self.word(i + 1)) {
            ("INSERT", "INTO") | ("DELETE", "FROM") => matches!(first, "INSERT" | "UPDATE" | "DELETE" | "CREATE" | "ALTER" | "DROP"),
            ("UPDATE", _) => self.word(i + 2) == "SET" && !matches!(first, "WITH"),
            ("CREATE" | "DROP" | "ALTER", "TABLE" | "INDEX" | "VIEW") => first != "WITH",
            _ => false,
        };
        // `ON CONFLICT DO UPDATE`, `FOR UPDATE`
        let complete = match self.kind(i - 1) {
            Some(Kind::Close | Kind::Text | Kind::Number | Kind::Name) => true,
            Some(Kind::Word) => {
                !["DO", "FOR", "ON", "AS", "THEN", "ALSO", "INSTEAD", "ALL", "OR", "NOT", "EXISTS", "SELECT"].contains(&self.word(i - 1))
            }
            _ => false,
        };
        // CREATE TRIGGER, RULE and SCHEMA hold other statements.
        let holds = first == "CREATE" && !["TABLE", "INDEX"].iter().any(|w| self.words.iter().take(4).any(|word| word == w));
        if !starts || !complete || holds {
            return None;
        }
        self.fault(
            i,
            "another statement begins here, and nothing ends the one before it".to_owned(),
            "put a `;` or a line `go` between them",
        )
    }

    fn starts_line(&self, i: usize) -> bool {
        let (Some(before), Some(this)) = (i.checked_sub(1).and_then(|b| self.tokens.get(b)), self.tokens.get(i)) else { return false };
        self.place.text(before.end, this.start).contains('\n')
    }

    fn depth(&self, i: usize) -> usize {
        self.tokens[..i].iter().fold(0, |depth: usize, t| match t.kind {
            Kind::Open => depth + 1,
            Kind::Close => depth.saturating_sub(1),
            _ => depth,
        })
    }

    fn form(&self, i: usize) -> Option<Diagnostic> {
        let postgres = self.dialect == Dialect::Postgres;
        let (word, next) = (self.word(i), self.word(i + 1));
        match (word, self.kind(i)?) {
            (_, Kind::Word | Kind::Name) if i == 1 && self.word(0) == "DELETE" && word != "FROM" && matches!(next, "WHERE" | "") => {
                self.fault(i, "DELETE wants FROM before the table".to_owned(), "write `DELETE FROM …`")
            }
            ("/", Kind::Symbol) if next == "/" && self.touches(i) => {
                self.fault(i, "`//` begins no comment in SQL".to_owned(), "write `--` before a comment")
            }
            ("VALUE", Kind::Word) if self.word(0) == "INSERT" && next == "(" && self.back(i, 1) == ")" && self.depth(i) == 0 => {
                let open = !self.words[..i].iter().any(|w| matches!(w.as_str(), "SELECT" | "VALUES"));
                if open { self.fault(i, "`VALUE` is no word of SQL".to_owned(), "write `VALUES`") } else { None }
            }
            ("OVER", Kind::Word) if next == "AS" && self.back(i, 1) == ")" => self.fault(
                i,
                "OVER wants a window behind it".to_owned(),
                "write `OVER ()` for all rows, or `OVER (PARTITION BY … ORDER BY …)`",
            ),
            ("DEFAULT", Kind::Word) if !postgres && self.kind(i + 1) == Some(Kind::Word) && self.kind(i + 2) == Some(Kind::Open) => {
                let help = if next == "NOW" { "write `DEFAULT CURRENT_TIMESTAMP`" } else { "write `DEFAULT (…)` around it" };
                self.fault(i + 1, "SQLite computes a default only in parentheses".to_owned(), help)
            }
            ("ON", Kind::Word) if !postgres && next == "CONFLICT" && self.is_read_as_join(i) => self.fault(
                i,
                "SQLite reads this ON as the condition of a join".to_owned(),
                "end the SELECT with a WHERE: `WHERE true ON CONFLICT …`",
            ),
            ("INTERVAL", Kind::Word) if postgres && self.kind(i + 1) == Some(Kind::Number) => {
                let help = format!("write `interval '{} {}'`", next, self.place.word(self.tokens.get(i + 2)?));
                self.fault(i, "an interval is written in quotes".to_owned(), help)
            }
            (_, Kind::Word) if UNITS.contains(&word) && self.kind(i - 1) == Some(Kind::Number) => self.bare_unit(i),
            (_, Kind::Text) if postgres && self.back(i, 1) == "AS" => {
                let shown = self.place.word(&self.tokens[i]);
                self.fault(i, format!("{shown} is a text, and a name is wanted here"), "a name with blanks stands in double quotes")
            }
            (_, Kind::Text) if postgres && self.wants_table(i - 1) => {
                let shown = self.place.word(&self.tokens[i]);
                self.fault(
                    i,
                    format!("{shown} is a text, and a table is wanted here"),
                    "write the name without quotes, or in double quotes",
                )
            }
            (_, Kind::Text) if self.kind(i - 1) == Some(Kind::Text) && !self.starts_line(i) && (postgres || self.in_values(i)) => {
                self.fault(i, "two texts stand side by side".to_owned(), "join them with `||`, or put a comma between them")
            }
            _ => None,
        }
    }

    /// `INSERT INTO t SELECT … FROM s ON CONFLICT …`: nothing stands behind the FROM.
    fn is_read_as_join(&self, i: usize) -> bool {
        let ends = |n: &usize| {
            matches!(self.word(*n), "FROM" | "WHERE" | "GROUP" | "HAVING" | "ORDER" | "LIMIT" | "ON" | "USING" | "SELECT" | "VALUES")
        };
        let inserts = self.words[..i].iter().any(|w| w == "INSERT" || w == "REPLACE");
        inserts && self.depth(i) == 0 && (0..i).rev().find(|n| self.depth(*n) == 0 && ends(n)).is_some_and(|n| self.word(n) == "FROM")
    }

    /// `x - 30 days` in a condition; elsewhere the unit would be a name.
    fn bare_unit(&self, i: usize) -> Option<Diagnostic> {
        if !matches!(self.back(i, 2), "+" | "-") {
            return None;
        }
        let depth = self.depth(i);
        let clause = (0..i).rev().find(|j| {
            self.depth(*j) == depth && matches!(self.word(*j), "WHERE" | "HAVING" | "ON" | "SELECT" | "FROM" | "SET" | "BY" | "VALUES")
        })?;
        if !matches!(self.word(clause), "WHERE" | "HAVING") {
            return None;
        }
        let (number, unit) = (self.back(i, 1).to_owned(), self.place.word(&self.tokens[i]));
        let help = match self.dialect {
            Dialect::Postgres => format!("write `interval '{number} {unit}'`"),
            Dialect::Sqlite => format!("write `date('now', '-{number} {unit}')`"),
        };
        self.fault(i, format!("`{unit}` does not belong here"), help)
    }

    /// FROM of a query, JOIN, INSERT INTO: not the FROM of EXTRACT, TRIM and IS DISTINCT FROM.
    fn wants_table(&self, i: usize) -> bool {
        if self.kind(i) != Some(Kind::Word) {
            return false;
        }
        match self.word(i) {
            "JOIN" => true,
            "INTO" => self.back(i, 1) == "INSERT",
            "FROM" => {
                let mut depth = 0_usize;
                let open = (0..i).rev().find(|j| match self.kind(*j) {
                    Some(Kind::Close) => {
                        depth += 1;
                        false
                    }
                    Some(Kind::Open) if depth == 0 => true,
                    Some(Kind::Open) => {
                        depth -= 1;
                        false
                    }
                    _ => false,
                });
                self.back(i, 1) != "DISTINCT" && open.is_none_or(|o| matches!(self.word(o + 1), "SELECT" | "WITH"))
            }
            _ => false,
        }
    }

    /// Whether nothing stands between that token and the next one.
    fn touches(&self, i: usize) -> bool {
        matches!((self.tokens.get(i), self.tokens.get(i + 1)), (Some(a), Some(b)) if a.end == b.start)
    }

    /// In the parentheses of INSERT … VALUES.
    fn in_values(&self, i: usize) -> bool {
        self.word(0) == "INSERT"
            && self.depth(i) > 0
            && self.words[..i].iter().any(|w| w == "VALUES")
            && !self.words[..i].iter().any(|w| w == "SELECT")
    }
}
