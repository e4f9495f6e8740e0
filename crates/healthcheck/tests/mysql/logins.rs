//! Logins as MySQL 8 and later have them, against the octets of its protocol documentation: a server of it was
//! not there to try. The proofs were computed by another program.

use healthcheck::mysql::{Class, Flavour, Prober, PublicKey, Reason, Stage};
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use sha1::Sha1;

use crate::network::{LONG, PASSWORD, network, run, settings};
use crate::peer::{NATIVE, OK, PING, Peer, SHA2, SSL, error, greeting, proof, serve, switch};

/// Proofs of [`PASSWORD`], with the greeting's scramble and with that of a switch.
const NATIVE_GREETED: &str = "3e67ea0e8da7c9457b41b4585ea86243201c0540";
const NATIVE_SWITCHED: &str = "b6592cb2630df698317e0ce448ad5bdc502d6b89";
const SHA2_GREETED: &str = "bee5488ecafb54a6f7b0df7ff679446c7599d93cab7f8c29eb4f86841834ca64";
const SHA2_SWITCHED: &str = "3869846b19b5c8d2b1cf146da1016ba2fcba39d4a1e4508426e142a2b101dc42";

/// A pair of keys that openssl made for these tests; it protects nothing.
const PRIVATE: &str = include_str!("keys/private.pem");
const PUBLIC: &str = include_str!("keys/public.pem");
/// `secret` and a NUL, encrypted by openssl under the public one, with OAEP as MySQL's server uses it.
const BY_OPENSSL: &[u8] = include_bytes!("keys/by-openssl");

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn decrypted(octets: &[u8]) -> Vec<u8> {
    let key = rsa::PrivateKey::from_pkcs8_pem(PRIVATE).unwrap();
    key.decrypt(Oaep::<Sha1>::new(), octets).unwrap()
}

/// Takes off what the password is mixed with before it is encrypted.
fn unmixed(octets: &[u8], first: u8) -> Vec<u8> {
    let mask = (first..first + 20).cycle();
    octets
        .iter()
        .zip(mask)
        .map(|(octet, mask)| octet ^ mask)
        .collect()
}

async fn greet(peer: &mut Peer, plugin: &str) -> (Vec<u8>, String) {
    peer.send(0, &greeting("8.4.3", plugin, 0)).await;
    let (sequence, response) = peer.receive().await;
    assert_eq!(sequence, 1);
    proof(&response)
}

/// Lets in, answers a ping, and sees the client leave.
async fn serve_a_ping(peer: &mut Peer, sequence: u8) {
    peer.send(sequence, OK).await;
    peer.expect(0, PING).await;
    peer.send(1, OK).await;
    peer.expect_leave().await;
}

/// A probe that has to succeed against the script.
async fn succeeds<F>(script: impl FnOnce(Peer) -> F + Send + 'static, key: Option<&str>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (target, served) = serve(script).await;
    let mut settings = settings(target);
    settings.public_key = key.map(|pem| PublicKey::read(pem.as_bytes()).unwrap());
    let mut prober = Prober::new(settings).unwrap();
    let report = prober.probe(LONG).await.unwrap();
    assert_eq!(report.version.flavour, Flavour::MySql);
    assert_eq!(report.version.number, (8, 4, 3));
    prober.close().await;
    served.await.unwrap();
}

/// A probe that has to fail against the script; gives how.
async fn fails<F>(script: impl FnOnce(Peer) -> F + Send + 'static) -> Reason
where
    F: Future<Output = ()> + Send + 'static,
{
    let (target, served) = serve(script).await;
    let mut prober = Prober::new(settings(target)).unwrap();
    let fault = prober.probe(LONG).await.unwrap_err();
    assert_eq!(
        (fault.stage, fault.class()),
        (Stage::Login, Class::Alarm),
        "{fault}"
    );
    served.await.unwrap();
    fault.reason
}

#[test]
fn the_padding_is_the_one_that_openssl_uses() {
    assert_eq!(decrypted(BY_OPENSSL), b"secret\0");
}

#[test]
fn native_password_is_proven_with_the_greeting_s_scramble_and_with_that_of_a_switch() {
    network();
    run(async {
        succeeds(
            async |mut peer| {
                let (proof, plugin) = greet(&mut peer, NATIVE).await;
                assert_eq!(
                    (hex(&proof).as_str(), plugin.as_str()),
                    (NATIVE_GREETED, NATIVE)
                );
                serve_a_ping(&mut peer, 2).await;
            },
            None,
        )
        .await;
        // The server's default need not be the user's plugin, nor one that is known.
        for default in [SHA2, "authentication_ldap_simple"] {
            succeeds(
                move |mut peer| async move {
                    greet(&mut peer, default).await;
                    peer.send(2, &switch(NATIVE)).await;
                    let (sequence, proof) = peer.receive().await;
                    assert_eq!((sequence, hex(&proof).as_str()), (3, NATIVE_SWITCHED));
                    serve_a_ping(&mut peer, 4).await;
                },
                None,
            )
            .await;
        }
    });
}

#[test]
fn sha2_is_let_in_fast_when_the_server_has_the_user_in_its_cache() {
    network();
    run(async {
        succeeds(
            async |mut peer| {
                let (proof, plugin) = greet(&mut peer, SHA2).await;
                assert_eq!(
                    (hex(&proof).as_str(), plugin.as_str()),
                    (SHA2_GREETED, SHA2)
                );
                peer.send(2, &[1, 3]).await;
                serve_a_ping(&mut peer, 3).await;
            },
            None,
        )
        .await;
        succeeds(
            async |mut peer| {
                greet(&mut peer, NATIVE).await;
                peer.send(2, &switch(SHA2)).await;
                let (_, proof) = peer.receive().await;
                assert_eq!(hex(&proof), SHA2_SWITCHED);
                peer.send(4, &[1, 3]).await;
                serve_a_ping(&mut peer, 5).await;
            },
            None,
        )
        .await;
    });
}

#[test]
fn sha2_with_a_cold_cache_sends_the_password_under_the_server_s_key_which_it_asks_for() {
    network();
    run(async {
        succeeds(
            async |mut peer| {
                greet(&mut peer, SHA2).await;
                peer.send(2, &[1, 4]).await;
                peer.expect(3, &[2]).await;
                peer.send(4, &[&[1], PUBLIC.as_bytes()].concat()).await;
                let (sequence, hidden) = peer.receive().await;
                let password = [PASSWORD.as_bytes(), &[0]].concat();
                assert_eq!((sequence, unmixed(&decrypted(&hidden), 1)), (5, password));
                serve_a_ping(&mut peer, 6).await;
            },
            None,
        )
        .await;
    });
}

#[test]
fn sha2_with_a_cold_cache_and_a_key_that_is_known_does_not_ask_for_it() {
    network();
    run(async {
        succeeds(
            async |mut peer| {
                greet(&mut peer, NATIVE).await;
                peer.send(2, &switch(SHA2)).await;
                peer.receive().await;
                peer.send(4, &[1, 4]).await;
                let (sequence, hidden) = peer.receive().await;
                let password = [PASSWORD.as_bytes(), &[0]].concat();
                assert_eq!((sequence, unmixed(&decrypted(&hidden), 101)), (5, password));
                serve_a_ping(&mut peer, 6).await;
            },
            Some(PUBLIC),
        )
        .await;
    });
}

#[test]
fn an_unknown_plugin_is_refused_by_the_server_and_named_by_the_probe() {
    network();
    run(async {
        let reason = fails(async |mut peer| {
            greet(&mut peer, "client_ed25519").await;
            peer.send(2, &switch("client_ed25519")).await;
            peer.expect(3, &[]).await;
            peer.send(4, &error(1045, "28000", "Access denied")).await;
        })
        .await;
        assert!(matches!(reason, Reason::UnsupportedAuth(_)));
        let said = reason.to_string();
        assert!(
            said.contains("client_ed25519") && said.contains("create the probing user with"),
            "{said}"
        );
    });
}

#[test]
fn a_key_that_is_none_is_refused_without_showing_the_password() {
    network();
    run(async {
        let reason = fails(async |mut peer| {
            greet(&mut peer, SHA2).await;
            peer.send(2, &[1, 4]).await;
            peer.expect(3, &[2]).await;
            peer.send(4, b"\x01no key").await;
            peer.expect(5, &[]).await;
            peer.send(6, &error(1045, "28000", "Access denied")).await;
        })
        .await;
        assert!(matches!(reason, Reason::ServerKey(_)));
        let said = reason.to_string();
        assert!(said.contains("public_key_path"), "{said}");
    });
}

#[test]
fn errors_of_logins_are_told_apart() {
    network();
    run(async {
        for (code, sentence) in [
            (1045, "check the probing user"),
            (3118, "check the probing user"),
            (1203, "raise its MAX_USER_CONNECTIONS"),
            (3159, "switch TLS on for this probe"),
        ] {
            let reason = fails(move |mut peer| async move {
                // A flag for TLS that the probe makes nothing of.
                peer.send(0, &greeting("8.4.3", SHA2, SSL)).await;
                peer.receive().await;
                peer.send(2, &error(code, "HY000", "no")).await;
            })
            .await;
            let said = reason.to_string();
            assert!(
                said.contains(&code.to_string()) && said.contains(sentence),
                "{said}"
            );
        }
    });
}
