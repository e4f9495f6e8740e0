//! The two directors' files of the reference cluster give its configuration.

use lbd_core::config::Config;

use crate::cases::REFERENCE;
use crate::{import, text};

const CONFIGURATION: &str = include_str!("../../../../testdata/lbd.yaml");

#[test]
fn the_reference_files_give_the_reference_configuration() {
    let imported = Config::parse(&text(&import(&REFERENCE).stdout)).unwrap();
    let mut wanted = Config::parse(CONFIGURATION).unwrap();
    // keepalived has no names for services.
    wanted.services[0].name = "fwmark-2".to_owned();
    assert_eq!(format!("{imported:#?}"), format!("{wanted:#?}"));
}
