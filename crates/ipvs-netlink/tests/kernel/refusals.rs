//! What the kernel refuses has a name.

use std::os::unix::process::CommandExt;
use std::process::Command;

use ipvs_netlink::{Client, Destination, Error, Name, Scheduler, Service, Thresholds};

use crate::place::{alone, direct, table, tcp};

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn every_refusal_has_its_name() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let (key, absent) = (tcp("192.0.2.1:80"), tcp("192.0.2.9:80"));
        let service = Service::new(key, Scheduler::WRR);
        let server = direct("192.0.2.11", 80, 1);
        ipvs.add_service(&service).await.unwrap();
        ipvs.add_destination(&key, &server).await.unwrap();

        let says = |result: Result<(), Error>, expected: &str| {
            assert_eq!(result.unwrap_err().to_string(), expected);
        };
        let there = "the IPVS service TCP 192.0.2.1:80 is there already";
        says(ipvs.add_service(&service).await, there);
        let none = "there is no IPVS service TCP 192.0.2.9:80";
        says(
            ipvs.edit_service(&Service::new(absent, Scheduler::RR))
                .await,
            none,
        );
        says(ipvs.delete_service(&absent).await, none);
        says(ipvs.service(&absent).await.map(drop), none);
        says(ipvs.destinations(&absent).await.map(drop), none);
        says(ipvs.zero(Some(&absent)).await, none);
        says(ipvs.add_destination(&absent, &server).await, none);
        says(
            ipvs.add_destination(&key, &server).await,
            "the IPVS service TCP 192.0.2.1:80 has the destination 192.0.2.11:80 already",
        );
        let other = direct("192.0.2.12", 80, 1);
        let none = "the IPVS service TCP 192.0.2.1:80 has no destination 192.0.2.12:80";
        says(ipvs.edit_destination(&key, &other).await, none);
        says(ipvs.delete_destination(&key, &other.key()).await, none);
        says(
            ipvs.add_destination(&key, &direct("192.0.2.12", 80, u32::MAX))
                .await,
            "cannot add destination 192.0.2.12:80 of TCP 192.0.2.1:80: a weight is at most \
             2147483647, a lower threshold at most the upper one",
        );
        let thresholds = Thresholds { upper: 1, lower: 2 };
        let result = ipvs
            .add_destination(
                &key,
                &Destination {
                    thresholds,
                    ..other
                },
            )
            .await;
        assert!(matches!(result, Err(Error::OutOfRange(_))), "{result:?}");

        let mut odd = Service::new(absent, Scheduler::new("nosuch").unwrap());
        says(
            ipvs.add_service(&odd).await,
            "this kernel has no IPVS scheduler nosuch: modprobe ip_vs_nosuch",
        );
        odd.scheduler = Scheduler::RR;
        odd.engine = Some(Name::new("nope").unwrap());
        says(
            ipvs.add_service(&odd).await,
            "this kernel has no IPVS scheduler rr or no persistence engine nope: \
             modprobe ip_vs_rr ip_vs_pe_nope",
        );
        assert_eq!(table().len(), 2);
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn who_may_not_is_told_what_is_needed() {
    const NOBODY: u32 = 65_534;
    if nix::unistd::geteuid().as_raw() == NOBODY {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut ipvs = Client::connect().await.unwrap();
            let error = ipvs.services().await.unwrap_err();
            let expected = "not allowed to list the services: IPVS needs CAP_NET_ADMIN";
            assert_eq!(error.to_string(), expected);
            let error = ipvs.flush().await.unwrap_err();
            assert!(matches!(error, Error::Permission(_)), "{error:?}");
        });
        return;
    }
    // This test again, as another user.
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "refusals::who_may_not_is_told_what_is_needed",
        ])
        .uid(NOBODY)
        .status()
        .unwrap();
    assert!(status.success());
}
