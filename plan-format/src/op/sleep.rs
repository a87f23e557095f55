//! `sleep`: a pause.

use serde::{Deserialize, Serialize};

use crate::ExprId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sleep {
    /// A number, at least 0, with or without a fraction.
    pub seconds: ExprId,
}
