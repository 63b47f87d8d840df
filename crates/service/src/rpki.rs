//! What the RPKI says, kept current from files and caches.

use crate::Service;
use peerage_domain::{
    Timestamp,
    rpki::{Aspa, RtrCache, Vrp, Vrps},
};
use peerage_feeds::{
    rtr_socket::{News, spawn},
    vrp::{self, Slurm},
};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// Where the RPKI is heard of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpkiSettings {
    /// Files of VRPs, as rpki-client, Routinator or StayRTR write them; read again when they change.
    pub files: Vec<PathBuf>,
    /// Caches, in order of preference; the portal and its routers ask them.
    pub caches: Vec<RtrCache>,
    /// The operator's own exceptions (RFC 8416).
    pub slurm: Option<PathBuf>,
}

impl RpkiSettings {
    /// Whether anything is asked at all.
    pub fn is_set(&self) -> bool {
        !(self.files.is_empty() && self.caches.is_empty())
    }
}

/// One source and what it last gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Path or address.
    pub name: String,
    /// How many VRPs it gave last; nothing when it gave none yet or they are too old.
    pub count: Option<usize>,
    /// When.
    pub at: Option<Timestamp>,
    /// Why it gives nothing now.
    pub trouble: Option<String>,
}

/// When a file was written (seconds, nanoseconds), and its size.
pub(crate) type Stamp = (i64, i64, u64);

/// By what a file is known to have changed; nothing where it is not there.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).map(|data| (data.mtime(), data.mtime_nsec(), data.len())).ok()
}

/// The sources together. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Rpki(Arc<Mutex<World>>);

/// What a file says.
#[derive(Default)]
struct Read {
    vrps: Vec<Vrp>,
    aspas: Vec<Aspa>,
}

impl Read {
    fn parse(text: &[u8], now: Timestamp) -> Result<Read, vrp::VrpError> {
        Ok(Read { vrps: vrp::parse(text, now)?, aspas: vrp::aspas(text, now)? })
    }
}

#[derive(Default)]
struct World {
    files: Vec<(Source, Read, Option<Stamp>)>,
    caches: Vec<(Source, Option<BTreeSet<Vrp>>)>,
    slurm: Slurm,
    /// Nothing while no source has given anything.
    together: Option<Arc<Vrps>>,
    stop: Stop,
}

/// Ends the threads that follow caches when nobody needs them any more.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl World {
    /// All files, and the first cache that has anything (RFC 8210 §10).
    fn put_together(&mut self) {
        let files = self.files.iter().filter(|(source, ..)| source.count.is_some()).flat_map(|(_, all, _)| all.vrps.iter().copied());
        let cache = self.caches.iter().find_map(|(_, all)| all.as_ref());
        let any = cache.is_some() || self.files.iter().any(|(source, ..)| source.count.is_some());
        let all = files.chain(cache.into_iter().flatten().copied());
        let aspas = self.files.iter().flat_map(|(_, all, _)| all.aspas.iter().cloned());
        self.together = any.then(|| Arc::new(self.slurm.apply(all).into_iter().collect::<Vrps>().with_aspas(aspas)));
    }

    fn hear(&mut self, at: usize, news: News, now: Timestamp) {
        let (source, vrps) = &mut self.caches[at];
        match news {
            News::Complete(all, _) => {
                *source = Source { count: Some(all.len()), at: Some(now), trouble: None, name: source.name.clone() };
                *vrps = Some(all);
            }
            News::Trouble(why) => {
                source.trouble = Some(why);
                return;
            }
            News::Expired => (source.count, *vrps) = (None, None),
        }
        self.put_together();
    }
}

impl Rpki {
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere leaves each source whole: what it gave is assigned at once.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// What the RPKI says now; nothing when it is not asked or does not answer.
    pub fn vrps(&self) -> Option<Arc<Vrps>> {
        self.rpki.world().together.clone()
    }

    /// The sources and what each gave last.
    pub fn rpki_sources(&self) -> Vec<Source> {
        let world = self.rpki.world();
        world.files.iter().map(|(source, ..)| source.clone()).chain(world.caches.iter().map(|(source, _)| source.clone())).collect()
    }

    /// Starts to follow the caches, and reads the files for the first time.
    pub fn follow_rpki(&self) {
        let settings = &self.settings.rpki;
        let named = |name: String| Source { name, ..Source::default() };
        let stop = {
            let mut world = self.rpki.world();
            world.files = settings.files.iter().map(|path| (named(path.display().to_string()), Read::default(), None)).collect();
            world.caches = settings.caches.iter().map(|cache| (named(cache.to_string()), None)).collect();
            world.stop.0.clone()
        };
        self.read_rpki_files();
        for (at, cache) in settings.caches.iter().enumerate() {
            let (world, clock): (Weak<Mutex<World>>, _) = (Arc::downgrade(&self.rpki.0), self.clock.clone());
            let tell = move |news| {
                if let Some(world) = world.upgrade() {
                    Rpki(world).world().hear(at, news, clock.now());
                }
            };
            if let Err(error) = spawn(cache.clone(), stop.clone(), tell) {
                tracing::error!(%cache, %error, "the RPKI cache cannot be followed");
            }
        }
    }

    /// Reads the files that changed. A file that cannot be read leaves what was known.
    pub fn read_rpki_files(&self) {
        let (mut world, now) = (self.rpki.world(), self.clock.now());
        let mut changed = false;
        for (path, (source, vrps, read)) in self.settings.rpki.files.iter().zip(&mut world.files) {
            let modified = stamp(path);
            if modified.is_some() && modified == *read {
                continue;
            }
            let text = fs::read(path).map_err(|error| error.to_string());
            match text.and_then(|text| Read::parse(&text, now).map_err(|error| error.to_string())) {
                Ok(all) => {
                    *source = Source { count: Some(all.vrps.len()), at: Some(now), trouble: None, name: source.name.clone() };
                    (*vrps, *read, changed) = (all, modified, true);
                }
                Err(why) => source.trouble = Some(why),
            }
        }
        if let Some(path) = &self.settings.rpki.slurm {
            match fs::read(path).map_err(|error| error.to_string()).and_then(|text| Slurm::parse(&text).map_err(|error| error.to_string()))
            {
                Ok(slurm) if slurm != world.slurm => (world.slurm, changed) = (slurm, true),
                Ok(_) => {}
                Err(error) => tracing::warn!(path = %path.display(), error, "the SLURM file cannot be read; what was known of it stays"),
            }
        }
        if changed {
            world.put_together();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::Asn;

    fn vrp(prefix: &str, asn: u32) -> Vrp {
        Vrp { prefix: prefix.parse().expect(prefix), max_length: 24, asn: Asn(asn) }
    }

    #[test]
    fn the_first_cache_that_answers_counts_until_it_is_too_old() {
        let mut world = World { caches: vec![Default::default(), Default::default()], ..World::default() };
        let now = Timestamp::from_secs(0);
        let count = |world: &World| world.together.as_ref().map(|vrps| vrps.len());
        assert_eq!(count(&world), None, "unknown is not the same as none");
        world.hear(1, News::Complete([vrp("10.0.0.0/8", 1), vrp("11.0.0.0/8", 1)].into(), 7), now);
        assert_eq!(count(&world), Some(2));
        world.hear(0, News::Complete([vrp("10.0.0.0/8", 1)].into(), 1), now);
        assert_eq!(count(&world), Some(1));
        world.hear(0, News::Trouble("gone".into()), now);
        assert_eq!(count(&world), Some(1), "the last set holds for a while");
        world.hear(0, News::Expired, now);
        assert_eq!(count(&world), Some(2));
        world.hear(1, News::Expired, now);
        assert_eq!(count(&world), None);
    }
}
