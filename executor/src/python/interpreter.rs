//! The interpreter: RustPython without a host environment, its standard library, and the prelude.

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef};
use rustpython_vm::compiler::Mode;
use rustpython_vm::scope::Scope;
use rustpython_vm::{Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine};

use super::convert::Types;

const PRELUDE: &str = include_str!("prelude.py");

/// Python calls that may be open at once, as in CPython.
const RECURSION_LIMIT: usize = 1000;

/// An interpreter with the standard library, as far as it needs no host.
pub(super) fn build() -> Interpreter {
    let mut settings = Settings::default();
    settings.install_signal_handlers = false;
    settings.import_site = false;
    settings.ignore_environment = true;
    settings.user_site_directory = false;
    settings.write_bytecode = false;
    settings.allow_external_library = false;
    let builder = Interpreter::builder(settings);
    let modules = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
    builder.add_native_modules(&modules).add_frozen_modules(rustpython_pylib::FROZEN_STDLIB).build()
}

/// What the prelude defines.
pub(super) struct Prelude {
    pub(super) types: Types,
    pub(super) names: PyObjectRef,
    pub(super) call_evaluate: PyObjectRef,
    pub(super) response: PyObjectRef,
    pub(super) run_error: PyObjectRef,
    pub(super) describe: PyObjectRef,
    pub(super) end_output: PyObjectRef,
}

/// Runs the prelude with the functions of the host.
pub(super) fn prelude(host: PyDictRef, vm: &VirtualMachine) -> PyResult<Prelude> {
    vm.recursion_limit.set(RECURSION_LIMIT);
    let code = vm.compile(PRELUDE, Mode::Exec, "<prelude>".to_owned()).map_err(|error| vm.new_syntax_error(&error, Some(PRELUDE)))?;
    let globals = vm.ctx.new_dict();
    globals.set_item("_host", host.into(), vm)?;
    globals.set_item("__name__", vm.ctx.new_str("sequor").into(), vm)?;
    vm.run_code_obj(code, Scope::with_builtins(None, globals.clone(), vm))?;
    let get = |name: &str| globals.get_item(name, vm);
    Ok(Prelude {
        types: Types { exact: get("ExactFloat")?, row: get("Row")?, plain: get("plain")? },
        names: get("names")?,
        call_evaluate: get("call_evaluate")?,
        response: get("Response")?,
        run_error: get("RunError")?,
        describe: get("describe")?,
        end_output: get("end_output")?,
    })
}

/// The prelude's exception for what the executor refused.
pub(super) fn refused(class: &PyObjectRef, message: &str, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let exception = class
        .call((vm.ctx.new_str(message),), vm)
        .and_then(|made| made.downcast().map_err(|_| vm.new_runtime_error("the executor refused")));
    exception.unwrap_or_else(|failure| failure)
}
