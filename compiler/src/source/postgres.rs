//! Sources of `type: postgres`.

use sequor_plan_format::source as plan;

use crate::diagnostic::Diagnostic;
use crate::lower::Lowering;
use crate::snippet::expression::{self, Expression};
use crate::syntax::BEFORE_REPLY;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::text_of_key;

pub static KEYS: Table = Table::of_source(
    "a postgres source",
    "A PostgreSQL database.",
    &[
        Key::dynamic("conn_str", Kind::Text, "where the database is: postgresql://host:5432/database, with parameters such as ?sslmode=require; postgresql+psycopg2:// is understood")
            .aliases(&["connection_string"])
            .mistaken(&["url", "dsn", "uri", "connection"])
            .parts(&["host", "hostname", "port", "database", "dbname", "db", "sslmode"])
            .required(),
        Key::dynamic("username", Kind::Text, "the user; it replaces the one of conn_str").aliases(&["user"]),
        Key::dynamic("password", Kind::Text, "the password; it replaces the one of conn_str"),
        Key::dynamic("schema", Kind::Text, "the schema of tables that name none; it must exist; absent: the user's own search path").aliases(&["namespace"]),
        Key::later("pool", "how many connections there are at most"),
        Key::later("statement_timeout", "the longest time that a statement may take"),
        Key::later("session", "statements that each new connection runs first"),
    ],
);

#[derive(Debug)]
pub struct Postgres {
    pub conn_str: Expression,
    pub username: Option<Expression>,
    pub password: Option<Expression>,
    pub schema: Option<Expression>,
}

pub(super) fn read(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Option<Postgres> {
    let username = text_of_key(fields, "username", BEFORE_REPLY, faults);
    let password = text_of_key(fields, "password", BEFORE_REPLY, faults);
    let schema = text_of_key(fields, "schema", BEFORE_REPLY, faults);
    let conn_str = text_of_key(fields, "conn_str", BEFORE_REPLY, faults)?;
    if let (expression::Kind::Text(text), Some(node)) = (&conn_str.kind, fields.node("conn_str"))
        && !is_url(text)
    {
        let fault = Diagnostic::error("R206", node.span.clone(), "'conn_str' must look like postgresql://host:5432/database");
        faults.push(fault.help("write the whole URL; user and password are better given by 'username' and 'password'"));
    }
    if let (expression::Kind::Text(text), Some(node)) = (&conn_str.kind, fields.node("conn_str"))
        && let Some(port) = bad_port(text)
    {
        let fault = Diagnostic::error("R206", node.span.clone(), format!("'{port}' in 'conn_str' is no port"));
        faults.push(fault.help("write the port as a number up to 65535 after the host, or leave it out for 5432"));
    }
    Some(Postgres { conn_str, username, password, schema })
}

/// What stands for a port and is none, of one host or of several.
fn bad_port(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let hosts = rest.split(['/', '?']).next()?.rsplit('@').next()?;
    hosts.split(',').filter(|host| !host.ends_with(']')).filter_map(|host| host.rsplit_once(':')).map(|(_, port)| port).find(|port| {
        // `%` belongs to the path of a socket.
        !port.is_empty() && port.parse::<u16>().is_err() && !port.contains(['%', '{'])
    })
}

/// Whether a text is the URL of a database, a driver's name behind its scheme included (`postgresql+psycopg2://`).
fn is_url(text: &str) -> bool {
    let scheme = text.trim().split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|s| matches!(s.split('+').next(), Some("postgres" | "postgresql")))
}

impl Postgres {
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        std::iter::once(&self.conn_str).chain(&self.username).chain(&self.password).chain(&self.schema)
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Postgres {
        plan::Postgres {
            conn_str: lowering.expr(&self.conn_str),
            username: lowering.optional(self.username.as_ref()),
            password: lowering.optional(self.password.as_ref()),
            schema: lowering.optional(self.schema.as_ref()),
        }
    }
}
