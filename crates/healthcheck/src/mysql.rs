//! MySQL and MariaDB: can one log in, does the server answer, does it replicate?

mod grants;
mod password;
mod proof;
pub mod replica;
mod settings;
mod version;
pub mod wire;

pub use grants::{Account, grants};
pub use password::{Password, PasswordError, read_credential, read_password_file};
pub use proof::{KeyError, PublicKey};
pub use replica::{Heartbeat, ReplicaOptions, ReplicaStatus, Replication, Role};
pub use settings::{Level, Settings, SettingsError};
pub use version::{Flavour, Version};
