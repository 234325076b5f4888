//! Rings in mapped memory.

use logbuf::queue::{mpsc, spsc};
use logbuf::{PageKind, Pages, Storage, StorageError};
use tempfile::tempdir;

use crate::support::{receive, send};

const PAGES: [Pages; 4] = [
    Pages { prefault: false, huge: false, lock: false },
    Pages { prefault: true, huge: false, lock: false },
    Pages { prefault: true, huge: true, lock: false },
    Pages { prefault: false, huge: false, lock: true },
];

#[test]
fn rings_work_in_anonymous_pages() {
    for pages in PAGES {
        let storage = match Storage::anonymous(40_000, pages) {
            // How much may be locked is for the system to say: none, for some users.
            Err(StorageError::System { call: "mlock", bytes, .. }) if pages.lock => {
                assert!(bytes >= 65_536);
                continue;
            }
            result => result.unwrap(),
        };
        assert_eq!(storage.capacity(), 65_536);
        let (mut producer, mut consumer) = spsc::with_storage(storage);
        for round in 0..10_000_u32 {
            send(&mut producer, &round.to_le_bytes()).unwrap();
            assert_eq!(receive(&mut consumer), Some(round.to_le_bytes().to_vec()));
        }
    }
}

#[test]
fn huge_pages_are_reported() {
    let storage =
        Storage::anonymous(8 << 20, Pages { prefault: true, huge: true, lock: false }).unwrap();
    match storage.pages() {
        PageKind::Transparent { huge_bytes } => {
            assert!(huge_bytes <= storage.capacity() + (2 << 20))
        }
        kind => assert!(matches!(kind, PageKind::Huge | PageKind::Normal)),
    }
    assert_eq!(Storage::anonymous(4096, Pages::default()).unwrap().pages(), PageKind::Normal);
}

#[test]
fn a_file_that_exists_is_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    std::fs::write(&path, b"precious").unwrap();
    // SAFETY: nobody else uses the folder.
    let result = unsafe { Storage::file(&path, 4096, &[]) };
    assert!(matches!(result, Err(StorageError::System { call: "create", .. })), "{result:?}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_file_is_private_and_allocated() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    // SAFETY: nobody else uses the folder.
    let (producer, _consumer) =
        mpsc::with_storage(unsafe { Storage::file(&path, 100_000, &[]) }.unwrap());
    assert_eq!(producer.capacity(), 131_072);
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.len()), (0o600, 4096 + 131_072));
    assert!(metadata.blocks() * 512 >= metadata.len());
}

#[test]
fn metadata_has_a_limit() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let longest = vec![7; Storage::MAX_METADATA];
    // SAFETY: nobody else uses the folder.
    let result = unsafe { Storage::file(&path, 64, &[&longest[..], &[1]].concat()) };
    assert!(
        matches!(result, Err(StorageError::MetadataTooLong { len: 3585, max: 3584 })),
        "{result:?}"
    );
    // SAFETY: nobody else uses the folder.
    let storage = unsafe { Storage::file(&path, 64, &longest) }.unwrap();
    drop(spsc::with_storage(storage));
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(logbuf::Image::parse(&bytes).unwrap().metadata(), longest);
}

#[test]
fn what_the_system_refuses_is_named() {
    let folder = tempdir().unwrap();
    // SAFETY: nothing is made.
    let result = unsafe { Storage::file(&folder.path().join("no/such/folder"), 64, &[]) };
    let error = result.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot create 4160 bytes for a ring: No such file"),
        "{error}"
    );
    // SAFETY: nothing is made.
    let result = unsafe { Storage::file(folder.path(), 0, &[]) };
    assert!(matches!(result, Err(StorageError::ZeroCapacity)));
}
