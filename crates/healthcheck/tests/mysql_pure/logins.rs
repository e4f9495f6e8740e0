//! The login as a machine: whatever the server sends.

use healthcheck::mysql::Password;
use healthcheck::mysql::wire::{Credentials, Greeting, Login, LoginError, Opening, Step};
use proptest::prelude::*;

const PASSWORD: &str = "correct horse";

fn greeting(plugin: &str) -> Greeting {
    let head = [
        b"\x0a8.4.3\0\x2a\0\0\0",
        b"01234567".as_slice(),
        &[0, 0x01, 0xa2, 45, 2, 0, 0x08, 0, 21],
        &[0; 10],
        b"890123456789\0",
    ];
    let payload = [&head.concat(), plugin.as_bytes(), &[0]].concat();
    match Opening::read(&payload) {
        Ok(Opening::Greeting(greeting)) => greeting,
        other => panic!("{other:?}"),
    }
}

fn credentials() -> Credentials {
    Credentials {
        user: "probe".to_owned(),
        password: Password::new(PASSWORD).unwrap(),
        key: None,
    }
}

/// What a server may send in a login, and what it may not.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<&[u8]> = vec![
        b"\x01\x03",
        b"\x01\x04",
        b"\x01-----BEGIN PUBLIC KEY-----",
        b"\xfemysql_native_password\0abcdefghijklmnopqrst\0",
        b"\xfecaching_sha2_password\0abcdefghijklmnopqrst\0",
        b"\xfemysql_clear_password\0",
        b"\xfesha256_password\0abcdefghijklmnopqrst\0",
        b"\xfe",
        b"",
    ];
    prop_oneof![
        4 => prop::sample::select(fixed).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

proptest! {
    #[test]
    fn no_server_gets_the_password_in_clear_or_a_login_without_its_ok(
        plugin in "mysql_native_password|caching_sha2_password|mysql_clear_password|x",
        payloads in prop::collection::vec(payload(), 0..20),
    ) {
        let (mut login, first) = Login::begin(&greeting(&plugin), credentials(), false).unwrap();
        let mut sent = vec![first];
        for payload in payloads {
            match login.take(&payload) {
                Ok(Step::Send(payload)) => sent.push(payload),
                Ok(Step::Wait) => {}
                Ok(Step::Done) => {
                    prop_assert_eq!(payload.first(), Some(&0));
                    break;
                }
                Err(error) => {
                    prop_assert!(!error.to_string().is_empty());
                    break;
                }
            }
        }
        prop_assert!(sent.len() <= 11, "a login without end");
        let clear = |payload: &Vec<u8>| payload.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
        prop_assert!(!sent.iter().any(clear));
    }
}

#[test]
fn the_password_goes_in_clear_inside_tls_only() {
    let greeting = greeting("caching_sha2_password");
    let (mut login, _) = Login::begin(&greeting, credentials(), true).unwrap();
    let clear = format!("{PASSWORD}\0").into_bytes();
    assert_eq!(login.take(&[1, 4]), Ok(Step::Send(clear)));
    assert_eq!(login.take(&[0, 0, 0, 2, 0, 0, 0]), Ok(Step::Done));
}

#[test]
fn a_login_that_is_declined_shows_no_proof_and_fails_even_where_it_is_let_in() {
    let greeting = greeting("caching_sha2_password");
    let why = LoginError::TlsNotOffered;
    for answer in [b"\xff\x15\x04#28000no".as_slice(), &[0, 0, 0, 2, 0, 0, 0]] {
        let (mut login, first) =
            Login::decline(&greeting, credentials(), false, why.clone()).unwrap();
        assert!(
            first.ends_with(b"probe\0\0mysql_native_password\0"),
            "{first:?}"
        );
        assert_eq!(login.take(answer), Err(why.clone()));
    }
}
