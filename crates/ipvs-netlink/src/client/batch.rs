//! Many changes in one datagram.

use tokio::time::timeout;

use super::{Client, Error};
use crate::change::Change;
use crate::wire::{self, Body, EncodeError, Header};

/// Changes in one datagram. Should the kernel refuse every one, its answers still fit into the
/// default receive buffer (208 KiB, about 1 KiB for each answer).
const AT_ONCE: usize = 128;

/// What became of a change: nothing heard is success once the last one is acknowledged.
type Verdict = Result<(), Refusal>;

#[derive(Clone, Debug)]
enum Refusal {
    Encode(EncodeError),
    Kernel(i32, Option<String>),
}

impl Client {
    /// Carries out the changes in their order, many in one system call, and says for each what
    /// became of it. One that is refused does not keep the others from being carried out.
    ///
    /// # Errors
    /// An error of the whole says that the connection failed ([`Error::Timeout`],
    /// [`Error::Overrun`], [`Error::NoIpvs`], [`Error::Io`]): how many of the changes were
    /// carried out is then unknown, read the table again.
    pub async fn apply(&mut self, changes: &[Change]) -> Result<Vec<Result<(), Error>>, Error> {
        let mut results = Vec::with_capacity(changes.len());
        for chunk in changes.chunks(AT_ONCE) {
            let mut verdicts = self.send_chunk(chunk).await?;
            // "No such entry" may also mean that the module was loaded anew.
            if verdicts.iter().any(means_no_entry) && self.family_has_moved().await? {
                verdicts = self.send_chunk(chunk).await?;
            }
            results.extend(chunk.iter().zip(verdicts).map(|(change, verdict)| {
                verdict.map_err(|refusal| match refusal {
                    Refusal::Encode(error) => Error::Encode(error),
                    Refusal::Kernel(errno, text) => Error::of_change(change, errno, text),
                })
            }));
        }
        Ok(results)
    }

    async fn send_chunk(&mut self, chunk: &[Change]) -> Result<Vec<Verdict>, Error> {
        let patience = self.timeout;
        timeout(patience, self.send_chunk_once(chunk))
            .await
            .unwrap_or(Err(Error::Timeout(patience)))
    }

    async fn send_chunk_once(&mut self, chunk: &[Change]) -> Result<Vec<Verdict>, Error> {
        let mut verdicts = vec![Ok(()); chunk.len()];
        let mut datagram = Vec::with_capacity(chunk.len() * 160);
        // Sequence number and place in `chunk` of every change in the datagram.
        let mut sent: Vec<(u32, usize)> = Vec::with_capacity(chunk.len());
        let last = last_that_encodes(chunk);
        for (place, change) in chunk.iter().enumerate() {
            let sequence = self.socket.next_sequence();
            let family = self.family;
            let header = Header { family, sequence };
            let acknowledge = Some(place) == last;
            match wire::encode_change(&mut datagram, &header, change, acknowledge) {
                Ok(()) => sent.push((sequence, place)),
                Err(error) => set(&mut verdicts, place, Err(Refusal::Encode(error))),
            }
        }
        let Some((last, _)) = sent.last().copied() else {
            return Ok(verdicts);
        };
        self.socket.send(&datagram).await?;
        self.gather(&sent, last, &mut verdicts).await?;
        Ok(verdicts)
    }

    /// Takes refusals until the last change is acknowledged or refused: the kernel answers in
    /// order.
    async fn gather(
        &mut self,
        sent: &[(u32, usize)],
        last: u32,
        verdicts: &mut [Verdict],
    ) -> Result<(), Error> {
        loop {
            for message in self.socket.receive().await? {
                let message = message?;
                let Some((sequence, place)) = sent.iter().find(|(s, _)| *s == message.sequence)
                else {
                    continue;
                };
                match message.body()? {
                    Body::Error { errno, text } => {
                        if errno != 0 {
                            let refusal = Refusal::Kernel(errno, text.map(String::from));
                            set(verdicts, *place, Err(refusal));
                        }
                        if *sequence == last {
                            return Ok(());
                        }
                    }
                    Body::Overrun => return Err(Error::Overrun),
                    Body::Done { .. } | Body::Noop | Body::Generic { .. } => {}
                }
            }
        }
    }
}

fn last_that_encodes(chunk: &[Change]) -> Option<usize> {
    let header = Header {
        family: 0,
        sequence: 0,
    };
    let mut scratch = Vec::new();
    chunk.iter().rposition(|change| {
        scratch.clear();
        wire::encode_change(&mut scratch, &header, change, true).is_ok()
    })
}

fn set(verdicts: &mut [Verdict], place: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(place) {
        *slot = verdict;
    }
}

fn means_no_entry(verdict: &Verdict) -> bool {
    matches!(verdict, Err(Refusal::Kernel(nix::libc::ENOENT, _)))
}
