//! What a file asks for that this version does not carry out yet.

use super::Config;

impl Config {
    /// The keys that are read and checked but not yet carried out, each with its place in words.
    #[must_use]
    pub fn not_yet_carried_out(&self) -> Vec<String> {
        let mut pending = Vec::new();
        for router in &self.routers {
            if !router.track_scripts.is_empty() {
                pending.push(format!("track_scripts of `{}`", router.name));
            }
            if router.notify != super::NotifyHooks::default() {
                pending.push(format!("notify of `{}`", router.name));
            }
        }
        if self
            .notifications
            .as_ref()
            .is_some_and(|n| n.email.is_some())
        {
            pending.push("notifications.email".to_owned());
        }
        pending
    }
}
