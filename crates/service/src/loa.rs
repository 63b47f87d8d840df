//! The letter of authorization: who may order a cross-connect to where.

use crate::{Actor, Error, Service};
use peerage_domain::{
    Asn,
    access::Action,
    peering::{Loa, StateName},
    say,
    session::gigabits,
};

/// What stands in a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Such as `PR-88/1`.
    pub number: String,
    /// The network that runs the portal, and its ASN.
    pub operator: (String, Asn),
    /// The network that may order, and its ASN.
    pub peer: (String, Asn),
    /// The facility, and its city.
    pub place: String,
    /// Such as `100G`.
    pub bandwidth: String,
    /// The letter itself: where the cross-connect ends, and when it was issued.
    pub loa: Loa,
    /// Who issued it.
    pub issued_by: String,
}

impl Service {
    /// The letter of authorization of a connection.
    ///
    /// # Errors
    /// When the actor may not see the connection, or no letter was issued for it.
    pub async fn loa(&self, actor: &Actor, id: &str, number: u16) -> Result<Letter, Error> {
        actor.may(Action::ReadPeerings)?;
        let detail = self.peering(actor, id).await?;
        let it = &detail.peering;
        let connection = it.connection(number).ok_or_else(|| Error::NotFound("connection", format!("{id}/{number}")))?;
        let missing = || {
            Error::Refused(say!(
                "loa.missing",
                "No letter of authorization was issued for connection {n} of {id} yet.",
                n = number,
                id = id
            ))
        };
        let over = connection.state.name().is_final() || connection.state.name() == StateName::PendingRemove;
        let loa = connection.loa.clone().filter(|_| !over).ok_or_else(missing)?;
        let issued = detail
            .history
            .iter()
            .rev()
            .find(|recorded| recorded.event.connection == number && recorded.event.verb == peerage_domain::peering::Verb::IssueLoa);
        Ok(Letter {
            number: format!("{id}/{number}"),
            operator: (self.settings.operator_name.clone(), self.settings.operator_asn),
            peer: (it.peer_name.clone(), it.asn),
            place: detail.location.as_ref().map(|l| format!("{}, {}", l.name, l.city)).unwrap_or_default(),
            bandwidth: connection.spec.bandwidth_mbps.map(gigabits).unwrap_or_default(),
            loa,
            issued_by: issued.map(|recorded| recorded.author.clone()).unwrap_or_default(),
        })
    }
}
