//! What a kernel without IPVS is told about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ipvs_netlink::{Client, Error};

#[tokio::test]
async fn a_kernel_with_ipvs_is_found_and_one_without_is_named() {
    let connected = Client::connect().await;
    if std::path::Path::new("/proc/net/ip_vs").exists() {
        connected.expect("this kernel has IPVS");
        return;
    }
    let error = connected.expect_err("there is no IPVS here");
    assert!(matches!(error, Error::NoIpvs), "{error:?}");
    assert_eq!(error.to_string(), "this kernel has no IPVS: modprobe ip_vs");
}

#[test]
fn calls_may_run_on_any_runtime() {
    fn sendable<T: Send>(_: T) {}
    sendable(async {
        let mut ipvs = Client::connect().await?;
        let services = ipvs.services().await?;
        for entry in &services {
            ipvs.destinations(&entry.service.key).await?;
        }
        ipvs.apply(&[]).await.map(drop)
    });
}
