//! Health checks: pure verdicts, and the probes that feed them.
//!
//! - [`Monitor`] decides, for one server, when to probe and what the outcomes mean. It has no clock, no
//!   socket and no task: time is an argument, so it runs in a simulator as it does in a daemon.
//! - `mysql::Prober` (feature `mysql`) logs in to MySQL and MariaDB, without ever harming them.
//! - [`tcp::probe`] (feature `tcp`, on by default) is one TCP connect.
//! - `http::Check` (features `http` and `https`) asks for a page.
//! - `exec::Check` (feature `exec`) runs a command.
//!
//! Each kind of probe is a module and a feature; they all end in an [`Outcome`].
//!
//! What cannot be judged counts against the server: a probe that never reports is a failed one.
//!
//! ```
//! use std::time::Duration;
//! use healthcheck::{Failure, Health, Monitor, Outcome, Policy};
//!
//! let policy = Policy { retries: 1, ..Policy::default() };
//! let mut monitor = Monitor::new(policy, Duration::ZERO, Duration::ZERO);
//!
//! let start = monitor.poll(Duration::ZERO).expect("the first probe is due at once");
//! assert_eq!(start.deadline, Duration::ZERO + start.timeout);
//! let now = Duration::from_millis(3);
//! let change = monitor.finished(now, Outcome::success(now)).expect("it is up");
//! assert_eq!((change.from, change.to), (Health::Unknown, Health::Up));
//!
//! // One failure is not enough: the policy wants one retry.
//! let now = monitor.deadline().expect("the next probe is planned");
//! monitor.poll(now).expect("due");
//! assert_eq!(monitor.finished(now, Outcome::Failure(Failure::Refused)), None);
//! let now = monitor.deadline().expect("the retry is planned");
//! monitor.poll(now).expect("due");
//! assert!(monitor.finished(now, Outcome::Failure(Failure::Refused)).is_some());
//! assert_eq!(monitor.health(), &Health::Down { failure: Failure::Refused });
//! ```

#[cfg(feature = "exec")]
pub mod exec;
mod health;
#[cfg(feature = "http")]
pub mod http;
mod monitor;
#[cfg(feature = "mysql")]
pub mod mysql;
mod outcome;
mod policy;
#[cfg(any(feature = "tcp", feature = "mysql"))]
mod socket;
mod spread;
#[cfg(feature = "tcp")]
pub mod tcp;
#[cfg(any(feature = "https", feature = "mysql-tls"))]
mod tls;

pub use health::{Change, Health};
pub use monitor::{Monitor, Start};
pub use outcome::{Alarm, Failure, Measured, Outcome, Role};
pub use policy::{Alarms, Counts, Initial, Policy};
pub use spread::spread;

/// Monotonic time since an origin the caller chose, the same for all calls.
pub type Time = core::time::Duration;
