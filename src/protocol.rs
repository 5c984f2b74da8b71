//! The number of what pages and this server speak: it stands in the address of the socket and of every function, so that
//! a page of another build works as long as both understand each other.

/// The protocols that a server speaks, its own first. A change that pages of the one before cannot live with takes the next
/// number: `[3, 2]`, and the server still answers a 2 as a 2 expects it. A page of any other has to be loaded anew.
pub const SPOKEN: &[u32] = &[2];
/// The one that pages of this build speak.
pub const PROTOCOL: u32 = SPOKEN[0];
/// Where its functions are: their prefix in `api.rs`, and a slash.
pub const FUNCTIONS: &str = "/api/2/";
/// The event of a page's window when the server does not understand the page any more.
pub const OUTDATED: &str = "outdated";

/// The socket's address at a host.
pub fn socket(scheme: &str, host: &str, protocol: u32) -> String {
    format!("{scheme}://{host}/live?protocol={protocol}")
}

/// The path of a function in the server's own protocol, if it was asked for in another one that the server speaks. `spoken`:
/// as [`SPOKEN`].
pub fn translated(path: &str, spoken: &[u32]) -> Option<String> {
    let (number, function) = path.strip_prefix("/api/")?.split_once('/')?;
    let protocol = number.parse::<u32>().ok().filter(|protocol| protocol.to_string() == number)?;
    (protocol != PROTOCOL && spoken.contains(&protocol)).then(|| format!("{FUNCTIONS}{function}"))
}
