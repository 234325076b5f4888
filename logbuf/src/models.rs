//! loom models of the protocol: the real code, in every interleaving that matters. Run with `.ci/loom`.
//!
//! The rings are as small as they get, so that laps, skips and a full ring come up within a few records. loom fails a
//! model when two threads use the same payload at once, when a read sees bytes that were not released to it, or when a
//! thread waits for ever; the assertions here are about what is read.

use loom::thread;

use crate::channel;
use crate::consumer::Consumer;
use crate::flavour::Flavour;
use crate::producer::Producer;
use crate::queue::{mpsc, spsc};

/// Explores up to three preemptions, which is what loom's authors found sufficient for nearly all bugs.
fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

fn send<F: Flavour>(producer: &mut Producer<F>, len: usize, byte: u8) {
    loop {
        if let Ok(mut claim) = producer.try_claim(len) {
            claim.fill(byte);
            claim.commit();
            return;
        }
        thread::yield_now();
    }
}

fn receive<F: Flavour>(consumer: &mut Consumer<F>) -> Vec<u8> {
    loop {
        if let Some(record) = consumer.try_claim() {
            return record.to_vec();
        }
        thread::yield_now();
    }
}

/// Everything until the producers are gone.
fn drain<F: Flavour>(consumer: &mut Consumer<F>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    loop {
        let gone = consumer.is_producer_gone();
        let before = records.len();
        records.extend(consumer.batch(usize::MAX).iter().map(<[u8]>::to_vec));
        if gone && records.len() == before {
            return records;
        }
        thread::yield_now();
    }
}

#[test]
fn loom_spsc_wraps_and_waits_for_room() {
    model(|| {
        let (mut producer, mut consumer) = spsc::new(64);
        let writer = thread::spawn(move || {
            for byte in 1..=4 {
                send(&mut producer, 20, byte);
            }
        });
        for byte in 1..=4 {
            assert_eq!(receive(&mut consumer), [byte; 20]);
        }
        writer.join().unwrap();
        assert!(consumer.is_empty());
    });
}

#[test]
fn loom_spsc_batches_and_claims_given_up() {
    model(|| {
        let (mut producer, mut consumer) = spsc::new(64);
        let writer = thread::spawn(move || {
            send(&mut producer, 4, 1);
            if let Ok(mut claim) = producer.try_claim(20) {
                claim.fill(0xFF);
            }
            if let Ok(mut claim) = producer.try_claim(20) {
                claim.fill(2);
                claim.commit_len(6);
            }
        });
        let records = drain(&mut consumer);
        writer.join().unwrap();
        assert_eq!(records, [vec![1; 4], vec![2; 6]]);
    });
}

#[test]
fn loom_spsc_held_room_is_not_written() {
    model(|| {
        let (mut producer, mut consumer) = spsc::new(64);
        let writer = thread::spawn(move || {
            for byte in 1..=3 {
                send(&mut producer, 20, byte);
            }
        });
        let mut seen = 0;
        while seen < 3 {
            let mut batch = consumer.batch(usize::MAX);
            for record in &mut batch {
                seen += 1;
                assert_eq!(record, [seen; 20]);
            }
            batch.hold();
            consumer.release_held();
            thread::yield_now();
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_mpsc_two_producers() {
    model(|| {
        let (mut first, mut consumer) = mpsc::new(64);
        let mut second = first.clone();
        let one = thread::spawn(move || send(&mut first, 20, 1));
        let two = thread::spawn(move || send(&mut second, 12, 2));
        let mut records = drain(&mut consumer);
        one.join().unwrap();
        two.join().unwrap();
        records.sort();
        assert_eq!(records, [vec![1; 20], vec![2; 12]]);
    });
}

#[test]
fn loom_mpsc_zeroed_room_is_used_again() {
    model(|| {
        let (mut producer, mut consumer) = mpsc::new(64);
        let writer = thread::spawn(move || {
            for byte in 1..=4 {
                send(&mut producer, 20, byte);
            }
        });
        for byte in 1..=4 {
            assert_eq!(receive(&mut consumer), [byte; 20]);
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_mpsc_a_claim_given_up_lets_the_next_one_through() {
    model(|| {
        let (mut first, mut consumer) = mpsc::new(64);
        let mut second = first.clone();
        let one = thread::spawn(move || {
            if let Ok(mut claim) = first.try_claim(12) {
                claim.fill(0xFF);
            }
        });
        let two = thread::spawn(move || {
            if let Ok(mut claim) = second.try_claim(12) {
                claim.fill(2);
                claim.commit_len(2);
            }
        });
        let records = drain(&mut consumer);
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(records, [vec![2; 2]]);
    });
}

#[test]
fn loom_the_ends_see_each_other_go() {
    model(|| {
        let (mut producer, mut consumer) = spsc::new(64);
        let writer = thread::spawn(move || {
            send(&mut producer, 4, 7);
            producer.is_consumer_gone()
        });
        while !consumer.is_producer_gone() {
            thread::yield_now();
        }
        assert_eq!(
            consumer.try_claim().as_deref(),
            Some(&[7; 4][..]),
            "what was committed before is seen"
        );
        assert!(!writer.join().unwrap());
    });
}

#[test]
fn loom_a_parked_receiver_is_woken() {
    model(|| {
        let (mut tx, mut rx) = channel::spsc::channel(64);
        let sender = thread::spawn(move || {
            for byte in 1..=2 {
                let mut claim = tx.send(4).unwrap();
                claim.fill(byte);
                claim.commit();
                tx.notify();
            }
        });
        for byte in 1..=2 {
            assert_eq!(&*rx.recv(None).unwrap(), [byte; 4]);
        }
        assert_eq!(rx.recv(None).unwrap_err(), channel::RecvError::Disconnected);
        sender.join().unwrap();
    });
}

#[test]
fn loom_the_last_of_two_senders_wakes_the_receiver() {
    model(|| {
        let (mut tx, mut rx) = channel::mpsc::channel(64);
        let other = tx.clone();
        let one = thread::spawn(move || {
            tx.try_send(4).unwrap().commit();
            tx.notify();
        });
        let two = thread::spawn(move || drop(other));
        assert_eq!(rx.recv(None).unwrap().len(), 4);
        assert_eq!(rx.recv(None).unwrap_err(), channel::RecvError::Disconnected);
        one.join().unwrap();
        two.join().unwrap();
    });
}

#[test]
fn loom_a_claim_given_up_wakes_the_receiver() {
    model(|| {
        let (mut slow, mut rx) = channel::mpsc::channel(64);
        let mut quick = slow.clone();
        let open = thread::spawn(move || {
            drop(slow.try_send(4).unwrap());
            slow // not dropped: that would wake the receiver
        });
        let behind = thread::spawn(move || {
            quick.try_send(4).unwrap().commit();
            quick.notify();
            quick
        });
        assert_eq!(rx.recv(None).unwrap().len(), 4);
        open.join().unwrap();
        behind.join().unwrap();
    });
}
