//! From the shape of the file to the checked configuration.
//!
//! Each section has a file of its own. A section reports all of its problems to [`Findings`] and
//! returns nothing for an item that has one, so that a single run names every mistake.

mod checks;
mod commands;
mod cross;
mod findings;
mod kernel;
mod mysql_check;
mod nodes;
mod notifications;
mod routers;
mod services;
mod spreading;
mod status_page;
mod topology;
mod tracks;
mod weighting;

use super::error::ConfigError;
use super::file::File;
use super::model::Config;
use findings::Findings;

/// Checks the whole file.
pub(super) fn config(file: &File) -> Result<Config, ConfigError> {
    let mut findings = Findings::default();
    let nodes = nodes::nodes(&file.nodes, &mut findings);
    let routers = routers::routers(&file.virtual_routers, &nodes, &mut findings);
    let services = services::services(&file.virtual_services, &nodes, &routers, &mut findings);
    let notifications = notifications::notifications(file.notifications.as_ref(), &mut findings);
    cross::routers(&file.virtual_routers, &nodes, &mut findings);
    cross::services(&file.virtual_services, &nodes, &mut findings);
    let connection_sync = kernel::connection_sync(file, &routers, &services, &mut findings);
    let left_parameters = kernel::left_parameters(file, &mut findings);
    let script_user = commands::user(file.script_user.as_ref(), &mut findings);
    let status_page = status_page::listen(file.status_page.as_ref(), &mut findings);
    findings.finish(Config {
        cluster: file.cluster.value.clone(),
        nodes,
        routers,
        services,
        notifications,
        connection_sync,
        mark_backend: kernel::mark_backend(file.mark_backend),
        left_parameters,
        script_user,
        status_page,
    })
}
