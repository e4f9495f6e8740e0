//! One tracked thing of one router.

use std::time::Duration;

use healthcheck::Time;
use vrrp_proto::Vrid;

use super::standing::Standing;
use super::verdict::Verdict;
use crate::config::{TrackFile, TrackInterface, TrackProcess, TrackScript, VirtualRouter};
use crate::engine::event::{Effect, Look, LookId, Report};
use crate::host::Interface;

/// How long a look may be overdue until it counts as failed. Who looks has to see a command off that does not end.
const GRACE: Duration = Duration::from_secs(3);

/// How long a look at processes or a file may take.
const GLANCE: Duration = Duration::from_secs(2);

/// A number counts as far as it can matter: priorities are below 255.
const FAR: i64 = 254;

/// What is tracked, and how, as the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spec {
    Script(TrackScript),
    Interface(TrackInterface),
    Process(TrackProcess),
    File(TrackFile),
}

impl Spec {
    pub(super) fn all_of(router: &VirtualRouter) -> Vec<Self> {
        let scripts = router.track_scripts.iter().cloned().map(Self::Script);
        let interfaces = router.track_interfaces.iter().cloned();
        let processes = router.track_processes.iter().cloned();
        let files = router.track_files.iter().cloned();
        scripts
            .chain(interfaces.map(Self::Interface))
            .chain(processes.map(Self::Process))
            .chain(files.map(Self::File))
            .collect()
    }

    /// Whether both look at the same thing, however they count it.
    fn looks_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Script(one), Self::Script(other)) => one.command == other.command,
            (Self::Interface(one), Self::Interface(other)) => one.interface == other.interface,
            (Self::Process(one), Self::Process(other)) => one.process == other.process,
            (Self::File(one), Self::File(other)) => one.file == other.file,
            (Self::Script(_) | Self::Interface(_) | Self::Process(_) | Self::File(_), _) => false,
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Script(script) => Verdict::new(script.fall, script.rise),
            Self::Process(process) => Verdict::new(process.fall, process.rise),
            Self::Interface(_) | Self::File(_) => Verdict::new(1, 1),
        }
    }

    fn weight(&self) -> i64 {
        i64::from(match self {
            Self::Script(script) => script.weight,
            Self::Interface(interface) => interface.weight,
            Self::Process(process) => process.weight,
            Self::File(file) => file.weight,
        })
    }

    /// What to look at, how often, and how long that may take; the kernel tells of interfaces by itself.
    fn look(&self) -> Option<(Look, Duration, Duration)> {
        Some(match self {
            Self::Script(script) => {
                let look = Look::Script(script.command.clone());
                (look, script.interval, script.timeout)
            }
            Self::Process(process) => {
                let look = Look::Processes(process.process.clone());
                (look, process.interval, GLANCE)
            }
            Self::File(file) => (Look::Number(file.file.clone()), file.interval, GLANCE),
            Self::Interface(_) => return None,
        })
    }

    fn words(&self) -> String {
        match self {
            Self::Script(script) => format!("script {}", script.name),
            Self::Interface(interface) => format!("interface {}", interface.interface),
            Self::Process(process) => format!("process {}", process.process),
            Self::File(file) => format!("file {}", file.file),
        }
    }

    /// Whether this is well, and what there is to say of it.
    fn judge(&self, found: Result<i64, String>) -> (bool, String) {
        match (self, found) {
            (_, Err(why)) => (false, why),
            (Self::Script(_), Ok(_)) => (true, "exit code 0".to_owned()),
            (Self::Interface(_), Ok(_)) => (true, "up, with carrier".to_owned()),
            (Self::Process(process), Ok(count)) => {
                let well = count >= i64::from(process.quorum);
                (well, format!("{count} running, {} wanted", process.quorum))
            }
            (Self::File(file), Ok(number)) => {
                let well = file.weight != 0 || number == 0;
                (well, format!("says {number}"))
            }
        }
    }
}

/// Which router it is to the network, whatever its name: VRID and interface.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place(Vrid, String);

impl Place {
    fn of(router: &VirtualRouter) -> Self {
        Self(router.id, router.interface.clone())
    }
}

#[derive(Debug)]
pub(super) struct Track {
    router: String,
    place: Place,
    spec: Spec,
    verdict: Verdict,
    /// What a file said last; 0 when it could not be read.
    number: i64,
    /// When to look next, unless a look is under way.
    due: Time,
    /// The look under way, and when it is given up.
    under_way: Option<Time>,
    looks: u64,
}

impl Track {
    pub(super) fn new(router: &VirtualRouter, spec: Spec, now: Time) -> Self {
        Self {
            router: router.name.clone(),
            place: Place::of(router),
            verdict: spec.verdict(),
            spec,
            number: 0,
            due: now,
            under_way: None,
            looks: 0,
        }
    }

    pub(super) fn is_of(&self, router: &VirtualRouter, spec: &Spec) -> bool {
        self.place == Place::of(router) && self.spec.looks_as(spec)
    }

    /// Goes over to another file, in which the router may have another name, and the thing may count otherwise. The
    /// verdict stays until the next look, which is due then at once.
    pub(super) fn reform(&mut self, router: &VirtualRouter, spec: Spec, now: Time) {
        self.router.clone_from(&router.name);
        if self.spec != spec {
            self.verdict.reform(&spec.verdict());
            self.spec = spec;
            self.due = self.due.min(now);
        }
    }

    pub(super) fn router(&self) -> &str {
        &self.router
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.spec.look()?;
        Some(self.under_way.unwrap_or(self.due))
    }

    /// What is not known yet counts as well.
    pub(super) fn standing(&self) -> Standing {
        let well = self.verdict.well().unwrap_or(true);
        let unknown = self.verdict.well().is_none();
        let weight = self.spec.weight();
        let numbered = matches!(self.spec, Spec::File(_));
        Standing {
            change: match well {
                _ if numbered => weight.saturating_mul(self.number),
                true => weight.max(0),
                false => weight.min(0),
            },
            fault: weight == 0 && !well,
            unknown,
        }
    }

    /// Looks, if it is time to. A look that never ends is a failed one, and then the next may begin: whoever looks
    /// sees to it that no two of the same run at once.
    pub(super) fn tick(&mut self, now: Time, number: usize, effects: &mut Vec<Effect>) {
        let Some((look, interval, timeout)) = self.spec.look() else {
            return;
        };
        if self.under_way.is_some_and(|until| until <= now) {
            self.looked(now, self.looks, Err("no result".to_owned()), effects);
        }
        if self.under_way.is_some() || self.due > now {
            return;
        }
        self.looks = self.looks.wrapping_add(1);
        self.due = now.saturating_add(interval);
        self.under_way = Some(now.saturating_add(timeout).saturating_add(GRACE));
        effects.push(Effect::Look {
            id: LookId {
                track: number,
                look: self.looks,
            },
            look,
            timeout,
        });
    }

    pub(super) fn looked(
        &mut self,
        now: Time,
        look: u64,
        found: Result<i64, String>,
        effects: &mut Vec<Effect>,
    ) {
        if self.under_way.is_none() || look != self.looks {
            return;
        }
        self.under_way = None;
        self.due = self.due.max(now);
        let before = self.number;
        if matches!(self.spec, Spec::File(_)) {
            self.number = found
                .as_ref()
                .map_or(0, |number| (*number).clamp(-FAR, FAR));
        }
        let another_number = self.number != before;
        self.judge(found, another_number, effects);
    }

    pub(super) fn network(&mut self, interfaces: &[Interface], effects: &mut Vec<Effect>) {
        let Spec::Interface(tracked) = &self.spec else {
            return;
        };
        let found = interfaces.iter().find(|i| i.name == tracked.interface);
        let found = match found {
            Some(interface) if interface.usable => Ok(0),
            Some(_) => Err("down, or without carrier".to_owned()),
            None => Err("not there".to_owned()),
        };
        self.judge(found, false, effects);
    }

    fn judge(&mut self, found: Result<i64, String>, tell: bool, effects: &mut Vec<Effect>) {
        let (well, detail) = self.spec.judge(found);
        if self.verdict.judge(well) || tell {
            effects.push(Effect::Report(Report::Tracked {
                router: self.router.clone(),
                what: self.spec.words(),
                well: self.verdict.well().unwrap_or(well),
                detail,
            }));
        }
    }
}
