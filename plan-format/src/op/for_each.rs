//! `for_each`: steps run once for each row or item.

use serde::{Deserialize, Serialize};

use super::Rows;
use crate::{BlockId, TextId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    pub rows: Rows,
    /// The loop variable.
    pub item: TextId,
    /// The variable that counts items from 0.
    pub index: Option<TextId>,
    pub body: BlockId,
    /// What a failing item does to the loop.
    pub on_error: OnError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnError {
    /// Ends the loop with the item's error.
    Fail,
    /// Reports the error and goes on with the next item.
    Skip,
}
