//! What a kernel without IPVS is told about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ipvs_netlink::{Client, Error};

#[tokio::test]
async fn a_kernel_without_ipvs_is_named_with_what_to_do() {
    if std::path::Path::new("/proc/net/ip_vs").exists() {
        // This kernel has IPVS; what is tested here cannot happen.
        return;
    }
    let error = Client::connect().await.expect_err("there is no IPVS here");
    assert!(matches!(error, Error::NoIpvs), "{error:?}");
    assert_eq!(error.to_string(), "this kernel has no IPVS: modprobe ip_vs");
}
