//! The shape of the section `health_check`. The timing keys stand in each kind: flattened, a library could not tell
//! the place of an error.

use serde::Deserialize;
use serde_yaml::Spanned;

use super::duration::Span;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HealthCheck {
    Tcp(Tcp),
    Mysql(Box<Mysql>),
    Exec(Exec),
    Http(Http),
    Https(Http),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Initial {
    Down,
    Up,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OnAlarm {
    Keep,
    Fail,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tcp {
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) fast_interval: Option<Spanned<Span>>,
    pub(super) timeout: Option<Spanned<Span>>,
    pub(super) retries: Option<Spanned<u32>>,
    pub(super) retry_delay: Option<Spanned<Span>>,
    pub(super) rise: Option<Spanned<u32>>,
    pub(super) initial: Option<Initial>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) port: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mysql {
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) fast_interval: Option<Spanned<Span>>,
    pub(super) timeout: Option<Spanned<Span>>,
    pub(super) retries: Option<Spanned<u32>>,
    pub(super) retry_delay: Option<Spanned<Span>>,
    pub(super) rise: Option<Spanned<u32>>,
    pub(super) initial: Option<Initial>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) port: Option<Spanned<u64>>,
    pub(super) user: Spanned<String>,
    pub(super) password_file: Option<Spanned<String>>,
    pub(super) credential: Option<Spanned<String>>,
    pub(super) level: Option<Spanned<Level>>,
    pub(super) query: Option<Spanned<String>>,
    pub(super) heartbeat: Option<Spanned<String>>,
    pub(super) require_read_only: Option<Spanned<bool>>,
    pub(super) fresh_login: Option<Spanned<Span>>,
    pub(super) tls: Option<MysqlTls>,
    pub(super) tls_ca: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Level {
    Ping,
    Query,
    Replica,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MysqlTls {
    Off,
    Preferred,
    Required,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exec {
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) fast_interval: Option<Spanned<Span>>,
    pub(super) timeout: Option<Spanned<Span>>,
    pub(super) retries: Option<Spanned<u32>>,
    pub(super) retry_delay: Option<Spanned<Span>>,
    pub(super) rise: Option<Spanned<u32>>,
    pub(super) initial: Option<Initial>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) port: Option<Spanned<u64>>,
    pub(super) command: Spanned<Vec<String>>,
    pub(super) dynamic: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) fast_interval: Option<Spanned<Span>>,
    pub(super) timeout: Option<Spanned<Span>>,
    pub(super) retries: Option<Spanned<u32>>,
    pub(super) retry_delay: Option<Spanned<Span>>,
    pub(super) rise: Option<Spanned<u32>>,
    pub(super) initial: Option<Initial>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) port: Option<Spanned<u64>>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) host: Option<Spanned<String>>,
    pub(super) status: Option<Spanned<String>>,
    pub(super) contains: Option<Spanned<String>>,
    pub(super) ca: Option<Spanned<String>>,
    pub(super) verify: Option<Spanned<bool>>,
}

/// The timing keys of whatever kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing<'a> {
    pub(super) interval: Option<&'a Spanned<Span>>,
    pub(super) fast_interval: Option<&'a Spanned<Span>>,
    pub(super) timeout: Option<&'a Spanned<Span>>,
    pub(super) retries: Option<&'a Spanned<u32>>,
    pub(super) retry_delay: Option<&'a Spanned<Span>>,
    pub(super) rise: Option<&'a Spanned<u32>>,
    pub(super) initial: Option<Initial>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) port: Option<&'a Spanned<u64>>,
}

/// Gives a kind's timing keys.
macro_rules! timing {
    ($($kind:ty),*) => {$(
        impl $kind {
            pub(super) fn timing(&self) -> Timing<'_> {
                Timing {
                    interval: self.interval.as_ref(),
                    fast_interval: self.fast_interval.as_ref(),
                    timeout: self.timeout.as_ref(),
                    retries: self.retries.as_ref(),
                    retry_delay: self.retry_delay.as_ref(),
                    rise: self.rise.as_ref(),
                    initial: self.initial,
                    on_alarm: self.on_alarm,
                    port: self.port.as_ref(),
                }
            }
        }
    )*};
}

timing!(Tcp, Mysql, Exec, Http);
