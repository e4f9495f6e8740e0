//! Something shared between who tells and who works, with a bell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Shared<T> {
    inner: Arc<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    state: Mutex<State<T>>,
    bell: Notify,
}

#[derive(Debug)]
struct State<T> {
    value: T,
    closed: bool,
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        let state = Mutex::new(State {
            value,
            closed: false,
        });
        let bell = Notify::new();
        Self {
            inner: Arc::new(Inner { state, bell }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        let state = self.inner.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it; without ringing.
    pub(crate) fn with<U>(&self, change: impl FnOnce(&mut T) -> U) -> U {
        change(&mut self.lock().value)
    }

    /// Wakes who works.
    pub(crate) fn ring(&self) {
        self.inner.bell.notify_one();
    }

    /// Nothing more will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits for the next ring, or one that nobody has heard yet.
    pub(crate) async fn rung(&self) {
        self.inner.bell.notified().await;
    }

    /// Waits until nothing more will come.
    pub(crate) async fn closed(&self) {
        while !self.is_closed() {
            self.rung().await;
        }
    }
}
