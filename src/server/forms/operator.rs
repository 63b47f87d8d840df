//! What operators decide and keep.

use super::{back_to, done, form_keeping, origin};
use crate::rpc::{Failure, Flash, Typed};
use peerage_domain::{access::Role, say};
use peerage_service::{Error, accounts::Invited};

pub(crate) async fn invite(organisation: String, email: String, name: String, role: Role) -> Result<(), Failure> {
    let typed =
        Typed::new("invite").with("organisation", &organisation).with("email", &email).with("name", &name).with("role", role.word());
    form_keeping(typed, async |service, actor| {
        let answer = match service.invite(&actor, &organisation, &email, &name, role).await? {
            Invited::Link(token) => {
                Flash::Secret { what: tr!(done.invited, email = email), value: format!("{}/welcome/{token}", origin()) }
            }
            Invited::Member(person) => Flash::Done(tr!(done.member, email = email, person = person, organisation = organisation)),
        };
        Ok((back_to("/ops/organisations"), Some(answer)))
    })
    .await
}

pub(crate) async fn edit_location(id: String, published: bool, offers: String, note: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("location/{id}"))
        .with("offers", &offers)
        .with("note", &note)
        .with("published", if published { "yes" } else { "" });
    form_keeping(typed, async |service, actor| {
        let parsed: Result<Vec<u32>, _> = offers.split([',', ' ']).filter(|t| !t.is_empty()).map(str::parse).collect();
        let offers = parsed.map_err(|_| {
            Error::Refused(say!(
                "location.offers_syntax",
                "“{offers}” is not a list of bandwidths. Write Mb/s, such as 10000, 100000.",
                offers = offers
            ))
        })?;
        service.edit_location(&actor, &id, published, offers, &note).await?;
        done(back_to("/ops/locations"), tr!(done.location, id = id))
    })
    .await
}

pub(crate) async fn decide_asn(id: String, decision: String, reason: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("decide/{id}")).with("reason", &reason);
    form_keeping(typed, async |service, actor| {
        let failure = (decision == "fail").then_some(reason.as_str());
        let it = service.decide_asn(&actor, &id, failure).await?;
        done(format!("/ops/asns/{id}"), tr!(done.asn_decided, asn = it.asn, state = crate::text::asn_state_name(&it.state)))
    })
    .await
}

pub(crate) async fn accept_type_change(id: String, connection: u16, ipv4: String, ipv6: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("type/{id}/{connection}")).with("ipv4", &ipv4).with("ipv6", &ipv6);
    form_keeping(typed, async |service, actor| {
        service.accept_type_change(&actor, &id, connection, &ipv4, &ipv6).await?;
        done(format!("/ops/peerings/{id}"), tr!(done.type_agreed, n = connection))
    })
    .await
}

pub(crate) async fn assign_addresses(id: String, connection: u16, ipv4: String, ipv6: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("assign/{id}/{connection}")).with("ipv4", &ipv4).with("ipv6", &ipv6);
    form_keeping(typed, async |service, actor| {
        service.assign_addresses(&actor, &id, connection, &ipv4, &ipv6).await?;
        done(format!("/ops/peerings/{id}"), tr!(done.assigned, n = connection))
    })
    .await
}
