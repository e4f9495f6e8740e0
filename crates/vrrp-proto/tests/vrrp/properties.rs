//! Properties of the codec over generated packets and garbage.

use core::net::IpAddr;

use proptest::prelude::*;
use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Envelope, Expect, MAX_LEN, Outgoing, Password, Priority,
    Version, Vrid, decode, encode,
};

#[derive(Clone, Debug)]
struct Packet {
    version: Version,
    vrid: Vrid,
    priority: Priority,
    interval: Centis,
    authentication: Authentication,
    addresses: Vec<IpAddr>,
    source: IpAddr,
    destination: IpAddr,
    checksum: ChecksumForm,
}

impl Packet {
    fn octets(&self) -> Vec<u8> {
        let packet = Outgoing {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            interval: self.interval,
            authentication: self.authentication,
            addresses: &self.addresses,
            source: self.source,
            destination: self.destination,
            checksum: self.checksum,
        };
        let mut buf = vec![0; MAX_LEN];
        let len = encode(&packet, &mut buf).unwrap();
        buf.truncate(len);
        buf
    }

    fn envelope(&self) -> Envelope {
        Envelope {
            source: self.source,
            destination: self.destination,
            ttl: 255,
        }
    }

    fn expect(&self) -> Expect<'_> {
        Expect {
            version: self.version,
            vrid: self.vrid,
            interval: self.interval,
            authentication: self.authentication,
            addresses: &self.addresses,
            own_address: IpAddr::from([0; 16]),
        }
    }
}

fn ipv4() -> impl Strategy<Value = IpAddr> {
    any::<[u8; 4]>().prop_map(IpAddr::from)
}

fn ipv6() -> impl Strategy<Value = IpAddr> {
    (1_u8.., any::<[u8; 15]>()).prop_map(|(first, rest)| {
        let mut octets = [first; 16];
        octets[1..].copy_from_slice(&rest);
        IpAddr::from(octets)
    })
}

fn authentication() -> impl Strategy<Value = Authentication> {
    let pass = prop::collection::vec(any::<u8>(), 1..=8);
    prop_oneof![
        Just(Authentication::None),
        pass.prop_map(|octets| Authentication::Pass(Password::new(&octets).unwrap())),
    ]
}

fn ends<S: Strategy<Value = IpAddr>>(
    address: fn() -> S,
) -> impl Strategy<Value = (Vec<IpAddr>, IpAddr, IpAddr)> {
    (
        prop::collection::vec(address(), 1..=20),
        address(),
        address(),
    )
}

/// The version, what goes with it, and the form of checksum that a receiver will see.
fn packet() -> impl Strategy<Value = Packet> {
    let plain = ChecksumForm::WithoutPseudoHeader;
    let full = ChecksumForm::WithPseudoHeader;
    let v2 =
        (1_u8.., authentication(), ends(ipv4)).prop_map(move |(secs, authentication, ends)| {
            (
                Version::V2,
                Centis::from_secs(secs).unwrap(),
                authentication,
                ends,
                plain,
            )
        });
    let v3 = move |form| {
        move |(centis, ends)| {
            let interval = Centis::new(centis).unwrap();
            (Version::V3, interval, Authentication::None, ends, form)
        }
    };
    let kinds = prop_oneof![
        v2,
        (1..=4095_u16, ends(ipv4)).prop_map(v3(plain)),
        (1..=4095_u16, ends(ipv4)).prop_map(v3(full)),
        (1..=4095_u16, ends(ipv6)).prop_map(v3(full)),
    ];
    (kinds, 1_u8.., any::<u8>()).prop_map(|(kind, vrid, priority)| {
        let (version, interval, authentication, (addresses, source, destination), checksum) = kind;
        Packet {
            version,
            vrid: Vrid::new(vrid).unwrap(),
            priority: Priority::new(priority),
            interval,
            authentication,
            addresses,
            source,
            destination,
            checksum,
        }
    })
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same(packet in packet(), padding in 0_usize..20) {
        let mut octets = packet.octets();
        octets.resize(octets.len() + padding, 0x55);
        let read = decode(&octets, &packet.envelope(), &packet.expect()).unwrap();
        prop_assert_eq!(read.source, packet.source);
        prop_assert_eq!(read.vrid, packet.vrid);
        prop_assert_eq!(read.priority, packet.priority);
        prop_assert_eq!(read.interval, packet.interval);
        prop_assert!(read.addresses().eq(packet.addresses.iter().copied()));
        prop_assert_eq!(read.addresses().len(), packet.addresses.len());
        prop_assert!(read.addresses_match);
        prop_assert_eq!(read.heard().priority, packet.priority);
    }

    /// A flip may by chance turn the one valid checksum of version 3 over IPv4 into the other.
    #[test]
    fn every_flipped_bit_is_caught(packet in packet()) {
        let octets = packet.octets();
        for bit in 0..octets.len() * 8 {
            let mut flipped = octets.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = decode(&flipped, &packet.envelope(), &packet.expect()) {
                prop_assert_ne!(read.checksum, packet.checksum, "bit {}", bit);
            }
        }
    }

    #[test]
    fn every_flipped_bit_of_a_pseudo_header_is_caught(packet in packet(), bit in 0_usize..128) {
        let flip = |address: IpAddr| match address {
            IpAddr::V4(address) => IpAddr::from((address.to_bits() ^ (1 << (bit % 32))).to_be_bytes()),
            IpAddr::V6(address) => IpAddr::from((address.to_bits() ^ (1 << bit)).to_be_bytes()),
        };
        let envelope = packet.envelope();
        let expect = packet.expect();
        let octets = packet.octets();
        for envelope in [
            Envelope { source: flip(envelope.source), ..envelope },
            Envelope { destination: flip(envelope.destination), ..envelope },
        ] {
            let read = decode(&octets, &envelope, &expect);
            match packet.checksum {
                ChecksumForm::WithPseudoHeader => {
                    prop_assert!(read.map_or(true, |read| read.checksum != packet.checksum));
                }
                ChecksumForm::WithoutPseudoHeader => prop_assert!(read.is_ok()),
            }
        }
    }

    #[test]
    fn garbage_never_panics(
        octets in prop::collection::vec(any::<u8>(), 0..100),
        first in prop_oneof![Just(0x21_u8), Just(0x31_u8), any::<u8>()],
        packet in packet(),
    ) {
        let mut octets = octets;
        if let Some(octet) = octets.first_mut() {
            *octet = first;
        }
        let _ = decode(&octets, &packet.envelope(), &packet.expect());
    }

    #[test]
    fn a_cut_and_changed_packet_never_panics(packet in packet(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), cut in any::<prop::sample::Index>()) {
        let mut octets = packet.octets();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        octets.truncate(cut.index(octets.len() + 1));
        if let Ok(read) = decode(&octets, &packet.envelope(), &packet.expect()) {
            prop_assert_eq!(read.addresses().count(), usize::from(octets[3]));
        }
    }

    #[test]
    fn encode_never_panics_however_short_the_buffer(packet in packet(), len in 0_usize..400) {
        let whole = packet.octets();
        let outgoing = Outgoing {
            version: packet.version,
            vrid: packet.vrid,
            priority: packet.priority,
            interval: packet.interval,
            authentication: packet.authentication,
            addresses: &packet.addresses,
            source: packet.source,
            destination: packet.destination,
            checksum: packet.checksum,
        };
        let mut buf = vec![0; len];
        prop_assert_eq!(encode(&outgoing, &mut buf).is_ok(), len >= whole.len());
    }
}
