//! Waiting for descriptors that the runtime has no type for.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Something with a descriptor of its own that becomes readable.
#[derive(Debug)]
pub(super) struct Readable<T: AsFd> {
    inner: AsyncFd<Owner<T>>,
}

/// As the runtime wants it.
#[derive(Debug)]
struct Owner<T>(T);

impl<T: AsFd> AsRawFd for Owner<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl<T: AsFd> Readable<T> {
    #[allow(unsafe_code)]
    pub(super) fn new(owner: T) -> io::Result<Self> {
        // SAFETY: the owner keeps its descriptor; inside `AsyncFd` it is neither replaced nor closed early.
        let inner = unsafe { AsyncFd::register_with_interest(Owner(owner), Interest::READABLE) };
        Ok(Self { inner: inner? })
    }

    pub(super) fn get(&self) -> &T {
        let Owner(owner) = self.inner.get_ref();
        owner
    }

    /// Waits until it is readable, as far as is known: it may have been emptied meanwhile. Cancel-safe.
    pub(super) async fn wait(&self) -> io::Result<()> {
        self.inner.readable().await?.clear_ready();
        Ok(())
    }
}
