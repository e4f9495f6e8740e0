//! What a command finds around it.

use healthcheck::exec::{Options, RunAs};

use super::{LONG, probe, shell, wrong};

/// What this line of shell says.
fn says(line: &str, change: impl FnOnce(&mut Options)) -> String {
    let mut options = shell(&format!("{line}; exit 1"), LONG);
    change(&mut options);
    wrong(probe(options))
        .trim_start_matches("exit code 1: ")
        .to_owned()
}

#[test]
fn the_environment_is_what_is_documented_and_no_more() {
    let line = "echo $(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort)";
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(says(line, |_| {}), format!("LC_ALL=C {path}"));
    let variable = ("LBD_SERVER".to_owned(), "db2".to_owned());
    assert_eq!(
        says(line, |options| options.environment.push(variable)),
        format!("LBD_SERVER=db2 LC_ALL=C {path}")
    );
}

#[test]
fn it_starts_in_the_root_folder_with_no_input() {
    assert_eq!(says("pwd", |_| {}), "/");
    assert_eq!(
        says("read x || echo nothing to read", |_| {}),
        "nothing to read"
    );
}

#[test]
fn it_leads_a_process_group_of_its_own() {
    let ids = says("echo $$ $(ps -o pgid= -p $$)", |_| {});
    let (pid, group) = ids.split_once(' ').unwrap();
    assert_eq!(pid, group);
}

#[test]
fn it_has_the_rights_of_the_given_user_without_further_groups() {
    let run_as = RunAs {
        uid: 65_534,
        gid: 65_534,
        groups: Vec::new(),
    };
    assert_eq!(
        says("echo $(id -u) $(id -g) $(id -G)", |options| options
            .run_as =
            Some(run_as)),
        "65534 65534 65534"
    );
}

#[test]
fn a_program_without_a_slash_is_found_in_the_path_and_no_shell_reads_arguments() {
    let options = Options {
        arguments: vec!["$HOME; exit 0".to_owned(), "*".to_owned()],
        ..Options::new("ls", LONG)
    };
    let what = wrong(probe(options));
    assert!(what.contains("'*'"), "{what}");
}
