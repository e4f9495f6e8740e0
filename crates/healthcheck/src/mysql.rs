//! MySQL and MariaDB: can one log in, does the server answer, does it replicate?

mod password;
mod proof;
mod version;
pub mod wire;

pub use password::{Password, PasswordError, read_credential, read_password_file};
pub use proof::{KeyError, PublicKey};
pub use version::{Flavour, Version};
