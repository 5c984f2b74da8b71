//! Files as only this server's own user may read and write them.

use std::{
    fs::{File, OpenOptions},
    io,
};

/// From now on no file that this process makes can be read by other users, whoever makes it.
#[cfg(unix)]
pub fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// How to open a file that, if it is made, nobody else may read.
#[cfg(unix)]
pub fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The same, refusing a symbolic link.
#[cfg(unix)]
pub fn unlinked(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    // The bits fit: the flags of every Unix are a C int.
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
}

/// Whether other users may read or write a file.
#[cfg(unix)]
pub fn others_may_read(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Whether other users may write a file, or it is another user's, who then may.
#[cfg(unix)]
pub fn others_may_write(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata()?;
    let mine = [rustix::process::geteuid().as_raw(), 0].contains(&found.uid());
    Ok(!mine || found.mode() & 0o022 != 0)
}

#[cfg(not(unix))]
pub fn keep_private() {}

#[cfg(not(unix))]
pub fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(not(unix))]
pub fn unlinked(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
pub fn others_may_read(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
pub fn others_may_write(_: &File) -> io::Result<bool> {
    Ok(false)
}
