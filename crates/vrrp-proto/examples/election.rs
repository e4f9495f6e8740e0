//! Two routers on one LAN: both start, one wins, it stops, the other takes over.
#![allow(clippy::print_stdout)]

use core::time::Duration;

use vrrp_proto::{Action, Centis, Heard, Input, Priority, Router, RouterConfig, Version};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let interval = Centis::from_secs(1).ok_or("an interval is at least 1 s")?;
    let mut lan = Vec::new();
    for (address, priority) in [("192.0.2.1", 200), ("192.0.2.2", 100)] {
        let (address, priority) = (address.parse()?, Priority::new(priority));
        lan.push(Router::new(RouterConfig::new(
            Version::V2,
            priority,
            interval,
            address,
        )));
    }
    let mut inputs = vec![(0, Input::Start), (1, Input::Start)];
    let mut now = Duration::ZERO;
    let stop = Duration::from_secs(5);
    loop {
        while let Some((index, input)) = inputs.pop() {
            let address = lan[index].config().address;
            for action in lan[index].handle(now, input) {
                println!("{now:>10.3?}  {address}  {action:?}");
                if let Action::SendAdvert(priority) = action {
                    let heard = Heard {
                        source: address,
                        priority,
                        interval,
                    };
                    inputs.push((1 - index, Input::Heard(heard)));
                }
            }
        }
        let ticks = lan
            .iter()
            .enumerate()
            .filter_map(|(index, router)| Some((router.deadline()?, index, Input::Tick)));
        let next = ticks
            .chain((now < stop).then_some((stop, 0, Input::Stop)))
            .min_by_key(|(at, ..)| *at);
        let Some((at, index, input)) = next.filter(|(at, ..)| at.as_secs() < 12) else {
            return Ok(());
        };
        now = at;
        inputs.push((index, input));
    }
}
