//! Nanoseconds to build and to read an advert.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Envelope, Expect, MAX_LEN, Outgoing, Password, Priority,
    Version, Vrid, decode, encode,
};

use super::figures::Figures;
use crate::failed::{Failed, Result};

/// Packets in a batch, and batches.
const BATCH: u32 = 2000;
const BATCHES: usize = 500;

const SOURCE_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const VIP_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x64);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// The table.
pub(super) fn measure() -> Result<String> {
    let mut text =
        String::from("| advert, one address | build | read and check |\n|---|---|---|\n");
    let group = IpAddr::from(Ipv4Addr::new(224, 0, 0, 18));
    let v4 = [
        IpAddr::from(Ipv4Addr::new(10, 9, 0, 1)),
        IpAddr::from(Ipv4Addr::new(10, 9, 0, 100)),
        group,
    ];
    let v6 = [
        IpAddr::from(SOURCE_V6),
        IpAddr::from(VIP_V6),
        IpAddr::from(GROUP_V6),
    ];
    let password = Password::new(b"1111").ok_or_else(|| Failed::new("no password"))?;
    let pass = Authentication::Pass(password);
    let kinds = [
        ("version 2, password, IPv4", Version::V2, pass, v4),
        ("version 3, IPv4", Version::V3, Authentication::None, v4),
        ("version 3, IPv6", Version::V3, Authentication::None, v6),
    ];
    for (name, version, authentication, addresses) in kinds {
        let (build, read) = codec(version, authentication, addresses)?;
        text.push_str(&format!("| {name} | {build} | {read} |\n"));
    }
    Ok(text)
}

fn codec(
    version: Version,
    authentication: Authentication,
    [source, vip, destination]: [IpAddr; 3],
) -> Result<(String, String)> {
    let missing = || Failed::new("the codec's constants are out of range");
    let (vrid, interval) = (
        Vrid::new(1).ok_or_else(missing)?,
        Centis::from_secs(1).ok_or_else(missing)?,
    );
    let addresses = [vip];
    let outgoing = Outgoing {
        version,
        vrid,
        priority: Priority::DEFAULT,
        interval,
        authentication,
        addresses: &addresses,
        source,
        destination,
        checksum: ChecksumForm::WithPseudoHeader,
    };
    let mut buffer = [0; MAX_LEN];
    let build = nanoseconds(|| encode(black_box(&outgoing), black_box(&mut buffer)).is_ok())?;
    let length = encode(&outgoing, &mut buffer).map_err(|error| Failed::new(error.to_string()))?;
    let packet = buffer.get(..length).ok_or_else(missing)?;
    let envelope = Envelope {
        source,
        destination,
        ttl: 255,
    };
    let expect = Expect {
        version,
        vrid,
        interval,
        authentication,
        addresses: &addresses,
        own_address: vip,
    };
    let read = nanoseconds(|| {
        black_box(decode(
            black_box(packet),
            black_box(&envelope),
            black_box(&expect),
        ))
        .is_ok_and(|incoming| incoming.addresses_match)
    })?;
    Ok((build, read))
}

/// Of one call: the median of many batches, and the fastest batch.
fn nanoseconds(mut call: impl FnMut() -> bool) -> Result<String> {
    let mut figures = Figures::default();
    for _ in 0..BATCHES {
        let began = Instant::now();
        let mut good = true;
        for _ in 0..BATCH {
            good &= call();
        }
        figures.add(began.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
        if !good {
            return Err(Failed::new("an advert was refused"));
        }
    }
    let median = figures.median().unwrap_or_default();
    Ok(format!("{median:.0} ns"))
}
