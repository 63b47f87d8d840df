//! Names of the browser's files. A release has a hash in each name, so that browsers may
//! keep them for ever; a development build has none.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The folder and the names in it.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The folder that is served.
    pub dir: PathBuf,
    names: HashMap<String, String>,
}

impl Assets {
    /// Finds the folder: the configured one, `site` beside the program, or the build's.
    pub fn find(configured: &Path) -> Self {
        let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(|dir| dir.join("site")));
        let dir = if configured.as_os_str().is_empty() {
            beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
        } else {
            configured.to_owned()
        };
        let names =
            std::fs::read_to_string(dir.join("assets.json")).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Assets { dir, names }
    }

    /// The address of a file, such as `/pkg/peerage.js`.
    pub fn url(&self, name: &str) -> String {
        format!("/{}", self.names.get(name).map_or(name, String::as_str))
    }

    /// Whether a path has a hash in its name and never changes.
    pub fn is_immutable(&self, path: &str) -> bool {
        let name = path.trim_start_matches('/');
        self.names.iter().any(|(plain, hashed)| hashed == name && plain != hashed)
    }
}
