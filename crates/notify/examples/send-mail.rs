//! Mails one line, and says what came of it:
//! `cargo run --example send-mail -- 127.0.0.1 25 lbd@example.org dba@example.org "VI_1 is master"`
#![allow(clippy::print_stdout)]

use std::time::{Duration, SystemTime};

use notify::mail::{Encryption, Mail, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [host, port, from, to, line] = words.as_slice() else {
        return Err("usage: send-mail HOST PORT FROM TO LINE".into());
    };
    let (mail, post) = Mail::new(Settings {
        from: from.clone(),
        to: vec![to.clone()],
        host: host.clone(),
        port: port.parse()?,
        greet_as: "localhost".to_owned(),
        connect_timeout: Duration::from_secs(10),
        encryption: Encryption::None,
        ca_file: None,
        login: None,
        subject: "[example] ".to_owned(),
        gather: Duration::from_secs(1),
        retry: Duration::from_secs(5),
    });
    mail.tell(SystemTime::now(), line);
    // Nothing more will come, so that the post ends.
    drop(mail);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(post.serve(|delivery| println!("{delivery:?}")));
    Ok(())
}
