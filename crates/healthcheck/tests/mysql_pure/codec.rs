//! Packets and answers, of every shape and of none.

use healthcheck::mysql::wire::{
    Answer, AnswerReader, Frames, MAX_PAYLOAD, Opening, ResultSet, ServerError, WireError, frame,
};
use proptest::prelude::*;

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

/// A string with its length before it; NULL is `None`.
fn value(value: Option<&str>) -> Vec<u8> {
    let Some(text) = value else { return vec![0xfb] };
    let length = text.len();
    let head = match u8::try_from(length) {
        Ok(short @ 0..=250) => vec![short],
        _ => [&[0xfc], &u16::try_from(length).unwrap().to_le_bytes()[..]].concat(),
    };
    [head, text.as_bytes().to_vec()].concat()
}

/// The payloads that a server sends for these rows.
fn encoded(result: &ResultSet) -> Vec<Vec<u8>> {
    const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];
    let column = |name: &String| {
        let names = ["def", "schema", "table", "table", name].map(|name| value(Some(name)));
        let rest = [0x0c, 33, 0, 0, 1, 0, 0, 253, 0, 0, 0, 0, 0];
        [names.concat(), rest.to_vec()].concat()
    };
    let row = |row: &Vec<Option<String>>| {
        row.iter()
            .flat_map(|field| value(field.as_deref()))
            .collect()
    };
    let mut payloads = vec![vec![u8::try_from(result.columns.len()).unwrap()]];
    payloads.extend(result.columns.iter().map(column));
    payloads.push(EOF.to_vec());
    payloads.extend(result.rows.iter().map(row));
    payloads.push(EOF.to_vec());
    payloads
}

fn result_set() -> impl Strategy<Value = ResultSet> {
    (1_usize..20).prop_flat_map(|width| {
        let columns = prop::collection::vec("[A-Za-z_]{1,30}", width);
        let row = prop::collection::vec(prop::option::of("\\PC{0,300}"), width);
        (columns, prop::collection::vec(row, 0..10))
            .prop_map(|(columns, rows)| ResultSet { columns, rows })
    })
}

proptest! {
    #[test]
    fn packets_come_out_as_they_went_in_however_the_stream_is_cut(
        packets in prop::collection::vec((any::<u8>(), octets(600)), 0..8),
        cut in 1_usize..700,
    ) {
        let stream: Vec<u8> =
            packets.iter().flat_map(|(sequence, payload)| frame(*sequence, payload).unwrap()).collect();
        let mut frames = Frames::new();
        let mut found = Vec::new();
        for chunk in stream.chunks(cut) {
            frames.push(chunk);
            while let Some(packet) = frames.next_packet().unwrap() {
                found.push((packet.sequence, packet.payload));
            }
        }
        prop_assert_eq!(found, packets);
        prop_assert!(frames.is_empty());
    }

    #[test]
    fn rows_come_out_as_they_went_in(result in result_set()) {
        let mut reader = AnswerReader::new();
        let mut payloads = encoded(&result);
        let last = payloads.pop().unwrap();
        for payload in payloads {
            prop_assert_eq!(reader.take(&payload), Ok(None));
        }
        prop_assert_eq!(reader.take(&last), Ok(Some(Answer::Rows(result))));
    }

    #[test]
    fn an_answer_that_was_damaged_is_read_or_refused(
        result in result_set(),
        at in any::<prop::sample::Index>(),
        damage in octets(12),
    ) {
        let mut payloads = encoded(&result);
        let index = at.index(payloads.len());
        payloads[index] = damage;
        let mut reader = AnswerReader::new();
        for payload in payloads {
            match reader.take(&payload) {
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => break,
            }
        }
    }

    #[test]
    fn any_octets_are_an_opening_an_error_or_refused(payload in octets(200)) {
        if let Ok(Opening::Greeting(greeting)) = Opening::read(&payload) {
            prop_assert_eq!(payload[0], 10);
            prop_assert!(!greeting.version.text.contains(char::is_control));
        }
        if let Ok(Some(error)) = ServerError::read(&payload) {
            prop_assert_eq!(payload[0], 0xff);
            prop_assert!(!error.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn an_error_is_read_with_and_without_its_state(code in any::<u16>(), text in "[a-z ]{0,40}") {
        let [low, high] = code.to_le_bytes();
        let bare = [&[0xff, low, high], text.as_bytes()].concat();
        let full = [&[0xff, low, high], b"#42000".as_slice(), text.as_bytes()].concat();
        let bare = ServerError::read(&bare).unwrap().unwrap();
        let full = ServerError::read(&full).unwrap().unwrap();
        prop_assert_eq!((bare.code, bare.state, &bare.text), (code, None, &text));
        prop_assert_eq!((full.code, full.state.as_deref(), &full.text), (code, Some("42000"), &text));
    }
}

#[test]
fn a_packet_at_the_limit_is_taken_and_one_beyond_it_refused_at_its_header() {
    let mut frames = Frames::new();
    frames.push(&frame(0, &vec![7; MAX_PAYLOAD]).unwrap());
    assert_eq!(
        frames.next_packet().unwrap().unwrap().payload.len(),
        MAX_PAYLOAD
    );
    assert!(matches!(
        frame(0, &vec![7; MAX_PAYLOAD + 1]),
        Err(WireError::TooLarge { .. })
    ));
    frames.push(&[1, 0, 16, 0]);
    let announced = MAX_PAYLOAD + 1;
    assert_eq!(
        frames.next_packet(),
        Err(WireError::TooLarge {
            announced,
            limit: MAX_PAYLOAD
        })
    );
}

#[test]
fn rows_without_end_are_refused_however_small_they_are() {
    let mut reader = AnswerReader::new();
    let name = [value(Some("a")).repeat(5), vec![0; 13]].concat();
    for payload in [&[1][..], &name, &[0xfe, 0, 0, 2, 0]] {
        assert_eq!(reader.take(payload), Ok(None));
    }
    let taken = (0..MAX_PAYLOAD)
        .take_while(|_| reader.take(&[0xfb]) == Ok(None))
        .count();
    assert!(taken < MAX_PAYLOAD / 32, "{taken}");
}

#[test]
fn several_results_and_demands_for_files_are_refused() {
    assert!(AnswerReader::new().take(b"\xfb/etc/passwd").is_err());
    let mut reader = AnswerReader::new();
    let name = [value(Some("a")).repeat(5), vec![0; 13]].concat();
    for payload in [&[1][..], &name, &[0xfe, 0, 0, 2, 0]] {
        assert_eq!(reader.take(payload), Ok(None));
    }
    assert!(reader.take(&[0xfe, 0, 0, 0x0a, 0]).is_err());
}
