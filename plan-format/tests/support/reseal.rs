//! Plan files taken apart and put together again with sound digests, so that tests reach what lies behind them.
//!
//! Written from docs/plan-format.md and not from the codec: it holds both to the same layout.

const DIGEST_AT: usize = 40;
const TABLE_AT: usize = 72;
const ROW_BYTES: usize = 56;

/// A row of the section table, with the section.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) number: u32,
    pub(crate) entries: u32,
    pub(crate) bytes: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Takes a sound file apart.
pub(crate) fn parts(file: &[u8]) -> Vec<Part> {
    let count = u16::from_le_bytes(file[10..12].try_into().unwrap());
    (0..usize::from(count))
        .map(|row| {
            let at = TABLE_AT + row * ROW_BYTES;
            let offset = usize::try_from(u64_at(file, at + 8)).unwrap();
            let length = usize::try_from(u64_at(file, at + 16)).unwrap();
            Part { number: u32_at(file, at), entries: u32_at(file, at + 4), bytes: file[offset..offset + length].to_vec() }
        })
        .collect()
}

/// Puts a file together: offsets, lengths and all digests are right.
pub(crate) fn file(parts: &[Part]) -> Vec<u8> {
    let first = TABLE_AT + parts.len() * ROW_BYTES;
    let total = first + parts.iter().map(|part| part.bytes.len()).sum::<usize>();
    let mut file = b"\x89SQPLN\r\n".to_vec();
    file.extend(4u16.to_le_bytes());
    file.extend(u16::try_from(parts.len()).unwrap().to_le_bytes());
    file.extend([0; 4 + 8 + 8]);
    file.extend((total as u64).to_le_bytes());
    file.extend([0; 32]);
    let mut offset = first as u64;
    for part in parts {
        file.extend(part.number.to_le_bytes());
        file.extend(part.entries.to_le_bytes());
        file.extend(offset.to_le_bytes());
        file.extend((part.bytes.len() as u64).to_le_bytes());
        file.extend(blake3::hash(&part.bytes).as_bytes());
        offset += part.bytes.len() as u64;
    }
    for part in parts {
        file.extend(&part.bytes);
    }
    seal(&mut file);
    file
}

/// Sets the digest of the header after a change to it.
pub(crate) fn seal(file: &mut [u8]) {
    let count = u16::from_le_bytes(file[10..12].try_into().unwrap());
    let end = (TABLE_AT + usize::from(count) * ROW_BYTES).min(file.len());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&file[..DIGEST_AT]);
    hasher.update(&file[TABLE_AT..end]);
    file[DIGEST_AT..TABLE_AT].copy_from_slice(hasher.finalize().as_bytes());
}
