//! `.br` and `.gz` beside the site's files, so that the server need not compress anything.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::{files, site::Site};

/// What gets smaller; pictures and fonts are compressed already.
const COMPRESSIBLE: [&str; 11] =
    ["css", "html", "ico", "js", "json", "map", "svg", "txt", "wasm", "webmanifest", "xml"];

/// Compresses as far as it goes, some seconds for a megabyte, what changed since the last time.
pub fn compress(site: &mut Site) -> Result<()> {
    let plain: Vec<PathBuf> = site.files.iter().filter(|file| compressible(file)).cloned().collect();
    for file in plain {
        let [brotli, gzip] = ["br", "gz"].map(|ending| files::with_ending(&file, ending));
        if !files::is_newer(&brotli, &file) || !files::is_newer(&gzip, &file) {
            let content = files::read(&file)?;
            files::write(&brotli, &as_brotli(&content)?)?;
            files::write(&gzip, &as_gzip(&content)?)?;
        }
        site.files.extend([brotli, gzip]);
    }
    Ok(())
}

fn compressible(file: &Path) -> bool {
    file.extension().and_then(OsStr::to_str).is_some_and(|ending| COMPRESSIBLE.contains(&ending))
}

fn as_brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let best = BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut compressed, &best)?;
    Ok(compressed)
}

fn as_gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_forms_give_the_content_back() -> Result<()> {
        let content = "A word that anyone has seen is never lost. ".repeat(1000).into_bytes();
        let (mut from_brotli, mut from_gzip) = (Vec::new(), Vec::new());
        brotli::BrotliDecompress(&mut &*as_brotli(&content)?, &mut from_brotli)?;
        flate2::read::GzDecoder::new(&*as_gzip(&content)?).read_to_end(&mut from_gzip)?;
        assert_eq!((from_brotli, from_gzip), (content.clone(), content));
        Ok(())
    }
}
