//! Claims and batches that are dropped, forgotten or abandoned by a panic.

use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};

use logbuf::queue::{mpsc, spsc};
use logbuf::{ClaimError, Flavour};

use crate::support::{Make, for_each_flavour, receive, send};

for_each_flavour! {
    a_forgotten_record_comes_again = forgotten_record;
    a_forgotten_batch_comes_again = forgotten_batch;
    a_forgotten_iterator_took_nothing = forgotten_iterator;
    a_panic_gives_the_claim_up = panicking_producer;
    a_panicking_reader_keeps_what_it_has_not_seen = panicking_reader;
    garbage_in_a_claim_that_is_given_up_is_not_seen = garbage;
}

fn forgotten_record<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    for round in 0..100 {
        send(&mut producer, &[round; 20]).unwrap();
        forget(consumer.try_claim().unwrap());
        assert_eq!(receive(&mut consumer), Some(vec![round; 20]));
    }
}

fn forgotten_batch<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    for round in 0..100 {
        send(&mut producer, &[round; 8]).unwrap();
        let mut batch = consumer.batch(usize::MAX);
        assert_eq!(batch.iter().count(), 1);
        forget(batch);
        assert_eq!(receive(&mut consumer), Some(vec![round; 8]));
    }
}

fn forgotten_iterator<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    send(&mut producer, b"again").unwrap();
    let mut batch = consumer.batch(usize::MAX);
    let mut records = batch.iter();
    assert_eq!(records.next(), Some(&b"again"[..]));
    forget(records);
    assert_eq!(batch.iter().next(), Some(&b"again"[..]));
    drop(batch);
    assert_eq!(receive(&mut consumer), None);
}

fn panicking_producer<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(256);
    for round in 0..100 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut claim = producer.try_claim(50).unwrap();
            claim.fill(0xFF);
            std::panic::resume_unwind(Box::new("while encoding"));
        }));
        assert!(panicked.is_err());
        send(&mut producer, &[round; 30]).unwrap();
        assert_eq!(receive(&mut consumer), Some(vec![round; 30]));
    }
}

fn panicking_reader<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(256);
    for index in 0..4 {
        send(&mut producer, &[index; 4]).unwrap();
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        for record in &mut consumer.batch(usize::MAX) {
            if record[0] == 1 {
                std::panic::resume_unwind(Box::new("while reading"));
            }
        }
    }));
    assert!(panicked.is_err());
    assert_eq!(receive(&mut consumer), Some(vec![2; 4]));
    assert_eq!(receive(&mut consumer), Some(vec![3; 4]));
}

fn garbage<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(128);
    for len in (1..=producer.max_record_len()).cycle().take(2000) {
        let mut claim = producer.try_claim(len).unwrap();
        claim.fill(0x01);
        drop(claim);
        let mut claim = producer.try_claim_up_to(1, 20).unwrap();
        claim.fill(0x01);
        claim.commit_len(1);
        assert_eq!(receive(&mut consumer), Some(vec![1]));
        assert_eq!(receive(&mut consumer), None);
    }
}

#[test]
fn spsc_forgets_a_forgotten_claim() {
    let (mut producer, mut consumer) = spsc::new(64);
    for round in 0..100 {
        for len in 1..=20 {
            let mut claim = producer.try_claim(len).unwrap();
            claim.fill(0xFF);
            forget(claim);
        }
        assert_eq!(receive(&mut consumer), None);
        send(&mut producer, &[round; 20]).unwrap();
        assert_eq!(receive(&mut consumer), Some(vec![round; 20]));
    }
}

#[test]
fn mpsc_stops_at_a_forgotten_claim_and_says_so() {
    let (mut producer, mut consumer) = mpsc::new(64);
    send(&mut producer, b"before").unwrap();
    forget(producer.try_claim(4).unwrap());
    while send(&mut producer, b"behind").is_ok() {}
    assert_eq!(send(&mut producer, b"behind"), Err(ClaimError::Full));
    assert_eq!(receive(&mut consumer), Some(b"before".to_vec()));
    assert_eq!(receive(&mut consumer), None);
    let stall = consumer.stall().unwrap();
    assert_eq!((stall.position, stall.bytes), (16, producer.position() - 16));
}
