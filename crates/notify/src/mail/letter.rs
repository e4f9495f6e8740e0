//! What is in a mail.

use std::collections::VecDeque;
use std::fmt::Write;
use std::time::SystemTime;

/// How many lines wait for a mail; of more, the oldest are left out.
pub const CAPACITY: usize = 1000;

/// The longest subject, in characters: what a list of mails shows.
const SUBJECT: usize = 120;

/// Lines that wait.
#[derive(Debug, Default)]
pub(crate) struct Pouch {
    lines: VecDeque<(SystemTime, String)>,
    left_out: u64,
}

/// Lines for one mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    lines: VecDeque<(SystemTime, String)>,
    left_out: u64,
}

impl Pouch {
    pub(super) fn put(&mut self, at: SystemTime, line: String) {
        if self.lines.len() >= CAPACITY {
            self.lines.pop_front();
            self.left_out = self.left_out.saturating_add(1);
        }
        self.lines.push_back((at, line));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Empties it; nothing when it is empty.
    pub(super) fn take(&mut self) -> Option<Letter> {
        let Self { lines, left_out } = std::mem::take(self);
        (!lines.is_empty()).then_some(Letter { lines, left_out })
    }
}

impl Letter {
    /// How many changes it tells of.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The change itself when there is one only.
    pub(super) fn subject(&self, prefix: &str) -> String {
        let what = match (self.lines.len(), self.left_out, self.lines.front()) {
            (1, 0, Some((_, line))) => line.clone(),
            (count, _, _) => format!("{count} changes"),
        };
        format!("{prefix}{what}")
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(SUBJECT)
            .collect()
    }

    pub(super) fn body(&self) -> String {
        let mut body = String::new();
        if self.left_out > 0 {
            // Writing to a text cannot fail.
            let _ = writeln!(
                body,
                "{} earlier changes are in the log only.",
                self.left_out
            );
        }
        for (at, line) in &self.lines {
            let _ = writeln!(body, "{} {line}", humantime::format_rfc3339_millis(*at));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_single_change_is_the_subject_itself() {
        let mut pouch = Pouch::default();
        pouch.put(at(1), "VI_1 is master".to_owned());
        let letter = pouch.take().unwrap();
        assert_eq!(
            letter.subject("[orders] db1: "),
            "[orders] db1: VI_1 is master"
        );
        assert_eq!(letter.body(), "1970-01-01T00:00:01.000Z VI_1 is master\n");
        assert_eq!(pouch.take(), None);
    }

    #[test]
    fn several_are_counted_in_the_subject_and_listed_in_order() {
        let mut pouch = Pouch::default();
        pouch.put(at(1), "first".to_owned());
        pouch.put(at(2), "second".to_owned());
        let letter = pouch.take().unwrap();
        assert_eq!(letter.subject(""), "2 changes");
        let body = letter.body();
        assert!(body.find("first").unwrap() < body.find("second").unwrap());
    }

    #[test]
    fn of_too_many_the_oldest_are_left_out_and_counted() {
        let mut pouch = Pouch::default();
        for number in 0..CAPACITY + 7 {
            pouch.put(at(1), format!("change {number} of many"));
        }
        let letter = pouch.take().unwrap();
        assert_eq!(letter.len(), CAPACITY);
        let body = letter.body();
        assert!(body.starts_with("7 earlier changes are in the log only.\n"));
        assert!(body.contains("change 7 of") && !body.contains("change 6 of"));
        assert!(body.contains(&format!("change {} of", CAPACITY + 6)));
    }

    #[test]
    fn a_subject_is_one_short_line() {
        let mut pouch = Pouch::default();
        pouch.put(at(1), "a\r\nBcc: x".repeat(100));
        let subject = pouch.take().unwrap().subject("");
        assert!(subject.len() <= SUBJECT && !subject.contains(char::is_control));
    }
}
