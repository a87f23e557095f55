//! The database sources that snippets name in their queries.

use sequor_plan_format::{Plan, SourceId};

use super::fault::{Outcome, did_you_mean, expression};

/// Names and ids of a plan's database sources.
#[derive(Clone, Debug)]
pub(crate) struct Databases(Vec<(String, SourceId)>);

impl Databases {
    pub(crate) fn of(plan: &Plan) -> Self {
        let all = (0u32..).zip(&plan.sources);
        Self(all.filter(|(_, s)| s.kind.is_database()).map(|(i, s)| (plan.text(s.name).to_owned(), SourceId(i))).collect())
    }

    /// The source of that name, or the only one there is.
    pub(crate) fn find(&self, name: Option<&str>) -> Outcome<SourceId> {
        let Some(name) = name else {
            return match self.0.as_slice() {
                [(_, only)] => Ok(*only),
                [] => Err(expression("the plan has no database source to query")),
                _ => Err(expression(format!("the query names no source — write query(source, sql) with one of: {}", self.names()))),
            };
        };
        self.0.iter().find(|(known, _)| known == name).map(|(_, id)| *id).ok_or_else(|| {
            let hint = did_you_mean(name, self.0.iter().map(|(known, _)| known.as_str()));
            let hint = if hint.is_empty() { format!(" — the plan has: {}", self.names()) } else { hint };
            expression(format!("there is no database source '{name}'{hint}"))
        })
    }

    fn names(&self) -> String {
        self.0.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
