//! What goes over the wire, as real servers write it: nearly every field may be absent or null.

use crate::{
    message::{Role, Usage},
    provider::{Model, Request},
};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, Visitor},
};
use serde_json::{Value, json};
use std::fmt;

const GO_ON: &str = "Your last message was cut off. Go on exactly where it broke off: begin with the very next \
                     character, in the same language and format. Repeat nothing, explain nothing.";

/// The body of a request. Neighbours of the same role become one turn and empty turns none, since many chat templates
/// insist on taking turns.
pub fn body(request: &Request, options: bool) -> Value {
    let mut turns: Vec<(Role, String)> = Vec::new();
    for turn in request.turns.iter().filter(|turn| !turn.text.is_empty()) {
        match turns.last_mut() {
            Some((role, text)) if *role == turn.role => *text += &format!("\n\n{}", turn.text),
            _ => turns.push((turn.role, turn.text.clone())),
        }
    }
    if request.going_on && matches!(turns.last(), Some((Role::Assistant, _))) {
        turns.push((Role::User, GO_ON.to_owned()));
    }
    let messages: Vec<_> = turns.iter().map(|(role, text)| json!({ "role": role, "content": text })).collect();
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    if options {
        body["stream_options"] = json!({ "include_usage": true });
    }
    body
}

/// The models in the answer of `/models`, by id; `None` if it is no such answer.
pub fn models(body: &[u8]) -> Option<Vec<Model>> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
        name: Option<String>,
    }
    let list: List = serde_json::from_slice(body).ok()?;
    let model = |Entry { id, name }| Model { name: name.unwrap_or_else(|| String::clone(&id)), id };
    let mut models: Vec<_> = list.data.into_iter().map(model).collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    Some(models)
}

/// One event of a stream, or a whole reply.
#[derive(Deserialize)]
pub struct Chunk {
    pub choices: Option<Vec<Choice>>,
    pub usage: Option<Tokens>,
    error: Option<IgnoredAny>,
    object: Option<String>,
}

#[derive(Deserialize)]
pub struct Choice {
    #[serde(default)]
    pub index: u32,
    pub delta: Option<Words>,
    pub message: Option<Words>,
    pub finish_reason: Option<String>,
}

#[derive(Deserialize)]
pub struct Words {
    content: Option<Bytes>,
    refusal: Option<Bytes>,
    reasoning_content: Option<Bytes>,
    reasoning: Option<Bytes>,
}

#[derive(Deserialize)]
pub struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Chunk {
    /// vLLM sends an error bare, everyone else under `error`.
    pub fn is_error(&self) -> bool {
        self.error.is_some() || self.object.as_deref() == Some("error")
    }
}

impl Words {
    /// Both as WTF-8. Servers in transition send the same thinking under both names: one is taken.
    pub fn thinking_and_text(self) -> (Vec<u8>, Vec<u8>) {
        let first =
            |a: Option<Bytes>, b: Option<Bytes>| a.filter(|a| !a.0.is_empty()).or(b).map_or(Vec::new(), |a| a.0);
        (first(self.reasoning_content, self.reasoning), first(self.content, self.refusal))
    }
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input_tokens: tokens.prompt_tokens.unwrap_or_default(),
            output_tokens: tokens.completion_tokens.unwrap_or_default(),
        }
    }
}

/// A JSON string as bytes: `serde_json` then lets through the halves of surrogate pairs, and bytes that are not UTF-8.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct AsBytes;
        impl Visitor<'_> for AsBytes {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_owned()))
            }
        }
        from.deserialize_byte_buf(AsBytes)
    }
}
