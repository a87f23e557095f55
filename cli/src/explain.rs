//! `explain`: the page of a fault's code.

use std::io::Write;

use anyhow::bail;
use sequor_compiler::codes;

pub(crate) fn explain(code: Option<&str>, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(code) = code else {
        for code in codes::CODES {
            writeln!(out, "{}  {:<28} {}", code.code, code.name, code.summary)?;
        }
        return Ok(());
    };
    match codes::explain(code) {
        Some(page) => writeln!(out, "{}", page.trim_end())?,
        None => match codes::suggest(code) {
            Some(near) => bail!("there is no code '{code}'; did you mean {}?", near.code),
            None => bail!("there is no code '{code}'; 'sequor explain' lists all of them"),
        },
    }
    Ok(())
}
