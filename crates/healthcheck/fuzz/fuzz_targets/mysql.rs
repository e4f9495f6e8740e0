//! Any octets as all that a server sends, from its greeting to the state of replication: no panic, no login without the
//! server's OK, no password in clear, and no more in memory than is promised.
//!
//! The input: 1 octet that says how the stream is cut, then the stream.
#![no_main]

use healthcheck::mysql::wire::{
    Answer, AnswerReader, Credentials, Frames, Login, MAX_PAYLOAD, Opening, Packet, Step,
};
use healthcheck::mysql::{Password, ReplicaStatus};
use libfuzzer_sys::fuzz_target;

const PASSWORD: &[u8] = b"correct horse battery";

fuzz_target!(|data: &[u8]| {
    let Some((cut, stream)) = data.split_first() else {
        return;
    };
    let mut client = Some(Client::Greeting);
    let mut frames = Frames::new();
    for chunk in stream.chunks(usize::from(*cut).max(1)) {
        frames.push(chunk);
        loop {
            match frames.next_packet() {
                Ok(Some(packet)) => client = client.and_then(|client| client.take(&packet)),
                Ok(None) => break,
                Err(why) => {
                    assert!(!why.to_string().is_empty());
                    return;
                }
            }
        }
        if client.is_none() {
            return;
        }
    }
});

/// Where the client is.
enum Client {
    Greeting,
    Login(Login),
    Answer(AnswerReader),
}

impl Client {
    /// `None` when the client gives up.
    fn take(self, packet: &Packet) -> Option<Self> {
        assert!(packet.payload.len() <= MAX_PAYLOAD);
        match self {
            Self::Greeting => greeted(&packet.payload),
            Self::Login(login) => logged_in(login, &packet.payload),
            Self::Answer(reader) => answered(reader, &packet.payload),
        }
    }
}

fn greeted(payload: &[u8]) -> Option<Client> {
    let Ok(Opening::Greeting(greeting)) = Opening::read(payload) else {
        return None;
    };
    let credentials = Credentials {
        user: "probe".to_owned(),
        password: Password::new(PASSWORD).expect("it is one"),
        key: None,
    };
    let (login, first) = Login::begin(&greeting, credentials, false).expect("short proofs");
    sent(&first);
    Some(Client::Login(login))
}

fn logged_in(mut login: Login, payload: &[u8]) -> Option<Client> {
    match login.take(payload) {
        Ok(Step::Send(payload)) => sent(&payload),
        Ok(Step::Wait) => {}
        Ok(Step::Done) => {
            assert_eq!(payload.first(), Some(&0));
            return Some(Client::Answer(AnswerReader::new()));
        }
        Err(why) => {
            assert!(!why.to_string().is_empty());
            return None;
        }
    }
    Some(Client::Login(login))
}

fn answered(mut reader: AnswerReader, payload: &[u8]) -> Option<Client> {
    match reader.take(payload) {
        Ok(None) => return Some(Client::Answer(reader)),
        Ok(Some(Answer::Rows(rows))) => {
            assert!(rows.rows.iter().all(|row| row.len() == rows.columns.len()));
            let values = rows.rows.iter().flatten().flatten();
            let length: usize = values.map(|value| value.chars().count()).sum();
            assert!(length <= MAX_PAYLOAD);
            if let Ok(Some(replica)) = ReplicaStatus::read(&rows) {
                assert_eq!(replica.channels.len(), rows.rows.len());
                assert!(replica.lag().is_none() || replica.is_running());
                assert!(!replica.to_string().is_empty());
            }
        }
        Ok(Some(Answer::Ok)) => {}
        Ok(Some(Answer::Error(error))) => assert!(!error.to_string().contains(char::is_control)),
        Err(why) => assert!(!why.to_string().is_empty()),
    }
    Some(Client::Answer(AnswerReader::new()))
}

fn sent(payload: &[u8]) {
    let mut parts = payload.windows(PASSWORD.len());
    assert!(!parts.any(|part| part == PASSWORD));
}
