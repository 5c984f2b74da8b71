//! wasm-bindgen: from the compiler's WASM to a program that a browser can load.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::{files, site::Site};

/// leptos' type for an element of a view in which all is literal, as it stands in the names of its functions.
const INERT: &[u8] = b"InertElement";

/// Adds `output.wasm`, `output.js` and the scripts that libraries bring.
///
/// Takes about a second for a megabyte, nothing if what it made of the same program is still there.
pub fn bind(site: &mut Site, wasm: &Path, output: &Path, release: bool) -> Result<()> {
    let program = files::read(wasm)?;
    let mut hasher = DefaultHasher::new();
    // This file is part of the input: it decides how the program is bound.
    (&program, release, include_str!("bind.rs")).hash(&mut hasher);
    let hash = format!("{:016x}", hasher.finish());
    // Beside the folder, not in it: it is nobody's to fetch.
    let note = site.folder.with_extension("bound");
    if let Some(bound) = still_there(&note, &hash) {
        site.files.extend(bound);
        return Ok(());
    }
    files::remove(&note)?;
    let others = site.files.clone();
    generate(site, program, output, release)?;
    let bound = site.files.difference(&others).map(|file| format!("\n{}", file.display()));
    files::write_if_changed(&note, (hash + &bound.collect::<String>()).as_bytes())
}

/// The files in the note, if they were made of the same and are all there.
fn still_there(note: &Path, hash: &str) -> Option<Vec<PathBuf>> {
    let note = fs::read_to_string(note).ok()?;
    let mut lines = note.lines();
    let same = lines.next() == Some(hash);
    let files: Vec<PathBuf> = lines.map(PathBuf::from).collect();
    (same && files.iter().all(|file| file.is_file())).then_some(files)
}

fn generate(site: &mut Site, program: Vec<u8>, output: &Path, release: bool) -> Result<()> {
    // leptos makes such an element by `innerHTML`, which the pages' Trusted Types refuse. (In a release the function may
    // have lost its name; a build without finds it always.)
    ensure!(
        !program.windows(INERT.len()).any(|name| name == INERT),
        "A view has an element in which all is literal, which leptos writes as a string where the pages' policy lets \
         no string through. Write a text in it in braces, `<p>{{\"So\"}}</p>`, or an attribute as `required=true`."
    );
    let mut bound = Bindgen::new()
        .input_bytes("page", program)
        .web(true)?
        .typescript(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate_output()?;
    site.add(output.with_extension("wasm"), &bound.wasm_mut().emit_wasm())?;
    site.add(output.with_extension("js"), bound.js().as_bytes())?;
    let snippets = output.with_file_name("snippets");
    for (library, scripts) in bound.snippets() {
        for (index, script) in scripts.iter().enumerate() {
            let file = snippets.join(library).join(format!("inline{index}.js"));
            site.add(file, script.as_bytes())?;
        }
    }
    for (path, module) in bound.local_modules() {
        site.add(snippets.join(path), module.as_bytes())?;
    }
    Ok(())
}
