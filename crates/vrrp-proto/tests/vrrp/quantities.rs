//! Ranges of the numbers, and the timer formulas.

use core::time::Duration;

use vrrp_proto::{Centis, Password, Priority, Version, Vrid, master_down, skew};

#[test]
fn a_vrid_is_not_zero() {
    assert_eq!(Vrid::new(0), None);
    assert_eq!(Vrid::new(255).unwrap().get(), 255);
}

#[test]
fn a_tracked_priority_stays_between_1_and_254() {
    for (sum, clamped) in [
        (i32::MIN, 1),
        (-5, 1),
        (0, 1),
        (1, 1),
        (100, 100),
        (254, 254),
        (255, 254),
        (i32::MAX, 254),
    ] {
        assert_eq!(Priority::clamped(sum).get(), clamped, "{sum}");
    }
}

#[test]
fn an_interval_is_not_zero_and_knows_its_whole_seconds() {
    assert_eq!(Centis::new(0), None);
    assert_eq!(Centis::from_secs(0), None);
    assert_eq!(Centis::from_secs(255).unwrap().whole_secs(), Some(255));
    assert_eq!(Centis::new(150).unwrap().whole_secs(), None);
    assert_eq!(Centis::new(25_600).unwrap().whole_secs(), None);
    assert_eq!(
        Centis::new(1).unwrap().as_duration(),
        Duration::from_millis(10)
    );
    assert_eq!(
        Centis::new(u16::MAX).unwrap().as_duration(),
        Duration::from_millis(655_350)
    );
}

#[test]
fn a_password_has_1_to_8_octets_and_is_never_shown() {
    assert_eq!(Password::new(b""), None);
    assert_eq!(Password::new(b"123456789"), None);
    assert_ne!(Password::new(b"12345678"), Password::new(b"12345679"));
    assert_eq!(
        format!("{:?}", Password::new(b"secret").unwrap()),
        "Password(hidden)"
    );
}

#[test]
fn the_skew_of_version_2_does_not_scale_with_the_interval() {
    for secs in [1, 10, 255] {
        let interval = Centis::from_secs(secs).unwrap();
        let of = |priority| skew(Version::V2, Priority::new(priority), interval).as_micros();
        assert_eq!(of(100), 609_375);
        assert_eq!(of(255), 3_906);
        assert_eq!(of(1), 996_093);
    }
}

#[test]
fn the_skew_of_version_3_scales_with_the_masters_interval() {
    let of = |centis, priority| {
        skew(
            Version::V3,
            Priority::new(priority),
            Centis::new(centis).unwrap(),
        )
        .as_micros()
    };
    assert_eq!(of(100, 100), 609_375);
    assert_eq!(of(1, 100), 6_093);
    assert_eq!(of(1, 254), 78, "not zero at the shortest interval");
    assert_eq!(of(4095, 1), 40_790_039);
}

#[test]
fn the_master_down_time_is_three_intervals_and_the_skew() {
    let interval = Centis::from_secs(2).unwrap();
    let down = |version| master_down(version, Priority::DEFAULT, interval).as_micros();
    assert_eq!(down(Version::V2), 6_609_375);
    assert_eq!(down(Version::V3), 7_218_750);
}
