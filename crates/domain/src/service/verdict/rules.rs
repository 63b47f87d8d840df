//! The rules, one function each.

use super::{Facts, IrrFact, KeyFact, LONGEST_PATH, RpkiFact, Seen};
use crate::{
    Asn, AsnClass, Finding, Next, Text, Verdict,
    rpki::OriginState,
    say,
    service::{Announcement, KeyStanding, Role},
};
use std::collections::BTreeSet;

fn provider_fails(text: Text) -> Finding {
    Finding::new(Verdict::Fail, text, Next::Provider)
}

pub(super) fn key(facts: &Facts) -> Option<Finding> {
    let provider = facts.provider;
    let fail = |text| Some(Finding::fail(text));
    match facts.key {
        KeyFact::NotNeeded => None,
        KeyFact::Missing => fail(say!(
            "service.key_missing",
            "No prefix key yet. Ask {provider} to register the prefix and to send its key, then type it here.",
            provider = provider
        )),
        KeyFact::OtherProvider => fail(say!(
            "service.key_provider",
            "The key is of another provider than {provider}. Ask {provider} for its key of this prefix.",
            provider = provider
        )),
        KeyFact::Gone => Some(provider_fails(say!(
            "service.key_gone",
            "{provider} took the registration that the key was for back. Ask {provider} to register the prefix again.",
            provider = provider
        ))),
        KeyFact::Fits(KeyStanding::Revoked) => Some(provider_fails(say!(
            "service.key_revoked",
            "{provider} revoked the key. Ask {provider} for a new one.",
            provider = provider
        ))),
        KeyFact::Fits(KeyStanding::Good | KeyStanding::Expired | KeyStanding::Replaced) => {
            Some(Finding::pass(say!("service.key", "The key is {provider}'s for this prefix.", provider = provider)))
        }
    }
}

pub(super) fn overlap(facts: &Facts) -> Option<Finding> {
    facts.overlap.map(|other| {
        provider_fails(say!(
            "service.overlap",
            "{prefix} overlaps {other}, which somebody else registered. The operator settles whose it is.",
            prefix = facts.prefix,
            other = other
        ))
    })
}

fn family(facts: &Facts) -> &'static str {
    if facts.prefix.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn count(facts: &Facts, role: Role) -> usize {
    facts.seen.iter().filter(|seen| seen.role == role).count()
}

pub(super) fn primary(facts: &Facts) -> Option<Finding> {
    let place = facts.primary.as_ref()?;
    let (have, family) = (count(facts, Role::Primary), family(facts));
    let routers: BTreeSet<&str> =
        facts.seen.iter().filter(|seen| seen.role == Role::Primary).map(|seen| seen.session.router.as_str()).collect();
    Some(if have < place.needed || routers.len() < place.needed {
        provider_fails(say!(
            "service.primary_sessions",
            "{provider} has {have} {family} sessions on {routers} routers for the service at {location}; {needed} on {needed} are needed.",
            provider = facts.provider,
            have = have,
            family = family,
            routers = routers.len(),
            location = place.name,
            needed = place.needed
        ))
    } else {
        Finding::pass(say!(
            "service.primary",
            "{have} {family} sessions at {location}.",
            have = have,
            family = family,
            location = place.name
        ))
    })
}

pub(super) fn backup(facts: &Facts) -> Option<Finding> {
    facts.primary.as_ref()?;
    let Some(place) = facts.backup.as_ref() else {
        let text = say!("service.no_backup", "Without a backup location, traffic takes the plain Internet when the primary one fails.");
        return Some(Finding::pass(text));
    };
    let (have, family) = (count(facts, Role::Backup), family(facts));
    Some(if have < place.needed {
        provider_fails(say!(
            "service.backup_sessions",
            "{provider} has no {family} session for the service at the backup location {location}.",
            provider = facts.provider,
            family = family,
            location = place.name
        ))
    } else {
        Finding::pass(say!(
            "service.backup",
            "{have} {family} sessions at {location}.",
            have = have,
            family = family,
            location = place.name
        ))
    })
}

/// The addresses of sessions, for a sentence.
fn addresses<'a>(seen: impl IntoIterator<Item = &'a Seen<'a>>) -> String {
    seen.into_iter().map(|seen| seen.session.address.to_string()).collect::<Vec<_>>().join(", ")
}

pub(super) fn received(facts: &Facts) -> Finding {
    let of = |test: fn(&Seen) -> bool| facts.seen.iter().filter(move |seen| test(seen)).collect::<Vec<_>>();
    let down = of(|seen| seen.session.up == Some(false));
    let missing = of(|seen| seen.session.up != Some(false) && seen.heard && seen.route.is_none());
    let silent = of(|seen| seen.session.up != Some(false) && !seen.heard);
    match (missing.is_empty(), down.is_empty(), silent.is_empty()) {
        (true, true, true) => Finding::pass(say!("service.received", "Received on all {n} sessions.", n = facts.seen.len())),
        (true, true, false) => Finding::new(
            Verdict::Unknown,
            say!(
                "service.silent",
                "The operator's router does not tell what it receives from {addresses}; nothing is known of it.",
                addresses = addresses(silent)
            ),
            Next::Operator,
        ),
        (false, true, _) => provider_fails(say!(
            "service.not_received",
            "{prefix} is not received from {addresses}. Announce it on every session of the service.",
            prefix = facts.prefix,
            addresses = addresses(missing)
        )),
        (true, false, _) => provider_fails(say!(
            "service.session_down",
            "{prefix} is not received from {addresses}: the session is down. Bring it up.",
            prefix = facts.prefix,
            addresses = addresses(down)
        )),
        (false, false, _) => provider_fails(say!(
            "service.not_received_down",
            "{prefix} is not received from {addresses}, nor from {down}, where the session is down. Announce it on every session.",
            prefix = facts.prefix,
            addresses = addresses(missing),
            down = addresses(down)
        )),
    }
}

/// The sessions whose route breaks a rule, with what it shows.
fn breaking<'a>(facts: &'a Facts, breaks: impl Fn(&Announcement) -> Option<String>) -> Vec<(&'a Seen<'a>, String)> {
    facts.seen.iter().filter_map(|seen| Some((seen, breaks(seen.route?)?))).collect()
}

/// Each session with what it shows: `193.0.13.0 (64501 64502)`.
fn shown(found: &[(&Seen, String)]) -> String {
    found.iter().map(|(seen, what)| format!("{} ({what})", seen.session.address)).collect::<Vec<_>>().join(", ")
}

pub(super) fn community(facts: &Facts) -> Finding {
    let without = |wanted: Option<bool>| facts.seen.iter().filter(move |seen| seen.route.is_some_and(|route| route.community == wanted));
    let (missing, untold): (Vec<_>, Vec<_>) = (without(Some(false)).collect(), without(None).collect());
    if !missing.is_empty() {
        return provider_fails(say!(
            "service.community",
            "The route from {addresses} lacks the service community {community}. Add it where you announce {prefix}.",
            addresses = addresses(missing),
            community = facts.community,
            prefix = facts.prefix
        ));
    }
    if !untold.is_empty() {
        let text = say!(
            "service.community_untold",
            "The operator's router does not tell the communities of the route from {addresses}.",
            addresses = addresses(untold)
        );
        return Finding::new(Verdict::Unknown, text, Next::Operator);
    }
    Finding::pass(say!("service.tagged", "With the service community {community}.", community = facts.community))
}

pub(super) fn length(facts: &Facts) -> Finding {
    let found = breaking(facts, |route| (route.path.len() > LONGEST_PATH).then(|| route.path_text()));
    if found.is_empty() {
        return Finding::pass(say!("service.path", "At most {most} ASNs in the path.", most = LONGEST_PATH));
    }
    provider_fails(say!(
        "service.path_long",
        "The AS path has more than {most} ASNs: {sessions}. Announce {prefix} nearer to its origin.",
        most = LONGEST_PATH,
        sessions = shown(&found),
        prefix = facts.prefix
    ))
}

pub(super) fn private(facts: &Facts) -> Finding {
    let found = breaking(facts, |route| {
        let private: Vec<String> = route.path.iter().filter(|asn| asn.class() != AsnClass::Public).map(ToString::to_string).collect();
        (!private.is_empty()).then(|| private.join(" "))
    });
    if found.is_empty() {
        return Finding::pass(say!("service.public_path", "No private ASN in the path."));
    }
    provider_fails(say!(
        "service.private_asn",
        "The AS path has an ASN that is private or reserved: {sessions}. Remove it before you announce {prefix}.",
        sessions = shown(&found),
        prefix = facts.prefix
    ))
}

pub(super) fn prepended(facts: &Facts) -> Finding {
    let found = breaking(facts, |route| route.path.windows(2).any(|two| two[0] == two[1]).then(|| route.path_text()));
    if found.is_empty() {
        return Finding::pass(say!("service.plain_path", "No ASN is repeated."));
    }
    provider_fails(say!(
        "service.prepended",
        "The AS path is prepended: {sessions}. Announce {prefix} without prepending.",
        sessions = shown(&found),
        prefix = facts.prefix
    ))
}

/// ASNs in order, for a sentence.
fn asns(all: &BTreeSet<Asn>) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn origin(facts: &Facts) -> Finding {
    if facts.origins.is_empty() {
        return Finding::new(
            Verdict::Unknown,
            say!("service.origin_unknown", "Without a registration of {provider}, no origin is expected.", provider = facts.provider),
            Next::Requester,
        );
    }
    let found = breaking(facts, |route| match route.origin {
        Some(origin) if facts.origins.contains(&origin) => None,
        Some(origin) => Some(origin.to_string()),
        None => Some("AS_SET".to_owned()),
    });
    if found.is_empty() {
        return Finding::pass(say!("service.origin", "From the registered origin {origins}.", origins = asns(facts.origins)));
    }
    provider_fails(say!(
        "service.origin_other",
        "{prefix} has another origin than the registered {origins}: {sessions}. Register the ASN that originates it, or find out who announces it.",
        prefix = facts.prefix,
        origins = asns(facts.origins),
        sessions = shown(&found)
    ))
}

pub(super) fn refused(facts: &Facts) -> Finding {
    let found = breaking(facts, |route| {
        let words: Vec<&str> = route.refused.iter().map(Text::english).collect();
        (!words.is_empty()).then(|| words.join(", "))
    });
    if found.is_empty() {
        return Finding::pass(say!("service.let_in", "The operator's routers let it in."));
    }
    provider_fails(say!(
        "service.refused",
        "The operator's routers refuse the route: {sessions}. No traffic enters there.",
        sessions = shown(&found)
    ))
}

/// The origins that were seen; those that are expected where none was.
fn seen_origins(facts: &Facts) -> BTreeSet<Asn> {
    let seen: BTreeSet<Asn> = facts.seen.iter().filter_map(|seen| seen.route?.origin).collect();
    if seen.is_empty() { facts.origins.clone() } else { seen }
}

pub(super) fn rpki(facts: &Facts) -> Option<Finding> {
    let vrps = match facts.rpki {
        RpkiFact::Unasked => return None,
        RpkiFact::Silent => {
            let text = say!("service.rpki_silent", "What the RPKI says is not known now.");
            return Some(Finding::new(Verdict::Unknown, text, Next::Operator));
        }
        RpkiFact::Known(vrps) => vrps,
    };
    let origins = seen_origins(facts);
    let of = |state| origins.iter().filter(move |asn| vrps.validate(facts.prefix, Some(**asn)) == state).copied().collect::<BTreeSet<_>>();
    let (invalid, unlisted) = (of(OriginState::Invalid), of(OriginState::NotFound));
    Some(if !invalid.is_empty() {
        provider_fails(say!(
            "service.rpki_invalid",
            "By the RPKI, {origins} may not originate {prefix}. Correct the ROA or the announcement (RFC 6811).",
            origins = asns(&invalid),
            prefix = facts.prefix
        ))
    } else if origins.is_empty() || !unlisted.is_empty() {
        Finding::pass(say!("service.rpki_unlisted", "No ROA covers {prefix}; one would protect it.", prefix = facts.prefix))
    } else {
        Finding::pass(say!("service.rpki_valid", "Valid by the RPKI."))
    })
}

pub(super) fn irr(facts: &Facts) -> Option<Finding> {
    let origins = seen_origins(facts);
    let unknown = |text| Some(Finding::new(Verdict::Unknown, text, Next::Portal));
    match facts.irr {
        IrrFact::Unasked => None,
        IrrFact::Asking => unknown(say!("service.irr_asking", "The IRR is being asked.")),
        IrrFact::Silent => unknown(say!("service.irr_silent", "The IRR does not answer now.")),
        IrrFact::Declared(_) if origins.is_empty() => None,
        IrrFact::Declared(declared) => Some(if origins.iter().all(|origin| declared.has(facts.prefix, *origin)) {
            Finding::pass(say!("service.irr", "{origins} has a route object.", origins = asns(&origins)))
        } else {
            let text = say!(
                "service.irr_missing",
                "No route object of {prefix} and {origins} stands in the IRR. Register one.",
                prefix = facts.prefix,
                origins = asns(&origins)
            );
            Finding::new(Verdict::Warn, text, Next::Provider)
        }),
    }
}
