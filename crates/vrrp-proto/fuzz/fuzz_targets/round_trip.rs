//! Any advertisement: it is encoded if and only if the version can carry it, and decodes to the same.
//!
//! The input: 1 octet of choices, VRID, priority, 2 octets of interval, 2 octets that pick a bit, 1
//! octet of password length, 8 octets of password, source and destination (4 or 16 octets each), then
//! addresses until it ends. What is missing counts as zero.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use vrrp_proto::{
    Authentication, Centis, ChecksumForm, EncodeError, Envelope, Expect, MAX_LEN, Outgoing,
    Password, Priority, Version, Vrid, decode, encode,
};

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let choices = input.octet();
    let vrid = Vrid::new(input.octet()).unwrap_or(Vrid::new(51).expect("not 0"));
    let priority = Priority::new(input.octet());
    let interval = Centis::new(u16::from_be_bytes(input.octets()));
    let bit = u16::from_be_bytes(input.octets());
    let length = usize::from(input.octet());
    let password: [u8; 8] = input.octets();
    let password = password.get(..length).and_then(Password::new);
    let ipv6 = choices & 2 != 0;
    let (source, destination) = (input.address(ipv6), input.address(ipv6));
    let mut addresses = Vec::new();
    while !input.0.is_empty() && addresses.len() < 300 {
        // One of the other family now and then.
        let odd = choices & 16 != 0 && addresses.len() == 2;
        addresses.push(input.address(ipv6 != odd));
    }
    let outgoing = Outgoing {
        version: if choices & 1 == 0 {
            Version::V2
        } else {
            Version::V3
        },
        vrid,
        priority,
        interval: interval.unwrap_or(Centis::new(100).expect("not 0")),
        authentication: password.map_or(Authentication::None, Authentication::Pass),
        addresses: &addresses,
        source,
        destination,
        checksum: if choices & 4 == 0 {
            ChecksumForm::WithPseudoHeader
        } else {
            ChecksumForm::WithoutPseudoHeader
        },
    };
    let mut buf = [0xAA; MAX_LEN];
    match encode(&outgoing, &mut buf) {
        Ok(len) => {
            assert!(can_carry(&outgoing));
            comes_back(&outgoing, &buf[..len]);
            needs_the_room(&outgoing, len);
            notices_a_flipped_bit(&outgoing, &buf[..len], usize::from(bit));
        }
        Err(error) => {
            assert!(!can_carry(&outgoing), "{error}");
            assert!(!matches!(error, EncodeError::BufferTooSmall { .. }));
        }
    }
});

/// What the RFCs' formats allow, in other words.
fn can_carry(outgoing: &Outgoing<'_>) -> bool {
    let centis = outgoing.interval.get();
    let fits = match outgoing.version {
        Version::V2 => {
            outgoing.source.is_ipv4() && centis.is_multiple_of(100) && centis / 100 <= 255
        }
        Version::V3 => centis <= 4095 && outgoing.authentication == Authentication::None,
    };
    let ours = |address: &IpAddr| address.is_ipv4() == outgoing.source.is_ipv4();
    fits && (1..=255).contains(&outgoing.addresses.len())
        && outgoing.addresses.iter().all(ours)
        && ours(&outgoing.destination)
}

fn comes_back(outgoing: &Outgoing<'_>, octets: &[u8]) {
    // With padding, as Ethernet adds it.
    let padded = [octets, &[0x55; 20]].concat();
    for octets in [octets, &padded] {
        let read = decode(octets, &envelope(outgoing), &expect(outgoing)).expect("it is good");
        assert_eq!(read.source, outgoing.source);
        assert_eq!(read.vrid, outgoing.vrid);
        assert_eq!(read.priority, outgoing.priority);
        assert_eq!(read.interval, outgoing.interval);
        assert!(read.addresses_match);
        assert!(read.addresses().eq(outgoing.addresses.iter().copied()));
    }
}

fn needs_the_room(outgoing: &Outgoing<'_>, len: usize) {
    let mut short = vec![0; len - 1];
    assert_eq!(
        encode(outgoing, &mut short),
        Err(EncodeError::BufferTooSmall {
            needed: len,
            available: len - 1
        })
    );
    let mut exact = vec![0; len];
    assert_eq!(encode(outgoing, &mut exact), Ok(len));
    for cut in 0..len {
        assert!(decode(&exact[..cut], &envelope(outgoing), &expect(outgoing)).is_err());
    }
}

/// Unless the flip makes the one checksum of version 3 over IPv4 into the other.
fn notices_a_flipped_bit(outgoing: &Outgoing<'_>, octets: &[u8], bit: usize) {
    let form = |octets: &[u8]| {
        let read = decode(octets, &envelope(outgoing), &expect(outgoing));
        read.ok().map(|read| read.checksum)
    };
    let mut flipped = octets.to_vec();
    let bit = bit % (octets.len() * 8);
    flipped[bit / 8] ^= 1 << (bit % 8);
    let after = form(&flipped);
    assert!(after.is_none() || after != form(octets), "bit {bit}");
}

fn envelope(outgoing: &Outgoing<'_>) -> Envelope {
    Envelope {
        source: outgoing.source,
        destination: outgoing.destination,
        ttl: 255,
    }
}

fn expect<'a>(outgoing: &Outgoing<'a>) -> Expect<'a> {
    // Any address but the sender's.
    let other = |address: IpAddr| match address {
        IpAddr::V4(address) => IpAddr::from((!address.to_bits()).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from((!address.to_bits()).to_be_bytes()),
    };
    Expect {
        version: outgoing.version,
        vrid: outgoing.vrid,
        interval: outgoing.interval,
        authentication: outgoing.authentication,
        addresses: outgoing.addresses,
        own_address: other(outgoing.source),
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octet(&mut self) -> u8 {
        let [octet] = self.octets();
        octet
    }

    fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        let len = N.min(self.0.len());
        octets[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        octets
    }

    fn address(&mut self, ipv6: bool) -> IpAddr {
        if ipv6 {
            IpAddr::from(self.octets::<16>())
        } else {
            IpAddr::from(self.octets::<4>())
        }
    }
}
