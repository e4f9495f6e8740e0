//! Reads the configuration file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use lbd_core::config::Config;

use crate::failure::Failure;

/// The longest configuration file that is read, in octets: far more than any cluster needs.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Reads and checks the file.
pub(crate) fn load(path: &Path) -> Result<Config, Failure> {
    load_with_text(path).map(|(config, _)| config)
}

/// Reads and checks the file, and gives its text too.
pub(crate) fn load_with_text(path: &Path) -> Result<(Config, String), Failure> {
    let text = read(path)?;
    match Config::parse(&text) {
        Ok(config) => Ok((config, text)),
        Err(error) => {
            let told = error.render(&path.display().to_string(), &text);
            Err(Failure::Config(told))
        }
    }
}

/// Puts a file in another's place, whole or not at all.
pub(crate) fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let draft = path.with_extension("new");
    let written = write(&draft, text, mode).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // Half a draft takes room that is short already.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    options.open(path)?.write_all(text.as_bytes())
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
