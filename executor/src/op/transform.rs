//! `transform`: the result of a query becomes a table, in the query's database or in another one.

use std::sync::Arc;

use sequor_plan_format::NodeId;
use sequor_plan_format::op::Transform;

use super::effect::{effect, landing_tag};
use super::table;
use crate::database::{Landing, Mode, RowStream, TableName};
use crate::error::RunError;
use crate::machine::Activation;
use crate::scope::Scope;
use crate::services::Services;

pub(super) async fn run(
    services: &Arc<Services>,
    node: NodeId,
    activation: Activation,
    again: bool,
    op: &Transform,
    scope: &Scope,
) -> Result<(), RunError> {
    let query = table::text(services, &scope.in_source(op.source), op.query, "the query")?;
    let target = table::name(services, &op.target, scope)?;
    let mode = table::mode(op.write_mode);
    let effect = effect(services, op.target.source, node, activation);
    let into = services.database(op.target.source, scope).await?;
    let done = if again { into.markers(&effect, 0).await?.pop().filter(|marker| marker.finished) } else { None };
    let rows = match done {
        Some(marker) => marker.rows_out,
        None if op.source == op.target.source => {
            let stored = into.store_query(&query, &target, mode, Some(&effect)).await?;
            if !stored.marked {
                services.unmarked(node, op.target.source);
            }
            stored.rows
        }
        None => {
            let from = services.database(op.source, scope).await?;
            let mut rows = from.query(&query).await?;
            let mut landing = into.landing(&effect, &landing_tag(services, activation), again).await?;
            if !landing.has_marker() {
                services.unmarked(node, op.target.source);
            }
            match transfer(&mut rows, &mut landing, &target, mode).await {
                Ok(rows) => rows,
                Err(error) => {
                    landing.discard().await;
                    return Err(error);
                }
            }
        }
    };
    services.reporter.rows_in(node, rows);
    services.reporter.rows_out(node, rows);
    Ok(())
}

/// Rows on their way from one database to another: all of them become visible in one transaction, with the marker.
async fn transfer(rows: &mut RowStream, landing: &mut Landing, target: &TableName, mode: Mode) -> Result<u64, RunError> {
    let columns = rows.columns().to_vec();
    let slot = landing.table(target, &columns, mode).await?;
    landing.push_all(slot, rows).await?;
    Ok(landing.finish(1, Vec::new()).await?.iter().sum())
}
