//! What a segment knows by number: sites and threads.

use std::collections::HashMap;

/// Numbers below this are indices. A writer numbers densely from 0, so that all but hostile tables are indexed.
const DENSE: u32 = 1 << 16;

/// Values by number.
#[derive(Debug)]
pub(crate) struct Table<T> {
    dense: Vec<Option<T>>,
    sparse: HashMap<u32, T>,
}

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self { dense: Vec::new(), sparse: HashMap::new() }
    }

    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        match self.dense.get(id as usize) {
            Some(value) => value.as_ref(),
            None => self.sparse.get(&id),
        }
    }

    /// Sets the value of `id`; returns the one it had.
    pub(crate) fn insert(&mut self, id: u32, value: T) -> Option<T> {
        if id >= DENSE {
            return self.sparse.insert(id, value);
        }
        let index = id as usize;
        if index >= self.dense.len() {
            self.dense.resize_with(index + 1, || None);
        }
        self.dense[index].replace(value)
    }

    /// All values, by number below 65,536 and in no order from there on.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.dense.iter().flatten().chain(self.sparse.values())
    }

    /// All values, in the same order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.dense.iter_mut().flatten().chain(self.sparse.values_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_sizes_lead_to_their_value() {
        let mut table = Table::new();
        for id in [0, 7, DENSE - 1, DENSE, u32::MAX] {
            assert_eq!(table.insert(id, id), None);
            assert_eq!(table.insert(id, id), Some(id));
            assert_eq!(table.get(id), Some(&id));
        }
        assert_eq!(table.get(1), None);
        assert_eq!(table.get(DENSE + 1), None);
        assert_eq!(table.values().count(), 5);
    }
}
