//! What a running lbd shows to those who look: [metrics] in the text format of Prometheus, [one page](PAGE) for
//! people, the same [as JSON](Snapshot::json), and what of [HTTP](http) that takes.
//!
//! All of it is pure: from a [`Snapshot`], which the daemon takes on request, to text. The daemon counts in
//! [`Counts`] what the engine does not.
//!
//! ```
//! use status_page::{Counts, Kernel, Snapshot, http};
//! # use lbd_core::engine::Status;
//! # fn example(status: Status) {
//! let snapshot = Snapshot {
//!     lbd: "0.1.0",
//!     started: std::time::Duration::from_secs(1_700_000_000),
//!     status,
//!     counts: Counts::default(),
//!     kernel: Kernel::default(),
//!     traffic: Vec::new(),
//!     news: Vec::new(),
//! };
//! assert!(snapshot.metrics().starts_with("# HELP"));
//! # }
//! let request = http::parse(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
//! assert_eq!(request, Ok(Some(http::Request { resource: http::Resource::Metrics, head_only: false })));
//! ```
//!
//! [metrics]: Snapshot::metrics

mod counts;
mod exposition;
mod families;
pub mod http;
mod snapshot;

pub use counts::{Counts, Lateness};
pub use families::reference;
pub use snapshot::{Kernel, News, Snapshot, Traffic};

/// The status page: one HTML document that asks for `status.json` again and again, and nothing else of anybody.
pub const PAGE: &str = include_str!("page.html");
