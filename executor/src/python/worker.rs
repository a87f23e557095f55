//! The worker's loop: reads calls, runs snippets, answers; and the functions by which snippets ask the executor back.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyCode, PyDictRef, PyTuple};
use rustpython_vm::compiler::Mode;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject as _, PyObjectRef, PyRef, PyResult, VirtualMachine};

use super::interpreter::{self, Prelude};
use super::protocol::{HEADER, Malformed, Reader, Writer, failure, from_worker, to_worker};
use super::{body, convert, limits, parse};
use crate::eval::{format, functions};
use crate::value::Value;

/// What one call may print.
const MAX_LOG_BYTES: usize = 1 << 20;

/// How the source of a snippet is run; as `PythonForm`, in the numbers of the protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Expression,
    Body,
    Evaluate,
}

/// A snippet that the parent has sent, compiled once.
struct Snippet {
    form: Form,
    file: String,
    /// Lines that the compiled text has before the source's first line; negative where the source's first lines are not compiled.
    lines_before: i64,
    inputs: Vec<String>,
    code: Result<PyRef<PyCode>, (u32, String)>,
}

/// Answers calls until the input ends.
pub(super) fn serve(call_seconds: u64) -> io::Result<()> {
    let interpreter = interpreter::build();
    interpreter.enter(|vm| {
        let host = Rc::new(Host::default());
        let functions = host_functions(&host, vm).map_err(|_| broken())?;
        let prelude = interpreter::prelude(functions, vm).map_err(|_| broken())?;
        host.prelude.set(prelude).map_err(|_| broken())?;
        Worker { host, snippets: HashMap::new(), busy: Duration::ZERO, allowed: 0, call_seconds }.run(vm)
    })
}

fn broken() -> io::Error {
    io::Error::other("the interpreter does not start")
}

impl From<Malformed> for io::Error {
    fn from(_: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, "malformed frame")
    }
}

struct Worker {
    host: Rc<Host>,
    snippets: HashMap<u32, Snippet>,
    /// Time spent in calls, which is no less than the processor time spent in them.
    busy: Duration,
    /// The processor time allowed so far, in seconds.
    allowed: u64,
    call_seconds: u64,
}

impl Worker {
    fn run(&mut self, vm: &VirtualMachine) -> io::Result<()> {
        send(Writer::new(from_worker::READY))?;
        while let Some(frame) = receive()? {
            let frame = Rc::new(frame);
            let mut reader = Reader::new(&frame);
            match reader.byte()? {
                to_worker::DEFINE => self.define(&mut reader, vm)?,
                to_worker::CALL => {
                    self.allow_time()?;
                    let started = Instant::now();
                    let answer = panic::catch_unwind(AssertUnwindSafe(|| self.call(&frame, vm)));
                    self.busy += started.elapsed();
                    let Ok(answer) = answer else {
                        send(failed(failure::ERROR, 0, "the Python interpreter itself failed on this snippet: write it in another way"))?;
                        return Err(broken());
                    };
                    send(answer?)?;
                }
                _ => return Err(Malformed.into()),
            }
        }
        Ok(())
    }

    fn allow_time(&mut self) -> io::Result<()> {
        let needed = self.busy.as_secs() + 2 * self.call_seconds + 10;
        if needed > self.allowed {
            limits::allow_processor_time(needed)?;
            self.allowed = needed;
        }
        Ok(())
    }

    fn define(&mut self, reader: &mut Reader<'_>, vm: &VirtualMachine) -> io::Result<()> {
        let id = reader.u32()?;
        let form = match reader.byte()? {
            0 => Form::Expression,
            1 => Form::Body,
            _ => Form::Evaluate,
        };
        let (file, source) = (reader.text()?.to_owned(), reader.text()?);
        let mut inputs = Vec::new();
        while !reader.is_empty() {
            inputs.push(reader.text()?.to_owned());
        }
        let (text, mode, lines_before) = match form {
            Form::Expression => {
                let text = source.trim();
                let skipped = source.get(..source.len() - source.trim_start().len()).unwrap_or_default().matches('\n').count();
                (text.to_owned(), Mode::Eval, -i64::try_from(skipped).unwrap_or(0))
            }
            Form::Body => (body::wrapped(source), Mode::Exec, i64::from(body::LINES_BEFORE)),
            Form::Evaluate => (source.to_owned(), Mode::Exec, 0),
        };
        let code = vm.compile(&text, mode, file.clone()).map_err(|error| {
            let line = i64::try_from(error.python_location().0).unwrap_or(0) - lines_before;
            (u32::try_from(line).unwrap_or(0), format!("SyntaxError: {error}"))
        });
        self.snippets.insert(id, Snippet { form, file, lines_before, inputs, code });
        Ok(())
    }

    fn call(&self, frame: &Rc<Vec<u8>>, vm: &VirtualMachine) -> io::Result<Writer> {
        let mut reader = Reader::new(frame);
        reader.byte()?;
        let snippet = self.snippets.get(&reader.u32()?).ok_or(Malformed)?;
        let Some(prelude) = self.host.prelude.get() else { return Err(broken()) };
        let code = match &snippet.code {
            Ok(code) => code.clone(),
            Err((line, message)) => return Ok(failed(failure::ERROR, *line, message)),
        };
        let outcome = self.host.begin(&mut reader, frame, snippet, vm)?.and_then(|globals| {
            let result = run(snippet, code, globals, &self.host, prelude, vm)?;
            let mut answer = Writer::new(from_worker::RESULT);
            convert::write(&result, &mut answer, &prelude.types, vm)?;
            Ok(answer)
        });
        let outcome = prelude.end_output.call((), vm).and(outcome);
        self.host.end();
        Ok(outcome.unwrap_or_else(|exception| described(&exception, snippet, prelude, vm)))
    }
}

fn run(snippet: &Snippet, code: PyRef<PyCode>, globals: PyDictRef, host: &Host, prelude: &Prelude, vm: &VirtualMachine) -> PyResult {
    let value = vm.run_code_obj(code, Scope::with_builtins(None, globals.clone(), vm))?;
    match snippet.form {
        Form::Expression => Ok(value),
        Form::Body => globals.get_item(body::NAME, vm)?.call((), vm),
        Form::Evaluate => {
            let response = host.response.borrow().clone().unwrap_or_else(|| vm.ctx.none());
            prelude.call_evaluate.call((globals.get_item("evaluate", vm)?, response), vm)
        }
    }
}

fn failed(kind: u8, line: u32, message: &str) -> Writer {
    let mut answer = Writer::new(from_worker::FAILED);
    answer.byte(kind);
    answer.u32(line);
    answer.text(message);
    answer
}

fn described(exception: &PyBaseExceptionRef, snippet: &Snippet, prelude: &Prelude, vm: &VirtualMachine) -> Writer {
    let described = prelude.describe.call((exception.clone(), vm.ctx.new_str(snippet.file.as_str())), vm);
    let parts = described.ok().and_then(|parts| parts.downcast::<PyTuple>().ok());
    let Some([kind, line, message]) = parts.as_ref().map(|parts| parts.as_slice()) else {
        return failed(failure::ERROR, 0, &exception.class().name());
    };
    let kind = kind.try_to_value::<u8>(vm).unwrap_or(failure::ERROR);
    let line = line.try_to_value::<i64>(vm).map_or(0, |line| if line == 0 { 0 } else { line - snippet.lines_before });
    let message = message.str(vm).map_or_else(|_| exception.class().name().to_string(), |text| text.to_string_lossy().into_owned());
    failed(kind, u32::try_from(line).unwrap_or(0), &message)
}

/// What the functions of the host know of the call.
#[derive(Default)]
struct Host {
    prelude: OnceCell<Prelude>,
    frame: RefCell<Rc<Vec<u8>>>,
    /// Where in the frame the variables are that came with the call.
    variables: RefCell<HashMap<String, Range<usize>>>,
    /// Variables that the call has asked for: each is one object throughout the call.
    objects: RefCell<HashMap<String, PyObjectRef>>,
    body: RefCell<Range<usize>>,
    response: RefCell<Option<PyObjectRef>>,
    logged: Cell<usize>,
}

impl Host {
    /// Reads a call and gives the globals of its snippet.
    fn begin(
        &self,
        reader: &mut Reader<'_>,
        frame: &Rc<Vec<u8>>,
        snippet: &Snippet,
        vm: &VirtualMachine,
    ) -> io::Result<PyResult<PyDictRef>> {
        let Some(prelude) = self.prelude.get() else { return Err(broken()) };
        *self.frame.borrow_mut() = frame.clone();
        self.logged.set(0);
        let mut inputs = Vec::new();
        for name in &snippet.inputs {
            inputs.push((name, span(frame, reader.bytes()?)));
        }
        let mut variables = self.variables.borrow_mut();
        for _ in 0..reader.u32()? {
            let name = reader.text()?.to_owned();
            variables.insert(name, span(frame, reader.bytes()?));
        }
        let response = match reader.byte()? {
            0 => Ok(None),
            _ => {
                let (status, url, elapsed) = (reader.u32()?, reader.text()?, reader.float()?);
                let headers = vm.ctx.new_dict();
                for _ in 0..reader.u32()? {
                    let (name, value) = (reader.text()?, reader.text()?);
                    // A dict takes every text.
                    let _ = headers.set_item(name, vm.ctx.new_str(value).into(), vm);
                }
                *self.body.borrow_mut() = span(frame, reader.bytes()?);
                let url = vm.ctx.new_str(url);
                prelude.response.call((vm.ctx.new_int(status), url, headers, vm.ctx.new_float(elapsed)), vm).map(Some)
            }
        };
        Ok(self.globals(prelude, &inputs, response, vm))
    }

    fn globals(
        &self,
        prelude: &Prelude,
        inputs: &[(&String, Range<usize>)],
        response: PyResult<Option<PyObjectRef>>,
        vm: &VirtualMachine,
    ) -> PyResult<PyDictRef> {
        let globals: PyDictRef = prelude.names.call((), vm)?.downcast().map_err(|_| vm.new_runtime_error("no globals"))?;
        if let Some(response) = response? {
            globals.set_item("response", response.clone(), vm)?;
            *self.response.borrow_mut() = Some(response);
        }
        for (name, range) in inputs {
            let value = self.read(range, vm)?;
            globals.set_item(name.as_str(), value, vm)?;
        }
        Ok(globals)
    }

    fn end(&self) {
        *self.frame.borrow_mut() = Rc::default();
        self.variables.borrow_mut().clear();
        self.objects.borrow_mut().clear();
        *self.body.borrow_mut() = 0..0;
        *self.response.borrow_mut() = None;
    }

    fn prelude(&self, vm: &VirtualMachine) -> PyResult<&Prelude> {
        self.prelude.get().ok_or_else(|| vm.new_runtime_error("the prelude is still running"))
    }

    fn read(&self, range: &Range<usize>, vm: &VirtualMachine) -> PyResult {
        let frame = self.frame.borrow().clone();
        convert::read(&mut Reader::new(frame.get(range.clone()).unwrap_or_default()), &self.prelude(vm)?.types, vm)
    }

    fn variable(&self, name: &str, vm: &VirtualMachine) -> PyResult {
        if let Some(object) = self.objects.borrow().get(name) {
            return Ok(object.clone());
        }
        let range = self.variables.borrow().get(name).cloned();
        let object = match range {
            Some(range) => self.read(&range, vm)?,
            None => {
                let mut question = Writer::new(from_worker::VARIABLE);
                question.text(name);
                self.ask(question, vm)?
            }
        };
        self.objects.borrow_mut().insert(name.to_owned(), object.clone());
        Ok(object)
    }

    fn log(&self, line: &str, vm: &VirtualMachine) -> PyResult<()> {
        let logged = self.logged.get() + line.len() + 1;
        if logged > MAX_LOG_BYTES {
            return Err(vm.new_memory_error(format!("a snippet may print {} MiB", MAX_LOG_BYTES >> 20)));
        }
        self.logged.set(logged);
        let mut message = Writer::new(from_worker::LOG);
        message.text(line);
        send(message).map_err(|error| vm.new_os_error(error.to_string()))
    }

    /// Puts a question to the parent and waits for the answer.
    fn ask(&self, question: Writer, vm: &VirtualMachine) -> PyResult {
        let answer = send(question).and_then(|()| receive()).map_err(|error| vm.new_os_error(error.to_string()))?;
        let damaged = || vm.new_runtime_error("a damaged message from the executor");
        let answer = answer.ok_or_else(damaged)?;
        let mut reader = Reader::new(&answer);
        match reader.byte() {
            Ok(to_worker::ANSWER) => convert::read(&mut reader, &self.prelude(vm)?.types, vm),
            Ok(to_worker::REFUSAL) => {
                let message = reader.text().map_err(|_| damaged())?;
                Err(interpreter::refused(&self.prelude(vm)?.run_error, message, vm))
            }
            _ => Err(damaged()),
        }
    }
}

/// Where a part of the frame is in it.
fn span(frame: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(frame.as_ptr().addr());
    start..start.saturating_add(part.len())
}

/// The functions that the prelude finds in `_host`.
fn host_functions(host: &Rc<Host>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let functions = vm.ctx.new_dict();
    let add = |name: &'static str, function: PyObjectRef| functions.set_item(name, function, vm);
    let text = |arguments: &FuncArgs, at: usize, vm: &VirtualMachine| -> PyResult<String> {
        let argument = arguments.args.get(at).ok_or_else(|| vm.new_type_error("an argument is missing"))?;
        let text = argument.downcast_ref::<rustpython_vm::builtins::PyStr>();
        let text = text.ok_or_else(|| vm.new_type_error(format!("text is wanted, not {}", argument.class().name())))?;
        Ok(text.to_string_lossy().into_owned())
    };
    let urandom = |count: usize, vm: &VirtualMachine| -> PyResult<PyObjectRef> {
        let mut bytes = vec![0; count.min(1 << 20)];
        getrandom::fill(&mut bytes).map_err(|_| vm.new_os_error("no random numbers".to_owned()))?;
        Ok(vm.ctx.new_bytes(bytes).into())
    };
    add("urandom", vm.new_function("urandom", urandom).into())?;
    let this = host.clone();
    let log = move |arguments: FuncArgs, vm: &VirtualMachine| -> PyResult<()> { this.log(&text(&arguments, 0, vm)?, vm) };
    add("log", vm.new_function("log", log).into())?;
    let this = host.clone();
    let variable = move |arguments: FuncArgs, vm: &VirtualMachine| -> PyResult { this.variable(&text(&arguments, 0, vm)?, vm) };
    add("variable", vm.new_function("variable", variable).into())?;
    let this = host.clone();
    let is_defined = move |arguments: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let mut question = Writer::new(from_worker::IS_DEFINED);
        question.text(&text(&arguments, 0, vm)?);
        this.ask(question, vm)
    };
    add("is_defined", vm.new_function("is_defined", is_defined).into())?;
    let this = host.clone();
    let query = move |arguments: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let mut question = Writer::new(from_worker::QUERY);
        let named = arguments.args.first().is_some_and(|source| !vm.is_none(source));
        question.byte(u8::from(named));
        question.text(&if named { text(&arguments, 0, vm)? } else { String::new() });
        question.text(&text(&arguments, 1, vm)?);
        this.ask(question, vm)
    };
    add("query", vm.new_function("query", query).into())?;
    let this = host.clone();
    let body = move |_: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let frame = this.frame.borrow().clone();
        Ok(vm.ctx.new_bytes(frame.get(this.body.borrow().clone()).unwrap_or_default().to_vec()).into())
    };
    add("body", vm.new_function("body", body).into())?;
    let this = host.clone();
    let json = move |_: FuncArgs, vm: &VirtualMachine| -> PyResult {
        let frame = this.frame.borrow().clone();
        let body = this.body.borrow().clone();
        parse::parse(frame.get(body).unwrap_or_default(), &this.prelude(vm)?.types, vm)
    };
    add("json", vm.new_function("json", json).into())?;
    let format = move |arguments: FuncArgs, vm: &VirtualMachine| -> PyResult<String> {
        let number = Value::Number(text(&arguments, 0, vm)?.into());
        format::format(&number, &text(&arguments, 1, vm)?).map_err(|error| vm.new_value_error(error.message.clone()))
    };
    add("format", vm.new_function("format", format).into())?;
    let round = |float: f64, digits: i64| functions::rounded(float, digits.clamp(-400, 400));
    add("round", vm.new_function("round", round).into())?;
    Ok(functions)
}

/// Sends a frame in one write.
fn send(frame: Writer) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(&frame.finish())?;
    out.flush()
}

/// The next frame; `None` at the end of the input.
fn receive() -> io::Result<Option<Vec<u8>>> {
    let mut input = io::stdin().lock();
    let mut header = [0; HEADER];
    match input.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u64::from_le_bytes(header)).map_err(|_| Malformed)?;
    let mut frame = vec![0; length];
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}
