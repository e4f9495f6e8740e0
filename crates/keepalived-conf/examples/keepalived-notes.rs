//! Says what is odd about a keepalived.conf: words that keepalived does not know, values that it does not take, things that
//! have no effect. `cargo run -p keepalived-conf --example keepalived-notes -- keepalived.conf`
#![allow(clippy::print_stdout)]

use keepalived_conf::{Answers, Beside, File, Kind, Source, import};

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let source = Source {
            text: std::fs::read_to_string(&path)?,
            name: path,
            folder: ".".to_owned(),
        };
        let file = File {
            director: None,
            source,
        };
        let mut include =
            |_: &keepalived_conf::Include<'_>| Err("not read by this example".to_owned());
        let import = import(
            &[file],
            &Answers::default(),
            &Beside::default(),
            &mut include,
        );
        let odd = |kind| matches!(kind, Kind::Unknown | Kind::Ignored);
        for note in import.notes.iter().filter(|note| odd(note.kind)) {
            println!("{note}");
        }
    }
    Ok(())
}
