//! Any bytes, and valid bytes with some of them changed: everything ends in a value or an error.

use crate::{
    render::slot,
    sample::{self, Sample},
    segment::{Read, everything},
};
use logbuf_format::{
    clock::Anchor,
    end::End,
    events, limits,
    loss::Loss,
    message::Message,
    render::Room,
    site::Site,
    template::{self, Argument, Piece},
    thread::Thread,
    types::Type,
    value,
};
use proptest::{prelude::*, sample::Index};

/// Reads a payload as every kind there is; returns how many entries came out, so that nothing is optimised away.
fn read_as_everything(payload: &[u8]) -> usize {
    let records = events::extents(payload).flatten().flat_map(|extent| extent.records());
    let sites: Vec<_> = Site::table(payload).flatten().collect();
    let counts = [
        sites.len(),
        Thread::table(payload).count(),
        Anchor::table(payload).count(),
        Loss::table(payload).count(),
        records.count(),
        usize::from(End::take(payload).is_ok()),
    ];
    for site in &sites {
        assert!(site.values.len() <= limits::VALUES);
        assert!(site.values.iter().all(|slot| slot.ty.depth() <= limits::DEPTH));
        let mut values = Vec::new();
        let taken = value::take_all(&site.values, &site.definitions, payload, &mut values);
        if let (Ok(()), Ok(message)) = (taken, Message::new(&site.template, &site.values)) {
            message.render(&values, &mut String::new(), Room::most("")).unwrap();
        }
    }
    counts.iter().sum()
}

/// A template, or nearly.
fn any_template() -> impl Strategy<Value = String> {
    let token = prop::sample::select(
        &[
            "{", "}", ":", "$", ".", "*", "0", "1", "12", "a", "b$", "r#", "_", "?", "x", "X?",
            "e", "<", "^", ">", "+", "-", "#", " ", "é", "→", "65535", "65536", "{0}", "{1:>8.3}",
            "{{", "}}",
        ][..],
    );
    prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        sample::any_sample().prop_map(|sample| sample.ty()),
        Just(Type::Redacted),
        Just(Type::Named(0)),
        Just(Type::Named(1)),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::seq),
            (inner.clone(), 0..4_u32).prop_map(|(item, count)| Type::array(item, count)),
            inner.clone().prop_map(Type::set),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| Type::map(key, value)),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Type::Tuple),
            inner.clone().prop_map(Type::option),
            (inner.clone(), inner.clone()).prop_map(|(ok, err)| Type::result(ok, err)),
            inner.prop_map(Type::postcard),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn any_payload(payload in prop::collection::vec(prop_oneof![any::<u8>(), 0..20_u8], 0..300)) {
        read_as_everything(&payload);
    }

    #[test]
    fn a_changed_payload(
        block in 0..8_usize,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        len in any::<Index>(),
    ) {
        let (_, mut payload) = Read::all(&everything().bytes).blocks.swap_remove(block);
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        read_as_everything(&payload);
        payload.truncate(len.index(payload.len()));
        read_as_everything(&payload);
    }

    #[test]
    fn any_segment(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let read = Read::all(&bytes);
        prop_assert_eq!(read.blocks.len(), 0);
    }

    #[test]
    fn any_value(ty in any_type(), bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0..4_u8], 0..64)) {
        let slots = [slot(ty)];
        let mut values = Vec::new();
        if value::take_all(&slots, sample::definitions(), &bytes, &mut values).is_ok() {
            let mut again = Vec::new();
            values[0].put(&mut again);
            prop_assert_eq!(&again, &bytes);
            for template in ["{0:?}", "{0:#?}"] {
                let message = Message::new(template, &slots).unwrap();
                message.render(&values, &mut String::new(), Room::most("")).unwrap();
            }
        }
    }

    #[test]
    fn what_is_parsed_and_printed_parses_again(template in prop_oneof![any_template(), any::<String>()]) {
        let Ok(pieces) = template::parse(&template) else { return Ok(()) };
        let printed: String = pieces.iter().map(Piece::to_string).collect();
        let again = template::parse(&printed).unwrap();
        let printed_again: String = again.iter().map(Piece::to_string).collect();
        prop_assert_eq!(&printed, &printed_again);
        prop_assert_eq!(pieces.len(), again.len());
        for (one, two) in pieces.iter().zip(&again) {
            if let (Piece::Placeholder(one), Piece::Placeholder(two)) = (one, two) {
                prop_assert_eq!(one.argument, two.argument);
                prop_assert_eq!(template[one.span.clone()].starts_with('{'), true);
            }
        }
    }

    #[test]
    fn any_message(template in any_template(), sample in sample::any_sample()) {
        let slots = [slot(sample.ty()), slot(Type::U16)];
        let Ok(message) = Message::new(&template, &slots) else { return Ok(()) };
        let mut bytes = Vec::new();
        sample.encode(&mut bytes);
        Sample::U16(9).encode(&mut bytes);
        let mut values = Vec::new();
        value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
        message.render(&values, &mut String::new(), Room::most("")).unwrap();
        let by_index = template::parse(&template).unwrap().iter().all(|piece| match piece {
            Piece::Placeholder(placeholder) => matches!(placeholder.argument, Argument::Index(0 | 1)),
            Piece::Literal(text) => !text.is_empty(),
        });
        prop_assert!(by_index);
    }
}
