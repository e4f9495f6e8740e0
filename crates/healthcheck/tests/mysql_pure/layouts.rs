//! The columns of every server's state of replication, as in MySQL's reference manuals (5.7, 8.0, 8.4) and MariaDB's
//! documentation. Of MariaDB the tests with real servers see them too; a MySQL was not there to ask.

use std::time::Duration;

use healthcheck::mysql::ReplicaStatus;
use healthcheck::mysql::replica::{ChannelError, IoThread, LayoutError};
use healthcheck::mysql::wire::ResultSet;
use proptest::prelude::*;

const MYSQL_57: &str = "Slave_IO_State Master_Host Master_User Master_Port Connect_Retry Master_Log_File \
    Read_Master_Log_Pos Relay_Log_File Relay_Log_Pos Relay_Master_Log_File Slave_IO_Running Slave_SQL_Running Replicate_Do_DB \
    Replicate_Ignore_DB Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table Replicate_Wild_Ignore_Table \
    Last_Errno Last_Error Skip_Counter Exec_Master_Log_Pos Relay_Log_Space Until_Condition Until_Log_File Until_Log_Pos \
    Master_SSL_Allowed Master_SSL_CA_File Master_SSL_CA_Path Master_SSL_Cert Master_SSL_Cipher Master_SSL_Key \
    Seconds_Behind_Master Master_SSL_Verify_Server_Cert Last_IO_Errno Last_IO_Error Last_SQL_Errno Last_SQL_Error \
    Replicate_Ignore_Server_Ids Master_Server_Id Master_UUID Master_Info_File SQL_Delay SQL_Remaining_Delay \
    Slave_SQL_Running_State Master_Retry_Count Master_Bind Last_IO_Error_Timestamp Last_SQL_Error_Timestamp Master_SSL_Crl \
    Master_SSL_Crlpath Retrieved_Gtid_Set Executed_Gtid_Set Auto_Position Replicate_Rewrite_DB Channel_Name Master_TLS_Version";

/// The same in 8.0.22 and 8.4.
const MYSQL_84: &str = "Replica_IO_State Source_Host Source_User Source_Port Connect_Retry Source_Log_File \
    Read_Source_Log_Pos Relay_Log_File Relay_Log_Pos Relay_Source_Log_File Replica_IO_Running Replica_SQL_Running \
    Replicate_Do_DB Replicate_Ignore_DB Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table \
    Replicate_Wild_Ignore_Table Last_Errno Last_Error Skip_Counter Exec_Source_Log_Pos Relay_Log_Space Until_Condition \
    Until_Log_File Until_Log_Pos Source_SSL_Allowed Source_SSL_CA_File Source_SSL_CA_Path Source_SSL_Cert Source_SSL_Cipher \
    Source_SSL_Key Seconds_Behind_Source Source_SSL_Verify_Server_Cert Last_IO_Errno Last_IO_Error Last_SQL_Errno \
    Last_SQL_Error Replicate_Ignore_Server_Ids Source_Server_Id Source_UUID Source_Info_File SQL_Delay SQL_Remaining_Delay \
    Replica_SQL_Running_State Source_Retry_Count Source_Bind Last_IO_Error_Timestamp Last_SQL_Error_Timestamp \
    Source_SSL_Crl Source_SSL_Crlpath Retrieved_Gtid_Set Executed_Gtid_Set Auto_Position Replicate_Rewrite_DB \
    Channel_Name Source_TLS_Version Source_public_key_path Get_Source_public_key Network_Namespace";

const MARIADB_1011: &str = "Connection_name Slave_SQL_State Slave_IO_State Master_Host Master_User Master_Port Connect_Retry \
    Master_Log_File Read_Master_Log_Pos Relay_Log_File Relay_Log_Pos Relay_Master_Log_File Slave_IO_Running \
    Slave_SQL_Running Replicate_Do_DB Replicate_Ignore_DB Replicate_Do_Table Replicate_Ignore_Table Replicate_Wild_Do_Table \
    Replicate_Wild_Ignore_Table Last_Errno Last_Error Skip_Counter Exec_Master_Log_Pos Relay_Log_Space Until_Condition \
    Until_Log_File Until_Log_Pos Master_SSL_Allowed Master_SSL_CA_File Master_SSL_CA_Path Master_SSL_Cert Master_SSL_Cipher \
    Master_SSL_Key Seconds_Behind_Master Master_SSL_Verify_Server_Cert Last_IO_Errno Last_IO_Error Last_SQL_Errno \
    Last_SQL_Error Replicate_Ignore_Server_Ids Master_Server_Id Master_SSL_Crl Master_SSL_Crlpath Using_Gtid Gtid_IO_Pos \
    Replicate_Do_Domain_Ids Replicate_Ignore_Domain_Ids Parallel_Mode SQL_Delay SQL_Remaining_Delay \
    Slave_SQL_Running_State Slave_DDL_Groups Slave_Non_Transactional_Groups Slave_Transactional_Groups \
    Retried_transactions Max_relay_log_size Executed_log_entries Slave_received_heartbeats Slave_heartbeat_period Gtid_Slave_Pos";

const ALL: [&str; 3] = [MYSQL_57, MYSQL_84, MARIADB_1011];

/// A channel, in words of no server.
#[derive(Clone, Debug)]
struct Row<'a> {
    name: &'a str,
    io: &'a str,
    sql: &'a str,
    lag: Option<&'a str>,
    io_error: (&'a str, &'a str),
}

const WELL: Row<'_> = Row {
    name: "",
    io: "Yes",
    sql: "Yes",
    lag: Some("0"),
    io_error: ("0", ""),
};

/// What a server with these columns answers.
fn answer(columns: &str, rows: &[Row<'_>]) -> ResultSet {
    let columns: Vec<String> = columns.split_whitespace().map(str::to_owned).collect();
    let value = |row: &Row<'_>, column: &str| {
        let text = match column {
            "Channel_Name" | "Connection_name" => row.name,
            "Replica_IO_Running" | "Slave_IO_Running" => row.io,
            "Replica_SQL_Running" | "Slave_SQL_Running" => row.sql,
            "Seconds_Behind_Source" | "Seconds_Behind_Master" => return row.lag.map(str::to_owned),
            "Source_Host" | "Master_Host" => "db1",
            "Last_IO_Errno" => row.io_error.0,
            "Last_IO_Error" => row.io_error.1,
            "Last_SQL_Errno" => "0",
            _ => "",
        };
        Some(text.to_owned())
    };
    let row = |row: &Row<'_>| columns.iter().map(|column| value(row, column)).collect();
    let rows = rows.iter().map(row).collect();
    ResultSet { columns, rows }
}

fn read(columns: &str, rows: &[Row<'_>]) -> ReplicaStatus {
    ReplicaStatus::read(&answer(columns, rows))
        .unwrap()
        .unwrap()
}

#[test]
fn a_replica_that_is_well_is_read_from_every_server() {
    for columns in ALL {
        let status = read(
            columns,
            &[Row {
                lag: Some("7"),
                ..WELL
            }],
        );
        assert_eq!(status.lag(), Some(Duration::from_secs(7)));
        assert!(status.is_running());
        assert_eq!(status.channels[0].source, "db1");
        assert_eq!(status.to_string(), "replicating, 7.0 s behind");
    }
}

#[test]
fn no_rows_are_no_replica() {
    for columns in ALL {
        assert_eq!(ReplicaStatus::read(&answer(columns, &[])), Ok(None));
    }
}

#[test]
fn null_is_not_replicating_and_not_zero() {
    for columns in ALL {
        let status = read(columns, &[Row { lag: None, ..WELL }]);
        assert_eq!(status.lag(), None);
        assert_eq!(
            status.to_string(),
            "not replicating: from db1: the lag is not known"
        );
    }
}

#[test]
fn each_thread_has_to_run_whatever_the_lag_says() {
    for columns in ALL {
        for (io, sql, thread) in [
            ("No", "Yes", IoThread::Stopped),
            ("Connecting", "Yes", IoThread::Connecting),
            ("Preparing", "Yes", IoThread::Connecting),
            ("Yes", "No", IoThread::Running),
        ] {
            let status = read(columns, &[Row { io, sql, ..WELL }]);
            assert_eq!(
                (status.channels[0].io, status.lag()),
                (thread, None),
                "{io} {sql}"
            );
        }
    }
}

#[test]
fn the_slowest_of_all_channels_counts_and_one_that_does_not_run_stops_all() {
    for columns in ALL {
        let a = Row {
            name: "a",
            lag: Some("3"),
            ..WELL
        };
        let b = Row {
            name: "b",
            lag: Some("40"),
            ..WELL
        };
        let error = ("1045", "Access denied");
        let dead = Row {
            name: "c",
            io: "Connecting",
            lag: None,
            io_error: error,
            ..WELL
        };
        let both = read(columns, &[a.clone(), b.clone()]);
        assert_eq!(both.lag(), Some(Duration::from_secs(40)));
        let all = read(columns, &[a, b, dead]);
        assert_eq!(all.lag(), None);
        let error = ChannelError {
            code: 1045,
            text: "Access denied".to_owned(),
        };
        assert_eq!(all.channels[2].io_error, Some(error));
        assert_eq!(
            all.to_string(),
            "not replicating: channel c, from db1: the IO thread is connecting (error 1045: Access denied)"
        );
    }
}

#[test]
fn a_heartbeat_counts_instead_of_the_server_s_word_but_not_for_a_replica_that_stands() {
    let heartbeat = Some(Duration::from_millis(1500));
    let well = ReplicaStatus {
        heartbeat,
        ..read(MYSQL_84, &[WELL])
    };
    assert_eq!(well.lag(), heartbeat);
    let stopped = ReplicaStatus {
        heartbeat,
        ..read(MYSQL_84, &[Row { sql: "No", ..WELL }])
    };
    assert_eq!(stopped.lag(), None);
}

#[test]
fn a_column_that_is_missing_or_renamed_never_passes_not_even_without_rows() {
    for columns in ALL {
        for missing in [
            "IO_Running",
            "SQL_Running ",
            "Seconds_Behind_",
            "_Host",
            "Last_IO_Errno",
            "Last_SQL_Error ",
        ] {
            let others = columns.replace(missing, "Renamed ");
            for rows in [&[WELL][..], &[]] {
                let found = ReplicaStatus::read(&answer(&others, rows));
                assert!(
                    matches!(found, Err(LayoutError::Missing(_))),
                    "{missing}: {found:?}"
                );
            }
        }
    }
    let found = ReplicaStatus::read(&ResultSet::default());
    assert!(matches!(found, Err(LayoutError::Missing(_))), "{found:?}");
}

#[test]
fn a_value_that_is_not_known_never_passes() {
    for columns in ALL {
        for row in [
            Row {
                io: "Maybe",
                ..WELL
            },
            Row { sql: "", ..WELL },
            Row {
                lag: Some("-1"),
                ..WELL
            },
            Row {
                lag: Some("soon"),
                ..WELL
            },
            Row {
                io_error: ("none", ""),
                ..WELL
            },
        ] {
            let found = ReplicaStatus::read(&answer(columns, std::slice::from_ref(&row)));
            assert!(
                matches!(found, Err(LayoutError::Value { .. })),
                "{row:?}: {found:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_lag_means_that_all_run_and_is_their_maximum(
        columns in prop::sample::select(ALL.to_vec()),
        rows in prop::collection::vec(
            ("Yes|No|Connecting", "Yes|No", prop::option::of(0_u64..100_000)), 1..5),
    ) {
        let lags: Vec<Option<String>> =
            rows.iter().map(|(_, _, lag)| lag.map(|lag| lag.to_string())).collect();
        let channels: Vec<Row<'_>> = rows
            .iter()
            .zip(&lags)
            .map(|((io, sql, _), lag)| Row { io, sql, lag: lag.as_deref(), ..WELL })
            .collect();
        let status = read(columns, &channels);
        let well = rows.iter().all(|(io, sql, lag)| io == "Yes" && sql == "Yes" && lag.is_some());
        let slowest = rows.iter().filter_map(|(_, _, lag)| *lag).max();
        prop_assert_eq!(status.lag(), slowest.filter(|_| well).map(Duration::from_secs));
        prop_assert!(!status.to_string().is_empty());
    }

    #[test]
    fn any_answer_is_read_or_refused(
        columns in prop::collection::vec(prop::sample::select(
            [MYSQL_57, MYSQL_84, MARIADB_1011].join(" ").split_whitespace().map(str::to_owned).collect::<Vec<_>>()), 0..80),
        rows in prop::collection::vec(prop::collection::vec(prop::option::of("Yes|No|0|.{0,9}"), 0..80), 0..4),
    ) {
        if let Ok(Some(status)) = ReplicaStatus::read(&ResultSet { columns, rows: rows.clone() }) {
            prop_assert_eq!(status.channels.len(), rows.len());
        }
    }
}
