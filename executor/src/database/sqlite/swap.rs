//! A filled staging table becomes the table, inside the caller's transaction.

use super::*;

/// Prepares a connection for `replace`: before the transaction, where SQLite still takes these settings. The connection is not for other use.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), RunError> {
    // Dropping a table deletes its rows first, and with foreign keys on that would delete rows of other tables.
    enforce_foreign_keys(connection, false).await?;
    keep_views(connection).await
}

pub(super) async fn enforce_foreign_keys(connection: &mut SqliteConnection, on: bool) -> Result<(), RunError> {
    run(connection, format!("PRAGMA foreign_keys = {}", if on { "ON" } else { "OFF" })).await.map(|_| ())
}

/// Renaming would otherwise refuse as long as a view names the table that has just been dropped.
pub(super) async fn keep_views(connection: &mut SqliteConnection) -> Result<(), RunError> {
    run(connection, "PRAGMA legacy_alter_table = ON".into()).await.map(|_| ())
}

/// Puts the rows of `staging` in the place of `table`'s. A table with the same columns keeps its definition where that holds more than columns
/// (indexes, constraints, triggers); otherwise the staging table takes its place. Views go by name and stay.
pub(super) async fn replace(connection: &mut SqliteConnection, table: &TableName, staging: &TableName) -> Result<(), RunError> {
    let namespace = table.namespace.as_deref();
    let old = catalog::columns(connection, namespace, &table.name).await?;
    let new = catalog::columns(connection, namespace, &staging.name).await?;
    let (table_sql, staging_sql) = (qualified(table)?, qualified(staging)?);
    let same =
        old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| a.name == b.name && a.declared.eq_ignore_ascii_case(&b.declared));
    if same && !catalog::is_plain(connection, &table.name, &staging.name).await? {
        let columns = SQLITE.quote_list(new.iter().map(|c| c.name.as_str()))?;
        run(connection, format!("DELETE FROM {table_sql}")).await?;
        let insert = format!("INSERT INTO {table_sql} ({columns}) SELECT {columns} FROM {staging_sql}");
        run_raw(connection, insert).await.map_err(|error| fault::of_load(&error, &table.to_string(), 0))?;
        run(connection, format!("DROP TABLE {staging_sql}")).await?;
    } else {
        if !old.is_empty() {
            run(connection, format!("DROP TABLE {table_sql}")).await?;
        }
        run(connection, format!("ALTER TABLE {staging_sql} RENAME TO {}", SQLITE.quote(&table.name)?)).await?;
    }
    let broken = catalog::broken_references(connection, &table.name).await;
    let broken = broken.map_err(|error| fault::prefixed(error, &format!("cannot replace table {table}")))?;
    if !broken.is_empty() {
        let message = format!(
            "cannot replace table {table}: rows of {} refer to rows that the new content does not have; delete them first",
            broken.join(", ")
        );
        return Err(RunError::new(ErrorKind::Data, message));
    }
    Ok(())
}
