//! The daemon's side of the control socket.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tracing::{debug, warn};

use super::{Answer, Command, LONGEST, Request, Response, VERSION, socket};

/// How long a request and its answer may take together; a reload waits for programs that have a time limit of their own.
const PATIENCE: Duration = Duration::from_secs(40);
/// Clients served at the same time; others wait.
const CLIENTS: usize = 8;

/// A request on its way to the engine, and the way back.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The socket.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
}

/// The socket's name, which goes when this is dropped. It is kept apart from the task that serves: nobody
/// waits for that one's end.
#[derive(Debug)]
pub(crate) struct Name(PathBuf);

impl Drop for Name {
    fn drop(&mut self) {
        // The directory may be gone already.
        let _ = fs::remove_file(&self.0);
    }
}

impl Control {
    /// Opens the socket. A name left behind by a daemon that was killed is taken away first: the
    /// lock on the directory is held, so nobody uses it.
    pub(crate) fn open(runtime_dir: &Path) -> io::Result<(Self, Name)> {
        let path = socket(runtime_dir);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok((Self { listener }, Name(path)))
    }

    /// Serves clients until the task is ended.
    pub(crate) async fn serve(self, engine: mpsc::Sender<Asked>) {
        let places = Arc::new(Semaphore::new(CLIENTS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    warn!("control socket: {error}");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            let engine = engine.clone();
            tokio::spawn(async move {
                let served = tokio::time::timeout(PATIENCE, client(stream, &engine)).await;
                if let Ok(Err(error)) = served {
                    debug!("a client of the control socket: {error}");
                }
                drop(place);
            });
        }
    }
}

async fn client(stream: UnixStream, engine: &mpsc::Sender<Asked>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream).take(LONGEST).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) if request.version != VERSION => Answer::Refused(format!(
            "the daemon speaks version {VERSION} of the control protocol, not {}",
            request.version
        )),
        Ok(request) => ask(request.command, engine).await,
        Err(error) => Answer::Refused(format!("no request: {error}")),
    };
    let version = VERSION;
    let mut text = serde_json::to_vec(&Response { version, answer })?;
    text.push(b'\n');
    stream.get_mut().write_all(&text).await
}

async fn ask(command: Command, engine: &mpsc::Sender<Asked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    if engine.send(Asked { command, answer }).await.is_err() {
        return Answer::Refused("the daemon is stopping".to_owned());
    }
    match answered.await {
        Ok(answer) => answer,
        Err(_) => Answer::Refused("the daemon is stopping".to_owned()),
    }
}
