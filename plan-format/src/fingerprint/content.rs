//! Payloads hashed by content: a serde serializer that feeds a hash and puts contents in the place of ids.
//!
//! Structs and variants are hashed with their names, lists with their lengths, so that no two payloads run into the same bytes.

use std::fmt;

use serde::ser::{
    Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

use super::Fingerprint;
use crate::{BlockId, FlowId, Plan};

/// Struct and field of what does not change what a step does.
const LEFT_OUT: &[(&str, &str)] = &[
    ("Node", "title"),
    ("Node", "span"),
    ("Node", "retry"),
    ("Node", "timeout_ms"),
    ("Flow", "description"),
    ("Flow", "span"),
    ("Source", "span"),
    ("Code", "span"),
    ("Code", "indent"),
    ("Request", "timeout_ms"),
    ("Request", "retry"),
    ("ForEachRow", "concurrency"),
    ("HttpRequest", "verify"),
    ("HttpRequest", "in_doubt"),
    ("Http", "timeout_ms"),
    ("Http", "retry"),
    ("Print", "level"),
];

/// The contents of a plan's arenas, as far as they are known.
pub(super) struct Contents<'a> {
    plan: &'a Plan,
    values: Vec<Fingerprint>,
    exprs: Vec<Fingerprint>,
    blocks: Vec<Fingerprint>,
    flows: Vec<Fingerprint>,
}

impl<'a> Contents<'a> {
    /// Knows constants and expressions. Blocks and flows are set as they become known.
    pub(super) fn new(plan: &'a Plan) -> Self {
        let mut contents = Self {
            plan,
            values: Vec::with_capacity(plan.values.len()),
            exprs: Vec::with_capacity(plan.exprs.len()),
            blocks: vec![Fingerprint::default(); plan.blocks.len()],
            flows: vec![Fingerprint::default(); plan.flows.len()],
        };
        // Children stand before their owners.
        for value in &plan.values {
            let content = contents.of(value);
            contents.values.push(content);
        }
        for expr in &plan.exprs {
            let content = contents.of(expr);
            contents.exprs.push(content);
        }
        contents
    }

    pub(super) fn of<T: Serialize>(&self, payload: &T) -> Fingerprint {
        let mut hash = Hash { contents: self, hasher: blake3::Hasher::new(), id: None };
        let hashed = payload.serialize(&mut hash);
        debug_assert!(hashed.is_ok(), "a payload holds a map, which has no content that can be hashed in order");
        Fingerprint(*hash.hasher.finalize().as_bytes())
    }

    pub(super) fn set_block(&mut self, id: BlockId, content: Fingerprint) {
        self.blocks[id.index()] = content;
    }

    pub(super) fn set_flow(&mut self, id: FlowId, content: Fingerprint) {
        self.flows[id.index()] = content;
    }

    pub(super) fn into_flows(self) -> Vec<Fingerprint> {
        self.flows
    }
}

/// The arena that the next number is an id of.
#[derive(Clone, Copy)]
enum Arena {
    Text,
    Value,
    Expr,
    Block,
    Flow,
    Source,
}

impl Arena {
    /// By the name of the id's type. Nodes and spans are not in a payload that counts.
    fn of(name: &str) -> Option<Self> {
        match name {
            "TextId" => Some(Self::Text),
            "ValueId" => Some(Self::Value),
            "ExprId" => Some(Self::Expr),
            "BlockId" => Some(Self::Block),
            "FlowId" => Some(Self::Flow),
            "SourceId" => Some(Self::Source),
            _ => None,
        }
    }
}

struct Hash<'a> {
    contents: &'a Contents<'a>,
    hasher: blake3::Hasher,
    id: Option<Arena>,
}

impl Hash<'_> {
    fn bytes(&mut self, kind: u8, bytes: &[u8]) -> Result<(), fmt::Error> {
        self.hasher.update(&[kind]);
        self.hasher.update(&(bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), fmt::Error> {
        self.bytes(b'n', name.as_bytes())
    }

    fn length(&mut self, length: usize) {
        self.hasher.update(b"l");
        self.hasher.update(&(length as u64).to_le_bytes());
    }

    fn id(&mut self, arena: Arena, id: u32) -> Result<(), fmt::Error> {
        let contents = self.contents;
        let index = id as usize;
        match arena {
            Arena::Text => self.bytes(b's', contents.plan.texts[index].as_bytes()),
            Arena::Value => self.bytes(b'v', &contents.values[index].0),
            Arena::Expr => self.bytes(b'e', &contents.exprs[index].0),
            Arena::Block => self.bytes(b'b', &contents.blocks[index].0),
            Arena::Flow => self.bytes(b'f', &contents.flows[index].0),
            Arena::Source => self.bytes(b'd', contents.plan.text(contents.plan.sources[index].name).as_bytes()),
        }
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<(), fmt::Error> {
            self.bytes(b'#', &value.to_le_bytes())
        }
    )*};
}

impl<'x, 'a> Serializer for &'x mut Hash<'a> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Impossible<(), fmt::Error>;
    type SerializeStruct = Fields<'x, 'a>;
    type SerializeStructVariant = Fields<'x, 'a>;

    scalars! {
        serialize_i8 i8
        serialize_i16 i16
        serialize_i32 i32
        serialize_i64 i64
        serialize_u8 u8
        serialize_u16 u16
        serialize_u64 u64
        serialize_f32 f32
        serialize_f64 f64
    }

    fn serialize_u32(self, value: u32) -> Result<(), fmt::Error> {
        match self.id.take() {
            Some(arena) => self.id(arena, value),
            None => self.bytes(b'#', &value.to_le_bytes()),
        }
    }

    fn serialize_bool(self, value: bool) -> Result<(), fmt::Error> {
        self.serialize_u8(u8::from(value))
    }

    fn serialize_char(self, value: char) -> Result<(), fmt::Error> {
        self.bytes(b'#', &u32::from(value).to_le_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), fmt::Error> {
        self.bytes(b's', value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), fmt::Error> {
        self.bytes(b's', value)
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        self.bytes(b'0', &[])
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), fmt::Error> {
        self.bytes(b'1', &[])?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        self.bytes(b'0', &[])
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), fmt::Error> {
        self.name(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), fmt::Error> {
        self.name(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<(), fmt::Error> {
        self.id = Arena::of(name);
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        self.name(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, fmt::Error> {
        self.length(length.ok_or(fmt::Error)?);
        Ok(self)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self, fmt::Error> {
        self.length(length);
        Ok(self)
    }

    fn serialize_tuple_struct(self, name: &'static str, length: usize) -> Result<Self, fmt::Error> {
        self.name(name)?;
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, length: usize) -> Result<Self, fmt::Error> {
        self.name(variant)?;
        self.serialize_tuple(length)
    }

    /// Payloads hold no maps: their order would have to be settled first.
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields<'x, 'a>, fmt::Error> {
        self.name(name)?;
        Ok(Fields { hash: self, owner: name })
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Fields<'x, 'a>, fmt::Error> {
        self.name(variant)?;
        Ok(Fields { hash: self, owner: variant })
    }
}

/// The fields of a struct, without those that are left out.
struct Fields<'x, 'a> {
    hash: &'x mut Hash<'a>,
    owner: &'static str,
}

impl Fields<'_, '_> {
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), fmt::Error> {
        if LEFT_OUT.contains(&(self.owner, name)) {
            return Ok(());
        }
        self.hash.name(name)?;
        value.serialize(&mut *self.hash)
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), fmt::Error> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), fmt::Error> {
        Ok(())
    }
}

impl SerializeStructVariant for Fields<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), fmt::Error> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), fmt::Error> {
        Ok(())
    }
}

macro_rules! members {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for &mut Hash<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
                value.serialize(&mut **self)
            }

            fn end(self) -> Result<(), fmt::Error> {
                Ok(())
            }
        }
    )*};
}

members! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}
