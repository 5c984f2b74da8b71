//! What a server is asked, and the models that it lists.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::{Value, json};

use super::think::without_thinking;
use crate::{
    message::Role,
    provider::{Model, Request},
    steering::options::Options,
};

/// The most models of one server that are offered, and the most characters of a model's id and name.
const MOST_MODELS: usize = 500;
const LONGEST_NAME: usize = 128;
const CONTINUE: &str = "Your last message was cut off. Go on exactly where it broke off: begin with the very next \
                     character, in the same language and format. Repeat nothing, explain nothing.";
const CONTINUE_AS: &str = "Your last message was cut off. Go on exactly where it broke off: begin with the very next \
                        character, and repeat nothing. From there on, do as follows, and do not mention that you do.";
/// Where a list has how many tokens a model reads and writes together: OpenRouter's, Groq's, vLLM's, Mistral's.
const CONTEXT: [&str; 4] = ["context_length", "context_window", "max_model_len", "max_context_length"];
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

/// In what servers of this protocol differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// It takes `stream_options`.
    stream_options: bool,
    /// The most tokens are `max_completion_tokens`, not `max_tokens`.
    completion_tokens: bool,
    /// It has refused the one of them that was tried first.
    changed_limit: bool,
}

/// The body of a request. Neighbours of the same role become one turn and empty turns none, since many chat templates
/// insist on taking turns.
pub fn body(request: &Request, dialect: Dialect) -> Value {
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
        turns.push((Role::User, continuation(request.instruction.as_deref())));
    }
    let Options { system_prompt, temperature, top_p, max_tokens, reasoning_effort, stop } = &request.options;
    let system = system_prompt.iter().filter(|prompt| !prompt.trim().is_empty());
    let system = system.map(|prompt| json!({ "role": "system", "content": prompt }));
    let turns = turns.iter().map(|(role, text)| json!({ "role": role, "content": text }));
    let messages: Vec<_> = system.chain(turns).collect();
    let mut body = json!({ "model": request.model, "messages": messages, "stream": true });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body[name] = value;
        }
    };
    set("stream_options", dialect.stream_options.then(|| json!({ "include_usage": true })));
    set("temperature", temperature.map(Value::from));
    set("top_p", top_p.map(Value::from));
    set(dialect.limit(), max_tokens.map(Value::from));
    set("reasoning_effort", reasoning_effort.map(|effort| effort.as_str().into()));
    set("stop", (!stop.is_empty()).then(|| json!(stop)));
    body
}

/// How a model is asked to continue its text: as it was, or as a person wants it.
fn continuation(instruction: Option<&str>) -> String {
    instruction.map_or_else(|| CONTINUE.to_owned(), |instruction| format!("{CONTINUE_AS}\n\n{instruction}"))
}

impl Dialect {
    /// As a server at this address is known to want it. OpenAI's newer models refuse `max_tokens`, and most other servers
    /// know nothing else.
    pub fn of(base: &Url) -> Self {
        let host = base.host_str().unwrap_or_default();
        let is_openai = ["openai.com", "azure.com"].iter().any(|domain| host.ends_with(domain));
        Self { stream_options: true, completion_tokens: is_openai, changed_limit: false }
    }

    /// What to try after the server has refused this request with a reason; `None` if there is nothing else.
    pub fn next(self, request: &Request, reason: &str) -> Option<Self> {
        let is_limit = ["max_tokens", "max_completion_tokens"].iter().any(|name| reason.contains(name));
        if request.options.max_tokens.is_some() && is_limit && !self.changed_limit {
            return Some(Self { completion_tokens: !self.completion_tokens, changed_limit: true, ..self });
        }
        self.stream_options.then_some(Self { stream_options: false, ..self })
    }

    fn limit(self) -> &'static str {
        if self.completion_tokens { "max_completion_tokens" } else { "max_tokens" }
    }
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
    let context = CONTEXT.iter().find_map(|field| entry[*field].as_u64()).filter(|context| *context > 0);
    Some(Model { context, name: name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect(), id })
}

/// What a server may call a model: it is sent back, shown and logged.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= LONGEST_NAME && !id.contains(char::is_control)
}

fn may_chat(id: &str) -> bool {
    let id = id.to_lowercase();
    !id.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| NO_CHAT.contains(&word))
}
