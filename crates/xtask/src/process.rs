//! Running programs whose output a person sees as it comes.

use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus, Stdio};

/// Runs a program to its end. `Err` says how it ended when it did not end well.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status();
    verdict(command, status)
}

/// As [`run`], and hands every line of standard output to `each` as well.
///
/// The output is passed on in the pieces in which it arrives, so a half line (`test x ... `) shows at once.
pub(crate) fn tee(command: &mut Command, mut each: impl FnMut(&str)) -> Result<(), String> {
    let status = copy(command, &mut each);
    verdict(command, status)
}

fn copy(command: &mut Command, each: &mut impl FnMut(&str)) -> io::Result<ExitStatus> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut pending: Vec<u8> = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        let mut piece = [0; 4096];
        loop {
            let filled = output.read(&mut piece)?;
            let Some(fresh) = piece.get(..filled).filter(|fresh| !fresh.is_empty()) else {
                break;
            };
            io::stdout().write_all(fresh)?;
            io::stdout().flush()?;
            pending.extend_from_slice(fresh);
            while let Some(end) = pending.iter().position(|&octet| octet == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                each(&String::from_utf8_lossy(&line));
            }
        }
    }
    each(&String::from_utf8_lossy(&pending));
    child.wait()
}

fn verdict(command: &Command, status: io::Result<ExitStatus>) -> Result<(), String> {
    let program = command.get_program().to_string_lossy();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(format!("{program} does not run: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{run, tee};
    use std::process::Command;

    #[test]
    fn every_line_is_handed_on_even_the_last_without_an_end() {
        let mut seen = String::new();
        let ended = tee(Command::new("printf").arg("one\\ntwo"), |line| {
            seen.push_str(line);
            seen.push('|');
        });
        println!();
        assert_eq!((ended, seen.as_str()), (Ok(()), "one\n|two|"));
    }

    #[test]
    fn a_bad_end_is_told() {
        assert_eq!(
            run(&mut Command::new("false")),
            Err("exit status: 1".to_owned())
        );
        let absent = run(&mut Command::new("/nowhere/at/all"));
        assert!(absent.is_err_and(|why| why.starts_with("/nowhere/at/all does not run")));
    }
}
