//! A browser and its system in a few plain words, from what it sends of itself.

use crate::language::t;

/// What stands in a `User-Agent`, and what that is called. The first that is found counts: most claim to be others too.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
];

/// Such as "Firefox on Linux". Nothing of the header itself is in it.
pub fn name(agent: &str) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let texts = &t().server.sessions;
    let browser = find(&BROWSERS).or_else(|| agent.contains("Mozilla/").then_some(texts.unnamed_browser));
    match (browser, find(&SYSTEMS)) {
        (Some(browser), Some(system)) => (texts.browser_on_system)(browser, system),
        (Some(name), None) => name.into(),
        (None, Some(system)) => (texts.program_on_system)(system),
        (None, None) => texts.unnamed_program.into(),
    }
}
