//! Landings in PostgreSQL: rows go by COPY. A transaction has a connection of the pool's for as long as it is open; between two of them there is none, so
//! a slow API keeps no connection busy, and none that has gone stale meanwhile is used.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::postgres::PgCopyIn;

use super::super::effect::{Marker, Marking};
use super::super::fit::{Target as Takes, TargetColumn};
use super::super::landing::{Engine, Ledger, Target, Wanted, Writer};
use super::super::{ColumnDefinition, Mode};
use super::rows::Encoded;
use super::*;
use crate::failpoint;

impl Engine for Postgres {
    type Rows = Encoded;
    type Writer = LandingConnection;

    async fn last_marker(&self, marking: &Marking) -> Result<Option<(Marker, Option<Ledger>)>, RunError> {
        let mut lease = self.acquire().await?;
        let found = marker::last(&mut lease.connection, marking).await?;
        lease.give_back();
        Ok(found)
    }

    async fn locate(&self, wanted: Wanted<'_>) -> Result<(Target, Vec<TargetColumn>), RunError> {
        POSTGRES.quote_list(wanted.columns.iter().map(|c| &*c.name))?;
        let mut lease = self.acquire().await?;
        let located = locate(&mut lease.connection, wanted, self.pool.opener()).await?;
        lease.give_back();
        Ok(located)
    }

    fn writer(&self, marking: Option<Marking>, _known: Vec<Arc<Target>>) -> LandingConnection {
        LandingConnection { postgres: self.clone(), marking, open: None, inserts: HashMap::new() }
    }
}

async fn locate(connection: &mut PgConnection, wanted: Wanted<'_>, server: &Server) -> Result<(Target, Vec<TargetColumn>), RunError> {
    let (table, mut existing) = match catalog::locate(connection, wanted.table, server).await? {
        catalog::Located::Existing(table) if wanted.mode == Mode::Append => {
            let existing = catalog::columns(connection, &table).await?;
            (table, existing)
        }
        catalog::Located::Existing(table) | catalog::Located::New(table) => (table, Vec::new()),
    };
    let mut into = table.clone();
    if wanted.mode == Mode::Create {
        into.name = POSTGRES.staging_name(wanted.tag, &table.name);
        if let Some(committed) = wanted.committed {
            existing = continued(connection, &table, &into, wanted.columns, committed, server).await?;
        }
    }
    if existing.is_empty() && wanted.committed.is_some() {
        return Err(Target::gone(&table, &into));
    }
    let columns = wanted.columns.iter().map(|column| takes(column, &existing, &table)).collect::<Result<Vec<_>, _>>()?;
    let create = existing.is_empty();
    let (named, mode) = (wanted.table.clone(), wanted.mode);
    Ok((Target { named, table, into, columns: wanted.columns.to_vec(), mode, create }, columns))
}

/// The columns of a staging table that is filled further; none where it is gone.
async fn continued(
    connection: &mut PgConnection,
    table: &TableName,
    staging: &TableName,
    columns: &[ColumnDefinition],
    committed: u64,
    server: &Server,
) -> Result<Vec<catalog::ExistingColumn>, RunError> {
    if let catalog::Located::New(_) = catalog::locate(connection, staging, server).await? {
        return Ok(Vec::new());
    }
    let existing = catalog::columns(connection, staging).await?;
    let same = |(old, new): (&catalog::ExistingColumn, &ColumnDefinition)| {
        *old.name == *new.name && types::meaning(&old.formatted) == types::meaning(&types::declared(new.kind))
    };
    let same = existing.len() == columns.len() && existing.iter().zip(columns).all(same);
    let count = texts(connection, format!("SELECT count(*)::text FROM {}", qualified(staging)?)).await?;
    let count = count.first().and_then(|count| count.parse().ok()).unwrap_or_default();
    Target::check_staging(table, same, count, committed)?;
    Ok(existing)
}

/// The column as it is filled: by the table's own type where the table is there already.
fn takes(column: &ColumnDefinition, existing: &[catalog::ExistingColumn], table: &TableName) -> Result<TargetColumn, RunError> {
    let name = Arc::clone(&column.name);
    if existing.is_empty() {
        return Ok(TargetColumn { name, target: Takes::Known(column.kind) });
    }
    let Some(found) = existing.iter().find(|e| *e.name == *name) else {
        return Err(fault::no_column(table, &name, existing.iter().map(|e| e.name.as_str())));
    };
    let target = types::meaning(&found.formatted).map_or_else(|| Takes::Other(found.formatted.clone()), Takes::Known);
    Ok(TargetColumn { name, target })
}

fn create_statement(table_sql: &str, columns: &[ColumnDefinition]) -> Result<String, RunError> {
    let columns = columns.iter().map(|column| Ok(format!("{} {}", POSTGRES.quote(&column.name)?, types::declared(column.kind))));
    Ok(format!("CREATE TABLE {table_sql} ({})", columns.collect::<Result<Vec<_>, RunError>>()?.join(", ")))
}

/// The writing end of a landing.
pub(in super::super) struct LandingConnection {
    postgres: Postgres,
    marking: Option<Marking>,
    /// In a transaction.
    open: Option<Lease<Server>>,
    /// Whether an INSERT into a table does what a COPY does, by the table's name in SQL.
    inserts: HashMap<String, bool>,
}

impl LandingConnection {
    fn connection(&mut self) -> Result<&mut PgConnection, RunError> {
        let lease = self.open.as_mut();
        lease.map(|lease| &mut lease.connection).ok_or_else(|| RunError::new(ErrorKind::Database, "there is no open transaction"))
    }

    /// COPY passes rules by, and INSERT does not.
    async fn takes_inserts(&mut self, into: &str) -> Result<bool, RunError> {
        if let Some(known) = self.inserts.get(into) {
            return Ok(*known);
        }
        let sql =
            format!("SELECT 'x' FROM pg_class WHERE oid = to_regclass({}) AND relkind IN ('r', 'p') AND NOT relhasrules", literal(into));
        let takes = !texts(self.connection()?, sql).await?.is_empty();
        self.inserts.insert(into.to_owned(), takes);
        Ok(takes)
    }
}

/// Whether the rows are in. Where they are refused, nothing has happened, and COPY will tell the row.
async fn insert(connection: &mut PgConnection, into: &str, names: &str, values: &str) -> Result<bool, RunError> {
    let insert = format!("INSERT INTO {into} ({names}) VALUES {values}");
    match run(connection, format!("SAVEPOINT sequor_rows; {insert}; RELEASE SAVEPOINT sequor_rows")).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::Database => Err(error),
        Err(_) => run(connection, "ROLLBACK TO SAVEPOINT sequor_rows".into()).await.map(|_| false),
    }
}

impl Writer for LandingConnection {
    type Rows = Encoded;

    async fn begin(&mut self, _new: &[Arc<Target>]) -> Result<(), RunError> {
        if self.open.is_none() {
            self.open = Some(self.postgres.begin().await?);
            failpoint::hit("landing.pg.after_begin");
        }
        Ok(())
    }

    async fn open(&mut self, target: &Target) -> Result<(), RunError> {
        if !target.create {
            return Ok(());
        }
        let into = qualified(&target.into)?;
        let create = create_statement(&into, &target.columns)?;
        let drop = if target.mode == Mode::Create { format!("DROP TABLE IF EXISTS {into}; ") } else { String::new() };
        failpoint::hit("landing.pg.before_create");
        run(self.connection()?, drop + &create).await?;
        failpoint::hit("landing.pg.after_create");
        Ok(())
    }

    async fn write(&mut self, target: &Target, rows: Encoded, before: u64) -> Result<(), RunError> {
        let names = POSTGRES.quote_list(target.columns.iter().map(|c| &*c.name))?;
        let into = qualified(&target.into)?;
        if let Some(values) = rows.small_values()
            && self.takes_inserts(&into).await?
        {
            failpoint::hit("landing.pg.before_insert");
            if insert(self.connection()?, &into, &names, &values).await? {
                failpoint::hit("landing.pg.after_insert");
                return Ok(());
            }
        }
        let copy = format!("COPY {into} ({names}) FROM STDIN");
        let table = target.table.to_string();
        let fault = |error: sqlx::Error| fault::of_load(&error, &table, before);
        failpoint::hit("landing.pg.before_copy");
        let mut open: PgCopyIn<&mut PgConnection> = self.connection()?.copy_in_raw(&copy).await.map_err(fault)?;
        open.send(rows.bytes).await.map_err(fault)?;
        failpoint::hit("landing.pg.in_copy");
        open.finish().await.map_err(fault)?;
        failpoint::hit("landing.pg.after_copy");
        Ok(())
    }

    async fn swap(&mut self, target: &Target) -> Result<(), RunError> {
        failpoint::hit("swap.pg.before_swap");
        swap::replace(self.connection()?, &target.table, &target.into).await?;
        failpoint::hit("swap.pg.after_swap_before_marker");
        Ok(())
    }

    async fn mark(&mut self, markers: &[Marker], ledger: &Ledger, trim: Option<u64>) -> Result<(), RunError> {
        let Some(marking) = self.marking.clone() else { return Ok(()) };
        failpoint::hit("landing.pg.before_marker");
        marker::write(self.connection()?, &marking, markers, ledger, trim).await?;
        failpoint::hit("landing.pg.after_marker");
        Ok(())
    }

    async fn commit(&mut self, batch: u64) -> Result<(), RunError> {
        let Some(lease) = self.open.take() else { return Ok(()) };
        failpoint::hit("landing.pg.before_commit");
        let marked = self.marking.as_ref().map(|marking| (marking, batch));
        let lease = self.postgres.commit(lease, marked).await?;
        failpoint::hit("landing.pg.after_commit");
        if let Some(lease) = lease {
            lease.give_back();
        }
        Ok(())
    }

    async fn rollback(&mut self) {
        if let Some(mut lease) = self.open.take()
            && run(&mut lease.connection, "ROLLBACK".into()).await.is_ok()
        {
            lease.give_back();
        }
    }

    async fn drop_staging(&mut self, targets: &[&Target]) {
        let Ok(mut lease) = self.postgres.acquire().await else { return };
        failpoint::hit("landing.pg.before_drop_staging");
        for target in targets {
            let Ok(sql) = qualified(&target.into) else { continue };
            if run(&mut lease.connection, format!("DROP TABLE IF EXISTS {sql}")).await.is_err() {
                return;
            }
        }
        failpoint::hit("landing.pg.after_drop_staging");
        lease.give_back();
    }

    async fn close(self) {}
}
