//! The closing table: what each act did to the reads.

use crate::client::Report;

/// An act and its reads.
pub(super) struct Row {
    pub(super) act: &'static str,
    pub(super) reads: Report,
}

/// Prints the table.
pub(super) fn print(rows: &[Row], servers: &[&str]) {
    let width = rows
        .iter()
        .map(|row| row.act.len())
        .max()
        .unwrap_or_default();
    let rule = "-".repeat(width + servers.len() * 7 + 26);
    print!("\n{:width$}", "reads answered by");
    for server in servers {
        print!("{server:>7}");
    }
    println!("{:>9}{:>17}\n{rule}", "failed", "longest silence");
    for row in rows {
        print!("{:width$}", row.act);
        for server in servers {
            print!("{:>7}", row.reads.of(server));
        }
        let silence = format!("{:.2} s", row.reads.longest_silence().as_secs_f64());
        println!("{:>9}{silence:>17}", row.reads.failed());
    }
    println!("{rule}");
}
