//! An operator's word.

use super::*;

#[test]
fn a_service_without_a_check_can_be_drained_too() {
    let begin = MYSQL.find("    health_check:").unwrap();
    let (mut engine, effects) = started(&MYSQL[..begin], "10.243.95.3");
    let full = [(3, Some(100)), (4, Some(100)), (5, Some(100))];
    assert_eq!(weights(&effects), Some(full.into()));
    let mut drain = |how| engine.handle(at(3), Event::Drain { node: "db2", how });
    assert_eq!(
        weights(&drain(Some(Drain::Connections))).unwrap()[&4],
        Some(0)
    );
    assert_eq!(weights(&drain(Some(Drain::Maintenance))).unwrap()[&4], None);
    assert_eq!(weights(&drain(None)).unwrap()[&4], Some(100));
    let server = &engine.status(at(4)).services[0].servers[1];
    assert_eq!(
        (server.health.as_str(), server.why.as_str()),
        ("unchecked", "not checked: full weight")
    );
}

#[test]
fn a_drained_server_keeps_its_connections_and_health_does_not_bring_it_back() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    let mut drain = |millis, how| engine.handle(at(millis), Event::Drain { node: "db2", how });
    let effects = drain(3, Some(Drain::Connections));
    assert_eq!(weights(&effects).unwrap()[&4], Some(0));
    let effects = drain(4, Some(Drain::Maintenance));
    assert_eq!(weights(&effects).unwrap()[&4], None);
    let effects = drain(5, None);
    assert_eq!(weights(&effects).unwrap()[&4], Some(100));
    assert!(drain(6, None).is_empty());
}

#[test]
fn a_server_stays_drained_over_a_restart_and_a_reload() {
    let interfaces = interfaces("10.243.95.3");
    let host = |text: &str| Host::new(Config::parse(text).unwrap(), &interfaces, None).unwrap();
    let mut engine = Engine::new(host(MYSQL), at(0));
    let how = Some(Drain::Connections);
    assert!(
        engine
            .handle(at(0), Event::Drain { node: "db2", how })
            .is_empty()
    );
    let effects = engine.handle(at(0), Event::Start { adopted: &[] });
    let effects = answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    assert_eq!(weights(&effects).unwrap()[&4], Some(0));
    let other = engine.succession(host(&MYSQL.replace("weight: 100", "weight: 50")));
    let effects = engine.reload(at(3), other, &interfaces);
    let expected = [(3, Some(50)), (4, Some(0)), (5, Some(50))];
    assert_eq!(weights(&effects), Some(expected.into()));
    assert_eq!(engine.drained().len(), 1);
}
