//! The client's side of the handshake.

use super::greeting::capability;
use super::{Greeting, MAX_PAYLOAD, WireError};

/// `utf8mb4_general_ci`, known to MySQL since 5.5.3 and to every MariaDB.
const CHARACTER_SET: u8 = 45;

/// `SSLRequest`: the head of a response, after which TLS begins.
#[must_use]
pub fn ssl_request(greeting: &Greeting) -> Vec<u8> {
    head(greeting, true)
}

/// `HandshakeResponse41`.
///
/// ```text
/// capabilities (4) | longest packet (4) | character set (1) | 0 (23)
///    | user, NUL | length of the proof (1) | proof | name of the plugin, NUL
/// ```
pub(super) fn response(
    greeting: &Greeting,
    encrypted: bool,
    user: &str,
    plugin: &str,
    proof: &[u8],
) -> Result<Vec<u8>, WireError> {
    let mut response = head(greeting, encrypted);
    response.extend(user.as_bytes());
    response.push(0);
    let length = u8::try_from(proof.len())
        .map_err(|_| WireError::Malformed("a proof of the password over 255 octets"))?;
    response.push(length);
    response.extend(proof);
    if greeting.capabilities & capability::PLUGIN_AUTH != 0 {
        response.extend(plugin.as_bytes());
        response.push(0);
    }
    Ok(response)
}

fn head(greeting: &Greeting, encrypted: bool) -> Vec<u8> {
    let mut ours = capability::MYSQL
        | capability::PROTOCOL_41
        | capability::TRANSACTIONS
        | capability::SECURE_CONNECTION
        | greeting.capabilities & capability::PLUGIN_AUTH;
    if encrypted {
        ours |= capability::SSL;
    }
    let longest = u32::try_from(MAX_PAYLOAD).unwrap_or(u32::MAX);
    let mut head = Vec::with_capacity(64);
    head.extend(ours.to_le_bytes());
    head.extend(longest.to_le_bytes());
    head.push(CHARACTER_SET);
    head.extend([0; 23]);
    head
}
