//! Jinja templates, run by minijinja with Jinja2's meaning and printing.
//!
//! minijinja keeps no borrowed data, so a template cannot call into the run. What it asks for (a variable, a query) is looked up in a [`Session`];
//! where the answer is not there yet, rendering stops, the answer is fetched, and rendering starts again. Templates have no side effects, so the
//! restart is not noticed.

mod digits;
mod filters;
mod functions;
mod session;
mod text_filters;
mod text_methods;
mod views;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use sequor_plan_format::{Code, Expr, ExprId, Plan};

use super::budget::MAX_BYTES;
use super::fault::{Outcome, expression, limit};
use super::{Context, place};
use crate::error::RunError;
use crate::value::Value;
use session::Session;

/// minijinja's instructions per rendering.
const FUEL: u64 = 20_000_000;

/// Renderings of one template that answers may cost.
const MAX_RESTARTS: usize = 10_000;

/// The templates of a plan, parsed once.
pub(crate) struct Templates {
    environment: Environment<'static>,
    /// Why a template does not parse; the compiler lets none through.
    faults: HashMap<ExprId, Error>,
}

impl Templates {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_fuel(Some(FUEL));
        environment.set_formatter(print);
        environment.set_unknown_method_callback(views::call_method);
        functions::add(&mut environment);
        filters::add(&mut environment);
        text_filters::add(&mut environment);
        let mut faults = HashMap::new();
        for (index, expr) in (0u32..).zip(&plan.exprs) {
            if let Expr::Jinja { code, .. } = expr
                && let Err(fault) = environment.add_template_owned(index.to_string(), plan.text(code.text).to_owned())
            {
                faults.insert(ExprId(index), fault);
            }
        }
        Self { environment, faults }
    }

    pub(crate) fn render(&self, plan: &Plan, id: ExprId, code: &Code, typed: bool, context: &dyn Context) -> Outcome {
        if let Some(fault) = self.faults.get(&id) {
            return Err(located(plan, code, described(fault), fault.line()));
        }
        let template = self.environment.get_template(&id.0.to_string()).map_err(|fault| expression(described(&fault)))?;
        let session = Arc::new(Session::new(plan, typed));
        for name in &code.variables {
            session.prepare_variable(plan.text(*name), context);
        }
        for _ in 0..MAX_RESTARTS {
            let mut out = Capped(Vec::new());
            digits::forget();
            let rendered = template.render_captured_to(minijinja::Value::from_dyn_object(session.clone()), &mut out).map(drop);
            let Err(fault) = rendered else { return Ok(session.finish(out.0)) };
            if let Some(ask) = session.take_pending() {
                session.answer(ask, context).map_err(|error| at_line(error, plan, code, fault.line()))?;
                continue;
            }
            if let Some(error) = session.take_fault() {
                return Err(at_line(error, plan, code, fault.line()));
            }
            if fault.kind() == ErrorKind::OutOfFuel {
                return Err(at_line(limit(format!("the template needs more than {} million steps", FUEL / 1_000_000)), plan, code, None));
            }
            if fault.kind() == ErrorKind::WriteFailure {
                return Err(at_line(limit(format!("the template prints more than {} MiB", MAX_BYTES >> 20)), plan, code, fault.line()));
            }
            return Err(located(plan, code, described(&fault), fault.line()));
        }
        Err(limit(format!("the template runs more than {MAX_RESTARTS} different queries")))
    }
}

fn described(fault: &Error) -> String {
    let what = match fault.kind() {
        ErrorKind::UndefinedError => "the value is undefined".to_owned(),
        kind => kind.to_string(),
    };
    fault.detail().map_or_else(|| what.clone(), |detail| if detail.is_empty() { what.clone() } else { format!("{what}: {detail}") })
}

fn located(plan: &Plan, code: &Code, message: String, line: Option<usize>) -> RunError {
    at_line(expression(format!("the template failed: {message}")), plan, code, line)
}

fn at_line(mut error: RunError, plan: &Plan, code: &Code, line: Option<usize>) -> RunError {
    let line = line.and_then(|line| u32::try_from(line).ok()).unwrap_or(1);
    error.place.get_or_insert_with(|| place::of_line(plan, code, line));
    error
}

/// Prints the value of a `{{ … }}` as Jinja2 does: `str()` of it, and nothing for an undefined one.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &minijinja::Value) -> Result<(), Error> {
    if let Some(session) = session::of(state)
        && session.keep_typed(value)
    {
        return Ok(());
    }
    let failed = |_| Error::new(ErrorKind::WriteFailure, "");
    match value.as_str() {
        Some(text) => out.write_str(text).map_err(failed),
        None if value.is_undefined() => Ok(()),
        None => out.write_str(&views::to_value(value)?.to_text()).map_err(failed),
    }
}

/// Takes at most [`MAX_BYTES`].
struct Capped(Vec<u8>);

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_BYTES {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value that no expression gave: the text that a template printed.
fn printed(out: Vec<u8>) -> Value {
    Value::text(String::from_utf8(out).unwrap_or_default())
}
