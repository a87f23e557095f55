//! Jinja and Python snippets of one field, written below it.

use crate::expr::PythonForm;
use crate::{Code, Plan};

use super::text::{Out, listed, place, quote};

/// The snippets found while a field was written, in the order of their numbers.
#[derive(Default)]
pub(super) struct Snippets<'a> {
    found: Vec<(Language, &'a Code)>,
}

#[derive(Clone, Copy)]
pub(super) enum Language {
    Jinja { typed: bool },
    Python(PythonForm),
}

impl<'a> Snippets<'a> {
    /// How the snippet is mentioned in the expression: a number, and its text where that is one line.
    pub(super) fn mention(&mut self, plan: &Plan, language: Language, code: &'a Code) -> String {
        self.found.push((language, code));
        let number = self.found.len();
        let name = match language {
            Language::Jinja { .. } => "jinja",
            Language::Python(_) => "python",
        };
        let text = plan.text(code.text);
        if text.contains('\n') { format!("{name}#{number}") } else { format!("{name}#{number} {}", quote(text)) }
    }

    /// One line for each snippet that says how it is run, and its text where that has several lines.
    pub(super) fn write(&self, out: &mut Out<'_>) {
        for (number, (language, code)) in (1..).zip(&self.found) {
            out.line(&format!("#{number} {}", about(out, *language, code)));
            let text = out.plan.text(code.text);
            if text.contains('\n') {
                out.indented(|out| out.quoted(text));
            }
        }
    }
}

fn about(out: &Out<'_>, language: Language, code: &Code) -> String {
    let plan = out.plan;
    let Code { text: _, span, indent, variables, computed_variables, response, queries } = code;
    let kind = match language {
        Language::Jinja { typed: true } => "keeps its type",
        Language::Jinja { typed: false } => "gives text",
        Language::Python(PythonForm::Expression) => "expression",
        Language::Python(PythonForm::Body) => "body with return",
        Language::Python(PythonForm::Evaluate) => "def evaluate",
    };
    let mut about = kind.to_owned();
    if !out.is_own() {
        about.push_str(&format!(", at {}", place(plan, *span)));
        if *indent > 0 {
            about.push_str(&format!(", indented by {indent}"));
        }
    }
    if !variables.is_empty() {
        let names: Vec<&str> = variables.iter().map(|&id| plan.text(id)).collect();
        about.push_str(&format!("; variables {}", listed(&names)));
    }
    for (holds, says) in
        [(*computed_variables, "variables by computed names"), (*response, "reads the response"), (*queries, "queries a database")]
    {
        if holds {
            about.push_str("; ");
            about.push_str(says);
        }
    }
    about
}
