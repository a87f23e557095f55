//! UNION and VALUES: columns of several queries or rows, one under the other.

use sqlparser::ast::{Expr, SetExpr, Values};

use super::super::Dialect;
use super::super::columns::{Class, Column, Columns};
use super::super::types::{self, Ty, called};
use super::typed::Typed;
use super::{Cte, Look, Scope};

impl Look<'_> {
    /// Adds a part of a UNION to what the parts before it give.
    pub(super) fn united(&mut self, columns: &mut Columns, other: Columns, first: &SetExpr, part: &SetExpr) {
        let known = columns.closed && other.closed;
        let widths = (known.then_some(columns.list.len()), known.then_some(other.list.len()));
        if self.same_width(first, part, widths) && known {
            for (column, added) in columns.list.iter_mut().zip(other.list) {
                self.one_under_the_other(column, added);
            }
        } else {
            for column in &mut columns.list {
                (column.class, column.literal) = (Class::Unknown, None);
            }
        }
    }

    fn one_under_the_other(&mut self, column: &mut Column, added: Column) {
        if self.outline.dialect == Dialect::Sqlite {
            column.class = column.class.or(added.class);
            return;
        }
        let literal = column.literal.take();
        let known = |class: Class| class != Class::Unknown;
        match (literal, added.literal) {
            (Some(_), Some(_)) => column.class = Class::Text,
            (Some(text), None) if known(added.class) => {
                if let (false, Some(at)) = (types::fits(&text, added.class), column.at.clone()) {
                    self.misfit_literal(at, &text, added.class);
                }
                column.class = added.class;
            }
            (None, Some(text)) if known(column.class) => {
                if let (false, Some(at)) = (types::fits(&text, column.class), added.at) {
                    self.misfit_literal(at, &text, column.class);
                }
            }
            (None, None) => match types::common(column.class, added.class) {
                Some(class) => column.class = class,
                None => {
                    if let Some(at) = added.at {
                        let (is, was) = (called(added.class), called(column.class));
                        let message = format!("this column of the UNION is {is}, and in the part before it {was}");
                        self.mismatch(
                            at,
                            message,
                            Some("cast one of the two, or give the parts the same columns in the same order".to_owned()),
                        );
                    }
                    column.class = Class::Unknown;
                }
            },
            _ => column.class = Class::Unknown,
        }
    }

    /// The columns of VALUES.
    pub(super) fn rows(&mut self, values: &Values, outer: Option<&Scope<'_>>, ctes: &[Cte]) -> Columns {
        let scope = Scope { outer, ..Scope::default() };
        let rows: Vec<Vec<Typed<'_>>> =
            values.rows.iter().map(|row| row.iter().map(|e| (e, self.expr(e, &scope, ctes))).collect()).collect();
        let width = rows.first().map_or(0, Vec::len);
        let plain = |e: &Expr| !matches!(e, Expr::Identifier(name) if self.outline.is_computed(name));
        if !rows.iter().all(|row| row.len() == width && row.iter().all(|(e, _)| plain(e))) {
            return Columns::default();
        }
        let mut columns = Columns { list: Vec::new(), closed: true };
        for i in 0..width {
            let values: Vec<Typed<'_>> = rows.iter().filter_map(|row| row.get(i).cloned()).collect();
            let class = match self.matched(&values, "VALUES") {
                Ty::Known(class) => class,
                Ty::Unknown | Ty::Literal(_) => Class::Unknown,
            };
            columns.list.push(Column::new(format!("column{}", i + 1), class, None));
        }
        columns
    }
}
