//! What one rendering knows of the run, and what it still has to ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value as Jinja};
use sequor_plan_format::{Plan, SourceId};

use super::super::fault::{Outcome, expression};
use super::super::{Context, native, sources};
use super::{printed, views};
use crate::error::RunError;
use crate::value::Value;

/// The name under which templates find their session; no template can write it.
const NAME: &str = "\u{0}session";

/// A question to the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    /// Answered with null where it is not set; [`Session::variable`] tells the two apart.
    Variable(String),
    Environment(String),
    Query {
        source: SourceId,
        sql: String,
    },
    Reply(ReplyPart),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ReplyPart {
    Status,
    Headers,
    Text,
    Json,
    Url,
    Elapsed,
}

#[derive(Debug)]
pub(super) struct Session {
    /// Names and ids of the database sources.
    sources: sources::Databases,
    /// Whether the template is one `{{ … }}` whose value keeps its type.
    typed: bool,
    state: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    answers: HashMap<Ask, Option<Value>>,
    pending: Option<Ask>,
    fault: Option<RunError>,
    value: Option<Value>,
}

impl Session {
    pub(super) fn new(plan: &Plan, typed: bool) -> Self {
        Self { sources: sources::Databases::of(plan), typed, state: Mutex::default() }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks a variable up ahead, so that most templates never restart.
    pub(super) fn prepare_variable(&self, name: &str, context: &dyn Context) {
        let value = context.variable(name);
        if value.is_some() {
            self.memory().answers.insert(Ask::Variable(name.to_owned()), value);
        }
    }

    /// Answers a question.
    pub(super) fn answer(&self, ask: Ask, context: &dyn Context) -> Outcome<()> {
        let answer = match &ask {
            Ask::Variable(name) => context.variable(name),
            Ask::Environment(name) => Some(native::environment(context, name)?),
            Ask::Query { source, sql } => {
                let rows = context.query(*source, sql)?;
                Some(Value::List(Arc::new(rows.into_iter().map(Value::Row).collect())))
            }
            Ask::Reply(part) => {
                let reply = native::reply(context)?;
                Some(match part {
                    ReplyPart::Status => Value::Int(i64::from(reply.status)),
                    ReplyPart::Headers => reply.header_map(),
                    ReplyPart::Text => Value::Text(reply.text()),
                    ReplyPart::Json => reply.json()?.clone(),
                    ReplyPart::Url => Value::text(reply.url.as_str()),
                    ReplyPart::Elapsed => Value::Float(reply.elapsed.as_secs_f64()),
                })
            }
        };
        if let (Ask::Variable(name), None) = (&ask, &answer) {
            // Kept with its hint, for the rendering that finds the variable missing.
            self.memory().fault = native::variable(context, name).err();
        }
        self.memory().answers.insert(ask, answer);
        Ok(())
    }

    pub(super) fn take_pending(&self) -> Option<Ask> {
        self.memory().pending.take()
    }

    pub(super) fn take_fault(&self) -> Option<RunError> {
        self.memory().fault.take()
    }

    /// The result of a finished rendering.
    pub(super) fn finish(&self, out: Vec<u8>) -> Value {
        match self.memory().value.take() {
            Some(value) if out.is_empty() => value,
            _ => printed(out),
        }
    }

    /// Keeps the value of a typed template's only `{{ … }}`; tells whether it did.
    pub(super) fn keep_typed(&self, value: &Jinja) -> bool {
        if !self.typed {
            return false;
        }
        let kept = if value.is_undefined() { Ok(Value::text("")) } else { views::to_value(value) };
        match kept {
            Ok(value) => self.memory().value.replace(value).is_none(),
            Err(_) => false,
        }
    }

    /// The answer to a question, or the error that stops the rendering until it is there.
    fn ask(&self, ask: Ask) -> Result<Option<Value>, Error> {
        let mut memory = self.memory();
        if let Some(answer) = memory.answers.get(&ask) {
            return Ok(answer.clone());
        }
        memory.pending = Some(ask);
        Err(Error::new(ErrorKind::InvalidOperation, "unanswered"))
    }

    /// `is_var_defined(name)`: the variable, `None` where it is not set.
    pub(super) fn tested_variable(&self, name: &str) -> Result<Option<Value>, Error> {
        let answer = self.ask(Ask::Variable(name.to_owned()));
        if answer.is_ok() {
            // A missing variable is no fault where a template only tests for it.
            self.memory().fault = None;
        }
        answer
    }

    /// `var(name)` with `None` for a variable that is not set.
    pub(super) fn variable(&self, name: &str) -> Result<Option<Value>, Error> {
        self.ask(Ask::Variable(name.to_owned()))
    }

    pub(super) fn environment(&self, name: &str) -> Result<Value, Error> {
        self.ask(Ask::Environment(name.to_owned())).map(|value| value.unwrap_or(Value::Null))
    }

    pub(super) fn query(&self, source: Option<&str>, sql: &str) -> Result<Vec<Value>, Error> {
        let source = self.sources.find(source).map_err(|error| self.fail(error))?;
        match self.ask(Ask::Query { source, sql: sql.to_owned() })? {
            Some(Value::List(rows)) => Ok(rows.to_vec()),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn reply(&self, part: ReplyPart) -> Result<Value, Error> {
        self.ask(Ask::Reply(part)).map(|value| value.unwrap_or(Value::Null))
    }

    /// Ends the rendering with an error of the run.
    pub(super) fn fail(&self, error: RunError) -> Error {
        let message = error.message.clone();
        self.memory().fault.get_or_insert(error);
        Error::new(ErrorKind::InvalidOperation, message)
    }

    /// Ends the rendering because a variable is not set.
    pub(super) fn undefined(&self, name: &str) -> Error {
        self.fail(expression(format!("variable '{name}' is not defined")))
    }
}

/// The session of a rendering.
pub(super) fn of(state: &State<'_, '_>) -> Option<Arc<Session>> {
    state.lookup(NAME)?.downcast_object::<Session>()
}

impl Object for Session {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match key.as_str()? {
            NAME => Some(Jinja::from_dyn_object(self.clone())),
            "response" => Some(Jinja::from_object(views::Response(self.clone()))),
            _ => None,
        }
    }
}
