//! `authentication`.

use super::value;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// The octets that fit into an advert (RFC 2338, 5.3.10); keepalived cuts longer passwords.
const LONGEST: usize = 8;

/// The password, where keepalived would use one.
pub(super) fn password(
    block: Option<&Directive>,
    version: u8,
    notes: &mut Notes,
) -> Option<String> {
    let block = block?;
    let place = &block.name.place;
    let (kind, password) = read(block, notes);
    if version == 3 {
        notes.add(Kind::Ignored, place, "version 3 has no authentication");
        return None;
    }
    match (kind, password) {
        (Some((kind, _)), Some((password, directive)))
            if kind == "PASS" && !password.is_empty() =>
        {
            Some(cut(password, directive, notes))
        }
        (Some((kind, directive)), password) if kind != "PASS" => {
            other_kind(kind, directive, notes);
            if let Some((_, directive)) = password {
                let message = "`auth_pass`: there is a password with `auth_type PASS` only";
                notes.add(Kind::NotCarried, &directive.name.place, message);
            }
            None
        }
        _ => {
            let message = "without both `auth_type PASS` and `auth_pass` keepalived does without authentication";
            notes.add(Kind::Ignored, place, message);
            None
        }
    }
}

/// What a directive says, and the directive.
type Said<'a> = Option<(&'a str, &'a Directive)>;

/// The last `auth_type` and `auth_pass`.
fn read<'a>(block: &'a Directive, notes: &mut Notes) -> (Said<'a>, Said<'a>) {
    let (mut kind, mut password) = (None, None);
    for directive in block.children() {
        let place = match directive.name.text.as_str() {
            "auth_type" => &mut kind,
            "auth_pass" => &mut password,
            _ => {
                words::AUTHENTICATION.leave(directive, notes);
                continue;
            }
        };
        *place = value::first(directive, notes).map(|word| (word.text.as_str(), directive));
        value::surplus(directive, 1, notes);
    }
    (kind, password)
}

fn other_kind(kind: &str, directive: &Directive, notes: &mut Notes) {
    let place = &directive.name.place;
    if kind == "AH" {
        let message = "lbd does not speak IPsec AH, which RFC 3768 took out of VRRP: the directors must change together";
        notes.add(Kind::NotCarried, place, message);
    } else {
        let message = format!(
            "`auth_type {kind}`: there are PASS and AH; keepalived does without authentication"
        );
        notes.add(Kind::Ignored, place, message);
    }
}

fn cut(password: &str, directive: &Directive, notes: &mut Notes) -> String {
    if password.len() <= LONGEST {
        return password.to_owned();
    }
    let message = format!("keepalived uses only the first {LONGEST} octets of the password");
    notes.add(Kind::Ignored, &directive.name.place, message);
    let whole = |end: &usize| password.is_char_boundary(*end);
    let end = (0..=LONGEST).rev().find(whole).unwrap_or(0);
    password.get(..end).unwrap_or_default().to_owned()
}
