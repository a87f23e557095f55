//! The operations of a plan, one file each. Enum numbers are append-only.

use serde::{Deserialize, Serialize};

use crate::{BlockId, ExprId, SourceId, TextId};

pub mod assert;
pub mod block;
pub mod copy;
pub mod execute;
pub mod fail;
pub mod for_each;
pub mod http_request;
pub mod if_else;
pub mod leave;
pub mod parallel;
pub mod print;
pub mod run_flow;
pub mod set_variable;
pub mod sleep;
pub mod transform;
pub mod try_catch;
pub mod while_loop;

pub use assert::Assert;
pub use block::Group;
pub use copy::Copy;
pub use execute::Execute;
pub use fail::Fail;
pub use for_each::ForEach;
pub use http_request::HttpRequest;
pub use if_else::IfElse;
pub use leave::Leave;
pub use parallel::Parallel;
pub use print::Print;
pub use run_flow::RunFlow;
pub use set_variable::SetVariable;
pub use sleep::Sleep;
pub use transform::Transform;
pub use try_catch::TryCatch;
pub use while_loop::WhileLoop;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    HttpRequest(Box<HttpRequest>),
    Transform(Box<Transform>),
    Execute(Execute),
    SetVariable(SetVariable),
    Print(Print),
    Fail(Fail),
    IfElse(IfElse),
    WhileLoop(WhileLoop),
    ForEach(ForEach),
    TryCatch(TryCatch),
    Block(Group),
    RunFlow(RunFlow),
    Sleep(Sleep),
    Assert(Assert),
    Leave(Leave),
    Parallel(Parallel),
    Copy(Box<Copy>),
}

impl Op {
    /// The op's name in a flow file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::HttpRequest(_) => "http_request",
            Self::Transform(_) => "transform",
            Self::Execute(_) => "execute",
            Self::SetVariable(_) => "set_variable",
            Self::Print(_) => "print",
            Self::Fail(_) => "fail",
            Self::IfElse(_) => "if",
            Self::WhileLoop(_) => "while",
            Self::ForEach(_) => "for_each",
            Self::TryCatch(_) => "try",
            Self::Block(_) => "block",
            Self::RunFlow(_) => "run_flow",
            Self::Sleep(_) => "sleep",
            Self::Assert(_) => "assert",
            Self::Leave(Leave::Break) => "break",
            Self::Leave(Leave::Continue) => "continue",
            Self::Leave(Leave::Return(_)) => "return",
            Self::Parallel(_) => "parallel",
            Self::Copy(_) => "copy",
        }
    }

    /// The blocks that this op owns, in the order they are written.
    #[must_use]
    pub fn blocks(&self) -> Vec<BlockId> {
        match self {
            Self::HttpRequest(_)
            | Self::Transform(_)
            | Self::Copy(_)
            | Self::Execute(_)
            | Self::SetVariable(_)
            | Self::Print(_)
            | Self::Fail(_)
            | Self::Sleep(_)
            | Self::Assert(_)
            | Self::Leave(_)
            | Self::RunFlow(_) => Vec::new(),
            Self::IfElse(op) => op.arms.iter().map(|a| a.then).chain(op.otherwise).collect(),
            Self::WhileLoop(op) => vec![op.body],
            Self::ForEach(op) => vec![op.body],
            Self::TryCatch(op) => std::iter::once(op.body).chain(op.catches.iter().map(|c| c.body)).chain(op.finally).collect(),
            Self::Block(op) => vec![op.body],
            Self::Parallel(op) => op.branches.iter().map(|b| b.body).collect(),
        }
    }
}

/// Where a variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Belongs to the running flow.
    Local,
    /// Outlives the run.
    Project,
}

/// `name = value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assign {
    pub name: TextId,
    pub scope: Scope,
    pub value: ExprId,
}

/// A table of a database source. Each part may be computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub source: SourceId,
    pub database: Option<ExprId>,
    pub namespace: Option<ExprId>,
    pub name: ExprId,
}

/// Where the members of a loop come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rows {
    Table(Table),
    Query {
        source: SourceId,
        sql: ExprId,
    },
    /// A list, or a map whose members are its keys.
    Items(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WriteMode {
    /// Fills a new table and swaps it in when the op succeeds.
    Create,
    Append,
}
