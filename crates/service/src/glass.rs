//! A looking glass: what a router answers to those whose session runs on it.

use crate::{Actor, Error, Service};
use peerage_domain::{
    Prefix,
    access::Action,
    peering::{Connection, Peering, StateName},
    router::Router,
    say,
    special::special,
};
use peerage_edge::glass::{Question, Target};

/// Most questions of one organisation in a minute.
const MOST_A_MINUTE: usize = 10;

/// What may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The routes to an address or a prefix.
    Route,
    /// Whether an address answers.
    Ping,
    /// The way to an address.
    Traceroute,
}

impl Ask {
    /// All of them.
    pub const ALL: [Ask; 3] = [Ask::Route, Ask::Ping, Ask::Traceroute];

    /// The word in forms.
    pub fn word(self) -> &'static str {
        match self {
            Ask::Route => "route",
            Ask::Ping => "ping",
            Ask::Traceroute => "traceroute",
        }
    }

    /// What a form's word means.
    pub fn of(word: &str) -> Option<Ask> {
        Ask::ALL.into_iter().find(|ask| ask.word() == word)
    }
}

impl Service {
    /// Asks the router of a connection.
    ///
    /// # Errors
    /// When the target cannot be asked for, too much was asked lately, or the router is silent.
    pub async fn look_through(&self, actor: &Actor, id: &str, number: u16, ask: Ask, target: &str) -> Result<String, Error> {
        let (peering, router) = self.glass_of(actor, id, number).await?;
        let target = self.target(actor, &peering, number, target)?;
        let on_test = |c: &Connection| match target {
            Target::Address(address) => ask == Ask::Ping && c.spec.link_test.is_some_and(|link| link.contains_address(address)),
            Target::Prefix(_) => false,
        };
        let placed = self.store.placement(id, number).await?.is_some();
        if !placed && !peering.connection(number).is_some_and(on_test) {
            return Err(Error::Refused(say!(
                "glass.test_only",
                "Until the session is set up, the router only pings the addresses of the link test."
            )));
        }
        if !self.fleet.engine(&router).is_real() {
            return Err(Error::Refused(say!("glass.memory", "This connection runs in memory: there is no router to ask.")));
        }
        let question = match (ask, target) {
            (Ask::Route, target) => Question::Route(target),
            (Ask::Ping, Target::Address(address)) => Question::Ping(address),
            (Ask::Traceroute, Target::Address(address)) => Question::Traceroute(address),
            (Ask::Ping | Ask::Traceroute, Target::Prefix(_)) => {
                return Err(Error::Refused(say!("glass.address", "Give one address: a prefix does not answer.")));
            }
        };
        if self.asked.count(&actor.organisation, self.clock.now(), true) > MOST_A_MINUTE {
            return Err(Error::Refused(say!(
                "glass.often",
                "The router answers {most} questions a minute. Wait a moment, then ask again.",
                most = MOST_A_MINUTE
            )));
        }
        let answer = self.fleet.look(&router, move |engine| engine.answer(question)).await?;
        answer.map_err(|fault| {
            Error::Refused(say!("glass.silent", "{router} does not answer now: {fault}.", router = router.name, fault = fault))
        })
    }

    /// The peering of a connection that somebody may see, and the router that answers for it:
    /// also before anything runs there, while the link is tested.
    ///
    /// # Errors
    /// When it is unknown, of another organisation, or there is no router.
    pub async fn glass_of(&self, actor: &Actor, id: &str, number: u16) -> Result<(Peering, Router), Error> {
        let (nowhere, permit) = match self.placed_connection(actor, id, number).await {
            Err(error @ Error::Refused(_)) => (error, actor.may(Action::ReadPeerings)?),
            found => return found,
        };
        let found = self.store.peering(id).await?.filter(|v| permit.scope.covers(&v.body.organisation));
        let wired = |c: &Connection| matches!(c.state.name(), StateName::ProvisioningStarted | StateName::ExternalBlocker);
        let tested = |it: &Peering| it.connection(number).is_some_and(|c| c.spec.link_test.is_some() && wired(c));
        let Some(peering) = found.map(|v| v.body).filter(tested) else { return Err(nowhere) };
        let router = self.router_for(&peering, number).await?.map_err(Error::Refused)?;
        Ok((peering, router))
    }

    fn target(&self, actor: &Actor, peering: &Peering, number: u16, text: &str) -> Result<Target, Error> {
        let text = text.trim();
        let target = match (text.parse(), text.parse::<Prefix>()) {
            (Ok(address), _) => Target::Address(address),
            (_, Ok(prefix)) => Target::Prefix(prefix),
            (Err(_), Err(_)) => {
                return Err(Error::Refused(say!(
                    "glass.target",
                    "“{text}” is neither an address nor a prefix. Write it like 192.0.2.1 or 2001:db8::/32.",
                    text = text.chars().take(60).collect::<String>()
                )));
            }
        };
        let own = |connection: &Connection| match target {
            // Its own ends, and those of the link test.
            Target::Address(address) => {
                let test = connection.spec.link_test.is_some_and(|link| link.contains_address(address));
                test || connection.spec.endpoint.peer_addresses().contains(&address)
            }
            Target::Prefix(_) => false,
        };
        let everything = actor.may(Action::ManageRouters).is_ok();
        if !everything && special(target.prefix()).is_some() && !peering.connection(number).is_some_and(own) {
            // What lies behind such addresses is the operator's own.
            return Err(Error::Refused(say!(
                "glass.special",
                "{text} is not on the Internet. Give a public address or prefix.",
                text = text
            )));
        }
        Ok(target)
    }
}
