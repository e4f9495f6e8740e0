//! The parts of a benchmark: each runs in one place, made for it.

use std::path::Path;

use super::{health, kernel, vrrp};
use crate::failed::Result;
use crate::ground::Kernel;
use crate::scenarios::Need;

/// What is measured in one place. What a benchmark has to measure on another kernel is a part of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Vrrp,
    Kernel,
    HealthChecks,
    HealthProbes,
}

impl Part {
    const ALL: [Self; 4] = [
        Self::Vrrp,
        Self::Kernel,
        Self::HealthChecks,
        Self::HealthProbes,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// On the internal command line.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Vrrp => "vrrp",
            Self::Kernel => "kernel",
            Self::HealthChecks => "health-checks",
            Self::HealthProbes => "health-probes",
        }
    }

    pub(super) const fn kernel(self) -> Kernel {
        match self {
            Self::Vrrp | Self::HealthProbes => Kernel::Any,
            Self::Kernel | Self::HealthChecks => Kernel::WithIpvs,
        }
    }

    /// Other people's programs that it measures, or measures with.
    pub(super) const fn needs(self) -> &'static [Need] {
        match self {
            Self::Vrrp => &[Need::Keepalived],
            Self::Kernel | Self::HealthChecks => &[Need::Keepalived, Need::Ipvsadm],
            Self::HealthProbes => &[Need::Mariadb],
        }
    }

    /// Measures it; gives the text.
    pub(super) fn measure(self, results: &Path, runs: usize) -> Result<String> {
        match self {
            Self::Vrrp => vrrp(results, runs),
            Self::Kernel => kernel::measure(results, runs),
            Self::HealthChecks => health::checks::measure(results, runs),
            Self::HealthProbes => health::probes::measure(results, runs),
        }
    }
}
