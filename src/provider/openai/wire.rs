//! What a server is asked, and the models that it lists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::think::without_thinking;
use crate::{
    message::Role,
    provider::{Model, Request},
};

/// The most models of one server that are offered, and the most characters of a model's id and name.
const MOST_MODELS: usize = 500;
const LONGEST_NAME: usize = 128;
const GO_ON: &str = "Your last message was cut off. Go on exactly where it broke off: begin with the very next \
                     character, in the same language and format. Repeat nothing, explain nothing.";
/// Words in the names of models that do not chat. One that does in spite of its name can be named in the settings.
const NO_CHAT: [&str; 15] = [
    "embed",
    "embedding",
    "embeddings",
    "rerank",
    "reranker",
    "moderation",
    "whisper",
    "transcribe",
    "tts",
    "dall",
    "image",
    "imagen",
    "sora",
    "veo",
    "realtime",
];

/// The body of a request. Neighbours of the same role become one turn and empty turns none, since many chat templates
/// insist on taking turns.
pub fn body(request: &Request, options: bool) -> Value {
    let mut turns: Vec<(Role, String)> = Vec::new();
    for turn in &request.turns {
        let text = if turn.role == Role::Assistant { without_thinking(&turn.text) } else { &turn.text };
        match turns.last_mut() {
            _ if text.is_empty() => {}
            Some((role, before)) if *role == turn.role => *before += &format!("\n\n{text}"),
            _ => turns.push((turn.role, text.to_owned())),
        }
    }
    if request.resumes && matches!(turns.last(), Some((Role::Assistant, _))) {
        turns.push((Role::User, GO_ON.to_owned()));
    }
    let messages: Vec<_> = turns.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    if options {
        body["stream_options"] = json!({ "include_usage": true });
    }
    body
}

/// The models in the answer of `/models`, by id; `None` if it is no such answer. Servers send a bare list as well, null
/// for an empty one, and entries that are none; those are left out, and so are models that do not chat, if others do. The
/// first 500 by their ids are taken.
pub fn models(body: &[u8]) -> Option<Vec<Model>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    if let Some(fields) = value.as_object_mut() {
        value = fields.remove("data").or_else(|| fields.remove("models"))?;
    }
    let entries = match value {
        Value::Array(entries) => entries,
        Value::Null => Vec::new(),
        _ => return None,
    };
    let models: BTreeMap<String, Model> =
        entries.iter().filter_map(model).map(|model| (model.id.clone(), model)).collect();
    let chats = models.values().any(|model| may_chat(&model.id));
    Some(models.into_values().filter(|model| !chats || may_chat(&model.id)).take(MOST_MODELS).collect())
}

fn model(entry: &Value) -> Option<Model> {
    let id = match entry.as_str().map_or(&entry["id"], |_| entry) {
        Value::String(id) if is_id(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let name = entry["name"].as_str().filter(|name| !name.trim().is_empty()).unwrap_or(&id);
    Some(Model { name: name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect(), id })
}

/// What a server may call a model: it is sent back, shown and logged.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= LONGEST_NAME && !id.contains(char::is_control)
}

fn may_chat(id: &str) -> bool {
    let id = id.to_lowercase();
    !id.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NO_CHAT.contains(&word))
}
