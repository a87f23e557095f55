//! Operators, functions and methods as Python spells them.

use crate::expr::{Binary, Compare, Function, Method, ResponsePart, Unary};

pub(super) fn response_part(part: ResponsePart) -> &'static str {
    match part {
        ResponsePart::StatusCode => "status_code",
        ResponsePart::Headers => "headers",
        ResponsePart::Text => "text",
        ResponsePart::Json => "json()",
        ResponsePart::Url => "url",
        ResponsePart::Elapsed => "elapsed",
    }
}

pub(super) fn unary(operator: Unary) -> &'static str {
    match operator {
        Unary::Not => "not ",
        Unary::Negative => "-",
        Unary::Positive => "+",
        Unary::Invert => "~",
    }
}

pub(super) fn binary(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::FloorDivide => "//",
        Binary::Modulo => "%",
        Binary::Power => "**",
        Binary::BitAnd => "&",
        Binary::BitOr => "|",
        Binary::BitXor => "^",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
    }
}

pub(super) fn compare(operator: Compare) -> &'static str {
    match operator {
        Compare::Equal => "==",
        Compare::NotEqual => "!=",
        Compare::Less => "<",
        Compare::LessEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterEqual => ">=",
        Compare::In => "in",
        Compare::NotIn => "not in",
        Compare::Is => "is",
        Compare::IsNot => "is not",
    }
}

pub(super) fn function_name(function: Function) -> &'static str {
    match function {
        Function::Abs => "abs",
        Function::All => "all",
        Function::Any => "any",
        Function::Bool => "bool",
        Function::Dict => "dict",
        Function::Enumerate => "enumerate",
        Function::Float => "float",
        Function::Int => "int",
        Function::Len => "len",
        Function::List => "list",
        Function::Max => "max",
        Function::Min => "min",
        Function::Range => "range",
        Function::Repr => "repr",
        Function::Reversed => "reversed",
        Function::Round => "round",
        Function::Sorted => "sorted",
        Function::Str => "str",
        Function::Sum => "sum",
        Function::Tuple => "tuple",
        Function::Zip => "zip",
    }
}

pub(super) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Capitalize => "capitalize",
        Method::EndsWith => "endswith",
        Method::Find => "find",
        Method::IsAlpha => "isalpha",
        Method::IsDigit => "isdigit",
        Method::Join => "join",
        Method::Lower => "lower",
        Method::LStrip => "lstrip",
        Method::Replace => "replace",
        Method::RSplit => "rsplit",
        Method::RStrip => "rstrip",
        Method::Split => "split",
        Method::SplitLines => "splitlines",
        Method::StartsWith => "startswith",
        Method::Strip => "strip",
        Method::Title => "title",
        Method::Upper => "upper",
        Method::ZFill => "zfill",
        Method::Copy => "copy",
        Method::Get => "get",
        Method::Items => "items",
        Method::Keys => "keys",
        Method::ToDict => "to_dict",
        Method::Values => "values",
        Method::Count => "count",
        Method::Index => "index",
    }
}
