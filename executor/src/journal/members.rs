//! The members of a loop, as they were when the loop started: in the spool, so that a resumed run sees the same ones.
//!
//! Members are kept in parts, compressed, with an index of the ordinals that parts begin with: any member is found by reading two parts.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::Journal;
use crate::error::{ErrorKind, RunError};
use crate::machine::Activation;
use crate::value::{Row, Value};

/// Encoded members that stay in memory; more are read back as they are needed.
const IN_MEMORY: usize = 4 << 20;
/// Handed to the journal before it is waited for.
const AHEAD: usize = 8 << 20;

/// Members of one loop.
pub(crate) struct Members {
    journal: Journal,
    name: String,
    /// The ordinal of the first member of each part.
    starts: Vec<u64>,
    count: u64,
    memory: Option<Vec<Vec<u8>>>,
    /// The parts read last, each with its number.
    read: [Option<(u64, Vec<Value>)>; 2],
}

/// What the spool has of a loop beside its parts.
#[derive(Serialize, Deserialize)]
struct Index {
    starts: Vec<u64>,
    count: u64,
}

/// Columns are named once.
#[derive(Serialize, Deserialize)]
enum Part {
    Rows { columns: Arc<[Arc<str>]>, rows: Vec<Vec<Value>> },
    Values(Vec<Value>),
}

/// The spool's name for the members of an activation.
pub(crate) fn spool_name(activation: Activation) -> String {
    format!("members-{}", activation.0)
}

fn index_name(name: &str) -> String {
    format!("{name}-index")
}

/// Members on their way into the spool.
pub(crate) struct Collector {
    members: Members,
    bytes: usize,
    unwaited: usize,
}

impl Collector {
    pub(crate) fn new(journal: &Journal, activation: Activation) -> Self {
        let members = Members {
            journal: journal.clone(),
            name: spool_name(activation),
            starts: Vec::new(),
            count: 0,
            memory: Some(Vec::new()),
            read: [None, None],
        };
        Self { members, bytes: 0, unwaited: 0 }
    }

    pub(crate) async fn rows(&mut self, rows: Vec<Arc<Row>>) -> Result<(), RunError> {
        let Some(columns) = rows.first().map(|row| Arc::clone(&row.columns)) else { return Ok(()) };
        let count = rows.len() as u64;
        let rows = rows.into_iter().map(|row| Arc::try_unwrap(row).map_or_else(|row| row.values.clone(), |row| row.values)).collect();
        self.part(&Part::Rows { columns, rows }, count).await
    }

    /// Members of a list, in parts of a size that is quick to read.
    pub(crate) async fn values(&mut self, values: &[Value]) -> Result<(), RunError> {
        for chunk in values.chunks(1_000) {
            self.part(&Part::Values(chunk.to_vec()), chunk.len() as u64).await?;
        }
        Ok(())
    }

    async fn part(&mut self, part: &Part, count: u64) -> Result<(), RunError> {
        let bytes = encode(part)?;
        let members = &mut self.members;
        let number = members.starts.len() as u64;
        members.starts.push(members.count);
        members.count += count;
        self.bytes += bytes.len();
        if members.journal.is_on() {
            self.unwaited += bytes.len();
            members.journal.spool(&members.name, number, bytes.clone());
            if self.bytes > IN_MEMORY {
                members.memory = None;
            }
            if self.unwaited > AHEAD {
                self.unwaited = 0;
                members.journal.sync().await.map_err(|error| unreadable(&error.to_string()))?;
            }
        }
        if let Some(memory) = &mut members.memory {
            memory.push(bytes);
        }
        Ok(())
    }

    /// All members, from the first.
    pub(crate) fn finish(self) -> Result<Members, RunError> {
        let members = self.members;
        let index = Index { starts: members.starts.clone(), count: members.count };
        let index = postcard::to_allocvec(&index).map_err(|error| unreadable(&error.to_string()))?;
        members.journal.spool(&index_name(&members.name), 0, index);
        Ok(members)
    }
}

impl Members {
    /// The members that an earlier executor has kept.
    pub(crate) async fn reopen(journal: &Journal, activation: Activation) -> Result<Self, RunError> {
        let name = spool_name(activation);
        let index = journal.read_spool(&index_name(&name), 0).await.map_err(|error| unreadable(&error.to_string()))?;
        let Index { starts, count } = decode_index(&index)?;
        Ok(Self { journal: journal.clone(), name, starts, count, memory: None, read: [None, None] })
    }

    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// A member by its ordinal, from 0; `None` behind the end.
    pub(crate) async fn get(&mut self, ordinal: u64) -> Result<Option<Value>, RunError> {
        if ordinal >= self.count {
            return Ok(None);
        }
        let number = self.starts.partition_point(|start| *start <= ordinal).saturating_sub(1);
        let offset = usize::try_from(ordinal - self.starts[number]).unwrap_or(usize::MAX);
        let number = number as u64;
        if !self.read.iter().flatten().any(|(read, _)| *read == number) {
            let bytes = match &self.memory {
                Some(parts) => parts.get(usize::try_from(number).unwrap_or(usize::MAX)).cloned().unwrap_or_default(),
                None => self.journal.read_spool(&self.name, number).await.map_err(|error| unreadable(&error.to_string()))?,
            };
            self.read.rotate_right(1);
            self.read[0] = Some((number, decode(&bytes)?));
        }
        let found = self.read.iter().flatten().find(|(read, _)| *read == number).and_then(|(_, members)| members.get(offset));
        Ok(found.cloned())
    }

    /// The loop is over.
    pub(crate) fn forget(&self) {
        drop_spool(&self.journal, &self.name);
    }
}

/// Removes what the spool has of an activation's members.
fn drop_spool(journal: &Journal, name: &str) {
    journal.drop_spool(index_name(name));
    journal.drop_spool(name.to_owned());
}

/// A member read straight from the spool: `read` gives a part by name and number.
pub(crate) async fn find<E: ToString>(
    activation: Activation,
    ordinal: u64,
    cache: &mut Option<(Activation, u64, Vec<Value>)>,
    mut read: impl AsyncFnMut(String, u64) -> Result<Vec<u8>, E>,
) -> Result<Value, RunError> {
    if let Some((of, start, members)) = cache
        && *of == activation
        && let Some(offset) = ordinal.checked_sub(*start)
        && let Some(member) = members.get(usize::try_from(offset).unwrap_or(usize::MAX))
    {
        return Ok(member.clone());
    }
    let name = spool_name(activation);
    let index = read(index_name(&name), 0).await.map_err(|error| unreadable(&error.to_string()))?;
    let Index { starts, .. } = decode_index(&index)?;
    let number = starts.partition_point(|start| *start <= ordinal).saturating_sub(1);
    let start = starts.get(number).copied().unwrap_or_default();
    let members = decode(&read(name, number as u64).await.map_err(|error| unreadable(&error.to_string()))?)?;
    let member = usize::try_from(ordinal - start).ok().and_then(|offset| members.get(offset)).cloned();
    *cache = Some((activation, start, members));
    member.ok_or_else(|| unreadable("a member is missing"))
}

/// How many members a loop has, straight from the spool.
pub(crate) async fn count<E: ToString>(
    activation: Activation,
    mut read: impl AsyncFnMut(String, u64) -> Result<Vec<u8>, E>,
) -> Result<u64, RunError> {
    let index = read(index_name(&spool_name(activation)), 0).await.map_err(|error| unreadable(&error.to_string()))?;
    Ok(decode_index(&index)?.count)
}

fn encode(part: &Part) -> Result<Vec<u8>, RunError> {
    let bytes = postcard::to_allocvec(part).map_err(|error| unreadable(&error.to_string()))?;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(|error| unreadable(&error.to_string()))
}

fn decode(bytes: &[u8]) -> Result<Vec<Value>, RunError> {
    let mut plain = Vec::new();
    ZlibDecoder::new(bytes).read_to_end(&mut plain).map_err(|error| unreadable(&error.to_string()))?;
    Ok(match postcard::from_bytes(&plain).map_err(|error| unreadable(&error.to_string()))? {
        Part::Rows { columns, rows } => {
            rows.into_iter().map(|values| Value::Row(Arc::new(Row { columns: Arc::clone(&columns), values }))).collect()
        }
        Part::Values(values) => values,
    })
}

fn decode_index(bytes: &[u8]) -> Result<Index, RunError> {
    postcard::from_bytes(bytes).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(reason: &str) -> RunError {
    RunError::new(ErrorKind::Failed("internal".to_owned()), format!("the members of the loop cannot be kept or read: {reason}"))
}
