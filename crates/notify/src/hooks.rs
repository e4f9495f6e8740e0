//! Commands that are run when something changes: one after another, in the order of the changes.
//!
//! While a command runs, what changes meanwhile waits. Of one subject (a virtual router, a server of a service) only the
//! latest state waits: a command that was for an older one is not run any more. So a hook may miss a state that lasted a
//! moment, but the last one it hears is always the true one; and what waits is bounded by the number of subjects.

use std::fmt;
use std::pin::Pin;

use command_group::{Error, Options, Run, Runner};

use crate::queue::Queue;
use crate::signal::Shared;

/// What a hook waits for.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A command for a change.
pub struct Hook {
    /// Whose state has changed.
    pub subject: String,
    /// What has changed, in words.
    pub what: String,
    /// What has to be so before the command is run, as when an address must be in place. It should not take long: the other
    /// hooks wait too.
    pub after: Wait,
    /// The command.
    pub command: Options,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            subject,
            what,
            after: _,
            command,
        } = self;
        f.debug_struct("Hook")
            .field("subject", subject)
            .field("what", what)
            .field("command", command)
            .finish_non_exhaustive()
    }
}

/// Takes hooks that are to be run.
#[derive(Debug)]
pub struct Hooks {
    queue: Shared<Queue<Hook>>,
}

/// Runs them.
#[derive(Debug)]
pub struct HookRunner {
    queue: Shared<Queue<Hook>>,
    runner: Runner,
}

impl Hooks {
    /// A queue, and what empties it.
    #[must_use]
    pub fn new() -> (Self, HookRunner) {
        let queue = Shared::new(Queue::default());
        let runner = HookRunner {
            queue: queue.clone(),
            runner: Runner::new(),
        };
        (Self { queue }, runner)
    }

    /// Has a hook run when those before it have ended. Gives the one of the same subject that it makes void.
    pub fn run(&self, hook: Hook) -> Option<Hook> {
        let void = self
            .queue
            .with(|queue| queue.push(hook.subject.clone(), hook));
        self.queue.ring();
        void
    }
}

/// Nothing more will come: the runner ends when it has run what waits.
impl Drop for Hooks {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl HookRunner {
    /// Runs hooks until there can be no more, and tells how each ended. Needs a tokio runtime with IO and time enabled.
    /// Dropping the future ends the command that runs.
    pub async fn serve(mut self, told: impl Fn(&Hook, Result<Run, Error>)) {
        loop {
            if let Some(mut hook) = self.queue.with(Queue::pop) {
                hook.after.as_mut().await;
                let end = self.runner.run(&hook.command).await;
                told(&hook, end);
            } else if self.queue.is_closed() {
                return;
            } else {
                self.queue.rung().await;
            }
        }
    }
}
