//! What parent and worker say to each other, and how: frames of a length and a body, values in a compact binary form.
//!
//! The parent trusts nothing that a worker says: every length is checked against the bytes that are there, every depth against [`MAX_DEPTH`].

use std::sync::Arc;

use crate::json::parse::KeyCache;
use crate::value::{MAX_DEPTH, Map, Row, Value};

/// Bytes of a frame's length, little endian.
pub(crate) const HEADER: usize = 8;

/// The largest frame that a worker may send.
pub(crate) const MAX_ANSWER: u64 = 256 << 20;

/// The first byte of a frame to the worker.
pub(crate) mod to_worker {
    /// id: u32, form: u8, file name, source, then the names of the inputs.
    pub(crate) const DEFINE: u8 = 1;
    /// id: u32, the values of the inputs, name and value of each variable, and the reply.
    pub(crate) const CALL: u8 = 2;
    /// A value.
    pub(crate) const ANSWER: u8 = 3;
    /// A message.
    pub(crate) const REFUSAL: u8 = 4;
}

/// The first byte of a frame from the worker.
pub(crate) mod from_worker {
    /// The interpreter is there.
    pub(crate) const READY: u8 = 16;
    /// A value: the call's result.
    pub(crate) const RESULT: u8 = 17;
    /// u8: a [`Failure`](super::Failure) kind; u32: line in the source, 0 where unknown; message.
    pub(crate) const FAILED: u8 = 18;
    /// A name; answered or refused.
    pub(crate) const VARIABLE: u8 = 19;
    /// A name; answered with a boolean.
    pub(crate) const IS_DEFINED: u8 = 20;
    /// u8: whether a source is named; source; SQL. Answered with a list of rows.
    pub(crate) const QUERY: u8 = 21;
    /// A line; not answered.
    pub(crate) const LOG: u8 = 22;
}

/// Why a snippet failed, as the worker saw it.
pub(crate) mod failure {
    /// An exception.
    pub(crate) const ERROR: u8 = 0;
    /// A limit of the interpreter: recursion, memory, length of a result.
    pub(crate) const LIMIT: u8 = 1;
    /// The parent's own refusal of a question, not caught by the snippet.
    pub(crate) const REFUSED: u8 = 2;
}

/// How a value starts.
pub(crate) mod tag {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const FALSE: u8 = 1;
    pub(crate) const TRUE: u8 = 2;
    pub(crate) const INT: u8 = 3;
    pub(crate) const FLOAT: u8 = 4;
    pub(crate) const NUMBER: u8 = 5;
    pub(crate) const TEXT: u8 = 6;
    pub(crate) const BYTES: u8 = 7;
    pub(crate) const LIST: u8 = 8;
    pub(crate) const TUPLE: u8 = 9;
    pub(crate) const MAP: u8 = 10;
    pub(crate) const ROW: u8 = 11;
}

/// A frame that is being written. The first bytes are kept for its length.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(kind: u8) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes.push(kind);
        Self { bytes }
    }

    /// A value without a frame around it.
    pub(crate) fn bare() -> Self {
        Self { bytes: Vec::new() }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn bare_float(&mut self, float: f64) {
        self.bytes.extend_from_slice(&float.to_le_bytes());
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The frame with its length in front.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = (self.bytes.len() - HEADER) as u64;
        for (place, byte) in self.bytes.iter_mut().zip(length.to_le_bytes()) {
            *place = byte;
        }
        self.bytes
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn int(&mut self, int: i64) {
        self.byte(tag::INT);
        self.bytes.extend_from_slice(&int.to_le_bytes());
    }

    pub(crate) fn float(&mut self, float: f64) {
        self.byte(tag::FLOAT);
        self.bare_float(float);
    }

    /// Starts a text, number, bytes or container: what follows is up to the caller.
    pub(crate) fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.byte(tag);
        self.bytes(bytes);
    }

    pub(crate) fn count(&mut self, tag: u8, count: usize) {
        self.byte(tag);
        self.u64(count as u64);
    }

    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.byte(tag::NULL),
            Value::Bool(b) => self.byte(if *b { tag::TRUE } else { tag::FALSE }),
            Value::Int(i) => self.int(*i),
            Value::Float(f) => self.float(*f),
            Value::Number(n) => self.tagged(tag::NUMBER, n.as_bytes()),
            Value::Text(t) => self.tagged(tag::TEXT, t.as_bytes()),
            Value::Bytes(b) => self.tagged(tag::BYTES, b),
            Value::List(members) => self.members(tag::LIST, members),
            Value::Tuple(members) => self.members(tag::TUPLE, members),
            Value::Map(map) => {
                self.count(tag::MAP, map.len());
                for (key, value) in map.iter() {
                    self.text(key);
                    self.value(value);
                }
            }
            Value::Row(row) => {
                self.count(tag::ROW, row.columns.len());
                for (column, value) in row.columns.iter().zip(&row.values) {
                    self.text(column);
                    self.value(value);
                }
            }
        }
    }

    fn members(&mut self, tag: u8, members: &[Value]) {
        self.count(tag, members.len());
        for member in members {
            self.value(member);
        }
    }
}

/// A frame or value that is not what it should be.
#[derive(Debug)]
pub(crate) struct Malformed;

/// A frame that is being read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        Self { rest: frame }
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let count = usize::try_from(count).map_err(|_| Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N as u64)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.fixed().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.fixed().map(u64::from_le_bytes)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Malformed> {
        self.fixed().map(i64::from_le_bytes)
    }

    pub(crate) fn float(&mut self) -> Result<f64, Malformed> {
        self.fixed().map(f64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u64()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// A count of members, each of which takes at least a byte.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.u64()?).map_err(|_| Malformed)?;
        if count > self.rest.len() { Err(Malformed) } else { Ok(count) }
    }

    pub(crate) fn value(&mut self) -> Result<Value, Malformed> {
        self.nested(0, &mut KeyCache::default())
    }

    fn nested(&mut self, depth: usize, keys: &mut KeyCache) -> Result<Value, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed);
        }
        Ok(match self.byte()? {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Bool(false),
            tag::TRUE => Value::Bool(true),
            tag::INT => Value::Int(self.int()?),
            tag::FLOAT => Value::Float(self.float()?),
            tag::NUMBER => Value::Number(self.text()?.into()),
            tag::TEXT => Value::text(self.text()?),
            tag::BYTES => Value::Bytes(self.bytes()?.into()),
            kind @ (tag::LIST | tag::TUPLE) => {
                let count = self.count()?;
                let mut members = Vec::with_capacity(count);
                for _ in 0..count {
                    members.push(self.nested(depth + 1, keys)?);
                }
                if kind == tag::LIST { Value::List(Arc::new(members)) } else { Value::Tuple(Arc::new(members)) }
            }
            tag::MAP => {
                let count = self.count()?;
                let mut map = Map::with_capacity(count);
                for _ in 0..count {
                    let key = keys.get(self.text()?);
                    map.insert(key, self.nested(depth + 1, keys)?);
                }
                Value::Map(Arc::new(map))
            }
            tag::ROW => {
                let count = self.count()?;
                let (mut columns, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
                for _ in 0..count {
                    columns.push(keys.get(self.text()?));
                    values.push(self.nested(depth + 1, keys)?);
                }
                Value::Row(Arc::new(Row { columns: columns.into(), values }))
            }
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_way_there_and_back() {
        let value = crate::json::parse(br#"{"a": [1, -2.5, 10.20, "\u00e9", null, true], "b": {"c": []}}"#).unwrap();
        let mut writer = Writer::new(to_worker::ANSWER);
        writer.value(&value);
        let frame = writer.finish();
        let read = Reader::new(&frame[HEADER + 1..]).value().unwrap();
        assert_eq!(crate::json::to_text(&read).unwrap(), crate::json::to_text(&value).unwrap());
    }

    #[test]
    fn a_cut_or_lying_frame_is_refused() {
        let mut writer = Writer::new(to_worker::ANSWER);
        writer.value(&Value::List(Arc::new(vec![Value::text("abc"), Value::Int(1)])));
        let frame = writer.finish();
        for length in HEADER + 1..frame.len() {
            assert!(Reader::new(&frame[HEADER + 1..length]).value().is_err());
        }
        let mut lying = Writer::new(0);
        lying.count(tag::LIST, usize::MAX);
        assert!(Reader::new(&lying.finish()[HEADER + 1..]).value().is_err());
        let deep: Vec<u8> = std::iter::repeat_n([tag::LIST, 1, 0, 0, 0, 0, 0, 0, 0], 100_000).flatten().collect();
        assert!(Reader::new(&deep).value().is_err());
    }
}
