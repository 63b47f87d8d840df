//! Route objects from local dumps of the Internet Routing Registry, read again when they change.

use super::sources::{Feed, FeedState};
use crate::{
    Service,
    rpki::{Stamp, stamp},
};
use peerage_domain::route_objects::RouteObjects;
use peerage_feeds::rpsl;
use std::{fs::File, io::BufReader, path::PathBuf, sync::Arc};

/// What the dumps said when they were read last.
#[derive(Default)]
pub(super) struct Registry {
    /// As they were tried last, in the order of the settings.
    stamps: Vec<Option<Stamp>>,
    objects: Arc<RouteObjects>,
}

impl Registry {
    pub(super) fn objects(&self) -> &Arc<RouteObjects> {
        &self.objects
    }
}

impl Service {
    /// Reads the dumps when one of them changed. One that cannot be read is told among the sources.
    pub(super) async fn read_registry(&self) {
        let paths = self.settings.lookout.irr_dumps.clone();
        let stamps: Vec<Option<Stamp>> = paths.iter().map(|path| stamp(path)).collect();
        if self.lookout.world().registry.stamps == stamps {
            return;
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut all = vec![];
            let read = |path: &PathBuf| {
                let file = File::open(path).map_err(|error| error.to_string())?;
                let before = all.len();
                let take = &mut |prefix, origin| all.push((prefix, origin));
                rpsl::read(BufReader::with_capacity(1 << 16, file), take).map_err(|error| error.to_string())?;
                Ok::<usize, String>(all.len() - before)
            };
            let outcomes: Vec<(PathBuf, Result<usize, String>)> =
                paths.iter().map(read).zip(&paths).map(|(it, path)| (path.clone(), it)).collect();
            (outcomes, all.into_iter().collect::<RouteObjects>())
        });
        let Ok((outcomes, objects)) = read.await else { return };
        self.lookout.world().registry = Registry { stamps, objects: Arc::new(objects) };
        let now = self.clock.now();
        for (path, outcome) in outcomes {
            let state = match &outcome {
                Ok(0) => FeedState::Broken("it has no route objects".into()),
                Ok(_) => FeedState::Connected,
                Err(why) => FeedState::Broken(why.clone()),
            };
            let count = outcome.unwrap_or_default() as u64;
            self.put_feed(Feed { state, last: Some(now), messages: count, ..Feed::new(&format!("IRR {}", path.display()), now) });
        }
    }
}
