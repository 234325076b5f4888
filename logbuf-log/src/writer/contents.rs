//! What a segment has to list: the sites and the threads.

use logbuf_format::block::Kind;
use logbuf_format::clock::Anchor;
use logbuf_format::thread::Thread as ThreadEntry;

use super::Attached;
use crate::clock::Anchors;
use crate::dictionary::Dictionary;
use crate::output::Listing;
use crate::registry::REGISTRY;
use crate::table::{TABLE, Table};
use crate::thread::Thread;

/// The sites and threads that the writer knows of.
pub(super) struct Contents<'a> {
    pub(super) dictionary: &'a mut Dictionary,
    pub(super) rings: &'a mut [Attached],
    /// The first thread to have its ring after the segment began.
    pub(super) first_thread: &'a mut u32,
    pub(super) anchors: &'a mut Anchors,
}

impl Listing for Contents<'_> {
    fn all(&mut self) -> Vec<Table> {
        *self.first_thread = REGISTRY.next_thread();
        self.dictionary.list_all();
        self.tables()
    }

    fn in_use(&mut self) -> Vec<Table> {
        self.dictionary.list_again();
        self.tables()
    }

    fn first_anchor(&mut self) -> Anchor {
        self.anchors.begin()
    }

    fn last_anchors(&mut self) -> Vec<Anchor> {
        self.anchors.next()
    }
}

impl Contents<'_> {
    /// What the dictionary lists, and all threads.
    fn tables(&mut self) -> Vec<Table> {
        let mut tables = self.dictionary.take_tables();
        self.rings.iter_mut().for_each(|attached| attached.listed = false);
        tables.extend(self.new_threads(Some(&REGISTRY.stand_in)));
        tables
    }

    /// The threads that are not in the segment yet, behind `first`.
    pub(super) fn new_threads(&mut self, first: Option<&Thread>) -> Vec<Table> {
        let mut tables = vec![Table::new(Kind::THREADS)];
        let mut put = |thread: &Thread| {
            if tables.last().is_none_or(|table| table.payload.len() >= TABLE) {
                tables.push(Table::new(Kind::THREADS));
            }
            let table = tables.last_mut().expect("one was pushed if there was none");
            put_thread(table, thread);
        };
        first.into_iter().for_each(&mut put);
        for attached in self.rings.iter_mut().filter(|attached| !attached.listed) {
            put(&attached.ring.thread);
            attached.listed = true;
        }
        tables
    }
}

fn put_thread(table: &mut Table, thread: &Thread) {
    let entry = ThreadEntry { id: thread.id, os_id: thread.os_id, name: thread.name.clone() };
    // A name longer than an entry may be is the only reason for an error; the number alone will do.
    if entry.put(&mut table.payload).is_err() {
        let nameless = ThreadEntry { name: String::new(), ..entry };
        nameless.put(&mut table.payload).expect("two numbers fit an entry");
    }
    table.entries += 1;
}
