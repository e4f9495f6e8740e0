//! `vrrp_script` blocks, and which of them are tracked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{command, value};
use crate::model::Script;
use crate::note::{Kind, Notes};
use crate::syntax::{Directive, Word};
use crate::{Place, words};

/// The scripts of a file by name.
pub(super) struct Scripts {
    known: BTreeMap<String, (Script, Place)>,
    tracked: BTreeSet<String>,
}

/// Reads all `vrrp_script` blocks.
pub(super) fn scripts(tree: &[Directive], notes: &mut Notes) -> Scripts {
    let mut known = BTreeMap::new();
    for directive in tree
        .iter()
        .filter(|directive| directive.name.text == "vrrp_script")
    {
        let Some(name) = value::first(directive, notes) else {
            continue;
        };
        if known.contains_key(&name.text) {
            let message = format!(
                "a second script `{}`; keepalived takes the first",
                name.text
            );
            notes.add(Kind::Ignored, &name.place, message);
        } else if let Some(script) = script(name, directive, notes) {
            known.insert(name.text.clone(), (script, directive.name.place.clone()));
        }
    }
    Scripts {
        known,
        tracked: BTreeSet::new(),
    }
}

fn script(name: &Word, block: &Directive, notes: &mut Notes) -> Option<Script> {
    let mut script = Script {
        name: name.text.clone(),
        command: Vec::new(),
        interval: Duration::from_secs(1),
        timeout: None,
        weight: 0,
        fall: 1,
        rise: 1,
    };
    for directive in block.children() {
        match directive.name.text.as_str() {
            "script" => {
                script.command = command::command(directive, notes).unwrap_or_default();
                value::surplus(directive, command::argument_count(directive), notes);
            }
            "interval" => set(&mut script.interval, whole_seconds(directive, notes)),
            "timeout" => script.timeout = whole_seconds(directive, notes),
            "weight" => {
                set(&mut script.weight, weight(directive, notes));
                reversed(directive, notes);
            }
            "fall" => set(
                &mut script.fall,
                value::number(directive, 1..=0x7fff_ffff, notes),
            ),
            "rise" => set(
                &mut script.rise,
                value::number(directive, 1..=0x7fff_ffff, notes),
            ),
            _ => words::SCRIPT.leave(directive, notes),
        }
    }
    if script.command.is_empty() {
        let message = format!("script `{}` runs nothing; keepalived drops it", script.name);
        notes.add(Kind::Ignored, &name.place, message);
        return None;
    }
    Some(script)
}

fn whole_seconds(directive: &Directive, notes: &mut Notes) -> Option<Duration> {
    let seconds = value::number::<u64>(directive, 1..=4294, notes);
    value::surplus(directive, 1, notes);
    seconds.map(Duration::from_secs)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// A weight. Beyond 253, the widest step between two priorities, keepalived complains, but reckons with it; the outcome is
/// that of 253.
fn weight(directive: &Directive, notes: &mut Notes) -> Option<i16> {
    let weight: i16 = value::number(directive, -32_768..=32_767, notes)?;
    let fitted = weight.clamp(-253, 253);
    if fitted != weight {
        let message =
            format!("`weight {weight}`: lbd takes -253 to 253; no priority can change by more");
        notes.add(Kind::Changed, &directive.name.place, message);
    }
    Some(fitted)
}

/// `weight N reverse` turns the sign's meaning round, for which lbd has no key.
fn reversed(directive: &Directive, notes: &mut Notes) {
    if let Some(word) = directive
        .arguments
        .iter()
        .find(|word| word.text == "reverse")
    {
        let message = "`reverse`: lbd adds a positive weight while a script succeeds, subtracts a negative one while it fails; \
                       turn the script's result round instead";
        notes.add(Kind::NotCarried, &word.place, message);
    } else {
        value::surplus(directive, 1, notes);
    }
}

impl Scripts {
    /// The scripts that a `track_script` block names, each with its own weight there.
    pub(super) fn track(&mut self, block: &Directive, notes: &mut Notes) -> Vec<Script> {
        let mut found = Vec::new();
        for line in block.children() {
            let name = &line.name.text;
            let Some((script, _)) = self.known.get(name) else {
                let message =
                    format!("there is no script `{name}`; keepalived tracks nothing here");
                notes.add(Kind::Ignored, &line.name.place, message);
                continue;
            };
            self.tracked.insert(name.clone());
            let mut script = script.clone();
            if let Some(weight) = own_weight(line, notes) {
                script.weight = weight;
            }
            found.push(script);
        }
        found
    }

    /// keepalived drops a script that nobody tracks: it never runs.
    pub(super) fn note_untracked(&self, notes: &mut Notes) {
        for (name, (_, place)) in &self.known {
            if !self.tracked.contains(name) {
                let message = format!(
                    "no `track_script` names script `{name}`, so keepalived never runs it, and lbd's file does not have it"
                );
                notes.add(Kind::Ignored, place, message);
            }
        }
    }
}

/// `NAME weight N`.
fn own_weight(line: &Directive, notes: &mut Notes) -> Option<i16> {
    let mut arguments = line.arguments.iter();
    let word = arguments.next()?;
    if word.text != "weight" {
        value::surplus(line, 0, notes);
        return None;
    }
    let weight = Directive {
        name: word.clone(),
        arguments: arguments.cloned().collect(),
        line: String::new(),
        block: None,
    };
    reversed(&weight, notes);
    self::weight(&weight, notes)
}
