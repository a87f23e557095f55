//! The ops of the language, one file each: keys, reading, lowering, and what they ask of the rest.

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

use sequor_plan_format as plan;

use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Expression;
use crate::sql;
use crate::sql::outline::Outline;
use crate::syntax::fields::{Fields, scalar, wrong_kind};
use crate::syntax::key::Table;
use crate::syntax::value;
use crate::syntax::visit::Visitor;
use crate::syntax::{BEFORE_REPLY, Reader, SourceRef};
use crate::yaml::{self, Node, ScalarValue};

#[derive(Debug)]
pub enum Op {
    HttpRequest(Box<http_request::HttpRequest>),
    Transform(Box<transform::Transform>),
    Execute(execute::Execute),
    SetVariable(set_variable::SetVariable),
    Print(print::Print),
    Fail(fail::Fail),
    IfElse(if_else::IfElse),
    WhileLoop(while_loop::WhileLoop),
    ForEach(Box<for_each::ForEach>),
    TryCatch(try_catch::TryCatch),
    Block(block::Block),
    RunFlow(run_flow::RunFlow),
    Sleep(sleep::Sleep),
    Assert(Box<assert::Assert>),
    Leave(leave::Leave),
    Parallel(parallel::Parallel),
    Copy(Box<copy::Copy>),
}

/// How an op is found and read.
#[derive(Debug)]
pub struct Spec {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub table: &'static Table,
    /// The span is the `op` entry, where missing keys are reported.
    pub read: fn(&Fields<'_>, &Span, &mut Reader<'_>) -> Option<Op>,
}

/// The fault of a step that is written in the form of another tool, where its keys one by one would say less; and the step as it is written here.
pub fn other_form(spec: &Spec, step: &Node) -> Option<(Diagnostic, Node)> {
    if spec.name == "set_variable" { set_variable::other_form(step) } else { None }
}

/// All ops, in the order of the reference.
pub static OPS: [Spec; 19] = [
    Spec { name: "http_request", aliases: &[], table: &http_request::KEYS, read: http_request::read },
    Spec { name: "transform", aliases: &[], table: &transform::KEYS, read: transform::read },
    Spec { name: "execute", aliases: &["sql"], table: &execute::KEYS, read: execute::read },
    Spec { name: "set_variable", aliases: &["set_variables"], table: &set_variable::KEYS, read: set_variable::read },
    Spec { name: "print", aliases: &["log"], table: &print::KEYS, read: print::read },
    Spec { name: "fail", aliases: &["raise"], table: &fail::KEYS, read: fail::read },
    Spec { name: "if", aliases: &[], table: &if_else::KEYS, read: if_else::read },
    Spec { name: "while", aliases: &[], table: &while_loop::KEYS, read: while_loop::read },
    Spec { name: "for_each", aliases: &[], table: &for_each::KEYS, read: for_each::read },
    Spec { name: "try", aliases: &[], table: &try_catch::KEYS, read: try_catch::read },
    Spec { name: "block", aliases: &[], table: &block::KEYS, read: block::read },
    Spec { name: "run_flow", aliases: &["run_workflow"], table: &run_flow::KEYS, read: run_flow::read },
    Spec { name: "sleep", aliases: &["wait"], table: &sleep::KEYS, read: sleep::read },
    Spec { name: "assert", aliases: &[], table: &assert::KEYS, read: assert::read },
    Spec { name: "break", aliases: &[], table: &leave::BREAK, read: leave::read_break },
    Spec { name: "continue", aliases: &[], table: &leave::CONTINUE, read: leave::read_continue },
    Spec { name: "return", aliases: &[], table: &leave::RETURN, read: leave::read_return },
    Spec { name: "parallel", aliases: &[], table: &parallel::KEYS, read: parallel::read },
    Spec { name: "copy", aliases: &[], table: &copy::KEYS, read: copy::read },
];

/// Ops of the language that this version does not have, with what they do.
pub static LATER: [(&str, &str); 2] = [("migrate_schema", "changes a table's columns"), ("merge", "writes rows by key")];

/// The op of that name or alias.
#[must_use]
pub fn named(name: &str) -> Option<&'static Spec> {
    OPS.iter().find(|s| s.name == name || s.aliases.contains(&name))
}

impl Op {
    /// Everything in the op, nested steps included, in the order it is evaluated.
    pub fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        match self {
            Self::HttpRequest(op) => op.visit(visitor),
            Self::Transform(op) => op.visit(visitor),
            Self::Execute(op) => op.visit(visitor),
            Self::SetVariable(op) => op.visit(visitor),
            Self::Print(op) => op.visit(visitor),
            Self::Fail(op) => op.visit(visitor),
            Self::IfElse(op) => op.visit(visitor),
            Self::WhileLoop(op) => op.visit(visitor),
            Self::ForEach(op) => op.visit(visitor),
            Self::TryCatch(op) => op.visit(visitor),
            Self::Block(op) => op.visit(visitor),
            Self::RunFlow(op) => op.visit(visitor),
            Self::Sleep(op) => op.visit(visitor),
            Self::Assert(op) => op.visit(visitor),
            Self::Leave(op) => op.visit(visitor),
            Self::Parallel(op) => op.visit(visitor),
            Self::Copy(op) => op.visit(visitor),
        }
    }

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
            Self::Leave(op) => op.name(),
            Self::Parallel(_) => "parallel",
            Self::Copy(_) => "copy",
        }
    }

    /// The lists of steps that the op owns.
    #[must_use]
    pub fn blocks(&self) -> Vec<&[crate::syntax::Step]> {
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
            Self::IfElse(op) => op.arms.iter().map(|a| a.then.as_slice()).chain(op.otherwise.as_deref()).collect(),
            Self::WhileLoop(op) => vec![&op.steps],
            Self::ForEach(op) => vec![&op.steps],
            Self::TryCatch(op) => std::iter::once(op.steps.as_slice())
                .chain(op.catches.iter().map(|c| c.steps.as_slice()))
                .chain(op.finally.as_deref())
                .collect(),
            Self::Block(op) => vec![&op.steps],
            Self::Parallel(op) => op.branches.iter().map(|b| b.steps.as_slice()).collect(),
        }
    }

    /// What may happen to the op's own effect when a run is resumed.
    #[must_use]
    pub fn replay(&self) -> plan::Replay {
        match self {
            Self::HttpRequest(op) => op.replay(),
            Self::Execute(op) => op.replay(),
            Self::Transform(_) | Self::Copy(_) => plan::Replay::Transactional,
            Self::SetVariable(_)
            | Self::Print(_)
            | Self::Fail(_)
            | Self::Sleep(_)
            | Self::Assert(_)
            | Self::Leave(_)
            | Self::IfElse(_)
            | Self::WhileLoop(_)
            | Self::ForEach(_)
            | Self::TryCatch(_)
            | Self::Parallel(_)
            | Self::Block(_)
            | Self::RunFlow(_) => plan::Replay::Pure,
        }
    }

    pub(crate) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Op, Unresolved> {
        Ok(match self {
            Self::HttpRequest(op) => plan::Op::HttpRequest(Box::new(op.lower(lowering)?)),
            Self::Transform(op) => plan::Op::Transform(Box::new(op.lower(lowering)?)),
            Self::Execute(op) => plan::Op::Execute(op.lower(lowering)?),
            Self::SetVariable(op) => plan::Op::SetVariable(op.lower(lowering)),
            Self::Print(op) => plan::Op::Print(op.lower(lowering)),
            Self::Fail(op) => plan::Op::Fail(op.lower(lowering)),
            Self::IfElse(op) => plan::Op::IfElse(op.lower(lowering)?),
            Self::WhileLoop(op) => plan::Op::WhileLoop(op.lower(lowering)?),
            Self::ForEach(op) => plan::Op::ForEach(op.lower(lowering)?),
            Self::TryCatch(op) => plan::Op::TryCatch(op.lower(lowering)?),
            Self::Block(op) => plan::Op::Block(op.lower(lowering)?),
            Self::RunFlow(op) => plan::Op::RunFlow(op.lower(lowering)?),
            Self::Sleep(op) => plan::Op::Sleep(op.lower(lowering)),
            Self::Assert(op) => plan::Op::Assert(op.lower(lowering)?),
            Self::Leave(op) => plan::Op::Leave(op.lower(lowering)),
            Self::Parallel(op) => plan::Op::Parallel(op.lower(lowering)?),
            Self::Copy(op) => plan::Op::Copy(Box::new(op.lower(lowering)?)),
        })
    }
}

/// The one query of a key: checked with the dialect of its source, without its trailing semicolon.
pub(crate) fn sql_query(fields: &Fields<'_>, key: &str, source: &SourceRef, reader: &mut Reader<'_>) -> Option<Expression> {
    let field = fields.filled(key)?;
    let node = &field.entry.value;
    if field.python {
        return Some(value::python(node, BEFORE_REPLY, &mut reader.faults));
    }
    let Some(scalar) = scalar(node).filter(|s| s.value == ScalarValue::Text) else {
        reader.faults.push(wrong_kind(node, &format!("'{key}'"), "SQL text"));
        return None;
    };
    let Some(dialect) = reader.sources.dialect(source) else {
        return Some(value::template(scalar, &node.span, BEFORE_REPLY, &mut reader.faults));
    };
    reader.faults.extend(yaml::folded_code(node, yaml::Language::Sql));
    let (statement, faults) = sql::query(scalar, &node.span, dialect);
    reader.faults.extend(faults);
    match statement {
        Some(s) => {
            let part = value::slice(scalar, s.start, s.end);
            let span = scalar.span_of(&node.span, s.start, s.end);
            let expression = value::template(&part, &span, BEFORE_REPLY, &mut reader.faults);
            reader.sql.insert(expression.span.start, Outline::of(part, s, &node.span, dialect));
            Some(expression)
        }
        None => Some(value::template(scalar, &node.span, BEFORE_REPLY, &mut reader.faults)),
    }
}
