//! Random operations, compared with a queue of vectors.

use std::collections::VecDeque;

use logbuf::queue::{mpsc, spsc};
use logbuf::{ClaimError, Consumer, Flavour, Producer};
use proptest::prelude::*;

use crate::support::{Make, send};

#[derive(Clone, Copy, Debug)]
enum Operation {
    Send { len: usize },
    Shrink { min: usize, max: usize, len: usize },
    GiveUp { len: usize },
    Receive,
    Peek,
    Batch { max_bytes: usize, records: usize, end: BatchEnd },
    ReleaseHeld,
    ReleaseSome { records: usize },
    RewindHeld,
    SetReserve { bytes: usize },
    Renew,
}

/// What is tested. The last two are for SPSC rings, and do nothing to others.
struct Subject<F: Flavour> {
    make: Make<F>,
    set_reserve: fn(&mut Producer<F>, usize) -> usize,
    renew: fn(&mut Producer<F>, &mut Consumer<F>),
}

#[derive(Clone, Copy, Debug)]
enum BatchEnd {
    Release,
    Hold,
    Forget,
}

fn operation() -> impl Strategy<Value = Operation> {
    let end = prop_oneof![Just(BatchEnd::Release), Just(BatchEnd::Hold), Just(BatchEnd::Forget)];
    prop_oneof![
        8 => (0_usize..140).prop_map(|len| Operation::Send { len }),
        3 => (1_usize..60, 0_usize..140, 0_usize..140).prop_map(|(min, max, len)| Operation::Shrink { min, max, len }),
        2 => (1_usize..140).prop_map(|len| Operation::GiveUp { len }),
        6 => Just(Operation::Receive),
        1 => Just(Operation::Peek),
        4 => (0_usize..300, 0_usize..10, end).prop_map(|(max_bytes, records, end)| Operation::Batch { max_bytes, records, end }),
        2 => Just(Operation::ReleaseHeld),
        2 => (0_usize..4).prop_map(|records| Operation::ReleaseSome { records }),
        1 => Just(Operation::RewindHeld),
        2 => (0_usize..300).prop_map(|bytes| Operation::SetReserve { bytes }),
        1 => Just(Operation::Renew),
    ]
}

/// A payload that differs from the one before.
fn payload(serial: &mut u8, len: usize) -> Vec<u8> {
    *serial = serial.wrapping_add(1);
    (0..len).map(|index| serial.wrapping_add(index as u8)).collect()
}

fn matches_a_queue_of_vectors<F: Flavour>(subject: Subject<F>) {
    let strategy = (6_u32..9, prop::collection::vec(operation(), 1..300));
    let config =
        ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((bits, operations) in strategy)| run(&subject, 1 << bits, &operations)?);
}

fn run<F: Flavour>(
    subject: &Subject<F>,
    capacity: usize,
    operations: &[Operation],
) -> Result<(), TestCaseError> {
    let (mut producer, mut consumer) = (subject.make)(capacity);
    let mut reserve = 0;
    let mut queue = VecDeque::new();
    let mut serial = 0;
    let mut held = false;
    let mut held_records = Vec::new();
    for &operation in operations {
        // What is refused for its length depends on nothing but the reserve.
        let max_len = ((capacity - reserve) / 2).next_multiple_of(8) - 12;
        let claims = producer.position();
        match operation {
            Operation::Send { len } => {
                let sent = payload(&mut serial, len);
                match send(&mut producer, &sent) {
                    Ok(()) => {
                        prop_assert!(len <= max_len, "{len} bytes with {reserve} reserved");
                        queue.push_back(sent);
                    }
                    Err(ClaimError::ZeroLength) => prop_assert_eq!(len, 0),
                    Err(ClaimError::TooLong { max, .. }) => {
                        prop_assert!(max == max_len && len > max)
                    }
                    Err(ClaimError::Full) if held || !queue.is_empty() => {}
                    Err(ClaimError::Full) => {
                        // Only claims given up are in the way, and they go when the consumer has looked.
                        prop_assert!(consumer.try_claim().is_none());
                        prop_assert!(producer.try_claim(len).is_ok(), "an empty ring is not full");
                    }
                    Err(error) => prop_assert!(false, "{error}"),
                }
            }
            Operation::Shrink { min, max, len } => {
                if let Ok(mut claim) = producer.try_claim_up_to(min, max) {
                    let room = claim.len();
                    prop_assert!(room >= min && room <= max.max(min) && room <= max_len);
                    let sent = payload(&mut serial, room);
                    claim.copy_from_slice(&sent);
                    claim.commit_len(len.min(room));
                    if len > 0 {
                        queue.push_back(sent[..len.min(room)].to_vec());
                    }
                }
            }
            Operation::GiveUp { len } => {
                if let Ok(mut claim) = producer.try_claim(len) {
                    claim.fill(0x55);
                }
            }
            Operation::Receive => {
                prop_assert_eq!(consumer.is_empty(), queue.is_empty());
                let record = consumer.try_claim();
                let expected = queue.pop_front();
                prop_assert_eq!(record.as_deref(), expected.as_deref());
                held_records.extend(expected);
            }
            Operation::Peek => {
                let record = consumer.try_claim();
                prop_assert_eq!(record.as_deref(), queue.front().map(Vec::as_slice));
                std::mem::forget(record);
            }
            Operation::Batch { max_bytes, records, end } => {
                let mut batch = consumer.batch(max_bytes);
                let mut taken = 0;
                for record in batch.iter().take(records) {
                    prop_assert_eq!(Some(record), queue.get(taken).map(Vec::as_slice));
                    taken += 1;
                }
                let bytes = (batch.end() - batch.start()) as usize;
                prop_assert!(taken <= 1 || bytes <= max_bytes, "{bytes} bytes");
                match end {
                    BatchEnd::Release => batch.release(),
                    BatchEnd::Hold => {
                        batch.hold();
                        held |= taken > 0;
                    }
                    BatchEnd::Forget => {
                        std::mem::forget(batch);
                        taken = 0;
                    }
                }
                held_records.extend(queue.drain(..taken));
            }
            Operation::ReleaseHeld => {
                consumer.release_held();
                held = false;
                prop_assert_eq!(consumer.held_bytes(), 0);
            }
            Operation::ReleaseSome { records } => {
                let mut oldest = consumer.held();
                let mut released = 0;
                while released < records
                    && let Some(record) = oldest.next_record()
                {
                    prop_assert_eq!(Some(record), held_records.get(released).map(Vec::as_slice));
                    released += 1;
                }
                prop_assert!(released == records || oldest.bytes_left() == 0);
                let position = oldest.position();
                oldest.release();
                held_records.drain(..released);
                held = consumer.held_bytes() > 0;
                prop_assert_eq!(consumer.head_position(), position);
            }
            Operation::RewindHeld => {
                consumer.rewind_held();
                held = false;
                for record in held_records.drain(..).rev() {
                    queue.push_front(record);
                }
                prop_assert_eq!(consumer.held_bytes(), 0);
            }
            Operation::SetReserve { bytes } => {
                reserve = (subject.set_reserve)(&mut producer, bytes);
            }
            Operation::Renew => {
                consumer.release_held();
                held = false;
                for expected in queue.drain(..) {
                    let record = consumer.try_claim();
                    prop_assert_eq!(record.as_deref(), Some(&expected[..]));
                }
                let position = producer.position();
                (subject.renew)(&mut producer, &mut consumer);
                prop_assert!(producer.capacity() == capacity, "the ring is empty");
                prop_assert!(producer.position() >= position);
                reserve = (subject.set_reserve)(&mut producer, 0);
            }
        }
        if consumer.held_bytes() == 0 {
            held_records.clear();
        }
        prop_assert!(consumer.taken_position() <= producer.position());
        prop_assert!(producer.len_bytes() <= capacity - 8);
        if producer.position() > claims && !matches!(operation, Operation::Renew) {
            prop_assert!(producer.len_bytes() <= capacity - 8 - reserve, "the reserve is kept");
        }
    }
    let rest: Vec<Vec<u8>> = consumer.batch(usize::MAX).iter().map(<[u8]>::to_vec).collect();
    prop_assert_eq!(rest, Vec::from(queue));
    Ok(())
}

#[test]
fn random_operations_on_spsc() {
    matches_a_queue_of_vectors(Subject {
        make: spsc::new,
        set_reserve: |producer, bytes| {
            producer.set_reserve(bytes);
            bytes.min(producer.capacity() / 2).next_multiple_of(8)
        },
        renew: |producer, consumer| {
            // The last one has to go first.
            *producer = spsc::Producer::detached();
            *producer = consumer.renew_producer().unwrap_or(spsc::Producer::detached());
        },
    });
}

#[test]
fn random_operations_on_mpsc() {
    matches_a_queue_of_vectors(Subject {
        make: mpsc::new,
        set_reserve: |_, _| 0,
        renew: |_, _| {},
    });
}
