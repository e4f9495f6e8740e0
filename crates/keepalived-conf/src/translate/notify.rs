//! `notify_master` and its like, and `notify`, which is run for every change.

use super::command;
use crate::model::Notify;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// Takes one of the four that lbd has; false for another word.
pub(super) fn take(
    word: &str,
    directive: &Directive,
    notify: &mut Notify,
    notes: &mut Notes,
) -> bool {
    let hook = match word {
        "notify_master" => &mut notify.master,
        "notify_backup" => &mut notify.backup,
        "notify_fault" => &mut notify.fault,
        "notify_stop" => &mut notify.stop,
        _ => return false,
    };
    if hook.is_some() {
        let message = format!("a second `{word}`; keepalived takes the first");
        notes.add(Kind::Ignored, &directive.name.place, message);
        return true;
    }
    *hook = command::command(directive, notes);
    command::user(directive, notes);
    let message = format!(
        "`{word}` gets INSTANCE, the name, the state and the priority behind its own arguments"
    );
    notes.add(Kind::Changed, &directive.name.place, message);
    true
}

/// Puts `notify` where no command of its own stands. lbd runs every hook as keepalived runs this one: with
/// `INSTANCE NAME STATE PRIORITY` behind its own arguments.
pub(super) fn complete(mut notify: Notify, any: Option<&Directive>, notes: &mut Notes) -> Notify {
    let Some(directive) = any else {
        return notify;
    };
    let Some(command) = command::command(directive, notes) else {
        return notify;
    };
    command::user(directive, notes);
    let mut both = Vec::new();
    let hooks = [
        (&mut notify.master, "MASTER"),
        (&mut notify.backup, "BACKUP"),
        (&mut notify.fault, "FAULT"),
        (&mut notify.stop, "STOP"),
    ];
    for (hook, state) in hooks {
        if hook.is_some() {
            both.push(state);
            continue;
        }
        *hook = Some(command.clone());
    }
    if !both.is_empty() {
        let states = both.join(", ");
        let message = format!(
            "`notify` is not run for {states}: lbd runs one command for a change, and there is another one"
        );
        notes.add(Kind::NotCarried, &directive.name.place, message);
    }
    notify
}
