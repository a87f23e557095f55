//! Expressions: everything in a plan that is decided at run time.
//!
//! The arena is flat: a child's id is smaller than its owner's, and every expression has one owner. An expression is either native
//! (evaluated by the executor itself, with Python's meaning of every operator, printing included), a Jinja template (minijinja), or Python
//! source (a worker process). A native expression never contains a Jinja or Python one, except as the part of a [`Expr::Concat`] or
//! of the lists and maps that the flow's YAML itself builds.

use serde::{Deserialize, Serialize};

use crate::{ExprId, SourceId, SpanId, TextId, ValueId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Const(ValueId),
    /// `var('name')`: an error where the variable is not set.
    Var(TextId),
    /// `is_var_defined('name')`.
    IsVarDefined(TextId),
    /// `env('NAME')`: a variable of the chosen environment, else of the process.
    Env(TextId),
    /// A name bound inside this expression by [`Expr::Let`] or [`Expr::Comprehension`]. Slots are numbered per root expression from 0.
    Local(u32),
    Response(ResponsePart),
    /// Text made of its parts, each printed as Python's `str()` prints it.
    Concat(Vec<ExprId>),
    /// A value printed by Python's format mini-language: `f"{value:spec}"`, `f"{value!r}"`.
    Format {
        value: ExprId,
        conversion: Conversion,
        spec: TextId,
    },
    List(Vec<ExprId>),
    Tuple(Vec<ExprId>),
    /// Later keys replace earlier ones.
    Dict(Vec<DictItem>),
    /// `base[key]`: an error where the key, index or column is missing.
    Index {
        base: ExprId,
        key: ExprId,
    },
    Slice {
        base: ExprId,
        start: Option<ExprId>,
        stop: Option<ExprId>,
        step: Option<ExprId>,
    },
    /// Jinja's `base.name`: a row's column, else a map's key, else undefined (prints as nothing).
    Attribute {
        base: ExprId,
        name: TextId,
    },
    /// `base.method(arguments)` of a str, list, dict or row.
    Method {
        base: ExprId,
        method: Method,
        arguments: Vec<ExprId>,
    },
    Call {
        function: Function,
        arguments: Vec<ExprId>,
    },
    Unary {
        operator: Unary,
        operand: ExprId,
    },
    Binary {
        operator: Binary,
        left: ExprId,
        right: ExprId,
    },
    Compare {
        operator: Compare,
        left: ExprId,
        right: ExprId,
    },
    /// Gives the first falsy operand, else the last one.
    And(Vec<ExprId>),
    /// Gives the first truthy operand, else the last one.
    Or(Vec<ExprId>),
    If {
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    /// `slot = value`, then `body`.
    Let {
        slot: u32,
        value: ExprId,
        body: ExprId,
    },
    /// A list, set or dict comprehension. `key` is there for a dict only.
    Comprehension {
        kind: Comprehension,
        key: Option<ExprId>,
        element: ExprId,
        clauses: Vec<Clause>,
    },
    /// `query_value(source, sql)`: the first column of the first row, null where there is no row.
    QueryValue {
        source: SourceId,
        sql: ExprId,
        cast: Option<Function>,
    },
    /// `query(source, sql)`: all rows as a list.
    Query {
        source: SourceId,
        sql: ExprId,
    },
    /// A Jinja template. `typed` where the whole text is one `{{ … }}`, which keeps its value's type.
    Jinja {
        code: Code,
        typed: bool,
    },
    /// Python source.
    Python {
        code: Code,
        form: PythonForm,
        inputs: Vec<Input>,
    },
}

/// Source text that something other than the native evaluator runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Code {
    pub text: TextId,
    /// Where the text stands in the project.
    pub span: SpanId,
    /// Characters that the file has before each line after the first: a snippet's column `c` in line 2 and later is the file's column `indent + c`.
    pub indent: u32,
    /// The variables that the text names literally, sorted by text.
    pub variables: Vec<TextId>,
    /// The text asks for variables by computed names, so every variable in scope is needed.
    pub computed_variables: bool,
    /// The text reads `response`.
    pub response: bool,
    /// The text queries a database.
    pub queries: bool,
}

/// How the Python source is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PythonForm {
    /// One expression.
    Expression,
    /// Statements with `return`.
    Body,
    /// `def evaluate(context)` or `def evaluate(context, response)`, with anything beside it.
    Evaluate,
}

/// A value that Python source gets under a name: `{{ … }}` inside a Python string literal becomes one, so that it is never source text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub name: TextId,
    pub value: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponsePart {
    StatusCode,
    Headers,
    Text,
    Json,
    Url,
    /// Seconds, as a float.
    Elapsed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Conversion {
    None,
    Str,
    Repr,
    Ascii,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DictItem {
    Pair(ExprId, ExprId),
    /// `**mapping`.
    Spread(ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comprehension {
    List,
    Set,
    Dict,
}

/// `for slots in iterable if conditions`. More than one slot unpacks each member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    pub slots: Vec<u32>,
    pub iterable: ExprId,
    pub conditions: Vec<ExprId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unary {
    Not,
    Negative,
    Positive,
    Invert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

/// Built-in functions with Python's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Function {
    Abs,
    All,
    Any,
    Bool,
    Dict,
    Enumerate,
    Float,
    Int,
    Len,
    List,
    Max,
    Min,
    Range,
    Repr,
    Reversed,
    Round,
    Sorted,
    Str,
    Sum,
    Tuple,
    Zip,
}

impl Function {
    /// As Python writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abs => "abs",
            Self::All => "all",
            Self::Any => "any",
            Self::Bool => "bool",
            Self::Dict => "dict",
            Self::Enumerate => "enumerate",
            Self::Float => "float",
            Self::Int => "int",
            Self::Len => "len",
            Self::List => "list",
            Self::Max => "max",
            Self::Min => "min",
            Self::Range => "range",
            Self::Repr => "repr",
            Self::Reversed => "reversed",
            Self::Round => "round",
            Self::Sorted => "sorted",
            Self::Str => "str",
            Self::Sum => "sum",
            Self::Tuple => "tuple",
            Self::Zip => "zip",
        }
    }
}

/// Methods of values. Which value has which method is Python's rule; a row has those of a dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    // str
    Capitalize,
    EndsWith,
    Find,
    IsAlpha,
    IsDigit,
    Join,
    Lower,
    LStrip,
    Replace,
    RSplit,
    RStrip,
    Split,
    SplitLines,
    StartsWith,
    Strip,
    Title,
    Upper,
    ZFill,
    // dict, row
    Copy,
    Get,
    Items,
    Keys,
    ToDict,
    Values,
    // str, list
    Count,
    Index,
}

impl Method {
    /// Whether it gives text, whatever it is called with.
    #[must_use]
    pub const fn gives_text(self) -> bool {
        matches!(
            self,
            Self::Capitalize
                | Self::Join
                | Self::Lower
                | Self::LStrip
                | Self::Replace
                | Self::RStrip
                | Self::Strip
                | Self::Title
                | Self::Upper
                | Self::ZFill
        )
    }

    pub const ALL: [Self; 26] = [
        Self::Capitalize,
        Self::EndsWith,
        Self::Find,
        Self::IsAlpha,
        Self::IsDigit,
        Self::Join,
        Self::Lower,
        Self::LStrip,
        Self::Replace,
        Self::RSplit,
        Self::RStrip,
        Self::Split,
        Self::SplitLines,
        Self::StartsWith,
        Self::Strip,
        Self::Title,
        Self::Upper,
        Self::ZFill,
        Self::Copy,
        Self::Get,
        Self::Items,
        Self::Keys,
        Self::ToDict,
        Self::Values,
        Self::Count,
        Self::Index,
    ];

    /// As Python writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Capitalize => "capitalize",
            Self::EndsWith => "endswith",
            Self::Find => "find",
            Self::IsAlpha => "isalpha",
            Self::IsDigit => "isdigit",
            Self::Join => "join",
            Self::Lower => "lower",
            Self::LStrip => "lstrip",
            Self::Replace => "replace",
            Self::RSplit => "rsplit",
            Self::RStrip => "rstrip",
            Self::Split => "split",
            Self::SplitLines => "splitlines",
            Self::StartsWith => "startswith",
            Self::Strip => "strip",
            Self::Title => "title",
            Self::Upper => "upper",
            Self::ZFill => "zfill",
            Self::Copy => "copy",
            Self::Get => "get",
            Self::Items => "items",
            Self::Keys => "keys",
            Self::ToDict => "to_dict",
            Self::Values => "values",
            Self::Count => "count",
            Self::Index => "index",
        }
    }
}
