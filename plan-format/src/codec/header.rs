//! The header: what the file is, how long it is, where its sections are, and a digest of each and of the header itself.
//!
//! All numbers are little endian.
//!
//! | byte | size | field |
//! |---|---|---|
//! | 0 | 8 | mark |
//! | 8 | 2 | format version |
//! | 10 | 2 | number of sections |
//! | 12 | 4 | zero |
//! | 16 | 8 | critical feature bits |
//! | 24 | 8 | optional feature bits |
//! | 32 | 8 | length of the file |
//! | 40 | 32 | BLAKE3 of the header without this field: the digest of the plan |
//! | 72 | 56 each | section table: number (4), entries (4), offset (8), length (8), BLAKE3 (32) |
//!
//! Sections follow the table without gaps, in the order of their numbers, so that every byte of the file is under one digest.

use super::digest::Digest;
use super::entries::{Content, Written};
use super::section::Section;
use super::{FORMAT_VERSION, MAX_FILE_BYTES, PlanError};

/// The first byte is no text, and line ends would not survive a transfer as text.
const MARK: [u8; 8] = *b"\x89SQPLN\r\n";
const DIGEST_AT: usize = 40;
const TABLE_AT: usize = 72;
const ROW_BYTES: usize = 56;
/// More than any version has had sections; bounds the header.
const MAX_SECTIONS: u16 = 64;
/// Features that change the meaning of a plan. This version knows none.
const KNOWN_FEATURES: u64 = 0;

/// What the header of a plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub version: u16,
    /// The plan's name. It covers every byte of the file.
    pub digest: Digest,
    /// Of the whole file, in bytes.
    pub length: u64,
    /// A version that does not know one of these may read the plan without it.
    pub optional_features: u64,
    pub sections: Vec<SectionInfo>,
}

/// One row of the section table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionInfo {
    pub number: u32,
    pub entries: u32,
    pub offset: u64,
    pub length: u64,
    pub digest: Digest,
}

/// Puts a file together.
pub(super) fn assemble(sections: &[Written]) -> Result<Vec<u8>, PlanError> {
    let table_bytes = sections.len() * ROW_BYTES;
    let total = TABLE_AT + table_bytes + sections.iter().map(|section| section.bytes.len()).sum::<usize>();
    let length = total as u64;
    if length > MAX_FILE_BYTES {
        return Err(PlanError::TooLarge { length });
    }

    let mut file = Vec::with_capacity(total);
    file.extend(MARK);
    file.extend(FORMAT_VERSION.to_le_bytes());
    file.extend(u16::try_from(sections.len()).unwrap_or(u16::MAX).to_le_bytes());
    file.extend(0u32.to_le_bytes());
    file.extend(KNOWN_FEATURES.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(length.to_le_bytes());

    let mut table = Vec::with_capacity(table_bytes);
    let mut offset = (TABLE_AT + table_bytes) as u64;
    for Written { section, count, bytes } in sections {
        table.extend(section.number().to_le_bytes());
        table.extend(count.to_le_bytes());
        table.extend(offset.to_le_bytes());
        table.extend((bytes.len() as u64).to_le_bytes());
        table.extend(Digest::of(&[bytes]).0);
        offset += bytes.len() as u64;
    }
    let digest = Digest::of(&[&file, &table]);
    file.extend(digest.0);
    file.extend(table);
    for section in sections {
        file.extend(&section.bytes);
    }
    Ok(file)
}

/// Reads and checks the header, and nothing behind it.
pub(super) fn read(bytes: &[u8]) -> Result<Header, PlanError> {
    if bytes.is_empty() {
        return Err(PlanError::Empty);
    }
    let mark_there = bytes.len().min(MARK.len());
    if bytes[..mark_there] != MARK[..mark_there] {
        return Err(PlanError::NotAPlan);
    }
    let mut fields = Fields { rest: &bytes[mark_there..] };
    let version = fields.u16()?;
    if version != FORMAT_VERSION {
        return Err(PlanError::Version { found: version });
    }
    let count = fields.u16()?;
    if count > MAX_SECTIONS {
        return Err(PlanError::HeaderDamaged { reason: "too many sections" });
    }
    let reserved = fields.u32()?;
    let critical = fields.u64()?;
    let optional_features = fields.u64()?;
    let length = fields.u64()?;
    let digest = fields.digest()?;
    let sections = (0..count).map(|_| fields.section()).collect::<Result<Vec<_>, _>>()?;

    let end = TABLE_AT + sections.len() * ROW_BYTES;
    if Digest::of(&[&bytes[..DIGEST_AT], &bytes[TABLE_AT..end]]) != digest {
        return Err(PlanError::HeaderDamaged { reason: "digest does not match" });
    }
    if reserved != 0 {
        return Err(PlanError::HeaderDamaged { reason: "a reserved field is not zero" });
    }
    let unknown = critical & !KNOWN_FEATURES;
    if unknown != 0 {
        return Err(PlanError::Features { unknown });
    }
    Ok(Header { version, digest, length, optional_features, sections })
}

/// Checks the header, the size and every section's digest, and takes the known sections out.
pub(super) fn open(bytes: &[u8]) -> Result<(Header, Vec<Content<'_>>), PlanError> {
    let actual = bytes.len() as u64;
    if actual > MAX_FILE_BYTES {
        return Err(PlanError::TooLarge { length: actual });
    }
    let header = read(bytes)?;
    let expected = header.length;
    if actual < expected {
        return Err(PlanError::Cut { expected, actual });
    }
    if actual > expected {
        return Err(PlanError::Grown { expected, extra: actual - expected });
    }

    let mut contents = Vec::new();
    let mut last_number = 0;
    let mut next = (TABLE_AT + header.sections.len() * ROW_BYTES) as u64;
    for info in &header.sections {
        if info.number <= last_number {
            return Err(PlanError::Table { reason: format!("section {} stands behind section {last_number}", info.number) });
        }
        let section = Section::numbered(info.number);
        let name = section.map_or_else(|| info.number.to_string(), |section| section.name().to_owned());
        if section.is_none() && info.number < Section::OPTIONAL {
            return Err(PlanError::Table { reason: format!("section {name} is unknown to this version") });
        }
        if info.offset != next {
            return Err(PlanError::Table { reason: format!("section '{name}' begins at byte {}, not at byte {next}", info.offset) });
        }
        let end = info.offset.checked_add(info.length).filter(|&end| end <= actual);
        let Some(end) = end else {
            return Err(PlanError::Table { reason: format!("section '{name}' of {} bytes ends behind the file", info.length) });
        };
        let body = slice(bytes, info.offset, end);
        if Digest::of(&[body]) != info.digest {
            return Err(PlanError::SectionDamaged { section: name });
        }
        if let Some(section) = section {
            counted(section, info)?;
            contents.push(Content { section, count: info.entries, bytes: body });
        }
        last_number = info.number;
        next = end;
    }
    if next != actual {
        return Err(PlanError::Table { reason: format!("the last section ends at byte {next}, the file at byte {actual}") });
    }
    Ok((header, contents))
}

/// An entry takes at least one byte, so a count that fits is safe to allocate by.
fn counted(section: Section, info: &SectionInfo) -> Result<(), PlanError> {
    let limit = section.limit();
    if info.entries > limit || u64::from(info.entries) > info.length {
        return Err(PlanError::Entries { section: section.name(), count: info.entries, length: info.length, limit });
    }
    Ok(())
}

/// Both ends are within `bytes`, whose length fits a `usize`.
fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(index(from)..index(to)).unwrap_or_default()
}

/// Takes fields off the beginning of a header.
struct Fields<'a> {
    rest: &'a [u8],
}

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], PlanError> {
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or(PlanError::HeaderCut)?;
        self.rest = rest;
        Ok(*field)
    }

    fn u16(&mut self) -> Result<u16, PlanError> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, PlanError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, PlanError> {
        self.take().map(u64::from_le_bytes)
    }

    fn digest(&mut self) -> Result<Digest, PlanError> {
        self.take().map(Digest)
    }

    fn section(&mut self) -> Result<SectionInfo, PlanError> {
        Ok(SectionInfo { number: self.u32()?, entries: self.u32()?, offset: self.u64()?, length: self.u64()?, digest: self.digest()? })
    }
}
