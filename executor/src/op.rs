//! What each op does, one file each. Ops that steer the flow hold their automaton for `machine`; the others perform one effect.

use std::sync::Arc;

use sequor_plan_format::{NodeId, Op};

use crate::error::{ErrorKind, RunError};
use crate::machine::Activation;
use crate::scope::{Assigned, Scope};
use crate::services::Services;

mod assert;
mod copy;
pub(crate) mod effect;
mod execute;
mod fail;
pub(crate) mod for_each;
pub mod http_request;
pub(crate) mod if_else;
pub(crate) mod leave;
pub(crate) mod parallel;
mod print;
pub(crate) mod rows;
pub(crate) mod run_flow;
mod set_variable;
mod sleep;
pub(crate) mod table;
mod transform;
pub(crate) mod try_catch;
pub(crate) mod while_loop;

/// Performs an op that is one effect. `again`: it may have happened before the run was resumed. Gives the variables to set.
///
/// # Errors
/// The op's.
pub(crate) async fn perform(
    services: &Arc<Services>,
    node: NodeId,
    activation: Activation,
    again: bool,
    scope: &Scope,
) -> Result<Vec<Assigned>, RunError> {
    match &services.plan.node(node).op {
        Op::Transform(op) => transform::run(services, node, activation, again, op, scope).await.map(|()| Vec::new()),
        Op::Copy(op) => copy::run(services, node, activation, again, op, scope).await.map(|()| Vec::new()),
        Op::Execute(op) => execute::run(services, node, activation, again, op, scope).await.map(|()| Vec::new()),
        Op::SetVariable(op) => set_variable::run(services, op, scope),
        Op::Print(op) => print::run(services, op, scope).map(|()| Vec::new()),
        Op::Fail(op) => Err(fail::run(services, op, scope)),
        Op::Sleep(op) => sleep::run(services, op, scope).await.map(|()| Vec::new()),
        Op::Assert(op) => assert::run(services, op, scope).await.map(|()| Vec::new()),
        op @ (Op::HttpRequest(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_)
        | Op::Leave(_)) => {
            Err(RunError::new(ErrorKind::Failed("internal".to_owned()), format!("internal fault: {} is not one effect", op.name())))
        }
    }
}
