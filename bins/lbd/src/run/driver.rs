//! The engine's loop: waits for whatever happens first, and carries out what the engine says.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use lbd_core::engine::{
    AdvertLink, Effect, Engine, Event, LinkId, LookId, Neighbour, Probed, Report, Spared,
};
use lbd_core::host::Interface;
use lbd_core::plan::Scope;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver};
use tokio::sync::{oneshot, watch};
use tracing::{debug, info, warn};
use vrrp_net::{AdvertSocket, Received};
use vrrp_proto::Envelope;

use super::alarm::Alarm;
use super::bequest::{Bequest, Word};
use super::clock::Clock;
use super::marks;
use super::network::{self, Solicit};
use super::preflight::{NewFile, Ready};
use super::probes::Probes;
use super::reload::{self, Asker, Reloads};
use super::report;
use super::spared::SparedFile;
use super::tell::Teller;
use super::tracks::Lookout;
use super::worker::{Outcome, Reform, Worker};
use crate::cli::RunOptions;
use crate::control::server::{Asked, Control};
use crate::control::{Answer, Command};
use crate::failure::Failure;
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
    /// Another program may have changed the mark rules.
    MarksChanged,
}

/// Runs the engine until a signal stops it.
pub(super) async fn drive(ready: Ready, options: &RunOptions) -> Result<(), Failure> {
    let bequest = match options.guarded {
        true => Bequest::from_stdin(&options.adopt)?,
        false => Bequest::none(),
    };
    let clock = Clock::start();
    let mut engine = Engine::new(ready.host, clock.now());
    let scope = Scope::of(engine.host());
    let (sender, inbox) = mpsc::channel(INBOX);
    let mut sockets = Vec::new();
    open_missing(&mut sockets, engine.links(), |_| true)?;
    let signals = Signals::listen()?;
    let alarm = Alarm::new().map_err(|error| Failure::Runtime(format!("no timer: {error}")))?;
    let (asks, asked) = mpsc::channel(1);
    let io = io_threads()?;
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
    let spared = SparedFile::at(&options.runtime_dir);
    for (node, how) in spared.read().map_err(Failure::Runtime)? {
        let how = Some(how);
        engine.handle(clock.now(), Event::Spare { node: &node, how });
    }
    let host = engine.host();
    let tell = Teller::new(
        io.handle(),
        &host.node,
        &host.config,
        ready.rights,
        &options.adopt,
    );
    let mut driver = Driver {
        clock,
        spared,
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
        deaf_until: None,
    };
    // The threads are started: only this one is real-time.
    crate::priority::raise();
    driver.event(Event::Start {
        adopted: &options.adopt,
    });
    // Roles that the guardian keeps for a daemon of another file.
    driver.bequest.settle(driver.engine.holdings());
    let why = driver.run(inbox, asked, signals).await;
    driver.event(Event::Stop);
    let (ending, (), ()) = tokio::join!(
        driver.worker.finish(FAREWELL),
        driver.lookout.finish(),
        driver.tell.finish(LAST_WORDS)
    );
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

/// Opens a socket for each link that is used and has none yet; on failure there are as many as before.
fn open_missing(
    sockets: &mut Vec<Option<AdvertSocket>>,
    links: &[AdvertLink],
    used: impl Fn(LinkId) -> bool,
) -> Result<(), Failure> {
    let open = |(index, link): (usize, &AdvertLink)| match sockets.get(index) {
        Some(Some(_)) => Ok(None),
        // One that an earlier file used may be gone with its interface.
        Some(None) | None if !used(LinkId(index)) => Ok(None),
        Some(None) | None => AdvertSocket::open(&link.interface, link.source).map(Some),
    };
    let opened: Vec<Option<AdvertSocket>> = links
        .iter()
        .enumerate()
        .map(open)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Runtime(error.to_string()))?;
    sockets.resize_with(links.len(), || None);
    for (socket, opened) in sockets.iter_mut().zip(opened) {
        if opened.is_some() {
            *socket = opened;
        }
    }
    Ok(())
}

/// Probes and the network watch run apart from the engine, on a thread of their own.
fn io_threads() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("io")
        .enable_all()
        .build()
        .map_err(|error| Failure::Runtime(format!("cannot start a thread: {error}")))
}

struct Driver {
    clock: Clock,
    alarm: Alarm,
    engine: Engine,
    /// By link; none for a link that no router uses any more.
    sockets: Vec<Option<AdvertSocket>>,
    worker: Worker,
    lookout: Lookout,
    tell: Teller,
    io: Runtime,
    probes: Probes,
    /// Results of probes; no more than there are checks.
    probed: UnboundedReceiver<Probed>,
    spared: SparedFile,
    solicit: Sender<Solicit>,
    sender: Sender<Input>,
    /// Whose neighbours are watched.
    nic: watch::Sender<String>,
    /// As last read.
    interfaces: Vec<Interface>,
    reloads: Reloads,
    bequest: Bequest,
    /// Until when no adverts are read, after a flood of them.
    deaf_until: Option<tokio::time::Instant>,
}

impl Driver {
    async fn run(
        &mut self,
        mut inbox: Receiver<Input>,
        mut asked: Receiver<Asked>,
        mut signals: Signals,
    ) -> Option<Failure> {
        let mut buffer = vec![0; vrrp_net::BUFFER_LEN];
        loop {
            let deadline = self.engine.deadline().map(|at| self.clock.instant(at));
            let deaf_until = self.deaf_until;
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
                    self.catch_up(&mut buffer);
                    self.results(Vec::new());
                    self.event(Event::Tick);
                }
                Some(first) = self.probed.recv() => self.results(vec![first]),
                Some(input) = inbox.recv() => self.input(input),
                Some(asked) = asked.recv() => self.asked(asked),
                () = respite(deaf_until) => self.deaf_until = None,
                (link, received) = next_advert(&self.sockets, &mut buffer), if deaf_until.is_none() => {
                    self.received(link, received, &buffer);
                    // What came with it: one round of this loop for many, should there be a flood.
                    self.catch_up(&mut buffer);
                }
            }
        }
    }

    /// A daemon that was held up finds its timers run out and the adverts that arrived in time side by
    /// side: it must hear these before it believes that there were none.
    fn catch_up(&mut self, buffer: &mut [u8]) {
        for index in 0..self.sockets.len() {
            let mut left = CATCH_UP;
            while let Some(Some(socket)) = self.sockets.get(index)
                && let Some(received) = socket.try_recv(buffer).transpose()
            {
                self.received(LinkId(index), received, buffer);
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
        if !results.is_empty() {
            self.event(Event::Probed(results));
        }
    }

    fn asked(&mut self, asked: Asked) {
        match asked.command {
            Command::Handover => {
                let held = self.engine.masterships();
                self.event(Event::HandOver);
                // Who asked may have gone.
                let _ = asked.answer.send(Answer::HandedOver(held));
            }
            Command::Reload => self.read_file(Some(asked.answer)),
            Command::Spare { node, how } => {
                let answer = self.spare(&node, how);
                let _ = asked.answer.send(answer);
            }
            Command::Status => {
                let status = self.engine.status(self.clock.now());
                let _ = asked.answer.send(Answer::Status(Box::new(status)));
            }
        }
    }

    fn spare(&mut self, node: &str, how: Option<Spared>) -> Answer {
        let nodes = &self.engine.host().config.nodes;
        if how.is_some() && !nodes.contains_key(node) {
            let known: Vec<&str> = nodes.keys().map(String::as_str).collect();
            let known = known.join(", ");
            return Answer::Refused(format!("the file has no node `{node}`; it has {known}"));
        }
        self.event(Event::Spare { node, how });
        match self.spared.write(self.engine.spared()) {
            Ok(()) => Answer::Spared,
            Err(error) => Answer::Refused(format!(
                "done, but it will be forgotten when the daemon ends, since it cannot be written down: {error}"
            )),
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
            Input::MarksChanged => self.worker.look_at_marks(),
        }
    }

    /// Has the file read by another thread: this one must be on time.
    fn read_file(&mut self, asker: Option<Asker>) {
        if let Some(read) = self.reloads.ask(asker) {
            let sender = self.sender.clone();
            self.io.spawn(async move {
                // Nobody listens any more when the daemon stops.
                let _ = sender.send(Input::File(read.await)).await;
            });
        }
    }

    /// Goes over to the file that was read, or stays with the old one.
    fn reload(&mut self, read: Result<Box<NewFile>, Failure>) {
        let outcome = read.and_then(|file| self.go_over(*file));
        let again = self.reloads.finish(&self.io, outcome);
        if again {
            self.read_file(None);
        }
    }

    fn go_over(&mut self, file: NewFile) -> Result<oneshot::Receiver<Outcome>, Failure> {
        let succession = self.engine.succession(file.host);
        let used = |link| succession.uses(link);
        open_missing(&mut self.sockets, succession.links(), used)?;
        let scope = succession.scope();
        self.nic.send_replace(succession.nic().to_owned());
        let now = self.clock.now();
        let interfaces = reload::latest(&self.interfaces, &file.interfaces);
        let (mut desired, mut others) = (None, Vec::new());
        for effect in self.engine.reload(now, succession, interfaces) {
            if let Effect::Converge(wanted) = effect {
                desired = Some(wanted);
            } else {
                others.push(effect);
            }
        }
        let reform = Reform {
            scope,
            needs: file.needs,
            in_force: file.in_force,
        };
        let outcome = self.worker.reform(reform, desired);
        for effect in others {
            self.carry_out(effect);
        }
        // A role may go on under another name, or with other adverts.
        self.bequest.settle(self.engine.holdings());
        self.tell.settle(&self.worker);
        let host = self.engine.host();
        self.tell.reload(&host.node, &host.config, file.rights);
        self.probes.reload(self.tell.rights().clone());
        self.lookout.retain(|number| self.engine.tracks(number));
        for (index, socket) in self.sockets.iter_mut().enumerate() {
            if !self.engine.uses(LinkId(index)) {
                *socket = None;
            }
        }
        Ok(outcome)
    }

    fn event(&mut self, event: Event<'_>) {
        for effect in self.engine.handle(self.clock.now(), event) {
            self.carry_out(effect);
        }
        self.tell.settle(&self.worker);
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send {
                link,
                destination,
                payload,
            } => self.send(link, destination, &payload),
            Effect::Converge(desired) => self.worker.converge(desired),
            Effect::Announce {
                interface,
                addresses,
            } => self.worker.announce(&interface, &addresses),
            Effect::Probe {
                id,
                timeout,
                assignment,
            } => self.probes.start(id, timeout, assignment),
            Effect::Forget { check } => self.probes.forget(check),
            Effect::Look { id, look, timeout } => {
                self.lookout.look(id, look, timeout, self.tell.rights());
            }
            // Solicitations repeat; one that finds no room is not missed.
            Effect::Solicit { interface, address } => {
                let _ = self.solicit.try_send(Solicit { interface, address });
            }
            Effect::Report(report) => {
                report::log(&report);
                self.tell.hear(&report);
                // The guardian is to know of the roles that this host holds, and of their adverts.
                if let Report::Role { .. } | Report::Priority { .. } = report {
                    self.bequest.settle(self.engine.holdings());
                }
            }
        }
    }

    fn send(&self, link: LinkId, destination: std::net::IpAddr, payload: &[u8]) {
        let Some(Some(socket)) = self.sockets.get(link.0) else {
            return;
        };
        if let Err(error) = socket.send(payload, destination) {
            warn!("advert not sent to {destination}: {error}");
        }
    }
}

/// The next advert on any socket.
async fn next_advert(
    sockets: &[Option<AdvertSocket>],
    buffer: &mut [u8],
) -> (LinkId, io::Result<Received>) {
    poll_fn(|context| {
        for (index, socket) in sockets.iter().enumerate() {
            if let Some(socket) = socket
                && let Poll::Ready(received) = socket.poll_recv(context, buffer)
            {
                return Poll::Ready((LinkId(index), received));
            }
        }
        Poll::Pending
    })
    .await
}

/// Waits for the end of a respite; for ever when there is none.
async fn respite(until: Option<tokio::time::Instant>) {
    match until {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
