//! `copy`: the rows of a table or query become rows of a table, which are seen all at once.

use std::sync::Arc;

use sequor_plan_format::op::Copy;
use sequor_plan_format::op::copy::From;
use sequor_plan_format::{Column, ColumnType, NodeId};

use super::effect::{effect, landing_tag};
use super::table;
use crate::database::{Cell, ColumnDefinition, Landing, RowStream, Slot};
use crate::error::{ErrorKind, RunError};
use crate::machine::Activation;
use crate::scope::Scope;
use crate::services::Services;

pub(super) async fn run(
    services: &Arc<Services>,
    node: NodeId,
    activation: Activation,
    again: bool,
    op: &Copy,
    scope: &Scope,
) -> Result<(), RunError> {
    let target = table::name(services, &op.target, scope)?;
    let effect = effect(services, op.target.source, node, activation);
    let into = services.database(op.target.source, scope).await?;
    let done = if again { into.markers(&effect, 0).await?.pop().filter(|marker| marker.finished) } else { None };
    let rows = match done {
        Some(marker) => marker.rows_out,
        None => {
            let mut rows = open(services, &op.from, scope).await?;
            let taken = Taken::of(services, &op.columns, rows.columns())?;
            let mut landing = into.landing(&effect, &landing_tag(services, activation), again).await?;
            if !landing.has_marker() {
                services.unmarked(node, op.target.source);
            }
            let moved = async {
                let slot = landing.table(&target, &taken.columns, table::mode(op.write_mode)).await?;
                taken.push(&mut landing, slot, &mut rows).await?;
                Ok::<u64, RunError>(landing.finish(1, Vec::new()).await?.iter().sum())
            };
            match moved.await {
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

async fn open(services: &Arc<Services>, from: &From, scope: &Scope) -> Result<RowStream, RunError> {
    match from {
        From::Table(table) => {
            let name = table::name(services, table, scope)?;
            services.database(table.source, scope).await?.read_table(&name).await
        }
        From::Query { source, sql } => {
            let sql = table::text(services, &scope.in_source(*source), *sql, "the query")?;
            services.database(*source, scope).await?.query(&sql).await
        }
    }
}

/// The columns that are written, and where each stands in a row that is read.
struct Taken {
    columns: Vec<ColumnDefinition>,
    from: Vec<(usize, ColumnType)>,
}

impl Taken {
    fn of(services: &Services, declared: &[Column], found: &[ColumnDefinition]) -> Result<Self, RunError> {
        if declared.is_empty() {
            return Ok(Self { columns: found.to_vec(), from: found.iter().map(|column| column.kind).enumerate().collect() });
        }
        let mut taken = Self { columns: Vec::new(), from: Vec::new() };
        for column in declared {
            let name = services.plan.text(column.name);
            let at = found.iter().position(|found| &*found.name == name).ok_or_else(|| {
                let names: Vec<&str> = found.iter().map(|found| &*found.name).collect();
                RunError::new(ErrorKind::Data, format!("what is copied has no column '{name}'; its columns are {}", names.join(", ")))
            })?;
            taken.columns.push(ColumnDefinition { name: name.into(), kind: column.kind });
            taken.from.push((at, found[at].kind));
        }
        Ok(taken)
    }

    async fn push(&self, landing: &mut Landing, slot: Slot, rows: &mut RowStream) -> Result<(), RunError> {
        while let Some(batch) = rows.next_batch().await? {
            for row in &batch {
                let cells: Vec<Cell<'_>> = self.from.iter().map(|(at, kind)| Cell::from_column(&row.values[*at], *kind)).collect();
                landing.push(slot, &cells)?;
                if landing.is_full() {
                    landing.flush().await?;
                }
            }
        }
        Ok(())
    }
}
