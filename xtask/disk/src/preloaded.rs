//! The C library's functions in whose place these are called. They make the system's calls themselves, so that none of
//! them can call itself.

use std::{
    ffi::{OsString, c_int, c_void},
    os::unix::ffi::OsStringExt,
    path::PathBuf,
    sync::LazyLock,
};

use libc::{EIO, SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_pwrite64, off64_t, size_t, ssize_t, syscall};

use crate::{
    durable::Durable,
    sync::{Sync, Syncs},
};

struct Disk {
    durable: Durable,
    syncs: Syncs,
}

/// Nothing in a program that is no server: the shell that starts it has the same environment.
static DISK: LazyLock<Option<Disk>> = LazyLock::new(|| {
    let path = |name| std::env::var_os(name).map(PathBuf::from);
    Some(Disk {
        durable: Durable::new(path("DISK_DATABASE")?, path("DISK_DURABLE")?),
        syncs: Syncs::new(path("DISK_SYNC")?),
    })
});

/// The disk, and which of its files a descriptor is open on.
fn on_disk(fd: c_int) -> Option<(&'static Disk, PathBuf)> {
    let disk = DISK.as_ref()?;
    let file = path_of(fd)?;
    disk.durable.keeps(&file).then_some((disk, file))
}

/// `/proc` names it, so that nothing has to be opened.
fn path_of(fd: c_int) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{fd}\0");
    let mut name = vec![0; 4096];
    // SAFETY: the link's name ends in a zero byte, and the buffer has the length that is given.
    let length = unsafe { libc::readlink(link.as_ptr().cast(), name.as_mut_ptr().cast(), name.len()) };
    name.truncate(usize::try_from(length).ok()?);
    Some(OsString::from_vec(name).into())
}

/// # Safety
/// As in the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, count: size_t, offset: off64_t) -> ssize_t {
    // SAFETY: what the caller promises is what the system asks for.
    let write = || unsafe { syscall(SYS_pwrite64, fd, bytes, count, offset) as ssize_t };
    match on_disk(fd) {
        Some((disk, file)) => {
            let begin = offset as u64;
            disk.durable.writes(&file, begin..begin + count as u64, write)
        }
        None => write(),
    }
}

/// # Safety
/// As in the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, count: size_t, offset: off64_t) -> ssize_t {
    // SAFETY: the same function.
    unsafe { pwrite64(fd, bytes, count, offset) }
}

#[unsafe(no_mangle)]
pub extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
    // SAFETY: it has no pointers.
    let set = || unsafe { syscall(SYS_ftruncate, fd, length) as c_int };
    match on_disk(fd) {
        Some((disk, file)) => disk.durable.sets_length(&file, length as u64, set),
        None => set(),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn ftruncate(fd: c_int, length: off64_t) -> c_int {
    ftruncate64(fd, length)
}

#[unsafe(no_mangle)]
pub extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: it has no pointers.
    syncs(fd, || unsafe { syscall(SYS_fsync, fd) as c_int })
}

#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: it has no pointers.
    syncs(fd, || unsafe { syscall(SYS_fdatasync, fd) as c_int })
}

/// The real disk is left alone: what is durable is what was copied.
fn syncs(fd: c_int, sync: impl FnOnce() -> c_int) -> c_int {
    let Some((disk, file)) = on_disk(fd) else {
        return sync();
    };
    let done = match disk.syncs.next() {
        Sync::Ignored => return 0,
        Sync::Done => disk.durable.syncs(&file),
        Sync::Failed => disk.durable.drops(&file).and(Err(std::io::Error::from_raw_os_error(EIO))),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            // SAFETY: the C library's own place for it, of this thread.
            unsafe { *libc::__errno_location() = error.raw_os_error().unwrap_or(EIO) };
            -1
        }
    }
}
