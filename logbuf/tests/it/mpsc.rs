//! What only an MPSC ring has: claims that are open at the same time.

use std::time::Duration;

use logbuf::queue::mpsc;

use crate::support::{receive, send};

#[test]
fn records_come_in_the_order_of_their_claims() {
    let (mut first, mut consumer) = mpsc::new(1024);
    let (mut second, mut third) = (first.clone(), first.clone());
    let mut one = first.try_claim(3).unwrap();
    let two = second.try_claim(3).unwrap();
    send(&mut third, b"three").unwrap();
    assert_eq!(receive(&mut consumer), None);
    drop(two);
    assert_eq!(receive(&mut consumer), None);
    one.copy_from_slice(b"one");
    one.commit();
    assert_eq!(receive(&mut consumer), Some(b"one".to_vec()));
    assert_eq!(receive(&mut consumer), Some(b"three".to_vec()));
    assert_eq!(receive(&mut consumer), None);
}

#[test]
fn a_stall_names_its_position_and_its_time() {
    let (mut slow, mut consumer) = mpsc::new(1024);
    let mut quick = slow.clone();
    assert_eq!(consumer.stall(), None);
    send(&mut quick, &[1; 4]).unwrap();
    assert_eq!(consumer.stall(), None, "a record that is ready is no stall");
    let open = slow.try_claim(4).unwrap();
    send(&mut quick, &[2; 12]).unwrap();
    assert_eq!(receive(&mut consumer), Some(vec![1; 4]));
    let stall = consumer.stall().unwrap();
    assert_eq!((stall.position, stall.bytes, stall.waited), (8, 24, Duration::ZERO));
    let mut last = stall;
    while last.waited < Duration::from_micros(50) {
        let now = consumer.stall().unwrap();
        assert!(now.waited >= last.waited);
        last = now;
    }
    open.commit();
    assert_eq!(consumer.stall(), None);
    assert_eq!(consumer.batch(usize::MAX).iter().count(), 2);
    let _open = slow.try_claim(4).unwrap();
    let stall = consumer.stall().unwrap();
    assert_eq!((stall.position, stall.bytes, stall.waited), (32, 8, Duration::ZERO));
}

#[test]
fn the_last_producer_to_go_is_the_one_that_counts() {
    let (first, consumer) = mpsc::new(64);
    let second = first.clone();
    drop(first);
    assert!(!consumer.is_producer_gone());
    drop(second.clone());
    assert!(!consumer.is_producer_gone());
    drop(second);
    assert!(consumer.is_producer_gone());
}
