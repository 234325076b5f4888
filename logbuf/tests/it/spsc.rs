//! What only an SPSC ring can do: keep a reserve, and get a new producer.

use logbuf::ClaimError;
use logbuf::queue::spsc;

#[test]
fn a_reserve_is_kept_free_wherever_the_ring_stands() {
    const CAPACITY: usize = 256;
    const RESERVE: usize = 64;
    let (mut producer, mut consumer) = spsc::new(CAPACITY);
    for offset in 0..100 {
        producer.set_reserve(RESERVE);
        let len = 1 + offset % 30;
        while let Ok(mut claim) = producer.try_claim(len) {
            claim.fill(offset as u8);
            claim.commit();
        }
        assert!(producer.len_bytes() <= CAPACITY - RESERVE, "at offset {offset}");
        producer.set_reserve(0);
        // The reserve need not be in one piece: at the end of a lap half of it may be skipped.
        let mut claim = producer.try_claim(RESERVE / 2 - 12).expect("the reserve is free");
        claim.fill(0xFF);
        claim.commit();
        let mut batch = consumer.batch(usize::MAX);
        let records: Vec<_> = batch.iter().map(|record| (record[0], record.len())).collect();
        let (last, others) = records.split_last().expect("there are records");
        assert_eq!(*last, (0xFF, RESERVE / 2 - 12));
        assert!(others.iter().all(|record| *record == (offset as u8, len)), "at offset {offset}");
    }
}

#[test]
fn a_record_too_long_for_what_the_reserve_leaves_says_so() {
    let (mut producer, _consumer) = spsc::new(1024);
    let max = producer.max_record_len();
    producer.set_reserve(100);
    assert_eq!(
        producer.try_claim(max).unwrap_err(),
        ClaimError::TooLong { len: max, max: max - 48 }
    );
    producer.try_claim(max - 48).expect("it fits an empty ring").commit();
}

#[test]
fn rings_change_producers_at_every_position() {
    let (producer, mut consumer) = spsc::new(512);
    let mut producer = Some(producer);
    let (mut next, mut expected) = (0_u32, 0_u32);
    for round in 0..500_usize {
        let mut current = match producer.take() {
            Some(first) => first,
            None => {
                consumer.renew_producer().expect("the last producer is gone and the ring is empty")
            }
        };
        for i in 0..round % 4 {
            let mut claim =
                current.try_claim(4 + (round * 7 + i) % 40).expect("three short records fit");
            claim[..4].copy_from_slice(&next.to_le_bytes());
            claim.commit();
            next += 1;
            drop(current.try_claim(20));
        }
        assert!(consumer.renew_producer().is_none(), "there is a producer");
        drop(current);
        if round % 4 > 0 {
            assert!(consumer.renew_producer().is_none(), "there are records");
        }
        for record in consumer.batch(usize::MAX).iter() {
            assert_eq!(record[..4], expected.to_le_bytes());
            expected += 1;
        }
    }
    assert_eq!(expected, next);
}

/// What is withheld is there again, and no more than that: whatever was claimed, taken and reserved meanwhile.
#[test]
fn room_that_was_withheld_is_restored() {
    let (mut producer, mut consumer) = spsc::new(256);
    producer.restore_room();
    assert!(producer.try_claim_known(8).is_none(), "there was none");
    let mut known = 0;
    for i in 0..1000 {
        producer.withhold_room();
        assert!(producer.try_claim_known(8).is_none());
        producer.restore_room();
        let is_known = producer.try_claim_known(20).is_some();
        let claimed_now =
            if is_known { producer.try_claim_known(20) } else { producer.try_claim(20).ok() };
        let mut claim = claimed_now.expect("there is always room for one");
        claim.copy_from_slice(&[i as u8; 20]);
        claim.commit();
        known += usize::from(is_known);
        if i % 7 == 0 {
            producer.set_reserve(64);
            producer.restore_room();
            assert!(producer.try_claim_known(8).is_none(), "it has to find out anew");
            producer.set_reserve(0);
        }
        if i % 5 == 4 {
            for expected in (i - 4)..=i {
                assert_eq!(
                    &*consumer.try_claim().expect("it was committed"),
                    &[expected as u8; 20]
                );
            }
        }
    }
    assert_eq!(producer.len_bytes(), 0);
    assert!(known > 0, "it was never there again");
}
