//! Sizes and positions at their limits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use logbuf::queue::spsc;
use logbuf::{ClaimError, Flavour, Storage, StorageError};

use crate::support::{Make, advance, for_each_flavour, receive, send};

for_each_flavour! {
    the_longest_record_fits_an_empty_ring_everywhere = longest_everywhere;
    every_length_at_every_position = every_length;
    wrong_lengths_are_refused_everywhere = wrong_lengths;
    a_full_ring_has_room_again_when_read = fill_and_drain;
    room_given_up_after_a_wrap_is_not_lost = given_up_after_wrap;
    as_much_as_there_is = up_to;
    a_shrunk_claim_leaves_the_rest = shrink;
    a_claim_is_never_committed_beyond_its_end = commit_too_much;
    batches_end_at_their_limit = batch_limit;
    held_records_keep_their_room = hold;
    held_records_are_seen_again_and_released_in_part = hold_in_part;
    a_head_start_has_a_limit = head_start;
    ends_know_of_each_other = presence;
}

fn longest_everywhere<F: Flavour>(make: Make<F>) {
    for start in (0..512).step_by(8) {
        let (mut producer, mut consumer) = make(256);
        advance(&mut producer, &mut consumer, start);
        let longest = vec![7; producer.max_record_len()];
        send(&mut producer, &longest).unwrap();
        assert_eq!(receive(&mut consumer), Some(longest), "at {start}");
        assert_eq!(receive(&mut consumer), None);
        assert!(producer.is_empty());
    }
}

fn every_length<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(128);
    for start in (0..128).step_by(8) {
        for len in 1..=producer.max_record_len() {
            let lap = producer.position().next_multiple_of(128);
            advance(&mut producer, &mut consumer, lap + start);
            let payload: Vec<u8> = (0..len).map(|index| (index + len) as u8).collect();
            send(&mut producer, &payload).unwrap();
            assert_eq!(
                consumer.len_bytes() as u64,
                producer.position() - consumer.taken_position()
            );
            assert_eq!(receive(&mut consumer), Some(payload), "{len} bytes at {start}");
            assert_eq!(consumer.taken_position(), producer.position());
        }
    }
}

fn wrong_lengths<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(1024);
    let max = producer.max_record_len();
    assert_eq!((max, consumer.max_record_len()), (500, 500));
    for start in (0..2048).step_by(8) {
        advance(&mut producer, &mut consumer, start);
        assert_eq!(producer.try_claim(0).unwrap_err(), ClaimError::ZeroLength, "at {start}");
        for len in [max + 1, 1024, 1 << 30, (1 << 30) + 1, 1 << 32, usize::MAX - 11, usize::MAX] {
            assert_eq!(
                producer.try_claim(len).unwrap_err(),
                ClaimError::TooLong { len, max },
                "at {start}"
            );
            assert_eq!(
                producer.try_claim_up_to(len, len).unwrap_err(),
                ClaimError::TooLong { len, max }
            );
        }
        assert_eq!(producer.try_claim_up_to(0, 0).unwrap_err(), ClaimError::ZeroLength);
        assert_eq!(producer.try_claim_up_to(0, 10).unwrap_err(), ClaimError::ZeroLength);
    }
    // A full ring does not change what is wrong with them.
    while send(&mut producer, &[1; 4]).is_ok() {}
    assert_eq!(producer.try_claim_up_to(0, 10).unwrap_err(), ClaimError::ZeroLength);
    let len = max + 1;
    assert_eq!(
        producer.try_claim_up_to(len, len + 1).unwrap_err(),
        ClaimError::TooLong { len, max }
    );
}

fn fill_and_drain<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    for round in 0..100_u8 {
        let mut sent = 0;
        while send(&mut producer, &[round, sent]) != Err(ClaimError::Full) {
            sent += 1;
        }
        assert!((6..=7).contains(&sent), "{sent} records of 8 bytes in 64");
        assert_eq!(producer.len_bytes(), consumer.len_bytes());
        for index in 0..sent {
            assert_eq!(receive(&mut consumer), Some(vec![round, index]));
        }
        assert!(consumer.is_empty() && producer.is_empty());
    }
}

fn given_up_after_wrap<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    advance(&mut producer, &mut consumer, 40);
    for _ in 0..10 {
        drop(producer.try_claim(20).unwrap());
        assert_eq!(receive(&mut consumer), None);
    }
    send(&mut producer, &[9; 20]).unwrap();
    assert_eq!(receive(&mut consumer), Some(vec![9; 20]));
}

fn up_to<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(256);
    let max = producer.max_record_len();
    assert_eq!(producer.try_claim_up_to(1, usize::MAX).unwrap().len(), max);
    assert_eq!(producer.try_claim_up_to(1, 50).unwrap().len(), 50);
    assert_eq!(receive(&mut consumer), None);
    // Fill the ring but for a little, and see that the little is offered.
    let mut total = 0;
    while let Ok(mut claim) = producer.try_claim_up_to(4, 60) {
        total += claim.len();
        claim.fill(3);
        claim.commit();
    }
    assert_eq!(send(&mut producer, &[0; 4]), Err(ClaimError::Full));
    let received: usize = consumer.batch(usize::MAX).iter().map(<[u8]>::len).sum();
    assert_eq!(received, total);
    assert!(total > 256 - 5 * 12, "{total} of 256 bytes used");
}

fn shrink<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(1024);
    for round in 0..1000 {
        let len = 1 + round % 200;
        let mut claim = producer.try_claim_up_to(200, 400).unwrap();
        claim.fill(round as u8);
        claim.commit_len(len);
        assert_eq!(receive(&mut consumer), Some(vec![round as u8; len]));
        assert_eq!(receive(&mut consumer), None);
    }
    let claim = producer.try_claim(10).unwrap();
    claim.commit_len(0);
    assert_eq!(receive(&mut consumer), None);
}

fn commit_too_much<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    let claim = producer.try_claim(10).unwrap();
    let result = catch_unwind(AssertUnwindSafe(move || claim.commit_len(11)));
    // A mistake in the program: named where there are debug assertions, harmless where there are none.
    assert_eq!(result.is_err(), cfg!(debug_assertions));
    let expected = result.is_ok().then_some(10);
    assert_eq!(receive(&mut consumer).map(|record| record.len()), expected);
}

fn batch_limit<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(1024);
    for index in 0..10 {
        send(&mut producer, &[index; 12]).unwrap();
    }
    let mut batch = consumer.batch(40);
    assert_eq!(batch.iter().collect::<Vec<_>>(), [[0; 12], [1; 12]]);
    assert_eq!((batch.start(), batch.end()), (0, 32));
    assert!(batch.iter().next().is_none(), "the limit holds for the batch, not for the iterator");
    batch.release();
    assert_eq!(
        consumer.batch(1).iter().collect::<Vec<_>>(),
        [[2; 12]],
        "the first record always fits"
    );
    let mut batch = consumer.batch(usize::MAX);
    assert_eq!(batch.iter().next(), Some(&[3; 12][..]));
    drop(batch);
    assert_eq!(consumer.head_position(), 64, "what was not handed out stays");
    assert_eq!(consumer.batch(usize::MAX).iter().count(), 6);
    assert_eq!(consumer.batch(usize::MAX).iter().count(), 0);
}

fn head_start<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(1024);
    consumer.set_head_start(Duration::from_secs(20));
    let start = Instant::now();
    for sent in 0..3 {
        send(&mut producer, &[sent]).unwrap();
        let records: Vec<_> = consumer.batch(usize::MAX).iter().map(<[u8]>::to_vec).collect();
        assert_eq!(records, [[sent]]);
    }
    let spun = start.elapsed();
    assert!(spun >= Duration::from_millis(2), "before the second and the third: {spun:?}");
    assert!(spun < Duration::from_secs(20), "{spun:?}");
}

fn hold<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(64);
    send(&mut producer, &[1; 20]).unwrap();
    let mut batch = consumer.batch(usize::MAX);
    assert_eq!(batch.iter().count(), 1);
    batch.hold();
    assert_eq!(
        (consumer.held_bytes(), consumer.taken_position(), consumer.head_position()),
        (24, 24, 0)
    );
    send(&mut producer, &[2; 20]).unwrap();
    assert_eq!(receive(&mut consumer), Some(vec![2; 20]));
    assert_eq!(consumer.held_bytes(), 48, "room is given back in order");
    assert_eq!(send(&mut producer, &[3; 20]), Err(ClaimError::Full));
    assert_eq!(producer.len_bytes(), 48);
    consumer.release_held();
    assert_eq!((consumer.held_bytes(), consumer.head_position()), (0, 48));
    // A skip comes before this record; the batch starts where the last record ended all the same.
    send(&mut producer, &[3; 20]).unwrap();
    let mut batch = consumer.batch(usize::MAX);
    assert_eq!(batch.iter().collect::<Vec<_>>(), [[3; 20]]);
    assert_eq!((batch.start(), batch.end()), (48, 64 + 24));
    batch.hold();
    consumer.release_held();
    consumer.release_held();
    assert_eq!(consumer.head_position(), 88);
}

/// What is passed over while something is held is given back with the last of it.
fn hold_in_part<F: Flavour>(make: Make<F>) {
    let (mut producer, mut consumer) = make(128);
    for i in 0..3 {
        send(&mut producer, &[i; 20]).unwrap();
    }
    let mut batch = consumer.batch(usize::MAX);
    assert_eq!(batch.iter().count(), 3);
    batch.hold();
    assert!(consumer.try_claim().is_none());

    let mut held = consumer.held();
    assert_eq!((held.position(), held.bytes_left()), (0, 72));
    assert_eq!(held.next_record(), Some(&[0; 20][..]));
    held.release();
    assert_eq!((consumer.head_position(), consumer.held_bytes()), (24, 48));
    assert_eq!(producer.len_bytes(), 48);

    // One that is not taken yet is not among them.
    send(&mut producer, &[3; 20]).unwrap();
    let mut held = consumer.held();
    assert_eq!(held.next_record(), Some(&[1; 20][..]));
    assert_eq!(held.next_record(), Some(&[2; 20][..]));
    assert_eq!(held.next_record(), None);
    assert_eq!(held.bytes_left(), 0);
    drop(held);
    assert_eq!(consumer.head_position(), 24, "looking releases nothing");

    consumer.release_held();
    assert_eq!(receive(&mut consumer), Some(vec![3; 20]));
    assert_eq!(consumer.held().next_record(), None);
    consumer.held().release();
    assert_eq!(consumer.held_bytes(), 0);
}

fn presence<F: Flavour>(make: Make<F>) {
    let (producer, consumer) = make(64);
    assert!(!producer.is_consumer_gone() && !consumer.is_producer_gone());
    drop(consumer);
    assert!(producer.is_consumer_gone());

    let (mut producer, mut consumer) = make(64);
    send(&mut producer, b"last").unwrap();
    drop(producer);
    assert!(consumer.is_producer_gone());
    assert_eq!(receive(&mut consumer), Some(b"last".to_vec()));
    assert_eq!(receive(&mut consumer), None);
}

#[test]
fn capacities_out_of_range_are_refused() {
    assert!(matches!(spsc::try_new(0), Err(StorageError::ZeroCapacity)));
    let requested = Storage::MAX_CAPACITY + 1;
    match spsc::try_new(requested) {
        Err(StorageError::CapacityTooLarge { requested: got, max }) => {
            assert_eq!((got, max), (requested, Storage::MAX_CAPACITY));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
#[should_panic(expected = "a ring needs a capacity of at least one byte")]
fn new_takes_a_wrong_capacity_for_a_mistake() {
    spsc::new(0);
}

#[test]
fn a_detached_producer_refuses_everything() {
    let mut producer = const { spsc::Producer::detached() };
    for len in [0, 1, 100, usize::MAX] {
        assert_eq!(producer.try_claim(len).unwrap_err(), ClaimError::Detached);
        assert_eq!(producer.try_claim_up_to(len, len).unwrap_err(), ClaimError::Detached);
        assert!(producer.try_claim_known(len).is_none());
    }
    assert_eq!((producer.capacity(), producer.max_record_len(), producer.position()), (0, 0, 0));
    assert!(producer.is_empty() && producer.is_consumer_gone());
}

#[test]
fn every_reserve_is_kept_at_every_position() {
    for reserve in (0..=70).chain([usize::MAX]) {
        for start in (0..256).step_by(8) {
            let (mut producer, mut consumer) = spsc::new(128);
            advance(&mut producer, &mut consumer, start);
            producer.set_reserve(reserve);
            let kept = reserve.min(64).next_multiple_of(8);
            let max = ((128 - kept) / 2).next_multiple_of(8) - 12;
            let too_long = |len| Err(ClaimError::TooLong { len, max });
            // Whatever was claimed before, the same lengths are refused for ever.
            assert_eq!(send(&mut producer, &vec![1; max + 1]), too_long(max + 1));
            drop(producer.try_claim(1).unwrap());
            assert_eq!(send(&mut producer, &vec![1; max + 1]), too_long(max + 1));
            assert_eq!(
                producer.try_claim_up_to(1, 100).unwrap().len(),
                max,
                "{reserve} at {start}"
            );
            send(&mut producer, &vec![1; max]).unwrap();
            while producer.try_claim_up_to(1, 100).map(|claim| claim.commit()).is_ok() {
                assert!(producer.len_bytes() + kept + 8 <= 128, "{reserve} at {start}");
            }
            assert_eq!(receive(&mut consumer), Some(vec![1; max]));
        }
    }
}
