//! Texts that are kept while they are typed. Called in effects and event handlers, which run only in a browser.
//!
//! A tab has its own copy in its session storage, which a reload keeps. A session ends with its tab, so there is a second
//! copy in the local storage, as `key@tab`: a new tab inherits those of tabs that are gone, and no tab takes one from a
//! tab that lives. A browser that keeps nothing is no error: then a text is just gone on reload.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
    time::Duration,
};

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use web_sys::{BroadcastChannel, MessageEvent, Storage};

/// How long other tabs may take to say that they live.
const ROLL_CALL: Duration = Duration::from_millis(250);
/// What a session has beside texts: its tab's name, its era, and whether it has inherited.
const OWN: [&str; 3] = ["tab", "era", "inherited"];
/// What a tab asks the others. Each answers with its name.
const WHO_LIVES: &str = "?";

thread_local! {
    static TAB: RefCell<Option<DraftTab>> = const { RefCell::new(None) };
    static IS_APART: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone)]
struct DraftTab {
    name: String,
    /// Whose its texts are, and of which of the times between two sign-outs.
    era: String,
}

/// This tab's text under a key.
pub fn read(key: &str) -> Option<String> {
    tab();
    session()?.get_item(key).ok()?
}

/// Whether what is kept from now on goes with its tab, and is left to no other.
pub fn keep_apart(apart: bool) {
    IS_APART.set(apart);
}

/// Keeps a text, or forgets it if it is empty.
pub fn keep(key: &str, text: &str) {
    keep_for(key, text, IS_APART.get());
}

fn keep_for(key: &str, text: &str, is_apart: bool) {
    let tab = tab();
    put(session(), key, text);
    // After a sign-out elsewhere nothing of this tab is left to others.
    if item(local(), "era").is_some_and(|era| era == tab.era) {
        put(local(), &left_as(key, &tab.name), if is_apart { "" } else { text });
    }
}

/// This tab's keys that begin like this.
pub fn keys(prefix: &str) -> Vec<String> {
    tab();
    keys_of(session()).into_iter().filter(|key| key.starts_with(prefix)).collect()
}

/// Forgets all that was typed here, in every tab: the others find that another era has begun.
pub fn forget_all() {
    for storage in [session(), local()].into_iter().flatten() {
        let _ = storage.clear();
    }
}

/// Forgets what was typed in the session that has ended, in this tab and in those that are gone; unless somebody else has
/// signed in since, and begun another era.
pub fn forget_session() {
    let era = tab().era;
    if let Some(session) = session() {
        let _ = session.clear();
    }
    if item(local(), "era").is_none_or(|now| now == era)
        && let Some(local) = local()
    {
        let _ = local.clear();
    }
}

/// Whose texts are kept from now on: what another person typed here is forgotten. Called before any text is read.
pub fn claim(person: &str) {
    let era = item(local(), "era");
    let owner = era.as_deref().map(|era| era.split_once(' ').map_or("", |(owner, _)| owner));
    if owner == Some(person) {
        return;
    }
    let new = format!("{person} {}", mint());
    match owner {
        // Of a build that did not write down whose it is.
        Some("") if item(session(), "era") == era => put(session(), "era", &new),
        _ => forget_all(),
    }
    TAB.take();
    put(local(), "era", &new);
}

/// Takes part in the roll call of tabs. A new tab inherits what tabs that are gone have left; then `inherited` is called.
pub fn start(inherited: impl FnOnce() + 'static) {
    let tab = tab();
    let Ok(channel) = BroadcastChannel::new("tabs") else { return };
    let living = Rc::new(RefCell::new(HashSet::new()));
    let listen = {
        let (channel, living) = (channel.clone(), living.clone());
        move |event: MessageEvent| match event.data().as_string() {
            Some(question) if question == WHO_LIVES => drop(channel.post_message(&self::tab().name.into())),
            Some(name) => drop(living.borrow_mut().insert(name)),
            None => {}
        }
    };
    let listen = Closure::<dyn Fn(MessageEvent)>::new(listen).into_js_value();
    channel.set_onmessage(Some(listen.unchecked_ref()));
    let _ = channel.post_message(&WHO_LIVES.into());
    let answered = move || {
        let living = living.take();
        if living.contains(&tab.name) {
            rename();
        }
        if item(session(), "inherited").is_none() && inherit(&living) {
            inherited();
        }
        put(session(), "inherited", "yes");
    };
    set_timeout(answered, ROLL_CALL);
}

/// A duplicated tab begins as a copy, with the name of another: it takes one of its own.
fn rename() {
    let name = mint();
    put(session(), "tab", &name);
    TAB.with_borrow_mut(|tab| tab.iter_mut().for_each(|tab| tab.name = name.clone()));
    for key in keys("").iter().filter(|key| !OWN.contains(&&***key)) {
        keep(key, &read(key).unwrap_or_default());
    }
}

/// Takes over the texts of tabs that are gone, and returns whether there were any. Two drafts under one key become one.
fn inherit(living: &HashSet<String>) -> bool {
    let mine = tab().name;
    let mut left = keys_of(local());
    left.sort();
    let mut any = false;
    // What others have left was kept from nobody.
    for key in left {
        let Some((own, name)) = key.rsplit_once('@') else { continue };
        let Some(text) = item(local(), &key).filter(|_| name != mine && !living.contains(name)) else { continue };
        match read(own) {
            Some(mine) if own.starts_with("draft:") => keep_for(own, &joined([mine, text]), false),
            // What is being sent is one thing in both.
            Some(_) => {}
            None => keep_for(own, &text, false),
        }
        put(local(), &key, "");
        any = true;
    }
    any
}

/// Texts one after the other, each once.
pub fn joined(texts: impl IntoIterator<Item = String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !text.is_empty() && !all.contains(&text) {
            all.push(text);
        }
    }
    all.join("\n\n")
}

fn tab() -> DraftTab {
    TAB.with_borrow_mut(|tab| tab.get_or_insert_with(named).clone())
}

/// The tab as its session has it, or a new one.
fn named() -> DraftTab {
    let era = item(local(), "era").unwrap_or_else(mint);
    put(local(), "era", &era);
    if let Some(session) = session()
        && item(Some(session.clone()), "era").is_none_or(|mine| mine != era)
    {
        let _ = session.clear();
    }
    put(session(), "era", &era);
    let name = item(session(), "tab").unwrap_or_else(mint);
    put(session(), "tab", &name);
    DraftTab { name, era }
}

fn left_as(key: &str, tab: &str) -> String {
    format!("{key}@{tab}")
}

fn mint() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn item(storage: Option<Storage>, key: &str) -> Option<String> {
    storage?.get_item(key).ok()?
}

fn put(storage: Option<Storage>, key: &str, text: &str) {
    let Some(storage) = storage else { return };
    let _ = if text.is_empty() { storage.remove_item(key) } else { storage.set_item(key, text) };
}

fn keys_of(storage: Option<Storage>) -> Vec<String> {
    let count = storage.as_ref().and_then(|storage| storage.length().ok()).unwrap_or(0);
    (0..count).filter_map(|at| storage.as_ref()?.key(at).ok()?).collect()
}

fn session() -> Option<Storage> {
    window().session_storage().ok()?
}

fn local() -> Option<Storage> {
    window().local_storage().ok()?
}
