//! `lbd cleanup`: takes everything of lbd's off this host.

use std::collections::BTreeMap;
use std::path::Path;

use lbd_core::desired::Desired;
use lbd_core::plan::{Step, plan};

use crate::failure::Failure;
use crate::run::kernel::{Kernel, change_of_ipvs};
use crate::run::ledger::Ledger;
use crate::run::lock;
use crate::run::preflight::{Needs, rights};
use crate::run::{drained, in_force};
use crate::say::say;

/// Takes away what is written down as lbd's and every mark rule in lbd's chains, then puts back the kernel parameters
/// that still are as lbd left them.
pub(crate) fn clean_up(runtime_dir: &Path) -> Result<(), Failure> {
    rights()?;
    let _lock = lock::take(runtime_dir)?;
    let ledger = Ledger::open(runtime_dir)
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    let runtime = crate::runtime::of_one_thread()?;
    let failures = runtime.block_on(take_off(&ledger))?;
    if !failures.is_empty() {
        return Err(Failure::Runtime(failures.join("\n")));
    }
    ledger
        .close()
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    in_force::forget(runtime_dir);
    drained::forget(runtime_dir);
    say("nothing of lbd's is left")
}

/// What could not be done is told, and kept in the ledger for another try.
async fn take_off(ledger: &Ledger) -> Result<Vec<String>, Failure> {
    let scope = ledger.scope();
    let needs = Needs {
        ipvs: false,
        marks: None,
    };
    let needs = needs.or_left(&scope).await;
    let fatal = |error: crate::run::kernel::KernelError| Failure::Runtime(error.to_string());
    let mut kernel = Kernel::reach(needs).await.map_err(fatal)?;
    let mut failures = Vec::new();
    let nothing = Desired::default();
    let actual = kernel
        .read(&nothing, &scope, None, &mut failures)
        .await
        .map_err(fatal)?;
    for step in plan(&nothing, &actual, &scope) {
        match carry_out(&mut kernel, &step).await {
            Ok(()) => tell(&step.to_string()),
            Err(error) => failures.push(format!("{step}: {error}")),
        }
    }
    // Chains of lbd's name are lbd's, whatever is written down.
    if let Err(error) = netfilter_mark::Backend::remove_everywhere() {
        failures.push(format!("remove the mark rules: {error}"));
    }
    // With the address still on `lo`, the host would answer ARP for it without the parameters.
    if failures.is_empty() {
        put_back(ledger, &mut failures);
    }
    Ok(failures)
}

async fn carry_out(kernel: &mut Kernel, step: &Step) -> Result<(), String> {
    let Some(change) = change_of_ipvs(step) else {
        return kernel.apply(step).await.map_err(|error| error.to_string());
    };
    let results = kernel.apply_ipvs(&[change]).await;
    let results = results.map_err(|error| error.to_string())?;
    match results.into_iter().find_map(Result::err) {
        Some(error) => Err(error.to_string()),
        None => Ok(()),
    }
}

fn put_back(ledger: &Ledger, failures: &mut Vec<String>) {
    let written = ledger.written();
    let mut actual = BTreeMap::new();
    for parameter in &written {
        match sysctl_tune::read(&parameter.key) {
            Ok(value) => {
                actual.insert(parameter.key.clone(), value);
            }
            // Gone with its interface or module.
            Err(sysctl_tune::Error::Missing { .. }) => {}
            Err(error) => failures.push(error.to_string()),
        }
    }
    for change in sysctl_tune::restore(&written, &actual) {
        match sysctl_tune::write(&change.key, change.to) {
            Ok(()) => tell(&format!("set {} back to {}", change.key, change.to)),
            Err(error) => failures.push(error.to_string()),
        }
    }
    for parameter in &written {
        let value = actual.get(&parameter.key);
        if value.is_some_and(|value| *value != parameter.now && *value != parameter.before) {
            tell(&format!(
                "left {} alone: another program has changed it since",
                parameter.key
            ));
        }
    }
}

/// A reader that has gone must not leave the work half done.
fn tell(what: &str) {
    let _ = say(what);
}
