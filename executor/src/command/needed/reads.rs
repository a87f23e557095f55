//! What an expression reads whatever comes of it, followed into sources and constants, as `Scope` looks it up.

use std::collections::BTreeSet;

use sequor_plan_format::expr::DictItem;
use sequor_plan_format::op::http_request::{Pairs, Request};
use sequor_plan_format::source::Auth;
use sequor_plan_format::{Expr, ExprId, Op, Plan, SourceId, SourceKind, TextId, Value as Constant};

use super::Given;

/// From where an expression looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    /// A step, with the source whose variables it sees.
    Flow(Option<SourceId>),
    /// A source's own expression: it sees so many of its variables.
    Source(SourceId, usize),
    /// A constant of the project, with as many before it.
    Constant(usize),
}

pub(super) struct Reads<'a> {
    plan: &'a Plan,
    given: Given<'a>,
    /// Names that some flow gives a value, wherever that is seen.
    set: BTreeSet<&'a str>,
    known: BTreeSet<(ExprId, Sight)>,
    missing: Vec<String>,
}

impl<'a> Reads<'a> {
    pub(super) fn new(plan: &'a Plan, given: Given<'a>) -> Self {
        Self { plan, given, set: set(plan), known: BTreeSet::new(), missing: Vec::new() }
    }

    /// What was found missing since this was asked last.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.missing)
    }

    pub(super) fn expr(&mut self, expr: ExprId, sight: Sight) {
        let mut open = vec![(expr, sight)];
        while let Some((expr, sight)) = open.pop() {
            if !self.known.insert((expr, sight)) {
                continue;
            }
            match self.plan.expr(expr) {
                Expr::Var(name) => open.extend(self.variable(*name, sight)),
                Expr::Env(name) => self.environment(*name),
                Expr::QueryValue { source, .. } | Expr::Query { source, .. } => self.database(*source),
                _ => {}
            }
            open.extend(evaluated(self.plan.expr(expr)).into_iter().map(|part| (part, sight)));
        }
    }

    /// What it takes to connect to a database.
    pub(super) fn database(&mut self, source: SourceId) {
        let definition = self.plan.source(source);
        let settings = match &definition.kind {
            SourceKind::Sqlite(sqlite) => vec![Some(sqlite.path)],
            SourceKind::Postgres(postgres) => vec![Some(postgres.conn_str), postgres.username, postgres.password, postgres.schema],
            SourceKind::Http(_) => Vec::new(),
        };
        let sight = Sight::Source(source, definition.variables.len());
        settings.into_iter().flatten().for_each(|setting| self.expr(setting, sight));
    }

    /// What a request takes from its source. Credentials are not read where it may go to another server, nor headers that it has itself.
    pub(super) fn server(&mut self, request: &Request) {
        let plan = self.plan;
        let Some(source) = request.source else { return };
        let SourceKind::Http(http) = &plan.source(source).kind else { return };
        let here = Sight::Flow(Some(source));
        http.base_url.iter().for_each(|base| self.expr(*base, here));
        let (true, Pairs::Listed(own)) = (stays_home(plan, request.url), &request.headers) else { return };
        let has = |name: &str| own.iter().any(|(own, _)| plan.text(*own).eq_ignore_ascii_case(name));
        http.headers.iter().filter(|(name, _)| !has(plan.text(*name))).for_each(|(_, value)| self.expr(*value, here));
        let credentials = match &http.auth {
            Auth::None => Vec::new(),
            Auth::Basic { .. } | Auth::Bearer { .. } if has("authorization") => Vec::new(),
            Auth::Basic { username, password } => vec![*username, *password],
            Auth::Bearer { token } => vec![*token],
            Auth::ApiKey { name, value, .. } => vec![*name, *value],
        };
        credentials.into_iter().for_each(|credential| self.expr(credential, here));
    }

    /// The expression that gives the variable, if one does.
    fn variable(&mut self, name: TextId, sight: Sight) -> Option<(ExprId, Sight)> {
        let plan = self.plan;
        let text = plan.text(name);
        let last = |list: &[(TextId, ExprId)]| {
            list.iter().enumerate().rfind(|(_, (known, _))| plan.text(*known) == text).map(|(at, (_, value))| (*value, at))
        };
        if let Sight::Flow(_) | Sight::Source(..) = sight
            && (self.set.contains(text) || self.given.kept.contains_key(text))
        {
            return None;
        }
        let source = match sight {
            Sight::Flow(source) => source.map(|source| (source, plan.source(source).variables.as_slice())),
            Sight::Source(source, before) => Some((source, plan.source(source).variables.get(..before).unwrap_or_default())),
            Sight::Constant(_) => None,
        };
        if let Some((source, variables)) = source
            && let Some((value, at)) = last(variables)
        {
            return Some((value, Sight::Source(source, at)));
        }
        if self.given.environment.overriding(text).is_some() {
            return None;
        }
        let constants = plan.project.variables.as_slice();
        let constants = if let Sight::Constant(before) = sight { constants.get(..before).unwrap_or_default() } else { constants };
        if let Some((value, at)) = last(constants) {
            return Some((value, Sight::Constant(at)));
        }
        if plan.manifest.variables.iter().any(|needed| plan.text(*needed) == text) {
            match self.given.environment.gives(text) {
                Ok(true) => {}
                Ok(false) => self.missing.push(format!("var('{text}')")),
                Err(why) => self.missing.push(format!("var('{text}'), a secret of the environment: {why}")),
            }
        }
        None
    }

    fn environment(&mut self, name: TextId) {
        let text = self.plan.text(name);
        match self.given.environment.gives_env(text) {
            Ok(true) => {}
            Ok(false) => self.missing.push(format!("env('{text}')")),
            Err(why) => self.missing.push(format!("env('{text}'), a secret of the environment: {why}")),
        }
    }
}

/// The parts of an expression that are evaluated whenever it is.
fn evaluated(expr: &Expr) -> Vec<ExprId> {
    match expr {
        Expr::Concat(parts) | Expr::List(parts) | Expr::Tuple(parts) => parts.clone(),
        Expr::Call { arguments, .. } => arguments.clone(),
        Expr::Dict(items) => items
            .iter()
            .flat_map(|item| match item {
                DictItem::Pair(key, value) => vec![*key, *value],
                DictItem::Spread(mapping) => vec![*mapping],
            })
            .collect(),
        Expr::Format { value: part, .. } | Expr::Attribute { base: part, .. } | Expr::Unary { operand: part, .. } => vec![*part],
        Expr::Index { base, key } => vec![*base, *key],
        Expr::Slice { base, start, stop, step } => [Some(*base), *start, *stop, *step].into_iter().flatten().collect(),
        Expr::Method { base, arguments, .. } => std::iter::once(*base).chain(arguments.iter().copied()).collect(),
        Expr::Binary { left, right, .. } | Expr::Compare { left, right, .. } => vec![*left, *right],
        Expr::And(operands) | Expr::Or(operands) => operands.first().copied().into_iter().collect(),
        Expr::If { condition, .. } => vec![*condition],
        Expr::Let { value, body, .. } => vec![*value, *body],
        Expr::Comprehension { clauses, .. } => clauses.first().map(|clause| clause.iterable).into_iter().collect(),
        Expr::QueryValue { sql, .. } | Expr::Query { sql, .. } => vec![*sql],
        // What their text reads may be read on some ways only.
        Expr::Python { inputs, .. } => inputs.iter().map(|input| input.value).collect(),
        Expr::Jinja { .. } | Expr::Const(_) | Expr::Var(_) | Expr::IsVarDefined(_) | Expr::Env(_) | Expr::Local(_) | Expr::Response(_) => {
            Vec::new()
        }
    }
}

/// Whether a URL goes to the source's own server, or to one that the flow's author wrote, by how it begins.
fn stays_home(plan: &Plan, url: ExprId) -> bool {
    let text = |expr: ExprId| match plan.expr(expr) {
        Expr::Const(value) => match plan.value(*value) {
            Constant::Text(text) => Some(plan.text(*text)),
            _ => None,
        },
        _ => None,
    };
    match plan.expr(url) {
        Expr::Const(_) => text(url).is_some(),
        Expr::Concat(parts) => parts.first().and_then(|first| text(*first)).is_some_and(|begin| begin.starts_with('/')),
        _ => false,
    }
}

fn set(plan: &Plan) -> BTreeSet<&str> {
    let mut names: BTreeSet<TextId> = plan.flows.iter().flat_map(|flow| flow.parameters.iter().map(|parameter| parameter.name)).collect();
    for node in &plan.nodes {
        match &node.op {
            Op::SetVariable(op) => names.extend(op.assigns.iter().map(|assign| assign.name)),
            Op::HttpRequest(op) => {
                names.extend(op.init.iter().chain(&op.response.variables).map(|assign| assign.name));
                names.extend(op.for_each.iter().map(|for_each| for_each.item));
            }
            Op::ForEach(op) => names.extend(std::iter::once(op.item).chain(op.index)),
            Op::TryCatch(op) => names.extend(op.catches.iter().filter_map(|catch| catch.error)),
            Op::RunFlow(op) => names.extend(op.parameters.iter().map(|(name, _)| *name).chain(op.output)),
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::Parallel(_)
            | Op::Block(_) => {}
        }
    }
    names.into_iter().map(|name| plan.text(name)).collect()
}
