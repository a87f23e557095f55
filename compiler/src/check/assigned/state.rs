//! Sets of variables as bits.

use std::collections::HashMap;

use super::Standing;

/// Numbers for the names of one flow.
#[derive(Default)]
pub(super) struct Names<'p> {
    ids: HashMap<String, usize>,
    /// `None` for a name that is only read.
    known: Vec<Option<&'p str>>,
}

impl<'p> Names<'p> {
    /// The number of a name that something sets.
    pub(super) fn id(&mut self, name: &'p str) -> usize {
        let id = self.id_of(name);
        self.known[id] = Some(name);
        id
    }

    pub(super) fn id_of(&mut self, name: &str) -> usize {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.known.len();
        self.ids.insert(name.to_owned(), id);
        self.known.push(None);
        id
    }

    pub(super) fn of(&self, bits: &Bits) -> impl Iterator<Item = &'p str> {
        self.known.iter().enumerate().filter(|(id, _)| bits.has(*id)).filter_map(|(_, name)| *name)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    fn has(&self, id: usize) -> bool {
        self.0.get(id / 64).is_some_and(|word| word & (1 << (id % 64)) != 0)
    }

    fn add(&mut self, id: usize) {
        if self.0.len() <= id / 64 {
            self.0.resize(id / 64 + 1, 0);
        }
        self.0[id / 64] |= 1 << (id % 64);
    }

    /// Whether that changed anything.
    pub(super) fn unite(&mut self, other: &Self) -> bool {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut changed = false;
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            changed |= *word | other != *word;
            *word |= other;
        }
        changed
    }

    fn intersect(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (i, word) in self.0.iter_mut().enumerate() {
            let both = *word & other.0.get(i).copied().unwrap_or(0);
            changed |= both != *word;
            *word = both;
        }
        changed
    }
}

/// What is set at a place: on all ways there and on some, in any scope and in project scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    must: Bits,
    may: Bits,
    pub(super) project_must: Bits,
    pub(super) project_may: Bits,
}

impl Sets {
    /// Something in this flow's sight is set, or is known to be there.
    pub(super) fn known(&mut self, id: usize) {
        self.must.add(id);
        self.may.add(id);
    }

    pub(super) fn project(&mut self, id: usize, surely: bool) {
        self.may.add(id);
        self.project_may.add(id);
        if surely {
            self.must.add(id);
            self.project_must.add(id);
        }
    }

    pub(super) fn standing(&self, id: usize) -> Standing {
        if self.must.has(id) {
            Standing::Set
        } else if self.may.has(id) {
            Standing::Perhaps
        } else {
            Standing::Unset
        }
    }

    /// Where two ways come together. Whether that changed anything.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        let changed = [
            self.must.intersect(&other.must),
            self.project_must.intersect(&other.project_must),
            self.may.unite(&other.may),
            self.project_may.unite(&other.project_may),
        ];
        changed.contains(&true)
    }

    /// Where both have run, each for itself.
    pub(super) fn together(mut self, other: &Self) -> Self {
        self.must.unite(&other.must);
        self.project_must.unite(&other.project_must);
        self.interrupted(other)
    }

    /// Between this state and `after`: a step that failed somewhere on the way.
    pub(super) fn interrupted(mut self, after: &Self) -> Self {
        self.may.unite(&after.may);
        self.project_may.unite(&after.project_may);
        self
    }
}
