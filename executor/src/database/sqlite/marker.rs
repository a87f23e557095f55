//! The marker table in SQLite, and commits that are known to have happened.

use super::super::effect::{self, Effect, MARKERS, Marker, Marking, bigint};
use super::super::landing::Ledger;
use super::super::quote::is_staging_of;
use super::*;
use crate::failpoint;

impl Sqlite {
    /// Takes the run over in this database, unless an executor with a higher fence has it. A database that cannot be written is an error.
    pub(in super::super) async fn claim(&self, effect: &Effect) -> Result<Option<Marking>, RunError> {
        if let Some(known) = self.claims.find(effect) {
            return Ok(known);
        }
        let _turn = self.writer.lock().await;
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        run(connection, "BEGIN IMMEDIATE".into()).await?;
        failpoint::hit("marker.sqlite.before_create");
        run(connection, format!("CREATE TABLE IF NOT EXISTS {MARKERS} {}", effect::marker_columns("BLOB NOT NULL"))).await?;
        failpoint::hit("marker.sqlite.after_create");
        claim(connection, effect).await?;
        run(connection, "COMMIT".into()).await?;
        failpoint::hit("marker.sqlite.after_claim");
        lease.give_back();
        Ok(self.claims.keep(effect, Some(MARKERS.into())))
    }

    /// Takes the run over, if there is anything of it, and gives the activation's markers from a batch on.
    pub(in super::super) async fn markers(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        let turn = self.writer.lock().await;
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        if !is_ready(connection).await? {
            lease.give_back();
            return Ok(Vec::new());
        }
        claim(connection, effect).await?;
        drop(turn);
        let markers = select(connection, effect, from).await;
        lease.give_back();
        markers
    }

    /// The same without taking anything over.
    pub(in super::super) async fn peek(&self, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let markers = if is_ready(connection).await? { select(connection, effect, from).await } else { Ok(Vec::new()) };
        lease.give_back();
        markers
    }

    /// Deletes the run's markers, and the staging tables whose tag begins with `tag`.
    pub(in super::super) async fn forget(&self, run_name: &str, tag: &str) -> Result<(), RunError> {
        let _turn = self.writer.lock().await;
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        self.claims.forget();
        let names: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| fault::of_statement(&error, ""))?;
        let staging: Vec<&String> = names.iter().filter(|name| is_staging_of(name, tag)).collect();
        let marked = names.iter().any(|name| name == MARKERS);
        if marked || !staging.is_empty() {
            failpoint::hit("forget.sqlite.before_begin");
            run(connection, "BEGIN IMMEDIATE".into()).await?;
            if marked {
                let delete = sqlx::query("DELETE FROM _sequor_commit WHERE run = ?1").bind(run_name);
                delete.execute(&mut *connection).await.map_err(|error| fault::of_statement(&error, ""))?;
            }
            failpoint::hit("forget.sqlite.after_markers");
            for name in staging {
                run(connection, format!("DROP TABLE IF EXISTS {}", SQLITE.quote(name)?)).await?;
            }
            run(connection, "COMMIT".into()).await?;
            failpoint::hit("forget.sqlite.after_commit");
        }
        lease.give_back();
        Ok(())
    }

    /// Commits. `marked`: the batch whose marker the transaction holds. Where COMMIT fails, a new connection looks for it.
    pub(super) async fn commit(&self, connection: &mut SqliteConnection, marked: Option<(&Marking, u64)>) -> Result<(), RunError> {
        let _committing = self.commits.begin();
        let Err(error) = run(connection, "COMMIT".into()).await else { return Ok(()) };
        // Fails where SQLite has ended the transaction itself.
        let _ = run(connection, "ROLLBACK".into()).await;
        let Some((marking, batch)) = marked else { return Err(error) };
        match self.is_committed(&marking.effect, batch).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(error),
            Err(reason) => Err(effect::in_doubt(&error, &reason.message)),
        }
    }

    async fn is_committed(&self, effect: &Effect, batch: u64) -> Result<bool, RunError> {
        let mut connection = self.pool.opener().open().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM _sequor_commit WHERE run = ?1 AND activation = ?2 AND batch = ?3");
        let query = query.bind(&effect.run).bind(bigint(effect.activation)).bind(bigint(batch));
        let found = query.fetch_one(&mut connection).await.map_err(|error| fault::of_statement(&error, ""));
        // A connection that does not close in order is gone all the same.
        let _ = connection.close().await;
        Ok(found? > 0)
    }
}

/// The activation's markers from a batch on.
async fn select(connection: &mut SqliteConnection, effect: &Effect, from: u64) -> Result<Vec<Marker>, RunError> {
    let sql = "SELECT batch, rows_out, data FROM _sequor_commit WHERE run = ?1 AND activation = ?2 AND batch >= ?3 ORDER BY batch";
    let query = sqlx::query(sql).bind(&effect.run).bind(bigint(effect.activation)).bind(bigint(from));
    let found = query.fetch_all(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    found.iter().map(|row| read(row).map(|(marker, _)| marker)).collect()
}

async fn is_ready(connection: &mut SqliteConnection) -> Result<bool, RunError> {
    let query = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1").bind(MARKERS);
    let count = query.fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(count > 0)
}

async fn claim(connection: &mut SqliteConnection, effect: &Effect) -> Result<(), RunError> {
    let sql = "INSERT INTO _sequor_commit (run, activation, batch, node, fence, rows_out, data) VALUES (?1, 0, 0, '', ?2, 0, x'') \
               ON CONFLICT (run, activation, batch) DO UPDATE SET fence = excluded.fence WHERE fence <= excluded.fence";
    let claimed = sqlx::query(sql).bind(&effect.run).bind(bigint(effect.fence)).execute(connection).await;
    let claimed = claimed.map_err(|error| fault::of_statement(&error, ""))?;
    if claimed.rows_affected() == 0 { Err(effect::fenced(effect)) } else { Ok(()) }
}

/// Proves the fence and writes markers, in the caller's transaction; the ledger goes with the last one. `trim`: older ones are deleted.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    effect: &Effect,
    markers: &[Marker],
    ledger: &Ledger,
    trim: Option<u64>,
) -> Result<(), RunError> {
    let of = |error: sqlx::Error| fault::of_statement(&error, "");
    // The transaction holds the write lock: what is read stays true.
    let sql = "SELECT count(*) FROM _sequor_commit WHERE run = ?1 AND activation = 0 AND batch = 0 AND fence = ?2";
    let own: i64 = sqlx::query_scalar(sql).bind(&effect.run).bind(bigint(effect.fence)).fetch_one(&mut *connection).await.map_err(of)?;
    if own == 0 {
        return Err(effect::fenced(effect));
    }
    for (index, marker) in markers.iter().enumerate() {
        let packed = effect::pack((index + 1 == markers.len()).then_some(ledger), &marker.data)?;
        let insert = sqlx::query(
            "INSERT INTO _sequor_commit (run, activation, batch, node, fence, rows_out, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(&effect.run).bind(bigint(effect.activation)).bind(bigint(marker.batch)).bind(&effect.node);
        let insert = insert.bind(bigint(effect.fence)).bind(bigint(marker.rows_out)).bind(packed);
        if insert.execute(&mut *connection).await.map_err(of)?.rows_affected() == 0 {
            return Err(effect::done_already(effect));
        }
    }
    if let (Some(trim), Some(newest)) = (trim, markers.last()) {
        let delete = sqlx::query("DELETE FROM _sequor_commit WHERE run = ?1 AND activation = ?2 AND batch < ?3");
        let delete = delete.bind(&effect.run).bind(bigint(effect.activation)).bind(bigint(trim.min(newest.batch)));
        delete.execute(connection).await.map_err(of)?;
    }
    Ok(())
}

pub(super) async fn last(connection: &mut SqliteConnection, effect: &Effect) -> Result<Option<(Marker, Option<Ledger>)>, RunError> {
    let sql = "SELECT batch, rows_out, data FROM _sequor_commit WHERE run = ?1 AND activation = ?2 ORDER BY batch DESC LIMIT 1";
    let query = sqlx::query(sql).bind(&effect.run).bind(bigint(effect.activation));
    let found = query.fetch_optional(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    found.as_ref().map(read).transpose()
}

fn read(row: &sqlx::sqlite::SqliteRow) -> Result<(Marker, Option<Ledger>), RunError> {
    let columns = || Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get::<&[u8], _>(2)?));
    let (batch, rows_out, data) = columns().map_err(|error| fault::of_statement(&error, ""))?;
    effect::read_marker(batch, rows_out, data)
}
