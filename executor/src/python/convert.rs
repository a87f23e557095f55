//! Values in their binary form ⇄ Python objects, without a tree in between.

use malachite_bigint::BigInt;
use num_traits::ToPrimitive as _;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyStr, PyTuple};
use rustpython_vm::{AsObject as _, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::protocol::{MAX_ANSWER, Malformed, Reader, Writer, tag};
use crate::value::MAX_DEPTH;
use crate::value::number::is_integer;

/// Python's own part of the conversion: classes and functions of the prelude.
pub(super) struct Types {
    /// A `float` that keeps the JSON number's text in `text`.
    pub(super) exact: PyObjectRef,
    /// A `dict` with a row's rules.
    pub(super) row: PyObjectRef,
    /// `plain(value)` gives a value of a type known here for one of a type known there.
    pub(super) plain: PyObjectRef,
}

/// Reads a value and makes the object it is in Python.
pub(super) fn read(reader: &mut Reader<'_>, types: &Types, vm: &VirtualMachine) -> PyResult {
    let malformed = |_: Malformed| vm.new_runtime_error("a damaged message from the executor");
    let ctx = &vm.ctx;
    Ok(match reader.byte().map_err(malformed)? {
        tag::NULL => ctx.none(),
        tag::FALSE => ctx.new_bool(false).into(),
        tag::TRUE => ctx.new_bool(true).into(),
        tag::INT => ctx.new_int(reader.int().map_err(malformed)?).into(),
        tag::FLOAT => ctx.new_float(reader.float().map_err(malformed)?).into(),
        tag::NUMBER => number(reader.text().map_err(malformed)?, types, vm)?,
        tag::TEXT => ctx.new_str(reader.text().map_err(malformed)?).into(),
        tag::BYTES => ctx.new_bytes(reader.bytes().map_err(malformed)?.to_vec()).into(),
        kind @ (tag::LIST | tag::TUPLE) => {
            let count = reader.count().map_err(malformed)?;
            let mut members = Vec::with_capacity(count);
            for _ in 0..count {
                members.push(read(reader, types, vm)?);
            }
            if kind == tag::LIST { ctx.new_list(members).into() } else { ctx.new_tuple(members).into() }
        }
        kind @ (tag::MAP | tag::ROW) => {
            let dict = ctx.new_dict();
            for _ in 0..reader.count().map_err(malformed)? {
                let key = reader.text().map_err(malformed)?;
                let value = read(reader, types, vm)?;
                dict.set_item(key, value, vm)?;
            }
            if kind == tag::ROW { types.row.call((dict,), vm)? } else { dict.into() }
        }
        _ => return Err(malformed(Malformed)),
    })
}

/// A JSON number: an `int` of any size, or a float that remembers its digits.
pub(super) fn number(text: &str, types: &Types, vm: &VirtualMachine) -> PyResult {
    if is_integer(text)
        && let Ok(big) = text.parse::<BigInt>()
    {
        return Ok(vm.ctx.new_bigint(&big).into());
    }
    types.exact.call((vm.ctx.new_str(text),), vm)
}

/// Writes the object that a snippet gave.
pub(super) fn write(object: &PyObject, writer: &mut Writer, types: &Types, vm: &VirtualMachine) -> PyResult<()> {
    nested(object, writer, types, vm, 0)
}

fn nested(object: &PyObject, writer: &mut Writer, types: &Types, vm: &VirtualMachine, depth: usize) -> PyResult<()> {
    if depth > MAX_DEPTH {
        return Err(vm.new_value_error(format!("the result nests deeper than {MAX_DEPTH}, or contains itself")));
    }
    if writer.len() as u64 > MAX_ANSWER {
        return Err(vm.new_memory_error(format!("the result is larger than {} MiB", MAX_ANSWER >> 20)));
    }
    if vm.is_none(object) {
        writer.byte(tag::NULL);
    } else if let Some(text) = object.downcast_ref::<PyStr>() {
        writer.tagged(tag::TEXT, text.to_string_lossy().as_bytes());
    } else if object.fast_isinstance(vm.ctx.types.bool_type) {
        writer.byte(if object.is(&vm.ctx.true_value) { tag::TRUE } else { tag::FALSE });
    } else if let Some(int) = object.downcast_ref::<PyInt>() {
        match int.as_bigint().to_i64() {
            Some(int) => writer.int(int),
            None => {
                check_digits(int.as_bigint(), vm)?;
                writer.tagged(tag::NUMBER, int.as_bigint().to_string().as_bytes());
            }
        }
    } else if let Some(float) = object.downcast_ref::<PyFloat>() {
        if object.class().is(&types.exact) {
            let text = object.get_attr("text", vm)?;
            writer.tagged(tag::NUMBER, text.str(vm)?.to_string_lossy().as_bytes());
        } else {
            writer.float(float.to_f64());
        }
    } else if let Some(dict) = object.downcast_ref::<PyDict>() {
        let items = dict.items_vec();
        writer.count(tag::MAP, items.len());
        for (key, value) in items {
            write_key(&key, writer, vm)?;
            nested(&value, writer, types, vm, depth + 1)?;
        }
    } else if let Some(list) = object.downcast_ref::<PyList>() {
        let members = list.borrow_vec().to_vec();
        members_of(&members, tag::LIST, writer, types, vm, depth)?;
    } else if let Some(tuple) = object.downcast_ref::<PyTuple>() {
        members_of(tuple, tag::TUPLE, writer, types, vm, depth)?;
    } else if let Some(bytes) = object.downcast_ref::<PyBytes>() {
        writer.tagged(tag::BYTES, bytes.as_bytes());
    } else if let Some(bytes) = object.downcast_ref::<PyByteArray>() {
        writer.tagged(tag::BYTES, &bytes.borrow_buf());
    } else {
        let plain = types.plain.call((object.to_owned(),), vm)?;
        nested(&plain, writer, types, vm, depth + 1)?;
    }
    Ok(())
}

/// Printing an integer takes time that grows with the square of its length.
fn check_digits(big: &BigInt, vm: &VirtualMachine) -> PyResult<()> {
    if big.bits() > 1 << 20 { Err(vm.new_memory_error("the result has an integer of more than a million bits".to_owned())) } else { Ok(()) }
}

fn members_of(members: &[PyObjectRef], tag: u8, writer: &mut Writer, types: &Types, vm: &VirtualMachine, depth: usize) -> PyResult<()> {
    writer.count(tag, members.len());
    for member in members {
        nested(member, writer, types, vm, depth + 1)?;
    }
    Ok(())
}

/// A map's key, as `json.dumps` writes it.
fn write_key(key: &PyObject, writer: &mut Writer, vm: &VirtualMachine) -> PyResult<()> {
    if let Some(text) = key.downcast_ref::<PyStr>() {
        writer.text(&text.to_string_lossy());
    } else if vm.is_none(key) {
        writer.text("null");
    } else if key.fast_isinstance(vm.ctx.types.bool_type) {
        writer.text(if key.is(&vm.ctx.true_value) { "true" } else { "false" });
    } else if key.downcast_ref::<PyInt>().is_some() || key.downcast_ref::<PyFloat>().is_some() {
        writer.text(&key.repr(vm)?.to_string_lossy());
    } else {
        return Err(key_error(key, vm));
    }
    Ok(())
}

fn key_error(key: &PyObject, vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_type_error(format!("keys of a result must be text or numbers, not {}", key.class().name()))
}
