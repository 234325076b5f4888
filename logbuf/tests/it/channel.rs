//! Channels: waiting, waking, and ends that go.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::{Duration, Instant};

use logbuf::channel::{self, Receiver, RecvError, SendError, Sender, TryRecvError, mpsc};
use logbuf::{ClaimError, Flavour, Storage, StorageError};

use crate::support::{check, fill};

type Make<F> = fn(usize) -> (Sender<F>, Receiver<F>);

macro_rules! for_each_channel {
    ($($name:ident = $check:ident;)*) => {
        mod on_spsc {
            $( #[test] fn $name() { super::$check(logbuf::channel::spsc::channel) } )*
        }
        mod on_mpsc {
            $( #[test] fn $name() { super::$check(logbuf::channel::mpsc::channel) } )*
        }
    };
}

for_each_channel! {
    a_record_wakes_a_parked_receiver = wakes;
    a_wait_ends_in_time = times_out;
    the_receiver_sees_the_senders_go = senders_go;
    the_sender_sees_the_receiver_go = receiver_goes;
    a_full_channel_gives_up_after_a_while = gives_up;
    everything_arrives_in_order = in_order;
}

fn send<F: Flavour>(tx: &mut Sender<F>, payload: &[u8]) -> Result<(), SendError> {
    let mut claim = tx.send(payload.len())?;
    claim.copy_from_slice(payload);
    claim.commit();
    tx.notify();
    Ok(())
}

fn wakes<F: Flavour>(make: Make<F>) {
    let (mut there, mut rx) = make(256);
    let (mut back, mut answers) = channel::spsc::channel(256);
    thread::scope(|scope| {
        scope.spawn(move || {
            // Each side waits for the other, so that both park again and again.
            while let Ok(record) = rx.recv(None) {
                let answer = record.to_vec();
                drop(record);
                send(&mut back, &answer).unwrap();
            }
        });
        for round in 0..5000_u32 {
            send(&mut there, &round.to_le_bytes()).unwrap();
            assert_eq!(&*answers.recv(Some(Duration::from_secs(60))).unwrap(), round.to_le_bytes());
        }
        drop(there);
        assert_eq!(answers.recv(None).unwrap_err(), RecvError::Disconnected);
    });
}

/// Ways to give up a claim.
const GIVE_UP: [fn(mpsc::WriteClaim<'_>); 3] = [
    |claim| drop(claim),
    |claim| claim.commit_len(0),
    |claim| {
        let result = catch_unwind(AssertUnwindSafe(move || {
            let _claim = claim;
            resume_unwind(Box::new("in the middle of a record"));
        }));
        assert!(result.is_err());
    },
];

#[test]
fn a_claim_given_up_wakes_the_receiver_for_what_waits_behind_it() {
    let (mut slow, mut rx) = mpsc::channel(256);
    let mut quick = slow.clone();
    let (mut done, mut received) = channel::spsc::channel(256);
    thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(record) = rx.recv(None) {
                let record = record.to_vec();
                send(&mut done, &record).unwrap();
            }
        });
        for round in 0..3000_u32 {
            let open = slow.try_send(8).unwrap();
            send(&mut quick, &round.to_le_bytes()).unwrap();
            // Time for the receiver to wake, see that it is not ready, and park again.
            for _ in 0..round % 16 {
                thread::yield_now();
            }
            GIVE_UP[round as usize % GIVE_UP.len()](open);
            // Nobody else says anything from here on.
            let answer = received.recv(Some(Duration::from_secs(60))).expect("it was woken");
            assert_eq!(&*answer, round.to_le_bytes());
        }
        drop((slow, quick));
    });
}

#[test]
fn a_receiver_can_all_that_a_consumer_can() {
    let (mut slow, mut rx) = mpsc::channel(256);
    let mut quick = slow.clone();
    rx.set_head_start(Duration::from_micros(20));
    send(&mut quick, b"first").unwrap();
    let mut batch = rx.batch(usize::MAX);
    assert_eq!(batch.iter().count(), 1);
    batch.hold();
    rx.rewind_held();
    assert_eq!(rx.batch(usize::MAX).iter().count(), 1, "it was not taken");
    assert_eq!(rx.stall(), None);

    let open = slow.try_send(8).unwrap();
    send(&mut quick, b"behind").unwrap();
    assert_eq!(rx.wait(Some(Duration::ZERO)).unwrap_err(), RecvError::Timeout);
    let stall = rx.stall().expect("a claim is open");
    assert_eq!((stall.position, stall.bytes), (16, 32));
    open.commit();
    assert_eq!(rx.stall(), None);
}

fn times_out<F: Flavour>(make: Make<F>) {
    let (mut tx, mut rx) = make(64);
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
    for timeout in [Duration::ZERO, Duration::from_millis(3)] {
        let start = Instant::now();
        assert_eq!(rx.recv(Some(timeout)).unwrap_err(), RecvError::Timeout);
        assert!(start.elapsed() >= timeout);
    }
    send(&mut tx, b"now").unwrap();
    assert_eq!(&*rx.recv(Some(Duration::ZERO)).unwrap(), b"now");
    send(&mut tx, b"ever").unwrap();
    assert_eq!(&*rx.recv(Some(Duration::MAX)).unwrap(), b"ever");
}

fn senders_go<F: Flavour>(make: Make<F>) {
    let (mut tx, mut rx) = make(64);
    send(&mut tx, b"last").unwrap();
    drop(tx.try_send(5).unwrap());
    drop(tx);
    assert_eq!(&*rx.try_recv().unwrap(), b"last");
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
    assert_eq!(rx.recv(None).unwrap_err(), RecvError::Disconnected);
}

fn receiver_goes<F: Flavour>(make: Make<F>) {
    let (mut tx, rx) = make(64);
    drop(rx);
    assert_eq!(tx.try_send(1).unwrap_err(), SendError::Disconnected);
    assert_eq!(tx.send(1).unwrap_err(), SendError::Disconnected);
    assert_eq!(tx.try_send_up_to(1, 2).unwrap_err(), SendError::Disconnected);
    tx.notify();
}

fn gives_up<F: Flavour>(make: Make<F>) {
    let (mut tx, mut rx) = make(64);
    while tx.try_send(12).map(|claim| claim.commit()).is_ok() {}
    assert_eq!(tx.send(12).unwrap_err(), SendError::Claim(ClaimError::Full));
    assert_eq!(tx.send(0).unwrap_err(), SendError::Claim(ClaimError::ZeroLength));
    let max = tx.max_record_len();
    assert_eq!(
        tx.send(max + 1).unwrap_err(),
        SendError::Claim(ClaimError::TooLong { len: max + 1, max })
    );
    assert!(rx.batch(usize::MAX).iter().count() >= 3);
    assert!(tx.send(12).is_ok());
}

fn in_order<F: Flavour>(make: Make<F>) {
    let count = 30_000;
    let (mut tx, mut rx) = make(512);
    thread::scope(|scope| {
        scope.spawn(move || {
            for sequence in 0..count {
                let len = 12 + sequence as usize % 100;
                while let Err(error) = {
                    tx.send(len).map(|mut claim| {
                        fill(&mut claim, 0, sequence);
                        claim.commit();
                    })
                } {
                    assert_eq!(error, SendError::Claim(ClaimError::Full));
                    thread::yield_now();
                }
                // Now and then several records for one notification.
                if !sequence.is_multiple_of(3) {
                    tx.notify();
                }
            }
        });
        let mut next = 0_u64;
        loop {
            match rx.wait(None) {
                Ok(()) => {}
                Err(error) => break assert_eq!(error, RecvError::Disconnected),
            }
            for record in &mut rx.batch(if next.is_multiple_of(2) { usize::MAX } else { 1 }) {
                assert_eq!(check(record), (0, next));
                next += 1;
            }
        }
        assert_eq!(next, count);
    });
}

#[test]
fn capacities_out_of_range_are_refused() {
    let too_large = Storage::MAX_CAPACITY + 1;
    for capacity in [0, too_large] {
        let refused =
            [channel::spsc::try_channel(capacity).err(), mpsc::try_channel(capacity).err()];
        for error in refused {
            match error {
                Some(StorageError::ZeroCapacity) => assert_eq!(capacity, 0),
                Some(StorageError::CapacityTooLarge { requested, max }) => {
                    assert_eq!((requested, max), (too_large, Storage::MAX_CAPACITY));
                }
                other => panic!("{capacity}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_channel_that_is_tried_is_one() {
    let (mut tx, mut rx) = channel::spsc::try_channel(64).unwrap();
    send(&mut tx, b"one").unwrap();
    assert_eq!(&*rx.recv(Some(Duration::ZERO)).unwrap(), b"one");
    let (mut tx, mut rx) = mpsc::try_channel(64).unwrap();
    send(&mut tx, b"many").unwrap();
    assert_eq!(&*rx.recv(Some(Duration::ZERO)).unwrap(), b"many");
}
