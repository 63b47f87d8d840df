//! Associating ASNs, requesting peerings, and their steps.

use super::{done, form_as, form_keeping, on, sender};
use crate::rpc::{
    Failure, Typed,
    partner::{AsnForm, ConnectionFields},
};
use peerage_domain::{
    Asn, Verdict,
    contact::{Contact, ContactError, ContactRole, judge_noc},
    peer_asn::judge_asn,
    peering::{DirectType, Kind, Verb},
    registration::PeeringDraft,
    say,
    session::{AddressProvider, ConnectionAsk},
};
use peerage_service::{
    Error,
    peerings::StepRequest,
    requests::{Keys, MAX_CONNECTIONS, suggested},
};

pub(crate) async fn associate_asn(form: AsnForm) -> Result<(), Failure> {
    form_keeping(form.typed(), async |service, actor| {
        let (asn, contacts) = read_asn_form(&form)?;
        let it = service.associate_asn(&actor, asn, &form.name, contacts).await?;
        done(format!("/partner/asns/{}", it.id), tr!(done.asn, asn = asn))
    })
    .await
}

/// The number and the contacts, or everything that is wrong with them at once.
fn read_asn_form(form: &AsnForm) -> Result<(Asn, Vec<Contact>), Error> {
    let mut wrong = vec![];
    let judged = judge_asn(&form.asn);
    if judged.verdict == Verdict::Fail {
        wrong.push(judged.sentence);
    }
    let asn = form.asn.parse::<Asn>();
    let mut contacts = vec![];
    for c in form.contacts.iter().filter(|c| !c.email.trim().is_empty() || !c.phone.trim().is_empty()) {
        let mut at = |error: ContactError| wrong.push(error.of(c.role));
        let email = c.email.parse().map_err(&mut at);
        let phone = Some(c.phone.trim()).filter(|text| !text.is_empty());
        let phone = phone.map(|text| text.parse().map_err(&mut at)).transpose();
        if let (Ok(email), Ok(phone)) = (email, phone) {
            contacts.push(Contact { role: c.role, email, phone });
        }
    }
    let noc = judge_noc(&contacts);
    let noc_given = contacts.iter().any(|c| c.role == ContactRole::Noc);
    if noc.verdict == Verdict::Fail && (noc_given || wrong.is_empty()) {
        wrong.push(noc.sentence);
    }
    match (asn, wrong.len()) {
        (Ok(asn), 0) => Ok((asn, contacts)),
        (_, 1) => Err(Error::Refused(wrong.remove(0))),
        _ => Err(Error::Several(wrong)),
    }
}

pub(crate) async fn new_peering(location: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let approved = service.my_asns(&actor).await?.into_iter().find(|a| a.is_approved());
        let directory = service.directory().await?;
        let place = directory.location(&location).filter(|l| l.published);
        let draft = PeeringDraft {
            asn: approved.map(|a| a.asn.to_string()).unwrap_or_default(),
            kind: place.map(|l| l.kind),
            location: place.map(|l| l.id.clone()).unwrap_or_default(),
            ..PeeringDraft::default()
        };
        let id = service.new_peering_draft(&actor, draft).await?;
        on(format!("/partner/peerings/new/{id}/place"))
    })
    .await
}

pub(crate) async fn save_place(id: String, asn: String, kind: String, location: String, legacy: bool, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let mut draft = service.peering_draft(&actor, &id).await?.draft;
        if !draft.changes.is_empty() || !draft.converts.is_empty() {
            return Err(Error::Refused(say!("request.place_fixed", "Changes keep the network, the kind and the location of the request.")));
        }
        let (kind, direct_type) = read_kind(&kind)?;
        let moved = draft.asn != asn || draft.location != location || draft.kind != kind || draft.direct_type != direct_type;
        (draft.asn, draft.kind, draft.direct_type, draft.location, draft.legacy) = (asn, kind, direct_type, location, legacy);
        let directory = service.directory().await?;
        let place = directory.location(&draft.location).filter(|l| l.published && Some(l.kind) == kind);
        if place.is_none() {
            draft.location = String::new();
        }
        let fresh = moved || draft.connections.is_empty();
        if let (Some(place), Some(asn), true) = (place, draft.asn(), fresh) {
            draft.connections = suggested(&directory, place, asn);
            draft.tried = false;
        }
        let ready = place.is_some() && draft.asn().is_some();
        service.save_peering_draft(&actor, &id, draft.clone(), if fresh { Keys::Forgotten } else { Keys::Untouched }).await?;
        if go == "stay" {
            return on(format!("/partner/peerings/new/{id}/place"));
        }
        if !ready {
            return Err(unchosen());
        }
        service.check_network(&actor, &draft).await?;
        on(format!("/partner/peerings/new/{id}/sessions"))
    })
    .await
}

/// `Exchange`, `Direct`, or `Direct-` and a type.
fn read_kind(text: &str) -> Result<(Option<Kind>, DirectType), Error> {
    if text.is_empty() {
        return Ok((None, DirectType::Edge));
    }
    let (kind, direct_type) = text.split_once('-').unwrap_or((text, DirectType::Edge.word()));
    match (kind.parse(), direct_type.parse()) {
        (Ok(kind), Ok(direct_type)) => Ok((Some(kind), direct_type)),
        _ => Err(unchosen()),
    }
}

fn unchosen() -> Error {
    Error::Refused(say!("request.unchosen", "Choose an ASN, a kind and a location."))
}

pub(crate) async fn save_sessions(id: String, connections: Vec<ConnectionFields>, go: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let detail = service.peering_draft(&actor, &id).await?;
        let mut draft = detail.draft;
        if connections.len() > MAX_CONNECTIONS && !go.starts_with("remove") {
            return Err(too_many());
        }
        let mut cleared: Vec<usize> = (0..connections.len()).filter(|&n| connections[n].md5_clear == "yes").collect();
        let mut keys: Vec<String> = connections.iter().map(|fields| fields.md5.clone()).collect();
        draft.tried = true;
        let before = std::mem::take(&mut draft.connections);
        draft.connections = connections.into_iter().map(typed).collect();
        // What nobody asked to change stays, whatever the form says.
        for (&index, kept) in detail.locked.iter().filter_map(|index| Some((index, before.get(*index)?))) {
            if let Some(connection) = draft.connections.get_mut(index) {
                connection.clone_from(kept);
            }
            keys.get_mut(index).map(String::clear);
            cleared.retain(|at| *at != index);
        }
        let full = go == "add" && draft.connections.len() == MAX_CONNECTIONS;
        let mut removed = None;
        match go.split_once(':') {
            _ if !draft.changes.is_empty() => {}
            _ if go == "add" && !full => draft.connections.push(ConnectionAsk::default()),
            Some(("remove", index)) => {
                let index = index.parse::<usize>().ok().filter(|index| *index < draft.connections.len());
                let index = index.ok_or_else(|| Error::Refused(say!("request.no_such", "There is no such connection.")))?;
                draft.connections.remove(index);
                keys.remove(index);
                cleared.retain(|at| *at != index);
                cleared.iter_mut().filter(|at| **at > index).for_each(|at| *at -= 1);
                removed = Some(index);
            }
            _ => {}
        }
        service.save_peering_draft(&actor, &id, draft, Keys::Typed { keys, cleared, removed }).await?;
        if full {
            return Err(too_many());
        }
        let failed = service.peering_draft(&actor, &id).await?.findings.iter().any(|f| f.finding.verdict == Verdict::Fail);
        on(format!("/partner/peerings/new/{id}/{}", if go.is_empty() && !failed { "review" } else { "sessions" }))
    })
    .await
}

fn too_many() -> Error {
    Error::Refused(say!("request.too_many", "A request has at most {most} connections. Send another one for more.", most = MAX_CONNECTIONS))
}

fn typed(fields: ConnectionFields) -> ConnectionAsk {
    ConnectionAsk {
        peer_ipv4: fields.peer_ipv4,
        peer_ipv6: fields.peer_ipv6,
        address_provider: if fields.address_provider == "Operator" { AddressProvider::Operator } else { AddressProvider::Peer },
        session_ipv4: fields.session_ipv4,
        session_ipv6: fields.session_ipv6,
        max_prefixes_ipv4: fields.max_prefixes_ipv4,
        max_prefixes_ipv6: fields.max_prefixes_ipv6,
        bandwidth_mbps: fields.bandwidth_mbps,
        has_md5: false,
        gtsm: fields.gtsm == "yes",
        bfd: fields.bfd == "yes",
        role: fields.role == "yes",
        direct_type: DirectType::Edge,
        peering_service: fields.peering_service == "yes",
        link_test: fields.link_test == "yes",
        operator_ipv4: fields.operator_ipv4,
        operator_ipv6: fields.operator_ipv6,
    }
}

pub(crate) async fn submit_peering(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let peering = service.submit_peering(&actor, &id).await?;
        done(format!("/partner/peerings/{}", peering.id), tr!(done.requested, id = peering.id))
    })
    .await
}

pub(crate) async fn discard_peering_draft(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        service.delete_peering_draft(&actor, &id).await?;
        done("/partner", tr!(done.discarded))
    })
    .await
}

pub(crate) async fn change_peering(id: String) -> Result<(), Failure> {
    form_as(async |service, actor| {
        let draft = service.change_peering(&actor, &id).await?;
        on(format!("/partner/peerings/new/{draft}/sessions"))
    })
    .await
}

pub(crate) async fn step(id: String, connection: u16, verb: Verb, note: String) -> Result<(), Failure> {
    let typed = Typed::new(format!("step/{id}/{connection}")).with("note", &note);
    form_keeping(typed, async |service, actor| {
        if note.chars().count() > 500 {
            return Err(Error::Refused(say!("peering.note_length", "A note has at most 500 characters.")));
        }
        let peering = service.act(&actor, &id, verb, &StepRequest { connection, note }).await?;
        let state = peering.connection(connection).map(|c| crate::components::state_name(c.state.name())).unwrap_or_default();
        if verb.stays() || verb == Verb::SkipValidation {
            return done(sender(), tr!(done.noted, id = id, n = connection, step = crate::pages::public::verb_name(verb)));
        }
        done(sender(), tr!(done.step, id = id, n = connection, state = state))
    })
    .await
}
