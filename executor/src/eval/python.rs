//! stub
use super::{Context, fault::Outcome};
use crate::value::Value;
use sequor_plan_format::{Code, ExprId, Plan, expr::PythonForm};
#[derive(Default)]
pub struct PythonLimits {}
pub struct PythonPool {}
impl PythonPool {
    pub fn warm(&self) {}
    pub(crate) fn call(&self, _: &Plan, _: ExprId, _: &Code, _: PythonForm, _: &[(&str, Value)], _: &dyn Context) -> Outcome {
        Ok(Value::Null)
    }
}
