//! The engine's loop: waits for whatever happens first, and carries out what the engine says.

mod effects;
mod requests;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lbd_core::engine::{Engine, Event, LinkId, LookId, Neighbour, Probed};
use lbd_core::host::Interface;
use lbd_core::plan::Scope;
use status_page::Counts;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver};
use tokio::sync::watch;
use tracing::{debug, info};
use vrrp_net::Received;
use vrrp_proto::Envelope;

use super::advert_sockets::AdvertSockets;
use super::alarm::Alarm;
use super::bequest::{Bequest, Word};
use super::clock::Clock;
use super::drained;
use super::heartbeat::Heartbeat;
use super::io_thread::{self, Pulse};
use super::marks;
use super::network::{self, Solicit};
use super::page::{self, Glance};
use super::preflight::{NewFile, Ready};
use super::probes::Probes;
use super::reload::Reloads;
use super::tell::Teller;
use super::tracks::Lookout;
use super::worker::Worker;
use crate::cli::RunOptions;
use crate::control::server::{Asked, Control};
use crate::failure::Failure;
use crate::service_manager::{self, News};
use crate::signals::{Signals, Wish};

/// How many events may wait for the engine; who has more must wait.
const INBOX: usize = 256;
/// Adverts of one socket that are heard before a timer is believed: more than can honestly wait.
const CATCH_UP: usize = 256;
/// How long nobody listens after so many came at once. This thread goes before everything else on the host:
/// without a pause a flood would keep a processor from all others.
const RESPITE: Duration = Duration::from_millis(1);
/// How long the kernel may take to follow when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long hooks and mail may take then, meanwhile.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What reaches the engine from other tasks.
#[derive(Debug)]
pub(super) enum Input {
    Looked {
        id: LookId,
        found: Result<i64, String>,
    },
    Network {
        interfaces: Vec<Interface>,
        neighbours: Vec<Neighbour>,
    },
    /// The file was read again.
    File(Result<Box<NewFile>, Failure>),
    /// A reload is over.
    Reloaded,
    /// Another program may have changed the mark rules.
    MarksChanged,
}

/// Runs the engine until a signal stops it.
pub(super) async fn drive(ready: Ready, options: &RunOptions) -> Result<(), Failure> {
    let (bequest, heartbeat) = match options.guarded {
        true => {
            let every = options.heartbeat.map(Duration::from_micros);
            (Bequest::from_stdin(&options.adopt)?, every)
        }
        false => (Bequest::none(), service_manager::heartbeat()),
    };
    let clock = Clock::start();
    let mut engine = Engine::new(ready.host, clock.now());
    let scope = Scope::of(engine.host());
    let (sender, inbox) = mpsc::channel(INBOX);
    let mut sockets = AdvertSockets::default();
    sockets.open_missing(engine.links(), |_| true)?;
    let signals = Signals::listen()?;
    let alarm = Alarm::new().map_err(|error| Failure::Runtime(format!("no timer: {error}")))?;
    let (asks, asked) = mpsc::channel(1);
    io_thread::make_room();
    let io = io_thread::start()?;
    let (control, name) = {
        let _io = io.enter();
        Control::open(&options.runtime_dir)
            .map_err(|error| Failure::Runtime(format!("the control socket: {error}")))?
    };
    io.spawn(control.serve(asks));
    let (solicit, orders) = mpsc::channel(INBOX);
    let (nic, watched) = watch::channel(engine.host().nic.clone());
    io.spawn(network::watch(watched, sender.clone(), orders));
    io.spawn(marks::watch(sender.clone()));
    let (results, probed) = mpsc::unbounded_channel();
    for (node, how) in drained::read(&options.runtime_dir) {
        let how = Some(how);
        engine.handle(clock.now(), Event::Drain { node: &node, how });
    }
    let host = engine.host();
    let (listen, wanted) = watch::channel(host.config.status_page);
    let tell = Teller::new(
        io.handle(),
        &host.node,
        &host.config,
        ready.rights,
        &options.adopt,
    );
    let mut driver = Driver {
        clock,
        drained: drained::Writer::start(io.handle(), &options.runtime_dir),
        pulse: Pulse::start(&io),
        probes: Probes::new(io.handle().clone(), results, tell.rights().clone()),
        probed,
        alarm,
        engine,
        sockets,
        lookout: Lookout::new(io.handle().clone(), sender.clone()),
        tell,
        worker: Worker::start(scope, ready.ledger, ready.needs).await?,
        io,
        solicit,
        sender,
        nic,
        interfaces: Vec::new(),
        reloads: Reloads::new(options.clone()),
        bequest,
        heartbeat: Heartbeat::start(heartbeat),
        deaf_until: None,
        counts: Counts::default(),
        listen,
    };
    let (glances, glanced) = mpsc::channel(1);
    let shown = page::Shown::new(glances, driver.worker.tally());
    driver.io.spawn(page::serve(wanted, shown));
    // The threads are started: only this one is real-time.
    crate::priority::raise();
    driver.event(Event::Start {
        adopted: &options.adopt,
    });
    // Roles that the guardian keeps for a daemon of another file.
    driver.bequest.settle(driver.engine.holdings());
    driver.bequest.tell(News::Ready);
    let why = driver.run(inbox, (asked, glanced), signals).await;
    driver.bequest.tell(News::Stopping);
    driver.event(Event::Stop);
    let (ending, (), ()) = tokio::join!(
        driver.worker.finish(FAREWELL),
        driver.lookout.finish(),
        driver.tell.finish(LAST_WORDS),
    );
    driver.probes.finish().await;
    // Probes may still run; nobody waits for them.
    driver.io.shutdown_background();
    drop(name);
    drop(ready.lock);
    if let Some(failure) = why {
        return Err(failure);
    }
    ending.map_err(|what| {
        Failure::Runtime(format!(
            "stopped, but the kernel is not as it should be: {what}"
        ))
    })?;
    info!("stopped");
    Ok(())
}

struct Driver {
    clock: Clock,
    alarm: Alarm,
    engine: Engine,
    sockets: AdvertSockets,
    worker: Worker,
    lookout: Lookout,
    tell: Teller,
    io: Runtime,
    probes: Probes,
    /// Results of probes; no more than there are checks.
    probed: UnboundedReceiver<Probed>,
    drained: drained::Writer,
    pulse: Pulse,
    solicit: Sender<Solicit>,
    sender: Sender<Input>,
    /// Whose neighbours are watched.
    nic: watch::Sender<String>,
    /// As last read.
    interfaces: Vec<Interface>,
    reloads: Reloads,
    bequest: Bequest,
    heartbeat: Heartbeat,
    /// Until when no adverts are read, after a flood of them.
    deaf_until: Option<tokio::time::Instant>,
    counts: Counts,
    /// Where the status page is served.
    listen: watch::Sender<Option<SocketAddr>>,
}

impl Driver {
    async fn run(
        &mut self,
        mut inbox: Receiver<Input>,
        (mut asked, mut glanced): (Receiver<Asked>, Receiver<Glance>),
        mut signals: Signals,
    ) -> Option<Failure> {
        let mut buffer = vec![0; vrrp_net::BUFFER_LEN];
        loop {
            let deadline = self.engine.deadline().map(|at| self.clock.instant(at));
            let deaf_until = self.deaf_until;
            if self.heartbeat.take() {
                self.bequest.tell(News::Alive);
            }
            // In this order: a flood of adverts must delay neither a timer, a stop, nor the news of a
            // dead server or link.
            tokio::select! {
                biased;
                wish = signals.next() => match wish {
                    Wish::Stop(name) => {
                        info!("{name}: stopping");
                        return None;
                    }
                    Wish::Reload => self.read_file(None),
                },
                word = self.bequest.word() => match word {
                    Word::Stop => {
                        info!("the guardian says so, or is gone: stopping");
                        return None;
                    }
                    Word::Reload => self.read_file(None),
                },
                why = self.worker.ended() => return Some(Failure::Runtime(why)),
                () = self.alarm.until(deadline) => {
                    let late = deadline.map(|at| at.elapsed()).unwrap_or_default();
                    self.counts.late(late);
                    self.catch_up(&mut buffer);
                    self.results(Vec::new());
                    if self.pulse.is_held_up() {
                        self.event(Event::ProbesHeldUp);
                    }
                    self.event(Event::Tick);
                }
                Some(first) = self.probed.recv() => self.results(vec![first]),
                Some(input) = inbox.recv() => self.input(input),
                Some(asked) = asked.recv() => self.asked(asked),
                Some(glance) = glanced.recv() => self.show(glance),
                () = respite(deaf_until) => self.deaf_until = None,
                (link, received) = self.sockets.next(&mut buffer), if deaf_until.is_none() => {
                    self.received(link, received, &buffer);
                    // What came with it: one round of this loop for many, should there be a flood.
                    self.catch_up(&mut buffer);
                }
                () = self.heartbeat.due() => {}
            }
        }
    }

    /// A daemon that was held up finds its timers run out and the adverts that arrived in time side by
    /// side: it must hear these before it believes that there were none.
    fn catch_up(&mut self, buffer: &mut [u8]) {
        for link in self.sockets.links() {
            let mut left = CATCH_UP;
            while let Some(received) = self.sockets.try_recv(link, buffer) {
                self.received(link, received, buffer);
                left = left.saturating_sub(1);
                if left == 0 {
                    self.deaf_until = Some(tokio::time::Instant::now() + RESPITE);
                    break;
                }
            }
        }
    }

    fn received(&mut self, link: LinkId, received: io::Result<Received>, buffer: &[u8]) {
        match received {
            Ok(received) => self.event(Event::Advert {
                link,
                envelope: Envelope {
                    source: received.source,
                    destination: received.destination,
                    ttl: received.ttl,
                },
                payload: received.payload(buffer),
            }),
            // A packet that made no sense, or a link that went down: the socket works on.
            Err(error) => debug!("receiving adverts: {error}"),
        }
    }

    /// Hands over what results there are: a probe that is done is not to be found overdue.
    fn results(&mut self, mut results: Vec<Probed>) {
        while let Ok(result) = self.probed.try_recv() {
            results.push(result);
        }
        results.iter().for_each(|result| self.counts.probed(result));
        if !results.is_empty() {
            self.event(Event::Probed(results));
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Looked { id, found } => self.event(Event::Looked { id, found }),
            Input::Network {
                interfaces,
                neighbours,
            } => {
                self.event(Event::Network {
                    interfaces: &interfaces,
                    neighbours: &neighbours,
                });
                // Another program may have taken an address.
                if interfaces != self.interfaces {
                    self.interfaces = interfaces;
                    self.worker.look();
                }
            }
            Input::File(read) => self.reload(read),
            Input::Reloaded => self.reloaded(),
            Input::MarksChanged => self.worker.look_at_marks(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        for effect in self.engine.handle(self.clock.now(), event) {
            self.carry_out(effect);
        }
        self.tell.settle(&self.worker);
    }
}

/// Waits for the end of a respite; for ever when there is none.
async fn respite(until: Option<tokio::time::Instant>) {
    match until {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
