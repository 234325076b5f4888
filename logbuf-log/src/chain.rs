//! Lists that only grow, and are read without a lock.

use std::sync::OnceLock;

/// Items that are never given back, each behind those that were added before it.
///
/// A link is set once and then read by an acquiring load alone, so that looking an item up takes no lock, allocates nothing,
/// and waits only for who is adding one in the very place.
#[derive(Debug)]
pub(crate) struct Chain<T: 'static>(OnceLock<&'static Link<T>>);

#[derive(Debug)]
struct Link<T: 'static> {
    item: T,
    next: Chain<T>,
}

impl<T> Chain<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The first item that is wanted.
    #[inline]
    pub(crate) fn find(&self, is_wanted: impl Fn(&T) -> bool) -> Option<&'static T> {
        let mut chain = self;
        while let Some(link) = chain.0.get() {
            if is_wanted(&link.item) {
                return Some(&link.item);
            }
            chain = &link.next;
        }
        None
    }

    /// The same; if there is none, and no more than `most` others, the one that `make` makes is added. `make` must not look for an
    /// item in this chain.
    #[cold]
    pub(crate) fn find_or_add(
        &self,
        is_wanted: impl Fn(&T) -> bool,
        most: usize,
        make: impl FnOnce() -> T,
    ) -> Option<&'static T> {
        let mut make = Some(make);
        let mut chain = self;
        for _ in 0..most {
            // Of several who are here at once one makes its item, and the others look at that.
            let link = chain.0.get_or_init(|| {
                let item = make.take().expect("what was made is what is wanted")();
                Box::leak(Box::new(Link { item, next: Chain::new() }))
            });
            if is_wanted(&link.item) {
                return Some(&link.item);
            }
            chain = &link.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_made_once_and_found_by_all() {
        static CHAIN: Chain<u32> = Chain::new();
        let add = |wanted| CHAIN.find_or_add(move |item| *item == wanted, 8, || wanted);
        assert_eq!(CHAIN.find(|item| *item == 0), None);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for wanted in 0..8 {
                        let item = add(wanted).expect("there are no more than eight");
                        assert!(std::ptr::eq(
                            item,
                            CHAIN.find(|item| *item == wanted).expect("it is there")
                        ));
                    }
                });
            }
        });
        assert_eq!(add(8), None);
        assert_eq!(add(7), Some(&7));
    }
}
