//! The browser's files: WASM, its glue, the style sheet, and what lies in `public/`.

use crate::tools::{self, Outcome, cargo, root, run};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};
use wasm_bindgen_cli_support::Bindgen;

/// How to build.
#[derive(Clone, Copy, PartialEq)]
pub enum Profile {
    /// Fast to build, plain names.
    Dev,
    /// Small, hashed names, compressed beforehand.
    Release,
}

/// Where the files go.
pub fn dir(profile: Profile) -> PathBuf {
    tools::target().join(if profile == Profile::Release { "site-release" } else { "site" })
}

/// The style sheet's files, in order: later ones may build on earlier ones.
const STYLES: [&str; 2] = ["tokens.css", "base.css"];

/// Builds everything.
pub fn build(profile: Profile) -> Outcome {
    tools::wasm_target()?;
    let site = dir(profile);
    let _ = std::fs::remove_dir_all(&site);
    let pkg = site.join("pkg");
    std::fs::create_dir_all(&pkg).map_err(|error| error.to_string())?;
    tools::copy_dir(&root().join("public"), &site)?;
    wasm(profile, &pkg)?;
    std::fs::write(pkg.join("peerage.css"), styles()?).map_err(|error| error.to_string())?;
    if profile == Profile::Release {
        shrink(&pkg)?;
        hash_names(&site)?;
        compress(&site)?;
    }
    Ok(())
}

/// The browser's files and the server, both at the same time: they share no lock of Cargo.
pub fn build_with_server() -> Outcome {
    std::thread::scope(|scope| {
        let server = scope.spawn(|| run(cargo().args(["build", "--features", "ssr", "--bin", "peerage"])));
        build(Profile::Dev)?;
        server.join().map_err(|_| "the build of the server ended abruptly".to_owned())?
    })
}

fn wasm(profile: Profile, pkg: &Path) -> Outcome {
    let (name, folder) = if profile == Profile::Release { ("wasm-release", "wasm-release") } else { ("wasm-dev", "wasm-dev") };
    // A lone cdylib, so that link-time optimisation is real.
    run(cargo().args([
        "rustc",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        "wasm32-unknown-unknown",
        "--no-default-features",
        "--features",
        "hydrate",
        "--profile",
        name,
    ]))?;
    let module = tools::target().join("wasm32-unknown-unknown").join(folder).join("peerage.wasm");
    let bind = || -> anyhow_lite::Result {
        Bindgen::new()
            .input_path(&module)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .out_name("peerage")
            .generate(pkg)?;
        Ok(())
    };
    bind().map_err(|error| error.to_string())?;
    std::fs::rename(pkg.join("peerage_bg.wasm"), pkg.join("peerage.wasm")).map_err(|error| error.to_string())
}

/// The error type of wasm-bindgen's library, without naming its crate.
mod anyhow_lite {
    pub type Result = std::result::Result<(), Box<dyn std::error::Error>>;
}

/// All style files as one: tokens, base, then every component by name.
pub fn styles() -> Result<String, String> {
    let style = root().join("style");
    let mut files: Vec<PathBuf> = STYLES.iter().map(|name| style.join(name)).collect();
    let entries = std::fs::read_dir(style.join("components")).map_err(|error| error.to_string())?;
    let mut components: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    components.sort();
    files.extend(components);
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    Ok(files.iter().map(read).collect::<Result<Vec<_>, _>>()?.join("\n"))
}

/// wasm-opt, from the npm package `binaryen`.
fn shrink(pkg: &Path) -> Outcome {
    tools::npm(&root().join("end2end"))?;
    let optimiser = root().join("end2end/node_modules/.bin/wasm-opt");
    let module = pkg.join("peerage.wasm");
    run(Command::new(optimiser)
        .args([
            "-Oz",
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-reference-types",
            "--enable-multivalue",
            "--enable-sign-ext",
            "--enable-mutable-globals",
        ])
        .arg(&module)
        .arg("-o")
        .arg(&module))
}

/// Puts a hash into the names of the files in `pkg`, and lists old and new names.
fn hash_names(site: &Path) -> Outcome {
    let mut names = vec![];
    for name in ["peerage.js", "peerage.wasm", "peerage.css"] {
        let path = site.join("pkg").join(name);
        let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        let hashed = format!("pkg/{stem}.{:016x}.{ending}", hasher.finish());
        std::fs::rename(&path, site.join(&hashed)).map_err(|error| error.to_string())?;
        names.push(format!("\"pkg/{name}\":\"{hashed}\""));
    }
    std::fs::write(site.join("assets.json"), format!("{{{}}}\n", names.join(","))).map_err(|error| error.to_string())
}

/// Writes `.br` and `.gz` beside every file that shrinks.
fn compress(site: &Path) -> Outcome {
    let mut folders = vec![site.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| error.to_string())?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).map_err(|error| error.to_string())?;
            let mut brotli = vec![];
            brotli::BrotliCompress(
                &mut content.as_slice(),
                &mut brotli,
                &brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() },
            )
            .map_err(|error| error.to_string())?;
            let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
            gzip.write_all(&content).map_err(|error| error.to_string())?;
            let gzip = gzip.finish().map_err(|error| error.to_string())?;
            for (ending, bytes) in [("br", brotli), ("gz", gzip)] {
                let name = format!("{}.{ending}", path.display());
                std::fs::write(name, bytes).map_err(|error| error.to_string())?;
            }
        }
    }
    report(site)
}

fn report(site: &Path) -> Outcome {
    let entries = std::fs::read_dir(site.join("pkg")).map_err(|error| error.to_string())?;
    let mut sizes: Vec<(String, u64)> =
        entries.flatten().filter_map(|e| Some((e.file_name().to_string_lossy().into_owned(), e.metadata().ok()?.len()))).collect();
    sizes.sort();
    for (name, size) in sizes {
        println!("{size:>9}  {name}");
    }
    Ok(())
}
