//! What the driver holds open for a frame: a loop's members, a running `http_request`.

use std::sync::Arc;

use sequor_plan_format::{NodeId, Op};

use crate::error::{ErrorKind, RunError};
use crate::journal::members::Members;
use crate::machine::{Activation, OpenFrame, Position};
use crate::op::for_each;
use crate::op::http_request::{Active, Resumed};
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

pub(super) enum Resource {
    Items {
        members: Members,
        next: u64,
    },
    Http {
        active: Box<Active>,
        taken: u64,
    },
    /// What branches that failed held open.
    Branches(Vec<Resource>),
}

impl Resource {
    pub(super) async fn items(services: &Arc<Services>, node: NodeId, activation: Activation, scope: &Scope) -> Result<Self, RunError> {
        match &services.plan.node(node).op {
            Op::ForEach(op) => {
                let members = for_each::open(services, node, activation, op, scope).await?;
                Ok(Self::Items { members, next: 0 })
            }
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_) => Err(missing()),
        }
    }

    pub(super) async fn requests(
        services: &Arc<Services>,
        node: NodeId,
        activation: Activation,
        scope: &Scope,
    ) -> Result<(Self, Vec<Assigned>), RunError> {
        let (active, assigned) = Active::open(services, node, activation, scope).await?;
        Ok((Self::Http { active: Box::new(active), taken: 0 }, assigned))
    }

    /// What an earlier executor had open.
    pub(super) async fn reopen(services: &Arc<Services>, open: &OpenFrame, scope: &Scope) -> Result<Self, RunError> {
        let OpenFrame { node, activation, .. } = *open;
        match open.position {
            Position::Members { taken } => Ok(Self::Items { members: Members::reopen(&services.journal, activation).await?, next: taken }),
            Position::Requests { ordinal, page, read } => {
                let tables = services.journal.with_effects(|effects| effects.tables_of(activation));
                let at = Resumed { ordinal, within: page.is_some(), read, tables };
                let active = Active::resume(services, node, activation, at, scope).await?;
                Ok(Self::Http { active: Box::new(active), taken: ordinal })
            }
        }
    }

    pub(super) async fn next_item(&mut self) -> Result<Option<Value>, RunError> {
        match self {
            Self::Items { members, next } => {
                let member = members.get(*next).await?;
                *next += u64::from(member.is_some());
                Ok(member)
            }
            Self::Http { active, taken } => Ok(active.next_item().await?.map(|(ordinal, value)| {
                *taken = ordinal;
                value
            })),
            Self::Branches(_) => Err(missing()),
        }
    }

    /// The ordinal of the member that was taken last, where the spool has it.
    pub(super) fn taken(&self) -> Option<u64> {
        match self {
            Self::Items { next, .. } => next.checked_sub(1),
            Self::Http { active, taken } => active.has_members().then_some(*taken),
            Self::Branches(_) => None,
        }
    }

    pub(super) fn http(&mut self) -> Result<&mut Active, RunError> {
        match self {
            Self::Http { active, .. } => Ok(active),
            Self::Items { .. } | Self::Branches(_) => Err(missing()),
        }
    }

    /// The last batch of rows that is committed; none where no rows are on their way.
    pub(super) fn committed(&self) -> Option<u64> {
        match self {
            // What a failed branch has read is committed, or given up.
            Self::Items { .. } | Self::Branches(_) => None,
            Self::Http { active, .. } => active.committed(),
        }
    }

    /// Waits until all rows that were read are committed.
    pub(super) async fn settle(&mut self) -> Result<(), RunError> {
        match self {
            Self::Items { .. } | Self::Branches(_) => Ok(()),
            Self::Http { active, .. } => active.settle().await,
        }
    }

    /// The journal has everything that is committed.
    pub(super) fn journalled(&mut self) {
        match self {
            Self::Items { .. } | Self::Branches(_) => {}
            Self::Http { active, .. } => {
                if let Some(batch) = active.committed() {
                    active.journalled(batch);
                }
            }
        }
    }

    /// The op has ended: what it has loaded and not kept is dropped.
    pub(super) async fn discard(self) {
        match self {
            Self::Items { members, .. } => members.forget(),
            Self::Http { active, .. } => active.discard().await,
            Self::Branches(left) => {
                for resource in left {
                    Box::pin(resource.discard()).await;
                }
            }
        }
    }

    /// The run ends here, and may go on later.
    pub(super) async fn suspend(self) {
        match self {
            Self::Items { .. } => {}
            Self::Http { active, .. } => active.suspend().await,
            Self::Branches(left) => {
                for resource in left {
                    Box::pin(resource.suspend()).await;
                }
            }
        }
    }
}

/// The machine names only frames that it has opened.
pub(crate) fn missing() -> RunError {
    RunError::new(ErrorKind::Failed("internal".to_owned()), "internal fault: a command does not fit what is open")
}
