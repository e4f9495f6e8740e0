//! keepalived's configuration language, read with the place of every word, and translated to lbd's configuration.
//!
//! [`import`] takes the files of one or several directors and gives the text of lbd's one file, with [`Note`]s: every
//! directive is carried over, or noted with the reason why it is not, or with the word that was probably meant. What
//! keepalived itself takes no notice of is told apart from what lbd has no key for.
//!
//! The crate reads no files: `include` goes through a function of the caller's.
//!
//! ```
//! use keepalived_conf::{Answers, Beside, File, Kind, Source, import};
//!
//! let text = "vrrp_instance VI_1 {
//!     interface eth0
//!     virtual_router_id 51
//!     priority 100
//!     virtual_ipaddress { 192.0.2.10 }
//!     garp_master_delay 10
//! }";
//! let file = File {
//!     director: Some("db1".to_owned()),
//!     source: Source { name: "a.conf".to_owned(), folder: ".".to_owned(), text: text.to_owned() },
//! };
//! let answers = Answers {
//!     nodes: [("db1".to_owned(), "192.0.2.1".parse().unwrap())].into(),
//!     ..Answers::default()
//! };
//! let import = import(&[file], &answers, &Beside::default(), &mut |_| Ok(Vec::new()));
//! assert!(import.yaml.contains("priority: { db1: 100 }"));
//! assert!(import.notes.iter().any(|note| note.kind == Kind::NotCarried
//!     && note.to_string().starts_with("a.conf:6:5: `garp_master_delay 10`")));
//! ```
//!
//! The steps can be had one by one: [`syntax::read`] makes a tree of directives, [`translate::director`] a
//! [`model::Director`] of it, [`merge::merge`] a [`merge::Cluster`] of several.

pub mod beside;
pub mod glob;
pub mod merge;
pub mod model;
mod note;
mod place;
pub mod syntax;
pub mod translate;
pub mod words;
mod yaml;

pub use merge::Answers;
pub use note::{Kind, Note, Notes};
pub use place::Place;
pub use syntax::{Include, Loader, Source};

/// One director's file.
#[derive(Clone, Debug)]
pub struct File {
    /// The director's name: how lbd is to call it, and what `@NAME` lines are compared with.
    pub director: Option<String>,
    /// The file.
    pub source: Source,
}

/// Files that lie beside keepalived's on such a host; they are compared with what lbd derives.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The output of `iptables-save`.
    pub iptables: Option<Source>,
    /// Kernel parameters.
    pub sysctl: Option<beside::Parameters>,
}

/// The result of a translation.
#[derive(Clone, Debug)]
pub struct Import {
    /// The text of lbd's file.
    pub yaml: String,
    /// What is not in it, and why; sorted by kind and place.
    pub notes: Vec<Note>,
}

impl Import {
    /// Whether nothing has to be answered before the file can be used.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.notes.iter().all(|note| note.kind != Kind::Question)
    }
}

/// Translates the files of one or several directors of a cluster.
pub fn import(files: &[File], answers: &Answers, beside: &Beside, include: Loader<'_>) -> Import {
    let mut notes = Notes::default();
    let mut directors = Vec::new();
    for file in files {
        let name = file.director.as_deref();
        let tree = syntax::read(&file.source, name, include, &mut notes);
        directors.push(translate::director(
            &file.source.name,
            name,
            &tree,
            &mut notes,
        ));
    }
    let rules = beside
        .iptables
        .as_ref()
        .map(beside::rules)
        .unwrap_or_default();
    let cluster = merge::merge(directors, answers, &rules, &mut notes);
    if let Some(source) = &beside.iptables {
        beside::compare_rules(&cluster, &source.name, &rules, &mut notes);
    }
    if let Some(parameters) = &beside.sysctl {
        beside::compare_parameters(&cluster, parameters, &mut notes);
    }
    let names: Vec<&str> = files.iter().map(|file| file.source.name.as_str()).collect();
    Import {
        yaml: yaml::write(&cluster, &names.join(", ")),
        notes: notes.sorted(),
    }
}
