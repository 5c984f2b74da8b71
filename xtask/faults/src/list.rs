//! All faults, in the order in which they are listed.

use crate::{
    backup, clock, continuations, deletions, descriptors, disk,
    fault::{
        Fault,
        Rounds::{self, Once},
    },
    itself, journal, kill, logs, memory, menu, network, person, power, providers, reader, rows,
};

macro_rules! fault {
    ($name:literal, $title:literal, $rounds:expr, $round:path) => {
        Fault { name: $name, title: $title, rounds: $rounds, round: |round| Box::pin($round(round)) }
    };
}

const fn random(short: u64, long: u64, share: u32) -> Rounds {
    Rounds::Random { short, long, share }
}

#[rustfmt::skip]
pub const FAULTS: &[Fault] = &[
    fault!("itself", "A word changed behind the server's back, found", Once, itself::finds),
    fault!("sigkill", "SIGKILL at a random moment", random(2, 20, 30), kill::sigkill),
    fault!("sigkill-60", "SIGKILL with 60 replies", random(1, 3, 8), kill::sigkill_of_many),
    fault!("sigterm", "SIGTERM with replies open", random(2, 10, 5), kill::sigterm),
    fault!("cut", "Connection cut at every byte of a frame", Once, network::cut),
    fault!("half-open", "Half-open connection", Once, network::half_open),
    fault!("delay", "Every piece 0.3 s late", random(1, 3, 2), network::delay),
    fault!("jitter", "Late by chance, and breaking", random(1, 3, 3), network::jitter),
    fault!("slow", "1 KB/s", random(1, 3, 3), network::slow),
    fault!("trickle", "300 B/s", random(1, 2, 2), network::trickle),
    fault!("buffers", "A proxy that passes on once a second", random(1, 3, 3), network::buffers),
    fault!("stops", "A reader that stops for a minute", Once, reader::stops),
    fault!("never-reads", "A reader that never reads", Once, reader::never_reads),
    fault!("deaf", "100 readers that do not read 4 MiB", Once, memory::deaf),
    fault!("descriptors", "No descriptor left", Once, descriptors::used_up),
    fault!("crowd", "2,000 tabs reconnecting at once", Once, reader::crowd),
    fault!("full", "Disk full", random(2, 10, 6), disk::space),
    fault!("limit", "A file that may not grow", random(2, 10, 4), disk::limit),
    fault!("locked", "Database locked by another process", random(1, 5, 4), disk::locked),
    fault!("fails-once", "A journal write that fails once", random(2, 10, 4), disk::fails_once),
    fault!("unreadable", "A row that cannot be read", random(1, 3, 2), rows::unreadable),
    fault!("refused", "A reply's words refused by the database", random(1, 3, 4), rows::refused),
    fault!("end-refused", "A reply's words and end refused", random(1, 3, 4), rows::end_refused),
    fault!("backup", "A backup while replies stream, restored", random(1, 5, 3), backup::while_streaming),
    fault!("log-closed", "Nobody at the other end of the log", Once, logs::closed),
    fault!("log-unread", "A log that nobody reads", Once, logs::unread),
    fault!("menu", "A provider that does not list its models", Once, menu::hangs),
    fault!("power-itself", "Syncs ignored and power lost, found", Once, power::ignored),
    fault!("power", "Power lost at a random moment", random(1, 10, 18), power::lost),
    fault!("power-copy", "Power lost in a checkpoint", random(1, 5, 6), power::lost_in_a_checkpoint),
    fault!("power-sync", "Syncs that fail, and power lost", random(1, 10, 5), power::failing),
    fault!("slow-disk", "Every sync 100 ms late", Once, power::slow),
    fault!("slow-reply", "A slow reply beside many fast ones", Once, journal::slow_reply),
    fault!("hangs", "A provider that hangs", Once, providers::hangs),
    fault!("drips", "A provider that drips", random(1, 5, 1), providers::drips),
    fault!("breaks-off", "A provider that breaks off", random(2, 10, 3), providers::breaks_off),
    fault!("50mb", "A provider that sends 50 MB", Once, providers::sends_50_mb),
    fault!("no-utf8", "A provider that sends no UTF-8", random(1, 5, 1), providers::no_utf8),
    fault!("ends", "Stop, finish and failure in one instant", random(2, 10, 5), person::ends_thrice),
    fault!("retry", "Retry during Stop", random(1, 10, 4), person::retries_while_stopping),
    fault!("continue-from", "Continued from a word, and SIGKILL", random(2, 10, 4), continuations::killed),
    fault!("delete", "Conversation deleted while it streams", random(2, 10, 3), person::deletes),
    fault!("delete-rows", "31 and 5,000 messages deleted, and undone", Once, deletions::of_rows),
    fault!("sign-out", "Session revoked while it streams", random(2, 10, 4), person::signs_out),
    fault!("clock", "The clock set forward an hour, and back two", Once, clock::steps_back),
    fault!("sleep", "The server's computer sleeps", Once, clock::sleeps),
    fault!("tab-sleep", "The tab's computer sleeps", Once, reader::sleeps),
];
