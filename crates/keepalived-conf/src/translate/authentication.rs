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
    let (mut kind, mut password) = (None, None);
    for directive in block.children() {
        match directive.name.text.as_str() {
            "auth_type" => {
                kind = value::first(directive, notes).map(|word| (word.text.clone(), directive))
            }
            "auth_pass" => {
                password = value::first(directive, notes).map(|word| (word.text.clone(), directive))
            }
            _ => words::AUTHENTICATION.leave(directive, notes),
        }
        value::surplus(directive, 1, notes);
    }
    let place = &block.name.place;
    if version == 3 {
        notes.add(Kind::Ignored, place, "version 3 has no authentication");
        return None;
    }
    match (kind, password) {
        (Some((kind, directive)), _) if kind == "AH" => {
            let message = "lbd does not speak IPsec AH, which RFC 3768 took out of VRRP: the directors must change together";
            notes.add(Kind::NotCarried, &directive.name.place, message);
            None
        }
        (Some((kind, directive)), _) if kind != "PASS" => {
            let message = format!(
                "`auth_type {kind}`: there are PASS and AH; keepalived does without authentication"
            );
            notes.add(Kind::Ignored, &directive.name.place, message);
            None
        }
        (Some(_), Some((password, directive))) if !password.is_empty() => {
            Some(cut(password, directive, notes))
        }
        _ => {
            let message = "without both `auth_type PASS` and `auth_pass` keepalived does without authentication";
            notes.add(Kind::Ignored, place, message);
            None
        }
    }
}

fn cut(password: String, directive: &Directive, notes: &mut Notes) -> String {
    if password.len() <= LONGEST {
        return password;
    }
    let message = format!("keepalived uses only the first {LONGEST} octets of the password");
    notes.add(Kind::Ignored, &directive.name.place, message);
    let whole = |end: &usize| password.is_char_boundary(*end);
    let end = (0..=LONGEST).rev().find(whole).unwrap_or(0);
    password.get(..end).unwrap_or_default().to_owned()
}
