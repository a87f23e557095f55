//! One call of a snippet: what is sent to the worker, and how its questions are answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sequor_plan_format::expr::PythonForm;
use sequor_plan_format::{Code, ExprId, Plan};

use super::super::fault::{Outcome, expression, limit};
use super::super::{Context, native, place, sources};
use super::PythonPool;
use super::process::{NoFrame, Process};
use crate::error::RunError;
use crate::python::protocol::{Malformed, Reader, Writer, failure, from_worker, to_worker};
use crate::value::Value;

/// How long the interpreter may take to start, on a machine that is busy with other things.
const START: Duration = Duration::from_secs(60);

/// A snippet, with what it is called with.
pub(super) struct Call<'a> {
    pub(super) pool: &'a PythonPool,
    pub(super) plan: &'a Plan,
    pub(super) id: ExprId,
    pub(super) code: &'a Code,
    pub(super) form: PythonForm,
    pub(super) inputs: &'a [(&'a str, Value)],
    pub(super) context: &'a dyn Context,
}

/// Why there is no outcome: the worker is of no more use.
#[derive(Debug)]
pub(super) enum Broken {
    /// It was gone before the snippet ran.
    BeforeCall,
    /// It ran longer than this.
    Overrun(Duration),
    Died,
}

impl From<Malformed> for Broken {
    fn from(_: Malformed) -> Self {
        Self::Died
    }
}

/// Holds the conversation of a call. The outcome may be the snippet's error; the worker can then still be used.
pub(super) fn hold(call: &Call<'_>, process: &mut Process, limit: Duration) -> Result<Outcome, Broken> {
    if !process.is_ready {
        let frame = process.receive(Instant::now() + START).map_err(|_| Broken::BeforeCall)?;
        process.is_ready = frame.first() == Some(&from_worker::READY);
        if !process.is_ready {
            return Err(Broken::BeforeCall);
        }
    }
    if !process.defined.contains(&call.id) {
        process.send(&call.definition()).map_err(|_| Broken::BeforeCall)?;
        process.defined.insert(call.id);
    }
    let request = match call.request() {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    process.send(&request).map_err(|_| Broken::BeforeCall)?;
    let limit = limit + call.reading_time();
    let mut deadline = Instant::now() + limit;
    let mut refused: Option<RunError> = None;
    loop {
        let frame = process.receive(deadline).map_err(|reason| match reason {
            NoFrame::Ended => Broken::Died,
            NoFrame::Late => Broken::Overrun(limit),
        })?;
        let mut reader = Reader::new(&frame);
        match reader.byte()? {
            from_worker::RESULT => return Ok(Ok(reader.value()?)),
            from_worker::FAILED => {
                let (kind, line, message) = (reader.byte()?, reader.u32()?, reader.text()?);
                return Ok(Err(call.error(kind, line, message, refused)));
            }
            from_worker::LOG => call.context.log(reader.text()?),
            question => {
                let asked = Instant::now();
                let answer = call.answer(question, &mut reader)?;
                process.send(&frame_of(&answer)).map_err(|_| Broken::Died)?;
                refused = answer.err().or(refused);
                deadline += asked.elapsed();
            }
        }
    }
}

fn frame_of(answer: &Outcome) -> Vec<u8> {
    let mut frame;
    match answer {
        Ok(value) => {
            frame = Writer::new(to_worker::ANSWER);
            frame.value(value);
        }
        Err(error) => {
            frame = Writer::new(to_worker::REFUSAL);
            frame.text(&error.message);
        }
    }
    frame.finish()
}

impl Call<'_> {
    fn definition(&self) -> Vec<u8> {
        let mut frame = Writer::new(to_worker::DEFINE);
        frame.u32(self.id.0);
        frame.byte(match self.form {
            PythonForm::Expression => 0,
            PythonForm::Body => 1,
            PythonForm::Evaluate => 2,
        });
        frame.text(self.plan.text(self.plan.span(self.code.span).file));
        frame.text(self.plan.text(self.code.text));
        for (name, _) in self.inputs {
            frame.text(name);
        }
        frame.finish()
    }

    /// What a large reply may take beside the snippet's own time: a second for each 4 MiB.
    fn reading_time(&self) -> Duration {
        let bytes = if self.code.response { self.context.response().map_or(0, |reply| reply.body.len()) } else { 0 };
        Duration::from_millis(bytes as u64 / 4096)
    }

    fn request(&self) -> Outcome<Vec<u8>> {
        let mut frame = Writer::new(to_worker::CALL);
        frame.u32(self.id.0);
        for (_, value) in self.inputs {
            frame.bytes(&encoded(value));
        }
        let named = self.code.variables.iter().map(|name| self.plan.text(*name));
        let known: Vec<(&str, Value)> = named.filter_map(|name| self.context.variable(name).map(|value| (name, value))).collect();
        frame.u32(u32::try_from(known.len()).unwrap_or(0));
        for (name, value) in &known {
            frame.text(name);
            frame.bytes(&encoded(value));
        }
        frame.byte(u8::from(self.code.response));
        if self.code.response {
            let reply = native::reply(self.context)?;
            frame.u32(u32::from(reply.status));
            frame.text(&reply.url);
            frame.bare_float(reply.elapsed.as_secs_f64());
            let headers = reply.header_map();
            let headers: Vec<(Arc<str>, Value)> = super::super::entries(&headers).unwrap_or_default();
            frame.u32(u32::try_from(headers.len()).unwrap_or(0));
            for (name, value) in &headers {
                frame.text(name);
                frame.text(&value.to_text());
            }
            frame.bytes(&reply.body);
        }
        Ok(frame.finish())
    }

    /// Answers a question; the outer error is for what is no question.
    fn answer(&self, question: u8, reader: &mut Reader<'_>) -> Result<Outcome, Broken> {
        Ok(match question {
            from_worker::VARIABLE => native::variable(self.context, reader.text()?),
            from_worker::IS_DEFINED => Ok(Value::Bool(native::is_defined(self.context, reader.text()?))),
            from_worker::QUERY => {
                let named = reader.byte()? != 0;
                let (source, sql) = (reader.text()?, reader.text()?);
                let source = sources::Databases::of(self.plan).find(named.then_some(source));
                source
                    .and_then(|source| self.pool.asking(|| self.context.query(source, sql)))
                    .map(|rows| Value::List(Arc::new(rows.into_iter().map(Value::Row).collect())))
            }
            _ => return Err(Broken::Died),
        })
    }

    fn error(&self, kind: u8, line: u32, message: &str, refused: Option<RunError>) -> RunError {
        let mut error = match (kind, refused) {
            (failure::REFUSED, Some(refused)) if refused.message == message => refused,
            (failure::LIMIT, _) => limit(message),
            _ => expression(message),
        };
        error.place.get_or_insert_with(|| place::of_line(self.plan, self.code, line));
        error
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut frame = Writer::bare();
    frame.value(value);
    frame.into_bytes()
}
