//! One style sheet out of many: `@import "file.css";` is replaced by the file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The style sheet at `path` with its imports put in their places, each file once.
pub fn bundle(path: &Path) -> Result<String> {
    let mut sheet = String::new();
    append(path, &mut Vec::new(), &mut sheet)?;
    Ok(sheet)
}

fn append(path: &Path, seen: &mut Vec<PathBuf>, sheet: &mut String) -> Result<()> {
    if seen.iter().any(|file| file == path) {
        bail!("{} is imported twice. Import it once.", path.display());
    }
    seen.push(path.to_path_buf());
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    for line in text.lines() {
        match import(line) {
            Import::Other => {
                sheet.push_str(line);
                sheet.push('\n');
            }
            Import::File(name) => append(&path.with_file_name(name), seen, sheet)?,
            Import::Unclear => bail!(
                "{}: `{}` is not understood. Write `@import \"file.css\";`, alone on its line.",
                path.display(),
                line.trim()
            ),
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
enum Import<'a> {
    File(&'a str),
    Unclear,
    Other,
}

fn import(line: &str) -> Import<'_> {
    let Some(rest) = line.trim().strip_prefix("@import") else {
        return Import::Other;
    };
    let name = rest.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix("\";"));
    match name {
        Some(name) if !name.contains(['"', ':']) => Import::File(name),
        _ => Import::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_replaced_where_they_stand() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
        write("main.css", "@import \"a.css\";\n@import \"b.css\";\nmain {}\n")?;
        write("a.css", "a {}\n")?;
        write("b.css", "  @import \"c.css\";\nb {}")?;
        write("c.css", "c {}\n")?;
        assert_eq!(bundle(&folder.path().join("main.css"))?, "a {}\nc {}\nb {}\nmain {}\n");
        Ok(())
    }

    #[test]
    fn a_circle_ends_with_an_error() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("main.css"), "@import \"main.css\";\n")?;
        let error = bundle(&folder.path().join("main.css")).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.ends_with("is imported twice. Import it once.")));
        Ok(())
    }

    #[test]
    fn only_the_plain_import_is_understood() {
        assert_eq!(import("  @import \"a.css\";"), Import::File("a.css"));
        assert_eq!(import("@import url(a.css);"), Import::Unclear);
        assert_eq!(import("@import \"a.css\" print;"), Import::Unclear);
        assert_eq!(import("@import \"https://example.org/a.css\";"), Import::Unclear);
        assert_eq!(import("a { color: red }"), Import::Other);
    }
}
