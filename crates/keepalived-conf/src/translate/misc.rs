//! `MISC_CHECK`: a command.

use std::time::Duration;

use super::timing::{DEFAULTS, Said};
use super::{command, value};
use crate::model::{Probe, Timing};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// Reads the words of its own. `connect_timeout`, which stands around it for others, means nothing here.
pub(super) fn misc(
    block: &Directive,
    own: &[&Directive],
    said: Said,
    service_interval: Option<Duration>,
    notes: &mut Notes,
) -> Option<(Timing, Probe)> {
    let (mut parts, mut timeout, mut dynamic) = (None, None, false);
    for directive in own {
        match directive.name.text.as_str() {
            "misc_path" => {
                parts = command::command(directive, notes);
                value::surplus(directive, command::argument_count(directive), notes);
            }
            "misc_timeout" => {
                timeout = value::number(directive, 0..=86_400, notes).map(Duration::from_secs);
                value::surplus(directive, 1, notes);
            }
            _ => {
                dynamic = true;
                note_dynamic(directive, notes);
            }
        }
    }
    let Some(command) = parts else {
        let message = "`MISC_CHECK` without a command: keepalived makes no check";
        notes.add(Kind::Ignored, &block.name.place, message);
        return None;
    };
    if said.has_timeout() {
        let message = "`connect_timeout` does not hold for a MISC_CHECK: its time-out is `misc_timeout`, or else the virtual \
                       server's `delay_loop`";
        notes.add(Kind::Ignored, &block.name.place, message);
    }
    let timing = said.timing(Timing {
        retries: 0,
        ..DEFAULTS
    });
    // 0 is none; then it is the time from one check to the next, as the virtual server has it.
    let timeout = timeout.filter(|timeout| !timeout.is_zero());
    let timing = Timing {
        timeout: timeout.or(service_interval).unwrap_or(DEFAULTS.interval),
        ..timing
    };
    Some((timing, Probe::Exec { command, dynamic }))
}

fn note_dynamic(directive: &Directive, notes: &mut Notes) {
    let message = "`misc_dynamic`: the exit codes 126 and 127, a shell's \"cannot run\", are failures in lbd, and no weights; \
                   parts of a weight need `wrr` or `wlc`";
    notes.add(Kind::Changed, &directive.name.place, message);
    value::surplus(directive, 0, notes);
}
