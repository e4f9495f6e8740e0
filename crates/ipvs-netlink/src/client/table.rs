//! The whole table at once.

use super::{Client, Error};
use crate::destination::DestinationEntry;
use crate::key::ServiceKey;
use crate::service::ServiceEntry;

impl Client {
    /// The services that `wanted` picks, each with its destinations.
    ///
    /// It is no snapshot: others may change the table while it is read. A service that is deleted in the meantime is
    /// left out.
    ///
    /// One question for the services and one for each that is picked: the kernel gives destinations by service, and
    /// answers `EBUSY` to a second question on a socket before the first is answered in full, so that questions cannot be
    /// asked in advance; on several sockets it would answer one after the other, too.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn table(
        &mut self,
        wanted: impl Fn(&ServiceKey) -> bool,
    ) -> Result<Vec<(ServiceEntry, Vec<DestinationEntry>)>, Error> {
        let mut services = self.services().await?;
        services.retain(|entry| wanted(&entry.service.key));
        let mut table = Vec::with_capacity(services.len());
        for entry in services {
            match self.destinations(&entry.service.key).await {
                Ok(destinations) => table.push((entry, destinations)),
                Err(Error::NoSuchService(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(table)
    }
}
