//! Reads our own pack of rules, so that no start has to. A rule that cannot be read fails the build with file and line.

use kinescope_sigma::{Document, pack, read};
use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=rules");
    match written() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error=failed to read the built-in rules: {error}");
            ExitCode::FAILURE
        }
    }
}

fn written() -> Result<(), Box<dyn Error>> {
    let mut documents = Vec::new();
    for path in files(Path::new("rules"))? {
        documents.extend(documents_of(&path)?);
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no folder for what is built")?);
    let (rules, texts) = pack(&documents)?;
    fs::write(out.join("rules.pack"), rules)?;
    Ok(fs::write(out.join("rules.texts"), texts)?)
}

fn documents_of(path: &Path) -> Result<Vec<Document>, Box<dyn Error>> {
    // As it is called from the repository's root.
    let name = format!("stages/{}", path.display());
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(read(&name, &text)?)
}

/// The files of the pack in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|end| end == "yml") {
            found.push(path);
        }
    }
    Ok(found)
}
