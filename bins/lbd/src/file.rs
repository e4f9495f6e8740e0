//! Reads the configuration file.

use std::path::Path;

use lbd_core::config::Config;

use crate::failure::Failure;

/// The longest configuration file that is read, in octets: far more than any cluster needs.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Reads and checks the file.
pub(crate) fn load(path: &Path) -> Result<Config, Failure> {
    let text = read(path)?;
    Config::parse(&text)
        .map_err(|error| Failure::Config(error.render(&path.display().to_string(), &text)))
}

fn read(path: &Path) -> Result<String, Failure> {
    let complaint = |error: std::io::Error| Failure::Config(format!("{}: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(complaint)?.len();
    if length > LONGEST {
        return Err(Failure::Config(format!(
            "{}: {length} octets are too many for a configuration file",
            path.display()
        )));
    }
    std::fs::read_to_string(path).map_err(complaint)
}
