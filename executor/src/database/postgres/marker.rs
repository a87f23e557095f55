//! The marker table in PostgreSQL.

use super::super::effect::{self, Effect, MARKERS, Marker, Marking, bigint};
use super::super::landing::Ledger;
use super::super::quote::is_staging_of;
use super::*;
use crate::{failpoint, hex};

impl Postgres {
    /// Takes the run over in this database, unless an executor with a higher fence has it. `None`: there is no right to write markers.
    pub(in super::super) async fn claim(&self, effect: &Effect) -> Result<Option<Marking>, RunError> {
        if let Some(known) = self.claims.find(effect) {
            return Ok(known);
        }
        let mut lease = self.acquire().await?;
        let table = self.ready_table(&mut lease.connection).await?;
        if let Some(table) = &table {
            claim(&mut lease.connection, effect, table).await?;
        }
        lease.give_back();
        Ok(self.claims.keep(effect, table))
    }

    /// Takes the run over, if there is anything of it, and gives the activation's markers from a batch on.
    pub(in super::super) async fn markers(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let Some(table) = self.usable_table(connection).await? else {
            lease.give_back();
            return Ok(Vec::new());
        };
        claim(connection, effect, &table).await?;
        let sql = format!("{} AND m.batch >= {} ORDER BY m.batch", select(&table, effect), bigint(from));
        let found = read(connection, sql).await?;
        lease.give_back();
        Ok(found.into_iter().map(|(marker, _)| marker).collect())
    }

    /// The same without taking anything over.
    pub(in super::super) async fn peek(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let found = match self.usable_table(connection).await? {
            Some(table) => read(connection, format!("{} AND m.batch >= {} ORDER BY m.batch", select(&table, effect), bigint(from))).await?,
            None => Vec::new(),
        };
        lease.give_back();
        Ok(found.into_iter().map(|(marker, _)| marker).collect())
    }

    /// Deletes the run's markers, and the staging tables whose tag begins with `tag`.
    pub(in super::super) async fn forget(&self, run_name: &str, tag: &str) -> Result<(), RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        self.claims.forget();
        failpoint::hit("forget.pg.before_markers");
        if let Some(table) = self.usable_table(connection).await? {
            run(connection, format!("DELETE FROM {table} WHERE run = {}", literal(run_name))).await?;
        }
        failpoint::hit("forget.pg.after_markers");
        let own = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE c.relkind = 'r' AND left(c.relname, 8) = '_sequor_' AND pg_has_role(c.relowner, 'USAGE') AND n.nspname NOT LIKE 'pg\\_%'";
        for full in texts(connection, own.into()).await? {
            // Staging names have no point in them; a schema's name may.
            let Some((schema, name)) = full.rsplit_once('.') else { continue };
            if is_staging_of(name, tag) {
                let staging = TableName { database: None, namespace: Some(schema.into()), name: name.into() };
                run(connection, format!("DROP TABLE IF EXISTS {}", qualified(&staging)?)).await?;
            }
        }
        failpoint::hit("forget.pg.after_staging");
        lease.give_back();
        Ok(())
    }

    /// The marker table, created where it is missing. `None` where this user may not.
    async fn ready_table(&self, connection: &mut PgConnection) -> Result<Option<String>, RunError> {
        if let catalog::Located::New(table) = self.locate_table(connection).await? {
            failpoint::hit("marker.pg.before_create");
            let sql = format!("CREATE TABLE IF NOT EXISTS {} {}", qualified(&table)?, effect::marker_columns("BYTEA NOT NULL"));
            let created = run_raw(connection, sql).await;
            match created.as_ref().map_err(fault::code) {
                // Another executor created it at the same moment: PostgreSQL then reports its catalog's unique index, the row type, or the table.
                Ok(_) => failpoint::hit("marker.pg.after_create"),
                Err(Some(code)) if matches!(code.as_str(), "23505" | "42710" | "42P07") => {}
                Err(Some(code)) if code == "42501" => return Ok(None),
                Err(_) => return created.map(|_| None).map_err(|error| fault::of_statement(&error, "")),
            }
        }
        self.usable_table(connection).await
    }

    /// The marker table's name in SQL, where it is there and this user may work with it.
    async fn usable_table(&self, connection: &mut PgConnection) -> Result<Option<String>, RunError> {
        let catalog::Located::Existing(table) = self.locate_table(connection).await? else { return Ok(None) };
        let table = qualified(&table)?;
        let rights = ["SELECT", "INSERT", "UPDATE", "DELETE"].map(|right| format!("has_table_privilege({}, '{right}')", literal(&table)));
        let allowed = texts(connection, format!("SELECT 'x' WHERE {}", rights.join(" AND "))).await?;
        Ok((!allowed.is_empty()).then_some(table))
    }

    async fn locate_table(&self, connection: &mut PgConnection) -> Result<catalog::Located, RunError> {
        let table = TableName { database: None, namespace: None, name: MARKERS.into() };
        catalog::locate(connection, &table, self.pool.opener()).await
    }
}

/// Takes the fence row, which a transaction of an earlier executor may have locked.
async fn claim(connection: &mut PgConnection, effect: &Effect, table: &str) -> Result<(), RunError> {
    let sql = format!(
        "INSERT INTO {table} AS m (run, activation, batch, node, fence, rows_out, data) VALUES ({}, 0, 0, '', {}, 0, '') \
         ON CONFLICT (run, activation, batch) DO UPDATE SET fence = excluded.fence WHERE m.fence <= excluded.fence",
        literal(&effect.run),
        bigint(effect.fence)
    );
    failpoint::hit("marker.pg.before_claim");
    if lock_fence(connection, effect, table, &sql, "<").await? == 0 {
        return Err(effect::fenced(effect));
    }
    failpoint::hit("marker.pg.after_claim");
    Ok(())
}

/// How long a transaction that has locked the fence row may take to end by itself.
const LOCK_TIMEOUT: &str = "5s";
/// How often the session that has it locked is ended, before the effect is given up.
const EVICTIONS: u32 = 10;

/// Runs a statement that locks the run's fence row. A transaction that has it locked may be of a connection that broke, or of an earlier owner (`<`: of
/// such only). The server keeps its lock until it notices, which may take hours, so its session is ended.
async fn lock_fence(connection: &mut PgConnection, effect: &Effect, table: &str, sql: &str, of: &str) -> Result<u64, RunError> {
    for _ in 0..EVICTIONS {
        // Statements that are sent together are one transaction, and the time-out ends with it.
        match run_raw(connection, format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; {sql}")).await {
            Ok(rows) => return Ok(rows),
            Err(error) if fault::code(&error).as_deref() == Some("55P03") => {}
            Err(error) => return Err(fault::of_statement(&error, "")),
        }
        let evict = format!(
            "SELECT pg_terminate_backend(a.pid)::text FROM {table} m JOIN pg_stat_activity a ON a.backend_xid = m.xmax \
             WHERE m.run = {} AND m.activation = 0 AND m.batch = 0 AND m.fence {of} {} AND a.usename = current_user AND a.pid <> pg_backend_pid()",
            literal(&effect.run),
            bigint(effect.fence)
        );
        texts(connection, evict).await?;
    }
    let message = format!(
        "an open transaction of another session holds the row of run {} in {table}, and does not end; end that session, then resume",
        effect.run
    );
    Err(RunError::new(ErrorKind::Database, message))
}

/// Proves the fence and writes markers, in the caller's transaction; the ledger goes with the last one. `trim`: older ones are deleted.
pub(super) async fn write(
    connection: &mut PgConnection,
    marking: &Marking,
    markers: &[Marker],
    ledger: &Ledger,
    trim: Option<u64>,
) -> Result<(), RunError> {
    let Marking { effect, table } = marking;
    let (run_name, activation) = (literal(&effect.run), bigint(effect.activation));
    let mut values = Vec::with_capacity(markers.len());
    for (index, marker) in markers.iter().enumerate() {
        let packed = effect::pack((index + 1 == markers.len()).then_some(ledger), &marker.data)?;
        values.push(format!(
            "({}::bigint, {}::bigint, decode('{}', 'hex'))",
            bigint(marker.batch),
            bigint(marker.rows_out),
            hex::encode(&packed)
        ));
    }
    let newest = markers.last().map(|marker| marker.batch).unwrap_or_default();
    let trimmed = trim.map(|trim| {
        let before = bigint(trim.min(newest));
        format!(", trimmed AS (DELETE FROM {table} WHERE run = {run_name} AND activation = {activation} AND batch < {before})")
    });
    // The owner of the fence row's lock is the only one to write markers of the run. A marker that is there already is not written, and not counted.
    let sql = format!(
        "WITH fence AS (UPDATE {table} SET fence = fence WHERE run = {run_name} AND activation = 0 AND batch = 0 AND fence = {fence} RETURNING 1){} \
         INSERT INTO {table} (run, activation, batch, node, fence, rows_out, data) \
         SELECT {run_name}, {activation}, m.batch, {}, {fence}, m.rows_out, m.data FROM fence, (VALUES {}) m (batch, rows_out, data) \
         ON CONFLICT DO NOTHING",
        trimmed.unwrap_or_default(),
        literal(&effect.node),
        values.join(", "),
        fence = bigint(effect.fence),
    );
    let written = run(connection, sql).await?;
    if written == 0 && !is_owner(connection, marking).await? {
        return Err(effect::fenced(effect));
    }
    if usize::try_from(written).ok() != Some(markers.len()) {
        return Err(effect::done_already(effect));
    }
    Ok(())
}

async fn is_owner(connection: &mut PgConnection, marking: &Marking) -> Result<bool, RunError> {
    let Marking { effect, table } = marking;
    let (run_name, fence) = (literal(&effect.run), bigint(effect.fence));
    let sql = format!("SELECT 'x' FROM {table} WHERE run = {run_name} AND activation = 0 AND batch = 0 AND fence = {fence}");
    Ok(!texts(connection, sql).await?.is_empty())
}

/// Whether a marker is there. Waits until a transaction that proved the run's fence has ended, one way or the other.
pub(super) async fn is_there(connection: &mut PgConnection, marking: &Marking, batch: u64) -> Result<bool, RunError> {
    let Marking { effect, table } = marking;
    let sql = format!("UPDATE {table} SET fence = fence WHERE run = {} AND activation = 0 AND batch = 0", literal(&effect.run));
    lock_fence(connection, effect, table, &sql, "<=").await?;
    let sql = format!("{} AND m.batch = {}", select(table, effect), bigint(batch));
    Ok(!read(connection, sql).await?.is_empty())
}

pub(super) async fn last(connection: &mut PgConnection, marking: &Marking) -> Result<Option<(Marker, Option<Ledger>)>, RunError> {
    let sql = format!("{} ORDER BY m.batch DESC LIMIT 1", select(&marking.table, &marking.effect));
    Ok(read(connection, sql).await?.pop())
}

fn select(table: &str, effect: &Effect) -> String {
    let (run_name, activation) = (literal(&effect.run), bigint(effect.activation));
    // A bare `batch` in ORDER BY would be the text.
    format!(
        "SELECT m.batch::text, m.rows_out::text, encode(m.data, 'hex') FROM {table} m WHERE m.run = {run_name} AND m.activation = {activation}"
    )
}

async fn read(connection: &mut PgConnection, sql: String) -> Result<Vec<(Marker, Option<Ledger>)>, RunError> {
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(|error| fault::of_statement(&error, ""))?;
    let number = |text: &str| text.parse().unwrap_or_default();
    let markers = rows.iter().map(|row| {
        let text = |index: usize| row.try_get::<&str, _>(index).map_err(|error| fault::of_statement(&error, ""));
        effect::read_marker(number(text(0)?), number(text(1)?), &hex_bytes(text(2)?).unwrap_or_default())
    });
    markers.collect()
}
