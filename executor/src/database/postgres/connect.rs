//! Connection strings, and what went wrong with them. Never says a password.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use url::Url;

use super::super::commits::Commits;
use super::super::effect::{self, Owner};
use super::*;

/// As the source gives them.
pub(in super::super) struct Settings<'a> {
    pub(in super::super) conn_str: &'a str,
    pub(in super::super) username: Option<&'a str>,
    pub(in super::super) password: Option<&'a str>,
    pub(in super::super) schema: Option<&'a str>,
}

/// Longer names are cut by the server, in bytes.
const LONGEST_NAME: usize = 63;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Parameters of a connection string that have a meaning here.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "options",
    "application_name",
];

impl Postgres {
    pub(in super::super) async fn connect(settings: &Settings<'_>, owner: Option<&Owner>, commits: &Commits) -> Result<Self, RunError> {
        let pool = Pool::new(server(settings, owner)?);
        let postgres = Self { pool, types: types::Cache::default(), claims: Claims::default(), commits: commits.clone() };
        let mut lease = postgres.acquire().await?;
        if let Some(owner) = owner.filter(|owner| owner.fence > 1) {
            evict_earlier_owners(&mut lease.connection, owner).await?;
        }
        if let Some(schema) = settings.schema {
            let found =
                texts(&mut lease.connection, format!("SELECT 1::text FROM pg_namespace WHERE nspname = {}", literal(schema))).await?;
            if found.is_empty() {
                let server = postgres.pool.opener();
                let message = format!("there is no schema '{schema}' in {}; create it, or correct the source's schema", server.described());
                return Err(RunError::new(ErrorKind::Database, message));
            }
        }
        lease.give_back();
        Ok(postgres)
    }
}

impl Opener for Server {
    type Connection = PgConnection;

    async fn open(&self) -> Result<PgConnection, RunError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&self.options)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.unreachable(&error)),
            Err(_) => {
                let reason =
                    format!("no answer in {} s; check host and port, and that no firewall drops the connection", CONNECT_TIMEOUT.as_secs());
                Err(self.fault(&reason))
            }
        }
    }
}

impl Server {
    /// `database shop on localhost:5432 as user etl`
    pub(super) fn described(&self) -> String {
        let options = &self.options;
        let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |socket| socket.display().to_string());
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        format!("the PostgreSQL database {database} on {host}:{} as user {}", options.get_port(), options.get_username())
    }

    fn fault(&self, reason: &str) -> RunError {
        RunError::new(ErrorKind::Database, format!("cannot connect to {}: {reason}", self.described()))
    }

    fn unreachable(&self, error: &sqlx::Error) -> RunError {
        let check = match (error, fault::code(error).as_deref()) {
            (_, Some("28P01")) => "check the user's password",
            (_, Some("28000")) => "check the user name, and that pg_hba.conf lets this user in from this host",
            (_, Some("3D000")) => "check the database's name, or create it",
            (_, Some("53300")) => "the server has no free connections; raise max_connections or close others",
            (_, Some("57P03")) => "the server is starting or stopping; try again",
            (sqlx::Error::Io(io), _) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
                "check that the server runs and listens on this host and port"
            }
            (sqlx::Error::Io(_), _) => "check the host's name, the port and the network",
            (sqlx::Error::Tls(_), _) => "check sslmode and the certificates",
            _ => "check the source's conn_str",
        };
        let reason = match error {
            sqlx::Error::Database(database) => database.message().to_owned(),
            sqlx::Error::Io(io) => io.to_string(),
            other => other.to_string(),
        };
        self.fault(&format!("{reason}; {check}"))
    }
}

/// Ends the sessions of executors that have lost the run. Those of other users stay: there is no right to see or end them.
async fn evict_earlier_owners(connection: &mut PgConnection, owner: &Owner) -> Result<(), RunError> {
    let sql = format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user \
         AND pid <> pg_backend_pid() AND substring(application_name FROM ' {}/([0-9]{{1,9}})$')::bigint < {}",
        owner.run,
        effect::bigint(owner.fence)
    );
    texts(connection, sql).await.map(drop)
}

/// What the session is called in `pg_stat_activity`: `sequor RUN/FENCE`, for whoever asks which run holds a lock, and for the run's next owner.
fn application_name(given: Option<&str>, owner: Option<&Owner>) -> String {
    let given = given.unwrap_or("sequor");
    let Some(owner) = owner else { return given.to_owned() };
    let suffix = format!(" {}/{}", owner.run, owner.fence);
    let mut end = given.len().min(LONGEST_NAME.saturating_sub(suffix.len()));
    while !given.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", given.get(..end).unwrap_or_default())
}

fn server(settings: &Settings<'_>, owner: Option<&Owner>) -> Result<Server, RunError> {
    let url = parse(settings.conn_str)?;
    // The error of a bad parameter may quote its value.
    let mut options = PgConnectOptions::from_str(url.as_str()).map_err(|_| {
        bad_conn_str("one of its parameters has a bad value; sslmode is disable, allow, prefer, require, verify-ca or verify-full")
    })?;
    if let Some(username) = settings.username {
        options = options.username(username);
    }
    if let Some(password) = settings.password {
        options = options.password(password);
    }
    let given = url.query_pairs().find(|(key, _)| key == "application_name").map(|(_, name)| name);
    options = options.application_name(&application_name(given.as_deref(), owner));
    // As start-up options they are the session's defaults: RESET and DISCARD come back to them.
    let mut session = vec![("bytea_output", "hex".to_owned()), ("IntervalStyle", "postgres".to_owned())];
    if let Some(schema) = settings.schema {
        session.push(("search_path", POSTGRES.quote(schema)?));
    }
    let options = options.options(session).disable_statement_logging();
    Ok(Server { options, schema: settings.schema.map(str::to_owned) })
}

/// A `postgres://` URL; SQLAlchemy's driver (`postgresql+psycopg2://`) is left out.
fn parse(conn_str: &str) -> Result<Url, RunError> {
    let shape = "it must look like postgresql://user:password@host:5432/database";
    let (scheme, rest) = conn_str.trim().split_once("://").ok_or_else(|| bad_conn_str(shape))?;
    let engine = scheme.split_once('+').map_or(scheme, |(engine, _)| engine);
    if !matches!(engine, "postgres" | "postgresql") {
        return Err(bad_conn_str(&format!("it starts with {}://; {shape}", fault::cut(scheme))));
    }
    let url = Url::parse(&format!("postgres://{rest}")).map_err(|error| {
        bad_conn_str(&format!(
            "{error}; {shape}, with special characters of user and password percent-encoded (@ as %40, / as %2F, # as %23)"
        ))
    })?;
    if url.fragment().is_some() {
        return Err(bad_conn_str("it has a #; in a user name or password that is written %23"));
    }
    for (key, _) in url.query_pairs() {
        if !PARAMETERS.contains(&&*key) {
            let known = PARAMETERS.join(", ");
            return Err(bad_conn_str(&format!("its parameter '{}' is not known; known are {known}", fault::cut(&key))));
        }
    }
    Ok(url)
}

fn bad_conn_str(reason: &str) -> RunError {
    RunError::new(ErrorKind::Configuration, format!("cannot read the conn_str of the PostgreSQL source: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(conn_str: &str) -> PgConnectOptions {
        server(&Settings { conn_str, username: None, password: None, schema: None }, None).unwrap().options
    }

    #[test]
    fn sqlalchemy_and_plain_urls_are_read() {
        for conn_str in [
            "postgres://etl:p%40ss@db.example:6432/shop?sslmode=disable",
            "postgresql://etl:p%40ss@db.example:6432/shop?sslmode=disable",
            " postgresql+psycopg2://etl:p%40ss@db.example:6432/shop?sslmode=disable\n",
        ] {
            let options = options(conn_str);
            assert_eq!(
                (options.get_host(), options.get_port(), options.get_username(), options.get_database()),
                ("db.example", 6432, "etl", Some("shop"))
            );
            assert_eq!(options.get_application_name(), Some("sequor"));
        }
    }

    #[test]
    fn a_session_is_named_after_its_run_and_owner() {
        let owner = Owner { run: "20261126T145810Z-4rg3t7p0".into(), fence: 12 };
        assert_eq!(application_name(None, Some(&owner)), "sequor 20261126T145810Z-4rg3t7p0/12");
        let long = application_name(Some(&"é".repeat(40)), Some(&owner));
        assert!(long.len() <= LONGEST_NAME && long.ends_with("é 20261126T145810Z-4rg3t7p0/12"), "{long}");
        assert_eq!(application_name(Some("nightly"), None), "nightly");
    }

    #[test]
    fn a_bad_conn_str_is_explained_without_its_password() {
        for (conn_str, part) in [
            ("host=localhost password=s3cret", "must look like"),
            ("mysql://u:s3cret@h/d", "mysql://"),
            ("postgres://u:s3cret@h:port/d", "percent-encoded"),
            ("postgres://u:s3#cret@h/d", "percent-encoded"),
            ("postgres://u:s3cret@h/d?conect_timeout=3", "conect_timeout"),
            ("postgres://u:s3cret@h/d?sslmode=s3cret", "sslmode is"),
        ] {
            let Err(error) = server(&Settings { conn_str, username: None, password: None, schema: None }, None) else {
                panic!("{conn_str} was read")
            };
            assert_eq!(error.kind, ErrorKind::Configuration);
            assert!(error.message.contains(part), "{part} in {}", error.message);
            assert!(!error.message.contains("s3"), "{}", error.message);
        }
    }
}
