//! Connections are counted.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use ipvs_netlink::{Client, CounterWidth, Destination, Forwarding, Scheduler, Service};

use crate::place::{alone, ip, run, tcp};

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn traffic_is_counted_and_the_counters_are_zeroed() {
    alone(async || {
        run("ip", "addr add 198.51.100.1/32 dev lo");
        let listener = TcpListener::bind("198.51.100.1:8080").unwrap();
        let mut ipvs = Client::connect().await.unwrap();
        let info = ipvs.info().await.unwrap();
        assert_eq!(info.version.to_string(), "1.2.1");
        assert!(info.connection_table_size.is_power_of_two());
        let key = tcp("198.51.100.1:80");
        ipvs.add_service(&Service::new(key, Scheduler::WRR))
            .await
            .unwrap();
        let server = Destination::new(ip("198.51.100.1"), 8080, Forwarding::Masquerade, 1);
        ipvs.add_destination(&key, &server).await.unwrap();

        let patience = Duration::from_secs(5);
        let address = SocketAddr::new(ip("198.51.100.1"), 80);
        let mut client = TcpStream::connect_timeout(&address, patience).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        client.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        accepted.read_exact(&mut heard).unwrap();

        // The kernel adds its counters up every two seconds.
        for _ in 0..60 {
            if ipvs.service(&key).await.unwrap().stats.bytes_in > 5 + 3 * 40 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let found = ipvs.destinations(&key).await.unwrap();
        assert_eq!(found[0].active_connections, 1);
        assert_eq!(found[0].inactive_connections, 0);
        for stats in [found[0].stats, ipvs.service(&key).await.unwrap().stats] {
            assert_eq!(stats.connections, 1);
            assert!(stats.packets_in >= 3 && stats.packets_out >= 2, "{stats:?}");
            assert!(stats.bytes_in >= 5 + 3 * 40, "{stats:?}");
            assert_eq!(stats.width, CounterWidth::Bits64);
        }
        for one in [Some(&key), None] {
            ipvs.zero(one).await.unwrap();
            assert_eq!(ipvs.service(&key).await.unwrap().stats.connections, 0);
        }
        ipvs.flush().await.unwrap();
        assert!(ipvs.services().await.unwrap().is_empty());
    });
}
