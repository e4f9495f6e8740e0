//! The server's side of the protocol, as a test wants it.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use healthcheck::mysql::wire::frame;
use healthcheck::mysql::{Fault, Level};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::network::{LONG, probe_once, settings};

pub(crate) const NATIVE: &str = "mysql_native_password";
pub(crate) const SHA2: &str = "caching_sha2_password";
/// OK, as after a login or a ping: no rows, autocommit.
pub(crate) const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
/// End of columns or rows.
pub(crate) const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];
pub(crate) const PING: &[u8] = &[0x0e];
pub(crate) const QUIT: &[u8] = &[0x01];
/// The flag for TLS in a greeting.
pub(crate) const SSL: u32 = 0x0800;

/// One accepted connection.
pub(crate) struct Peer(TcpStream);

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    pub(crate) async fn send(&mut self, sequence: u8, payload: &[u8]) {
        self.raw(&frame(sequence, payload).unwrap()).await;
    }

    /// Octets as they are; the other side may have gone.
    pub(crate) async fn raw(&mut self, octets: &[u8]) {
        let _ = self.0.write_all(octets).await;
    }

    /// Cuts the connection off.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.0);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The next packet's sequence and payload.
    pub(crate) async fn receive(&mut self) -> (u8, Vec<u8>) {
        let [low, middle, high, sequence] = self.octets(4).await.try_into().unwrap();
        let length = u32::from_le_bytes([low, middle, high, 0]);
        (sequence, self.octets(length.try_into().unwrap()).await)
    }

    pub(crate) async fn expect(&mut self, sequence: u8, payload: &[u8]) {
        assert_eq!(self.receive().await, (sequence, payload.to_vec()));
    }

    /// Whether it says `COM_QUIT` and closes.
    pub(crate) async fn expect_leave(&mut self) {
        self.expect(0, QUIT).await;
        self.expect_close().await;
    }

    pub(crate) async fn expect_close(&mut self) {
        assert_eq!(self.0.read(&mut [0; 8]).await.unwrap(), 0);
    }

    /// Greets and lets in whoever comes.
    pub(crate) async fn let_in(&mut self, version: &str) {
        self.send(0, &greeting(version, NATIVE, 0)).await;
        let (sequence, _) = self.receive().await;
        assert_eq!(sequence, 1);
        self.send(2, OK).await;
    }

    async fn octets(&mut self, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        self.0.read_exact(&mut octets).await.unwrap();
        octets
    }
}

/// Accepts one connection on a free port and does with it as told. Await the handle: it fails if the script does.
pub(crate) async fn serve<F, S>(script: S) -> (SocketAddr, JoinHandle<()>)
where
    F: Future<Output = ()> + Send + 'static,
    S: FnOnce(Peer) -> F + Send + 'static,
{
    let listener = TcpListener::bind("10.77.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handle = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        script(Peer::new(stream)).await;
    });
    (address, handle)
}

/// What passwords are mixed with: 1 to 20 from the greeting, 101 to 120 after a switch.
pub(crate) fn scramble(first: u8) -> Vec<u8> {
    (first..first + 20).collect()
}

/// `HandshakeV10` as MySQL 8 sends it, field by field as in its protocol documentation.
pub(crate) fn greeting(version: &str, plugin: &str, more_capabilities: u32) -> Vec<u8> {
    let mysql_protocol41_transactions_secure_plugins: u32 = 0x0008_a201;
    let [c0, c1, c2, c3] =
        (mysql_protocol41_transactions_secure_plugins | more_capabilities).to_le_bytes();
    let scramble = scramble(1);
    [
        &[10],
        version.as_bytes(),
        &[0, 0x2a, 0, 0, 0],
        &scramble[..8],
        &[0, c0, c1, 0xff, 2, 0, c2, c3, 21],
        &[0; 10],
        &scramble[8..],
        &[0],
        plugin.as_bytes(),
        &[0],
    ]
    .concat()
}

/// `AuthSwitchRequest` with the second scramble.
pub(crate) fn switch(plugin: &str) -> Vec<u8> {
    [&[0xfe], plugin.as_bytes(), &[0], &scramble(101), &[0]].concat()
}

/// An error with its SQLSTATE.
pub(crate) fn error(code: u16, state: &str, text: &str) -> Vec<u8> {
    let code = code.to_le_bytes();
    [&[0xff], &code[..], b"#", state.as_bytes(), text.as_bytes()].concat()
}

/// The proof and the plugin of a `HandshakeResponse41` from the usual user, whose other fields are checked.
pub(crate) fn proof(response: &[u8]) -> (Vec<u8>, String) {
    let (head, rest) = response.split_at(32);
    assert_eq!(head[9..], [0; 23]);
    let rest = rest.strip_prefix(b"probe\0").expect("the user's name");
    let (length, rest) = rest.split_first().unwrap();
    let (proof, plugin) = rest.split_at(usize::from(*length));
    let plugin = plugin.strip_suffix(&[0]).unwrap();
    (proof.to_vec(), String::from_utf8(plugin.to_vec()).unwrap())
}

/// Probes a peer with this script, once; the probe itself has to end by `limit`.
pub(crate) async fn found<F>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
    limit: Duration,
) -> Fault
where
    F: Future<Output = ()> + Send + 'static,
{
    let (target, served) = serve(script).await;
    let mut settings = settings(target);
    settings.level = Level::Query("SELECT 1".to_owned());
    let begun = Instant::now();
    let fault = probe_once(settings, limit).await.unwrap_err();
    assert!(begun.elapsed() < limit + LONG, "{:?}", begun.elapsed());
    served.abort();
    assert!(fault.to_string().contains(&target.to_string()), "{fault}");
    fault
}
