//! The compiler's form of an expression: a tree, before it goes flat into the plan. Names are still text.

use std::sync::OnceLock;

use sequor_plan_format::expr as plan;

use super::Place;
use crate::diagnostic::Span;
use crate::yaml::Scalar;

/// A parsed value of the flow: what a YAML scalar, list or map with snippets in it becomes.
#[derive(Clone, Debug)]
pub struct Expression {
    pub span: Span,
    pub kind: Kind,
    /// Many rules ask, of the outermost expressions only.
    pub(super) uses: OnceLock<Box<Uses>>,
}

impl Expression {
    /// The parts of a text that is put together, natively or by Jinja; `None` for anything else.
    #[must_use]
    pub fn parts(&self) -> Option<&[Self]> {
        match &self.seen().kind {
            Kind::Concat(parts) => Some(parts),
            _ => None,
        }
    }

    /// The tree that a rule looks at: of a template that Jinja computes, what can be said of it.
    #[must_use]
    pub fn seen(&self) -> &Self {
        match &self.kind {
            Kind::Jinja { code, .. } => code.outline.as_deref().unwrap_or(self),
            _ => self,
        }
    }

    #[must_use]
    pub const fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind, uses: OnceLock::new() }
    }
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number that neither holds without loss, as JSON number text.
    Number(String),
    Text(String),
    Var(String),
    IsVarDefined(String),
    Env(String),
    Local(u32),
    Response(plan::ResponsePart),
    Concat(Vec<Expression>),
    Format {
        value: Box<Expression>,
        conversion: plan::Conversion,
        spec: String,
    },
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    Dict(Vec<DictItem>),
    Index {
        base: Box<Expression>,
        key: Box<Expression>,
    },
    Slice {
        base: Box<Expression>,
        start: Option<Box<Expression>>,
        stop: Option<Box<Expression>>,
        step: Option<Box<Expression>>,
    },
    Attribute {
        base: Box<Expression>,
        name: String,
    },
    Method {
        base: Box<Expression>,
        method: plan::Method,
        arguments: Vec<Expression>,
    },
    Call {
        function: plan::Function,
        arguments: Vec<Expression>,
    },
    Unary {
        operator: plan::Unary,
        operand: Box<Expression>,
    },
    Binary {
        operator: plan::Binary,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Compare {
        operator: plan::Compare,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    And(Vec<Expression>),
    Or(Vec<Expression>),
    If {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Let {
        slot: u32,
        value: Box<Expression>,
        body: Box<Expression>,
    },
    Comprehension {
        kind: plan::Comprehension,
        key: Option<Box<Expression>>,
        element: Box<Expression>,
        clauses: Vec<Clause>,
    },
    /// `source` is `None` where the snippet names none; resolve fills it in.
    QueryValue {
        source: Option<Named>,
        sql: Box<Expression>,
        cast: Option<plan::Function>,
    },
    Query {
        source: Option<Named>,
        sql: Box<Expression>,
    },
    Jinja {
        code: Code,
        typed: bool,
    },
    Python {
        code: Code,
        form: plan::PythonForm,
        inputs: Vec<(String, Expression)>,
    },
}

/// A literal name in a snippet.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum DictItem {
    Pair(Expression, Expression),
    Spread(Expression),
}

#[derive(Clone, Debug)]
pub struct Clause {
    pub slots: Vec<u32>,
    pub iterable: Expression,
    pub conditions: Vec<Expression>,
}

/// Source text for minijinja or Python.
#[derive(Clone, Debug)]
pub struct Code {
    pub text: String,
    /// Characters before each line after the first in the file.
    pub indent: u32,
    pub uses: Box<Uses>,
    /// Of Python: the snippet as it is written.
    pub written: Option<Box<Written>>,
    /// Of Jinja: what it computes, as far as a tree can say it.
    pub outline: Option<Box<Expression>>,
}

/// A snippet as it is written, to be looked at again.
#[derive(Clone, Debug)]
pub struct Written {
    pub scalar: Scalar,
    /// The YAML value that holds the text.
    pub whole: Span,
    pub place: Place,
}

/// What a snippet asks of its surroundings. Filled for Jinja and Python source; for native trees [`Expression::uses`] collects it.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Literal names of `var()`, with the place of each.
    pub variables: Vec<Named>,
    /// Literal names of `is_var_defined()`.
    pub tested: Vec<Named>,
    /// `var()` with a computed name.
    pub computed_variables: bool,
    pub response: bool,
    /// Literal source names of query functions; `None` where the snippet names none and the default is meant.
    pub query_sources: Vec<Option<Named>>,
    /// A source name is computed.
    pub computed_sources: bool,
    /// Text literals in the snippet, each once: a table's source may be among them.
    pub texts: Vec<String>,
    /// Queries whose text is literal.
    pub queries: Vec<QueryText>,
    /// Columns of rows that are read by a literal name.
    pub fields: Vec<FieldUse>,
    /// Tables that literal maps describe, as parsers give them.
    pub tables: Vec<GivenTable>,
    /// What a parser that is Python source returns, as far as it is literal.
    pub results: Vec<Expression>,
}

/// A query in a snippet. `source` is `None` for the default one.
#[derive(Clone, Debug)]
pub struct QueryText {
    pub source: Option<String>,
    pub sql: Named,
}

/// `var('row')['column']` and its other forms.
#[derive(Clone, Debug)]
pub struct FieldUse {
    pub variable: String,
    pub field: Named,
}

/// `{"table": "t", "columns": {…}, …}`
#[derive(Clone, Debug)]
pub struct GivenTable {
    pub name: Named,
    pub source: Option<String>,
    /// Name and type; `None` where they are not literal.
    pub columns: Option<Vec<(Named, String)>>,
    /// It has a `write_mode` other than making the table anew.
    pub appends: bool,
    /// Its rows are given in the same map, or may be added to it later.
    pub has_data: bool,
}
