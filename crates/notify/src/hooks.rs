//! Commands that are run when something changes: one after another, in the order of the changes.
//!
//! While a command runs, what changes meanwhile waits. Of one subject (a virtual router, a server of a service) only the
//! latest state waits: a command that was for an older one is not run any more. So a hook may miss a state that lasted a
//! moment, but the last one it hears is always the true one; and what waits is bounded by the number of subjects.

use command_group::{Error, Options, Run, Runner};

use crate::queue::Queue;
use crate::signal::Shared;

/// A command for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Whose state has changed.
    pub subject: String,
    /// What has changed, in words.
    pub what: String,
    /// The command.
    pub command: Options,
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
            if let Some(hook) = self.queue.with(Queue::pop) {
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
