//! A terminal as a program has it, with a person before it.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    process::{Child, Command},
};

use kit::soon;
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use tokio::sync::mpsc;

pub struct Terminal {
    person: File,
    program: File,
    bytes: mpsc::UnboundedReceiver<Vec<u8>>,
    /// All that it has shown.
    shown: String,
}

impl Terminal {
    pub fn new() -> Terminal {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&person).expect("a terminal of ours");
        unlockpt(&person).expect("a terminal that can be opened");
        let name = ptsname(&person, vec![]).expect("its name");
        let program = OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(name.as_bytes()));
        let (person, program) = (File::from(person), program.expect("its other end"));
        let (sender, bytes) = mpsc::unbounded_channel();
        let mut reader = person.try_clone().expect("a second handle");
        // Ends with the test's process at the latest.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { person, program, bytes, shown: String::new() }
    }

    /// Starts a program whose input and output it is.
    pub fn starts(&self, mut command: Command) -> Child {
        let handle = || self.program.try_clone().expect("a handle");
        command.stdin(handle()).stdout(handle()).stderr(handle());
        command.spawn().expect("the program can be started")
    }

    pub fn types(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).expect("it can be typed");
    }

    /// Waits until it shows these words. Gives all that it has shown.
    pub async fn shows(&mut self, words: &str) -> &str {
        while !self.shown.contains(words) {
            let what = format!("{words:?} after {:?}", self.shown);
            let bytes = soon(&what, self.bytes.recv()).await.expect("the terminal is there");
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        &self.shown
    }

    /// Whether it shows what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.program).expect("its modes").local_modes.contains(LocalModes::ECHO)
    }
}
