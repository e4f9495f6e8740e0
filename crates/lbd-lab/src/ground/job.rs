//! What the caller and the first process of the other side tell each other: files in the job's folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of the environment variable (and kernel parameter) that carries the job's folder to the first process.
pub(super) const FOLDER_VARIABLE: &str = "LBD_LAB_JOB";

/// One command to run on the other side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it starts.
    pub directory: PathBuf,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
    /// Whether the first process loads the IPVS modules.
    pub ipvs: bool,
}

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

impl Job {
    /// A command with this process's folder and environment, and the folders of system programs on its path.
    ///
    /// # Errors
    /// When this process has no current folder.
    pub fn here(command: Vec<String>, ipvs: bool) -> io::Result<Self> {
        let mut environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let path = environment.entry("PATH".to_owned()).or_default();
        path.push_str(":/usr/sbin:/usr/bin:/sbin:/bin");
        Ok(Self {
            command,
            directory: std::env::current_dir()?,
            environment,
            ipvs,
        })
    }

    /// Writes the job into its folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("job.json"), serde_json::to_vec_pretty(self)?)
    }

    /// Reads the job of a folder.
    ///
    /// # Errors
    /// When there is none, or it is not one.
    pub fn read(folder: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(folder.join("job.json"))?)?)
    }
}

impl Verdict {
    /// Writes the verdict into the job's folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(self, folder: &Path) -> io::Result<()> {
        fs::write(folder.join("verdict.json"), serde_json::to_vec(&self)?)
    }

    /// Reads the verdict of a folder; nothing where the job never came to an end.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join("verdict.json")).ok()?).ok()
    }
}
