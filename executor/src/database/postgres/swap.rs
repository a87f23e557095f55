//! A filled staging table becomes the table, inside the caller's transaction.

use super::*;

/// Puts the rows of `staging` in the place of `table`'s; both are located names.
///
/// A table whose definition holds more than columns, and that has the staging table's columns, is emptied and filled: indexes, views on it, triggers
/// and comments stay. Otherwise the staging table takes its place, with its owner and grants. What would have to be dropped with the old table
/// is never dropped: it is an error that names it.
pub(super) async fn replace(connection: &mut PgConnection, table: &TableName, staging: &TableName) -> Result<(), RunError> {
    let (table_sql, staging_sql) = (qualified(table)?, qualified(staging)?);
    let exists = !texts(connection, format!("SELECT 'x' WHERE to_regclass({}) IS NOT NULL", literal(&table_sql))).await?.is_empty();
    if exists {
        // Readers wait from here; a table that others hold is waited for.
        run(connection, format!("LOCK TABLE {table_sql} IN ACCESS EXCLUSIVE MODE")).await?;
        if catalog::has_attachments(connection, table).await? {
            let old = catalog::columns(connection, table).await?;
            let new = catalog::columns(connection, staging).await?;
            let same = old.len() == new.len() && old.iter().all(|a| new.iter().any(|b| a.name == b.name && a.formatted == b.formatted));
            if same {
                return refill(connection, table, staging, new.iter().map(|c| c.name.as_str())).await;
            }
            let dependants = catalog::dependants(connection, table).await?;
            if !dependants.is_empty() {
                let message = format!(
                    "cannot replace table {table}: its columns change, and it is used by {}; drop these first, or keep the columns",
                    dependants.join(", ")
                );
                return Err(RunError::new(ErrorKind::Data, message));
            }
        }
        for statement in catalog::grants(connection, table, staging).await? {
            run(connection, statement).await?;
        }
        run(connection, format!("DROP TABLE {table_sql}")).await?;
    }
    run(connection, format!("ALTER TABLE {staging_sql} RENAME TO {}", POSTGRES.quote(&table.name)?)).await?;
    Ok(())
}

async fn refill(
    connection: &mut PgConnection,
    table: &TableName,
    staging: &TableName,
    columns: impl Iterator<Item = &str>,
) -> Result<(), RunError> {
    let (table_sql, staging_sql) = (qualified(table)?, qualified(staging)?);
    let columns = POSTGRES.quote_list(columns)?;
    run_raw(connection, format!("TRUNCATE {table_sql}"))
        .await
        .map_err(|error| fault::prefixed(fault::of_statement(&error, ""), &format!("cannot replace table {table}")))?;
    let insert = format!("INSERT INTO {table_sql} ({columns}) SELECT {columns} FROM {staging_sql}");
    run_raw(connection, insert).await.map_err(|error| fault::of_load(&error, &table.to_string(), 0))?;
    run(connection, format!("DROP TABLE {staging_sql}")).await?;
    Ok(())
}
