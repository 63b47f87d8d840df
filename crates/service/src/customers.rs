//! The customers of an exchange's route server: whose routes are let in, by ASN.

use crate::{
    Actor, Error, Service,
    directory::PAGE,
    keys::{self, NewKey},
    provisioning::ADVANCE,
    registrations::RegistrationEvent,
};
use peerage_domain::{
    Asn, AsnClass, Text,
    access::Action,
    catalogue::{Paged, Query},
    peering::{DirectType, Peering, StateName},
    say,
    service::registration,
};
use peerage_storage::{Page, Tx, legacy::RegisteredAsn};
use std::collections::BTreeSet;

/// Most customers that are added at once.
const AT_ONCE: usize = 1000;
/// Most customers of an organisation: each is compared with every route.
const MOST: usize = 5000;
/// Most mistakes that are told at once.
const TOLD: usize = 20;

impl Service {
    /// A part of the customers that the actor's organisation registered.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn registered_asns(&self, actor: &Actor, query: &Query) -> Result<Paged<RegisteredAsn>, Error> {
        actor.may(Action::WritePeerings)?;
        let page = Page { offset: query.offset, limit: PAGE };
        let (items, total) = self.store.registered_asns(&actor.organisation, &query.search, &page).await?;
        Ok(Paged { items, total: total.unsigned_abs(), offset: page.offset, limit: page.limit })
    }

    /// Whether the actor's organisation has a route server, and whether its connection is Active.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn route_servers(&self, actor: &Actor) -> Result<(bool, bool), Error> {
        actor.may(Action::WritePeerings)?;
        let all: Vec<Peering> = self.store.peerings_of(&actor.organisation).await?.into_iter().map(|v| v.body).collect();
        let of = |active: bool| {
            all.iter().flat_map(|it| &it.connections).any(|c| {
                c.spec.direct_type == DirectType::IxRs && !c.state.name().is_final() && (!active || c.state.name() == StateName::Active)
            })
        };
        Ok((of(false), of(true)))
    }

    /// Registers customers: one a line, the ASN and what it is called. All of them, or none. Each
    /// gets a key, which is given here and never again.
    ///
    /// # Errors
    /// Every line that cannot be used, or when there is no Active connection of a route server.
    pub async fn register_asns(&self, actor: &Actor, text: &str) -> Result<Vec<NewKey>, Error> {
        actor.may(Action::WritePeerings)?;
        if !self.route_servers(actor).await?.1 {
            return Err(Error::Refused(say!(
                "customers.not_active",
                "Customers are registered once a connection of your route server is Active."
            )));
        }
        let rows = read(text).map_err(Error::Several)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut wrong = vec![];
        for (asn, name) in &rows {
            if !tx.register_asn(&actor.organisation, *asn, name, now).await? {
                wrong.push(say!("customers.twice", "{asn} is registered already.", asn = asn));
            }
        }
        if !wrong.is_empty() {
            wrong.truncate(TOLD);
            return Err(Error::Several(wrong));
        }
        if tx.customers_of(&actor.organisation).await?.len() > MOST {
            return Err(Error::Refused(say!("customers.most", "An organisation registers at most {most} customers.", most = MOST)));
        }
        let mut made = vec![];
        for (asn, name) in rows {
            let subject = keys::asn_subject(&actor.organisation, asn);
            let key = keys::make(&mut tx, &subject, asn.to_string(), name, None, now).await?;
            tx.record(&subject, now, &actor.name, &RegistrationEvent::Registered { key: key.hint.clone() }).await?;
            made.push(key);
        }
        self.open_anew(&mut tx, &actor.organisation).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Takes a customer off: its routes are refused from then on.
    ///
    /// # Errors
    /// When it is not registered.
    pub async fn unregister_asn(&self, actor: &Actor, asn: Asn) -> Result<(), Error> {
        actor.may(Action::WritePeerings)?;
        let mut tx = self.store.begin().await?;
        if !tx.unregister_asn(&actor.organisation, asn).await? {
            return Err(Error::NotFound("customer", asn.to_string()));
        }
        self.open_anew(&mut tx, &actor.organisation).await?;
        tx.touch_service().await?;
        tx.commit().await?;
        Ok(())
    }

    /// Has the routers let in what is registered now.
    async fn open_anew(&self, tx: &mut Tx, organisation: &str) -> Result<(), Error> {
        let now = self.clock.now();
        for peering in tx.peerings_of(organisation).await? {
            let open =
                |c: &&peerage_domain::peering::Connection| c.spec.direct_type == DirectType::IxRs && c.state.name() == StateName::Active;
            for connection in peering.body.connections.iter().filter(open) {
                tx.add_job(ADVANCE, &format!("{}/{}", peering.body.id, connection.number), now).await?;
            }
        }
        Ok(())
    }
}

/// Lines of an ASN and a name, or what is wrong with them.
fn read(text: &str) -> Result<Vec<(Asn, String)>, Vec<Text>> {
    let lines: Vec<&str> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !is_head(line))
        .take(AT_ONCE + 1)
        .collect();
    if lines.is_empty() {
        return Err(vec![say!("customers.none", "Give the ASN of at least one customer.")]);
    }
    if lines.len() > AT_ONCE {
        return Err(vec![say!("customers.many", "At most {most} customers at once.", most = AT_ONCE)]);
    }
    let (mut rows, mut wrong, mut seen) = (vec![], vec![], BTreeSet::new());
    for line in lines {
        let (number, name) = if line.contains([',', ';', '\t']) {
            let fields = registration::fields(line);
            let (number, name) = fields.split_first().map(|(first, rest)| (first.clone(), rest.join(" "))).unwrap_or_default();
            (number, name)
        } else {
            let (number, name) = line.split_once(' ').unwrap_or((line, ""));
            (number.to_owned(), name.to_owned())
        };
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(80).collect();
        match number.parse::<Asn>() {
            Ok(asn) if asn.class() == AsnClass::Public && !seen.insert(asn) => {
                wrong.push(say!("customers.repeated", "{asn} stands there twice.", asn = asn));
            }
            Ok(asn) if asn.class() == AsnClass::Public => rows.push((asn, name)),
            _ => wrong.push(say!(
                "customers.syntax",
                "“{line}” does not begin with a public ASN. Write one a line, such as AS3333 and a name.",
                line = line.chars().take(60).collect::<String>()
            )),
        }
    }
    wrong.truncate(TOLD);
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

/// The head of a table.
fn is_head(line: &str) -> bool {
    line.split([',', ';', '\t']).next().is_some_and(|first| first.trim_matches('"').eq_ignore_ascii_case("asn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = read(text).map(|rows| rows.iter().map(|(asn, name)| format!("{}={name}", asn.0)).collect::<Vec<_>>().join(" "));
        let found = found.map_err(|wrong| wrong.iter().map(|text| text.key().to_owned()).collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{text:?}");
    }

    #[test]
    fn customers_are_read_one_a_line() {
        check("AS6667 Elisa\n719, Telia Sverige\n\n# a comment\n3303", Ok("6667=Elisa 719=Telia Sverige 3303="));
        check("ASN,Name\nAS3303,\"Swisscom, AG\"\n719;Telia", Ok("3303=Swisscom, AG 719=Telia"));
        check("", Err("customers.none"));
        check("AS64512\nsomebody\n719\n719", Err("customers.syntax customers.syntax customers.repeated"));
    }
}
