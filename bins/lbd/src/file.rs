//! Reads the configuration file.

use std::fs::File;
use std::io::Read;
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
    let text = octets(path).and_then(|octets| {
        String::from_utf8(octets).map_err(|_| "stream did not contain valid UTF-8".to_owned())
    });
    text.map_err(|what| Failure::Config(format!("{}: {what}", path.display())))
}

/// A configuration file of whatever program; else why it cannot be had, without its name.
pub(crate) fn octets(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut octets = Vec::new();
    let length = file
        .take(LONGEST)
        .read_to_end(&mut octets)
        .map_err(|error| error.to_string())?;
    if u64::try_from(length).is_ok_and(|length| length < LONGEST) {
        return Ok(octets);
    }
    Err(format!(
        "{LONGEST} octets and more are too many for a configuration file"
    ))
}
