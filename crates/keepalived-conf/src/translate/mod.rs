//! From the tree of one file to what lbd has a place for. Everything else is noted.

mod address;
mod authentication;
mod check;
mod command;
mod global;
mod group;
mod instance;
mod interval;
mod misc;
mod notify;
mod repeated;
mod request;
mod script;
mod server;
mod service;
mod timing;
mod value;
mod web;

use crate::model::Director;
use crate::note::Notes;
use crate::syntax::Directive;
use crate::words;

/// Translates one director's file.
pub fn director(file: &str, name: Option<&str>, tree: &[Directive], notes: &mut Notes) -> Director {
    let mut director = Director {
        given_name: name.map(str::to_owned),
        file: file.to_owned(),
        ..Director::default()
    };
    repeated::note(tree, notes);
    let defaults = global::global(tree, &mut director, notes);
    let mut scripts = script::scripts(tree, notes);
    let groups = group::groups(tree, notes);
    for directive in tree {
        match directive.name.text.as_str() {
            "vrrp_instance" => {
                let router = instance::instance(directive, &defaults, &mut scripts, notes);
                director.routers.extend(router);
            }
            "virtual_server" => director
                .services
                .extend(service::service(directive, &groups, notes)),
            "global_defs" | "vrrp_script" | "virtual_server_group" => {}
            _ => words::ROOT.leave(directive, notes),
        }
    }
    scripts.note_untracked(notes);
    director
}
