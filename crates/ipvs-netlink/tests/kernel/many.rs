//! Thousands of changes and entries.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipvs_netlink::{
    Change, Client, Destination, Error, Family, Forwarding, Persistence, Scheduler, Service,
};

use crate::place::{alone, marked, table, tcp};

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_batch_of_thousands_says_what_became_of_each() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let key = marked(7, Family::Ipv4);
        let mut changes = vec![Change::AddService(Service::new(key, Scheduler::WRR))];
        let server = |n: u32| {
            let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            Destination::new(address, 0, Forwarding::DirectRoute, 1)
        };
        // Every tenth is there already.
        changes.extend(
            (0..3000)
                .map(|n| Change::AddDestination(key, server(if n % 10 == 8 { n - 1 } else { n }))),
        );
        let results = ipvs.apply(&changes).await.unwrap();
        assert_eq!(results.len(), changes.len());
        for (n, result) in results.iter().enumerate().skip(1) {
            let again = (n - 1) % 10 == 8;
            let exists = matches!(result, Err(Error::DestinationExists { .. }));
            assert_eq!(again, exists, "{n}: {result:?}");
            assert_eq!(again, result.is_err(), "{n}: {result:?}");
        }
        assert_eq!(ipvs.destinations(&key).await.unwrap().len(), 2700);
        assert_eq!(table().len(), 2701);

        // All refused: their answers must not overrun the socket.
        let absent = tcp("192.0.2.9:80");
        let refused: Vec<_> = (0..2000)
            .map(|n| Change::AddDestination(absent, server(n)))
            .collect();
        let results = ipvs.apply(&refused).await.unwrap();
        assert_eq!(results.len(), 2000);
        for result in results {
            assert!(matches!(result, Err(Error::NoSuchService(_))), "{result:?}");
        }
        // One that cannot even be written leaves the others alone.
        let odd = Service {
            persistence: Some(Persistence::per_client(60, Family::Ipv6)),
            ..Service::new(absent, Scheduler::RR)
        };
        let results = ipvs
            .apply(&[Change::ZeroService(key), Change::AddService(odd)])
            .await
            .unwrap();
        assert!(results[0].is_ok());
        assert!(matches!(results[1], Err(Error::Encode(_))));
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_table_of_ten_thousand_is_read_whole_or_in_parts() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let key = |n: u8| tcp(&format!("192.0.2.{n}:80"));
        let mut wanted: BTreeMap<Service, BTreeSet<Destination>> = BTreeMap::new();
        for n in 1..=100 {
            let servers = (1..=100).map(|server| {
                let address = IpAddr::from([10, 0, n, server]);
                Destination::new(address, 80, Forwarding::Masquerade, n.into())
            });
            wanted.insert(Service::new(key(n), Scheduler::WLC), servers.collect());
        }
        let mut changes = Vec::new();
        for (service, servers) in &wanted {
            changes.push(Change::AddService(*service));
            let add = |server: &Destination| Change::AddDestination(service.key, *server);
            changes.extend(servers.iter().map(add));
        }
        for result in ipvs.apply(&changes).await.unwrap() {
            result.unwrap();
        }
        assert_eq!(table().len(), 10_100);
        let mut found = BTreeMap::new();
        for (entry, servers) in ipvs.table(|_| true).await.unwrap() {
            let servers = servers.iter().map(|entry| entry.destination).collect();
            found.insert(entry.service, servers);
        }
        assert!(found == wanted, "what was added is what is there");

        let part = ipvs.table(|found| *found == key(7)).await.unwrap();
        assert_eq!(part.len(), 1);
        assert_eq!((part[0].0.service.key, part[0].1.len()), (key(7), 100));
    });
}
