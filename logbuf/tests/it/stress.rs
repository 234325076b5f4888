//! Threads, random sizes, checked contents. `LOGBUF_STRESS` multiplies the number of records.

use std::thread;

use logbuf::queue::{mpsc, spsc};
use logbuf::{ClaimError, Consumer, Flavour, Producer};

use crate::support::{Random, check, fill};

fn records() -> u64 {
    let factor = std::env::var("LOGBUF_STRESS")
        .map_or(1, |value| value.parse().expect("LOGBUF_STRESS is a number"));
    50_000 * factor
}

/// Sends `count` records of random sizes, now and then shrinking or giving up a claim.
fn produce<F: Flavour>(mut producer: Producer<F>, id: u32, count: u64) {
    let mut random = Random(u64::from(id));
    let max = producer.max_record_len().min(300);
    for sequence in 0..count {
        let len = 12 + random.next() as usize % (max - 11);
        let choice = random.next() % 16;
        loop {
            match if choice == 0 {
                producer.try_claim_up_to(len, max)
            } else {
                producer.try_claim(len)
            } {
                Ok(mut claim) if choice == 1 && random.next().is_multiple_of(2) => claim.fill(0xAA), // given up; once more
                Ok(mut claim) => {
                    fill(&mut claim[..len], id, sequence);
                    claim.commit_len(len);
                    break;
                }
                Err(error) => assert_eq!(error, ClaimError::Full),
            }
            assert!(!producer.is_consumer_gone(), "the consumer has failed");
            thread::yield_now();
        }
    }
}

/// Reads until the producers are gone, in every way there is, and checks that each record comes once and in order.
fn consume<F: Flavour>(mut consumer: Consumer<F>, producers: usize, count: u64) {
    let mut random = Random(99);
    let mut next = vec![0; producers];
    let mut seen = |record: &[u8]| {
        let (producer, sequence) = check(record);
        assert_eq!(sequence, next[producer as usize], "producer {producer}");
        next[producer as usize] += 1;
    };
    loop {
        let gone = consumer.is_producer_gone();
        let before = consumer.taken_position();
        match random.next() % 4 {
            0 => drop(consumer.try_claim().map(|record| seen(&record))),
            1 => {
                let mut batch = consumer.batch(random.next() as usize % 2000);
                batch.iter().for_each(&mut seen);
                batch.hold();
            }
            2 => consumer
                .batch(usize::MAX)
                .iter()
                .take(random.next() as usize % 10)
                .for_each(&mut seen),
            _ => consumer.batch(usize::MAX).iter().for_each(&mut seen),
        }
        if random.next().is_multiple_of(2) {
            consumer.release_held();
        }
        if consumer.taken_position() == before {
            consumer.release_held();
            if gone && consumer.is_empty() {
                break;
            }
            thread::yield_now();
        }
    }
    assert_eq!(next, vec![count; producers]);
}

#[test]
fn spsc_in_rings_of_all_sizes() {
    for capacity in [64, 256, 4096, 1 << 16] {
        let (producer, consumer) = spsc::new(capacity);
        let count = records();
        thread::scope(|scope| {
            scope.spawn(move || produce(producer, 0, count));
            consume(consumer, 1, count);
        });
    }
}

#[test]
fn mpsc_with_one_to_four_producers() {
    for (producers, capacity) in [(1, 64), (2, 256), (3, 4096), (4, 1 << 16)] {
        let (producer, consumer) = mpsc::new(capacity);
        let count = records() / 2;
        thread::scope(|scope| {
            for id in 0..producers {
                let producer = producer.clone();
                scope.spawn(move || produce(producer, id, count));
            }
            drop(producer);
            consume(consumer, producers as usize, count);
        });
    }
}
