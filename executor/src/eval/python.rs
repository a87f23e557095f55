//! stub
use sequor_plan_format::{Plan,ExprId,Code,expr::PythonForm};
use crate::value::Value;
use super::{Context,fault::Outcome};
#[derive(Default)]
pub struct PythonLimits{}
pub struct PythonPool{}
impl PythonPool { pub fn warm(&self){} pub(crate) fn call(&self,_:&Plan,_:ExprId,_:&Code,_:PythonForm,_:&[(&str,Value)],_:&dyn Context)->Outcome{Ok(Value::Null)} }
