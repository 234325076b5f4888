use logbuf::ClaimError;
use logbuf::queue::spsc;

fn send(producer: &mut spsc::Producer, payload: &[u8]) -> Result<(), ClaimError> {
    let mut claim = producer.try_claim(payload.len())?;
    claim.copy_from_slice(payload);
    claim.commit();
    Ok(())
}

#[test]
fn the_longest_record_fits_an_empty_ring_at_every_position() {
    for start in (0..512).step_by(8) {
        let (mut producer, mut consumer) = spsc::new(256);
        while producer.position() < start {
            send(&mut producer, &[1; 4]).unwrap();
            assert!(consumer.try_claim().is_some());
            assert!(consumer.try_claim().is_none());
        }
        let longest = vec![7; producer.max_record_len()];
        send(&mut producer, &longest).unwrap();
        assert_eq!(&*consumer.try_claim().unwrap(), &longest[..], "at {start}");
    }
}

#[test]
fn a_claim_given_up_after_a_wrap_does_not_cost_the_room() {
    let (mut producer, mut consumer) = spsc::new(64);
    for _ in 0..3 {
        send(&mut producer, &[0; 4]).unwrap();
        assert!(consumer.try_claim().is_some());
    }
    for _ in 0..10 {
        std::mem::forget(producer.try_claim(20).unwrap());
        drop(producer.try_claim(12).unwrap());
        assert!(consumer.try_claim().is_none());
    }
    send(&mut producer, &[9; 20]).unwrap();
    assert_eq!(&*consumer.try_claim().unwrap(), &[9; 20]);
}
