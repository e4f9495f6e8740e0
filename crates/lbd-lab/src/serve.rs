//! The lab's own server: it answers each connection with its name.
//!
//! The line protocol: the server sends `NAME\n` at once; to `quit` it closes (so that the client is the one that need
//! not wait in TIME_WAIT and may use its port again); to any other line it sends `NAME\n` again.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Serves for ever.
///
/// # Errors
/// When the port cannot be had.
pub fn serve(name: &str, port: u16) -> io::Result<()> {
    let name: &'static str = name.to_owned().leak();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
            println!("{name} listens at {port}");
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, name));
                }
            }
        })
}

async fn answer(stream: TcpStream, name: &str) -> io::Result<()> {
    let greeting = format!("{name}\n");
    let mut stream = BufReader::new(stream);
    stream.write_all(greeting.as_bytes()).await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 && line.trim_end() != "quit" {
        stream.write_all(greeting.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
