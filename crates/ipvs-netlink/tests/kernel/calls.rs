//! What a call may rely on, whatever it asks for.

use ipvs_netlink::{Change, Client, Family, Scheduler, Service};

use crate::place::{alone, marked, run};

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_call_that_was_dropped_half_way_does_not_disturb_the_next() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let services: Vec<_> = (1..=500)
            .map(|n| Change::AddService(Service::new(marked(n, Family::Ipv4), Scheduler::RR)))
            .collect();
        for result in ipvs.apply(&services).await.unwrap() {
            result.unwrap();
        }
        for _ in 0..20 {
            // Sends the question, then is dropped at the first wait.
            let call = ipvs.services();
            tokio::select! {
                biased;
                _ = call => {}
                () = std::future::ready(()) => {}
            }
            let found = ipvs.services().await.unwrap();
            assert_eq!(found.len(), 500);
            assert_eq!(ipvs.info().await.unwrap().version.to_string(), "1.2.1");
        }
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_client_sees_the_namespace_of_the_thread_that_opened_it() {
    alone(async || {
        run("ipvsadm", "-A -f 1 -s rr");
        let mut here = Client::connect().await.unwrap();
        let elsewhere = std::thread::spawn(|| {
            alone(async || {
                let mut there = Client::connect().await.unwrap();
                assert!(there.services().await.unwrap().is_empty());
            });
        });
        elsewhere.join().unwrap();
        assert_eq!(here.services().await.unwrap().len(), 1);
    });
}
