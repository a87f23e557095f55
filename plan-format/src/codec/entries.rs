//! Sections ⇄ arenas.
//!
//! A section is its entries one behind the other, each encoded by bincode: little endian, variable-length integers. How many there are says the
//! section table. Payloads hold no text but ids, so no entry outside of the texts has a length to allocate by, other than that of a list, whose members
//! are read one by one.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::section::Section;
use super::{MAX_FILE_BYTES, PlanError};
use crate::Plan;

#[expect(clippy::cast_possible_truncation, reason = "64 MiB fits the address space of every machine")]
const LIMIT: usize = MAX_FILE_BYTES as usize;

const CONFIG: Configuration<LittleEndian, Varint, Limit<LIMIT>> = bincode::config::standard().with_limit::<LIMIT>();

/// A section taken out of its file.
pub(super) struct Content<'a> {
    pub(super) section: Section,
    pub(super) count: u32,
    pub(super) bytes: &'a [u8],
}

/// A section on its way into a file.
pub(super) struct Written {
    pub(super) section: Section,
    pub(super) count: u32,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn write(plan: &Plan) -> Result<Vec<Written>, PlanError> {
    Section::ALL.into_iter().map(|section| write_section(plan, section)).collect()
}

fn write_section(plan: &Plan, section: Section) -> Result<Written, PlanError> {
    match section {
        Section::Texts => put(section, &plan.texts),
        Section::Values => put(section, &plan.values),
        Section::Exprs => put(section, &plan.exprs),
        Section::Nodes => put(section, &plan.nodes),
        Section::Blocks => put(section, &plan.blocks),
        Section::Flows => put(section, &plan.flows),
        Section::Sources => put(section, &plan.sources),
        Section::Spans => put(section, &plan.spans),
        Section::Project => put(section, std::slice::from_ref(&plan.project)),
        Section::Lines => put(section, &plan.lines),
        Section::Manifest => put(section, std::slice::from_ref(&plan.manifest)),
    }
}

fn put<T: Serialize>(section: Section, entries: &[T]) -> Result<Written, PlanError> {
    let fault = |reason: String| PlanError::Write { section: section.name(), reason };
    let count = u32::try_from(entries.len()).map_err(|e| fault(e.to_string()))?;
    let mut bytes = Vec::new();
    for entry in entries {
        bincode::serde::encode_into_std_write(entry, &mut bytes, CONFIG).map_err(|e| fault(e.to_string()))?;
    }
    Ok(Written { section, count, bytes })
}

/// All sections of the format, in any order. Digests and counts have been checked.
pub(super) fn read(contents: &[Content<'_>]) -> Result<Plan, PlanError> {
    Ok(Plan {
        texts: texts(find(contents, Section::Texts)?)?,
        values: take(find(contents, Section::Values)?)?,
        exprs: take(find(contents, Section::Exprs)?)?,
        nodes: take(find(contents, Section::Nodes)?)?,
        blocks: take(find(contents, Section::Blocks)?)?,
        flows: take(find(contents, Section::Flows)?)?,
        sources: take(find(contents, Section::Sources)?)?,
        spans: take(find(contents, Section::Spans)?)?,
        project: one(find(contents, Section::Project)?)?,
        lines: take(find(contents, Section::Lines)?)?,
        manifest: one(find(contents, Section::Manifest)?)?,
    })
}

fn find<'a, 'b>(contents: &'b [Content<'a>], section: Section) -> Result<&'b Content<'a>, PlanError> {
    contents.iter().find(|content| content.section == section).ok_or(PlanError::MissingSection { section: section.name() })
}

fn take<T: DeserializeOwned>(content: &Content<'_>) -> Result<Vec<T>, PlanError> {
    entries(content, |bytes| bincode::serde::decode_from_slice(bytes, CONFIG))
}

/// Texts are borrowed from the file first: an owned text would be allocated by its claimed length.
fn texts(content: &Content<'_>) -> Result<Vec<String>, PlanError> {
    entries(content, |bytes| bincode::serde::borrow_decode_from_slice::<&str, _>(bytes, CONFIG).map(|(text, used)| (text.to_owned(), used)))
}

fn one<T: DeserializeOwned>(content: &Content<'_>) -> Result<T, PlanError> {
    take(content)?.pop().ok_or(PlanError::MissingSection { section: content.section.name() })
}

fn entries<'a, T>(
    content: &Content<'a>,
    decode: impl Fn(&'a [u8]) -> Result<(T, usize), bincode::error::DecodeError>,
) -> Result<Vec<T>, PlanError> {
    let section = content.section.name();
    // Every entry takes at least one byte, and the count has been compared with the length.
    let mut found = Vec::with_capacity(content.count as usize);
    let mut rest = content.bytes;
    for entry in 0..content.count {
        let (decoded, used) = decode(rest).map_err(|e| PlanError::Entry { section, entry, reason: e.to_string() })?;
        rest = rest.get(used..).unwrap_or_default();
        found.push(decoded);
    }
    if rest.is_empty() { Ok(found) } else { Err(PlanError::Leftover { section, extra: rest.len() }) }
}
