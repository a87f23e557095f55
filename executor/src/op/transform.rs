//! `transform`: the result of a query becomes a table, in the query's database or in another one.

use std::sync::Arc;

use sequor_plan_format::NodeId;
use sequor_plan_format::op::Transform;

use super::table;
use crate::database::{Database, Loader, Mode, RowStream, TableName};
use crate::error::RunError;
use crate::json::cell_of;
use crate::scope::Scope;
use crate::services::Services;

pub(super) async fn run(services: &Arc<Services>, node: NodeId, op: &Transform, scope: &Scope) -> Result<(), RunError> {
    let query = table::text(services, &scope.in_source(op.source), op.query, "the query")?;
    let target = table::name(services, &op.target, scope)?;
    let mode = table::mode(op.write_mode);
    let database = services.database(op.source, scope).await?;
    let rows = if op.source == op.target.source {
        database.store_query(&query, &target, mode, None).await?.rows
    } else {
        let into = services.database(op.target.source, scope).await?;
        let tag = format!("{}n{}", services.run_tag, node.0);
        Transfer { from: database, into, target, mode, tag }.run(&query).await?
    };
    services.reporter.rows_in(node, rows);
    services.reporter.rows_out(node, rows);
    Ok(())
}

/// Rows on their way from one database to another.
struct Transfer {
    from: Database,
    into: Database,
    target: TableName,
    mode: Mode,
    tag: String,
}

impl Transfer {
    async fn run(&self, query: &str) -> Result<u64, RunError> {
        let mut rows = self.from.query(query).await?;
        let mut loader = self.into.load(&self.target, rows.columns(), self.mode, &self.tag).await?;
        match copy(&mut rows, &mut loader).await {
            Ok(()) => loader.finish().await,
            Err(error) => {
                loader.abort().await;
                Err(error)
            }
        }
    }
}

async fn copy(rows: &mut RowStream, loader: &mut Loader) -> Result<(), RunError> {
    while let Some(batch) = rows.next_batch().await? {
        for row in batch {
            let cells: Vec<_> = row.values.iter().map(cell_of).collect();
            loader.push(&cells)?;
            if loader.is_full() {
                loader.flush().await?;
            }
        }
    }
    Ok(())
}
