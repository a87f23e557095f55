//! Constants: what a project's YAML says literally.

use serde::{Deserialize, Serialize};

use crate::{TextId, ValueId};

/// A constant. Lists and maps name their members by id, and a member's id is always smaller than its owner's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A number that neither `i64` nor `f64` holds without loss, as JSON number text.
    Number(TextId),
    Text(TextId),
    List(Vec<ValueId>),
    /// In the order of the file. Keys are unique.
    Map(Vec<(TextId, ValueId)>),
}
