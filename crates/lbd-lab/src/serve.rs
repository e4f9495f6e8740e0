//! The lab's own server: it answers each connection with its name.
//!
//! The line protocol: the server sends `NAME\n` at once; to `quit` it closes (so that the client is the one that need
//! not wait in TIME_WAIT and may use its port again); to any other line it sends `NAME\n` again.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// Serves for ever.
///
/// # Errors
/// When the port cannot be had.
pub fn serve(name: &str, port: u16) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    println!("{name} listens at {port}");
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let name = name.to_owned();
        std::thread::spawn(move || answer(&stream, &name));
    }
    Ok(())
}

fn answer(stream: &TcpStream, name: &str) -> io::Result<()> {
    let mut to = stream;
    to.write_all(format!("{name}\n").as_bytes())?;
    let mut from = BufReader::new(stream);
    let mut line = String::new();
    while from.read_line(&mut line)? > 0 && line.trim_end() != "quit" {
        to.write_all(format!("{name}\n").as_bytes())?;
        line.clear();
    }
    Ok(())
}
