//! What a conformance tester sends: adverts that are wrong in one way each, to a backup and to a
//! master, with the real octets and the election behind the receive checks.
//!
//! A refused advert must leave the election exactly as it was. Each wrong advert claims priority 254:
//! were it believed, a master would yield and a backup would wait anew.

use core::net::IpAddr;
use core::time::Duration;

use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Envelope, Expect, GROUP_V4, GROUP_V6, Input, MAX_LEN,
    Outgoing, Password, Priority, Reason, Router, RouterConfig, State, Version, Vrid, decode,
    encode,
};

const START: Duration = Duration::from_secs(1000);
const HEARD_AT: Duration = Duration::from_millis(1_001_500);

/// One kind of virtual router: version and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    V2,
    V3,
    V3Ipv6,
}

const KINDS: [Kind; 3] = [Kind::V2, Kind::V3, Kind::V3Ipv6];

/// A good advert of priority 254 with its envelope, to be broken.
#[derive(Clone, Debug)]
struct Advert {
    kind: Kind,
    envelope: Envelope,
    octets: Vec<u8>,
}

impl Kind {
    fn version(self) -> Version {
        match self {
            Self::V2 => Version::V2,
            Self::V3 | Self::V3Ipv6 => Version::V3,
        }
    }

    fn address(self, last: u8) -> IpAddr {
        match self {
            Self::V2 | Self::V3 => IpAddr::from([192, 0, 2, last]),
            Self::V3Ipv6 => IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, u16::from(last)]),
        }
    }

    fn authentication(self) -> Authentication {
        match self {
            Self::V2 => Authentication::Pass(Password::new(b"secret").unwrap()),
            Self::V3 | Self::V3Ipv6 => Authentication::None,
        }
    }

    fn advert(self) -> Advert {
        let destination = match self {
            Self::V2 | Self::V3 => IpAddr::V4(GROUP_V4),
            Self::V3Ipv6 => IpAddr::V6(GROUP_V6),
        };
        let source = self.address(9);
        let packet = Outgoing {
            version: self.version(),
            vrid: Vrid::new(51).unwrap(),
            priority: Priority::new(254),
            interval: Centis::from_secs(1).unwrap(),
            authentication: self.authentication(),
            addresses: &[self.address(100), self.address(101)],
            source,
            destination,
            checksum: ChecksumForm::WithoutPseudoHeader,
        };
        let mut octets = vec![0; MAX_LEN];
        let len = encode(&packet, &mut octets).unwrap();
        octets.truncate(len);
        Advert {
            kind: self,
            envelope: Envelope {
                source,
                destination,
                ttl: 255,
            },
            octets,
        }
    }
}

impl Advert {
    /// Changes the octets and makes the checksum right again, so that nothing else is wrong.
    fn forge(mut self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        change(&mut self.octets);
        self.octets[6..8].fill(0);
        let mut covered = self.octets.clone();
        if let (IpAddr::V6(source), IpAddr::V6(group)) =
            (self.envelope.source, self.envelope.destination)
        {
            covered.extend(source.octets());
            covered.extend(group.octets());
            covered.extend([0, u8::try_from(self.octets.len()).unwrap(), 0, 112]);
        }
        let mut sum: u32 = covered
            .chunks_exact(2)
            .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
            .sum();
        while sum > 0xFFFF {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        let checksum = !u16::try_from(sum).unwrap();
        self.octets[6..8].copy_from_slice(&checksum.to_be_bytes());
        self
    }

    /// What a router of our own kind does with it.
    fn reach(&self, router: &mut Router) -> Result<(), Reason> {
        let expect = Expect {
            version: self.kind.version(),
            vrid: Vrid::new(51).unwrap(),
            interval: Centis::from_secs(1).unwrap(),
            authentication: self.kind.authentication(),
            addresses: &[self.kind.address(100), self.kind.address(101)],
            own_address: self.kind.address(5),
        };
        let read = decode(&self.octets, &self.envelope, &expect);
        let heard = read.map_err(|reject| reject.reason())?.heard();
        router.handle(HEARD_AT, Input::Heard(heard));
        Ok(())
    }
}

fn backup(kind: Kind) -> Router {
    let interval = Centis::from_secs(1).unwrap();
    let config = RouterConfig::new(kind.version(), Priority::DEFAULT, interval, kind.address(5));
    let mut router = Router::new(config);
    router.handle(START, Input::Start);
    router
}

fn master(kind: Kind) -> Router {
    let mut router = backup(kind);
    router.handle(START, Input::TakeOver);
    router
}

/// Asserts that neither a backup nor a master is moved, and why the advert was refused.
fn moves_nobody(advert: &Advert, reason: Reason) {
    for router in [backup(advert.kind), master(advert.kind)] {
        let mut after = router.clone();
        let refused = advert.reach(&mut after);
        assert_eq!(refused, Err(reason), "{advert:?} to a {}", router.state());
        assert_eq!(after, router, "{advert:?} to a {}", router.state());
    }
}

#[test]
fn a_good_advert_moves_a_backup_and_a_master() {
    for kind in KINDS {
        // Also shows that forging nothing leaves a good advert.
        for advert in [kind.advert(), kind.advert().forge(|_| ())] {
            let mut router = backup(kind);
            let waited = router.deadline();
            assert_eq!(advert.reach(&mut router), Ok(()));
            assert!(router.deadline() > waited);
            let mut router = master(kind);
            assert_eq!(advert.reach(&mut router), Ok(()));
            assert_eq!(router.state(), State::Backup);
        }
    }
}

#[test]
fn a_ttl_or_hop_limit_other_than_255_moves_nobody() {
    for kind in KINDS {
        for ttl in [0, 1, 64, 128, 254] {
            let mut advert = kind.advert();
            advert.envelope.ttl = ttl;
            moves_nobody(&advert, Reason::Ttl);
        }
    }
}

#[test]
fn a_wrong_version_moves_nobody() {
    for kind in KINDS {
        let right = kind.version().number();
        for wrong in (0..16).filter(|number| *number != right) {
            let advert = kind.advert().forge(|octets| octets[0] = wrong << 4 | 1);
            moves_nobody(&advert, Reason::Version);
        }
    }
}

#[test]
fn an_unknown_type_moves_nobody() {
    for kind in KINDS {
        for wrong in (0..16).filter(|number| *number != 1) {
            let advert = kind
                .advert()
                .forge(|octets| octets[0] = octets[0] & 0xF0 | wrong);
            moves_nobody(&advert, Reason::Type);
        }
    }
}

#[test]
fn an_advert_that_is_too_short_moves_nobody() {
    for kind in KINDS {
        let whole = kind.advert().octets.len();
        for len in 0..8 {
            let mut advert = kind.advert();
            advert.octets.truncate(len);
            moves_nobody(&advert, Reason::Length);
        }
        for len in 8..whole {
            let advert = kind.advert().forge(|octets| octets.truncate(len));
            moves_nobody(&advert, Reason::Length);
        }
    }
}

#[test]
fn a_truncated_address_list_moves_nobody() {
    for kind in KINDS {
        for count in [5, 6, 255] {
            let advert = kind.advert().forge(|octets| octets[3] = count);
            moves_nobody(&advert, Reason::Length);
        }
    }
}

#[test]
fn an_advert_without_addresses_moves_nobody() {
    for kind in KINDS {
        let advert = kind.advert().forge(|octets| octets[3] = 0);
        moves_nobody(&advert, Reason::NoAddresses);
        let bare = kind.advert().forge(|octets| {
            octets[3] = 0;
            octets.truncate(8);
        });
        moves_nobody(&bare, Reason::NoAddresses);
    }
}

#[test]
fn a_wrong_checksum_moves_nobody() {
    for kind in KINDS {
        for (octet, bit) in [(2, 0), (6, 7), (7, 0), (8, 3)] {
            let mut advert = kind.advert();
            advert.octets[octet] ^= 1 << bit;
            moves_nobody(&advert, Reason::Checksum);
        }
    }
}

#[test]
fn a_vrid_that_is_not_configured_moves_nobody() {
    for kind in KINDS {
        for vrid in [0, 1, 50, 52, 255] {
            let advert = kind.advert().forge(|octets| octets[1] = vrid);
            moves_nobody(&advert, Reason::Vrid);
        }
    }
}

#[test]
fn an_unknown_or_other_authentication_type_moves_nobody() {
    for wrong in [0, 2, 3, 254, 255] {
        let advert = Kind::V2.advert().forge(|octets| octets[4] = wrong);
        moves_nobody(&advert, Reason::AuthenticationType);
    }
}

#[test]
fn authentication_data_without_a_type_is_ignored() {
    let advert = Kind::V2.advert().forge(|octets| {
        octets[4] = 0;
        octets[16..].copy_from_slice(b"whatever");
    });
    let expect = Expect {
        version: Version::V2,
        vrid: Vrid::new(51).unwrap(),
        interval: Centis::from_secs(1).unwrap(),
        authentication: Authentication::None,
        addresses: &[],
        own_address: Kind::V2.address(5),
    };
    assert!(decode(&advert.octets, &advert.envelope, &expect).is_ok());
}

#[test]
fn a_wrong_password_moves_nobody() {
    for wrong in [
        &b"secreT\0\0"[..],
        b"secret1\0",
        b"\0\0\0\0\0\0\0\0",
        b"Secret\0\0",
    ] {
        let advert = Kind::V2
            .advert()
            .forge(|octets| octets[16..].copy_from_slice(wrong));
        moves_nobody(&advert, Reason::Password);
    }
}

#[test]
fn another_interval_moves_nobody_in_version_2() {
    for secs in [0, 2, 100, 255] {
        let advert = Kind::V2.advert().forge(|octets| octets[5] = secs);
        moves_nobody(&advert, Reason::Interval);
    }
}

#[test]
fn an_interval_of_zero_moves_nobody_in_version_3() {
    for kind in [Kind::V3, Kind::V3Ipv6] {
        for reserved in [0, 0xF0] {
            let advert = kind
                .advert()
                .forge(|octets| octets[4..6].copy_from_slice(&[reserved, 0]));
            moves_nobody(&advert, Reason::Interval);
        }
    }
}

#[test]
fn another_interval_is_adopted_in_version_3_whatever_the_reserved_bits_are() {
    for kind in [Kind::V3, Kind::V3Ipv6] {
        for (octets_4_5, centis) in [([0, 1], 1), ([0xF0, 200], 200), ([0xFF, 0xFF], 4095)] {
            let advert = kind
                .advert()
                .forge(|octets| octets[4..6].copy_from_slice(&octets_4_5));
            let mut router = backup(kind);
            assert_eq!(advert.reach(&mut router), Ok(()));
            assert_eq!(router.master_interval().get(), centis);
        }
    }
}

#[test]
fn our_own_advert_that_came_back_moves_nobody() {
    for kind in KINDS {
        let mut advert = kind.advert();
        advert.envelope.source = kind.address(5);
        moves_nobody(&advert.forge(|_| ()), Reason::OwnAddress);
    }
}

/// keepalived's HMAC trailer is 28 octets: padding to us over IPv4, where no checksum covers it.
#[test]
fn a_trailer_of_28_octets_is_padding_over_ipv4_and_a_wrong_checksum_over_ipv6() {
    let wire = |kind: Kind| {
        let advert = kind.advert();
        let whole = advert.octets.len();
        let mut signed = advert.forge(|octets| octets.extend([0xA5; 28]));
        if kind != Kind::V3Ipv6 {
            let sum = kind.advert().octets;
            signed.octets[..whole].copy_from_slice(&sum);
        }
        signed
    };
    for kind in [Kind::V2, Kind::V3] {
        assert_eq!(wire(kind).reach(&mut backup(kind)), Ok(()));
    }
    moves_nobody(&wire(Kind::V3Ipv6), Reason::Checksum);
}

#[test]
fn the_reserved_bits_are_sent_as_zero() {
    for centis in [1, 100, 0x0F00, 4095] {
        for kind in [Kind::V3, Kind::V3Ipv6] {
            let packet = Outgoing {
                version: Version::V3,
                vrid: Vrid::new(1).unwrap(),
                priority: Priority::OWNER,
                interval: Centis::new(centis).unwrap(),
                authentication: Authentication::None,
                addresses: &[kind.address(100)],
                source: kind.address(9),
                destination: kind.advert().envelope.destination,
                checksum: ChecksumForm::default(),
            };
            let mut octets = [0xFF; 64];
            encode(&packet, &mut octets).unwrap();
            assert_eq!(octets[4] & 0xF0, 0);
        }
    }
}
