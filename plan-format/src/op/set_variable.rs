//! `set_variable`: values for variables, one after the other.

use serde::{Deserialize, Serialize};

use super::Assign;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetVariable {
    pub assigns: Vec<Assign>,
}
