//! One event of a stream, or a whole reply, as real servers write it: nearly every field may be absent, null, or of
//! another kind than it should be. What is not needed is never a reason to lose what is.

use serde_json::Value;

use super::json::MarkedJson;
use crate::message::Usage;

/// Where thinking may stand. Servers in transition send the same under several names: the first that has some counts.
const THINKING: [&str; 5] =
    ["reasoning_content", "reasoning", "reasoning_text", "reasoning_details", "thinking_blocks"];

/// What is in an event.
pub struct Chunk {
    /// It is an error, be it with words beside it.
    pub is_error: bool,
    pub usage: Option<Usage>,
    /// Its part of the reply.
    pub choice: Option<Choice>,
}

/// The first choice in an event; without `n` there is one, and a server that sends more would mix two replies.
pub struct Choice {
    pub finish: Option<String>,
    /// Whether its words follow those before them (`delta`), or may be all of them once more (`message`).
    pub is_delta: bool,
    pub words: Words,
}

/// What is to be read in a choice.
#[derive(Default)]
pub struct Words {
    /// Thinking (true) or text, as WTF-8, in order.
    pub runs: Vec<(bool, Vec<u8>)>,
    /// A tool is to be run.
    pub tool: bool,
    /// The model refuses to answer; the text has how.
    pub refusal: bool,
    /// There was an image, a sound or a file.
    pub not_shown: bool,
}

impl Chunk {
    /// Reads the data of an event, or a `whole` reply; `None` if that is no JSON object. Of an array the first one
    /// counts: so does Google wrap its errors.
    pub fn read(data: &[u8], whole: bool) -> Option<Self> {
        let mut json = MarkedJson::read(data)?;
        if let Value::Array(list) = &mut json.value {
            json.value = list.first_mut()?.take();
        }
        let value = &json.value;
        value.is_object().then(|| Self {
            is_error: is_error(value),
            usage: usage(&value["usage"]),
            choice: choice(&value["choices"]).map(|choice| Choice::read(&json, choice, whole)),
        })
    }
}

impl Choice {
    fn read(json: &MarkedJson, choice: &Value, whole: bool) -> Self {
        // Perplexity has both, a whole reply's delta being empty.
        let is_delta = choice["delta"].is_object() && !(whole && choice["message"].is_object());
        let words = if is_delta { &choice["delta"] } else { &choice["message"] };
        let finish = choice["finish_reason"].as_str().filter(|reason| !reason.is_empty());
        Self { finish: finish.map(str::to_lowercase), is_delta, words: Words::read(json, words) }
    }
}

impl Words {
    fn read(json: &MarkedJson, value: &Value) -> Self {
        let mut thinking = Self::default();
        for field in THINKING {
            thinking.add(json, &value[field], true);
            if !thinking.runs.is_empty() {
                break;
            }
        }
        let mut words =
            Self { tool: names_tool(&value["tool_calls"]) || names_tool(&value["function_call"]), ..Self::default() };
        words.not_shown = has_some(&value["images"]) || has_some(&value["audio"]["data"]);
        words.add(json, &value["content"], false);
        if words.runs.is_empty() {
            words.add(json, &value["refusal"], false);
            words.refusal |= !words.runs.is_empty();
        }
        if !thinking.runs.is_empty() {
            words.runs.retain(|(is_thinking, _)| !is_thinking);
            words.runs.splice(0..0, thinking.runs);
        }
        words
    }

    /// Adds a string, or a list of parts: `{"type": "text", "text": …}`, `{"type": "thinking", "thinking": …}`.
    fn add(&mut self, json: &MarkedJson, value: &Value, thinking: bool) {
        match value {
            Value::String(text) if !text.is_empty() => self.runs.push((thinking, json.bytes(text))),
            Value::Number(number) => self.runs.push((thinking, number.to_string().into_bytes())),
            Value::Array(parts) => parts.iter().for_each(|part| self.add(json, part, thinking)),
            Value::Object(part) => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
                let thinking = thinking || kind.starts_with("thinking") || kind.starts_with("reasoning");
                self.refusal |= kind == "refusal";
                match ["text", "refusal", "thinking", "summary", "content"].iter().find_map(|field| part.get(*field)) {
                    Some(inner) => self.add(json, inner, thinking),
                    None => self.not_shown |= ["image", "audio", "video", "file"].iter().any(|one| kind.contains(one)),
                }
            }
            _ => {}
        }
    }
}

/// vLLM sends an error bare, everyone else under `error`, where others have an empty one in each event.
fn is_error(value: &Value) -> bool {
    has_some(&value["error"]) || [&value["object"], &value["type"]].iter().any(|kind| kind.as_str() == Some("error"))
}

fn choice(choices: &Value) -> Option<&Value> {
    choices.as_array()?.iter().find(|choice| choice.is_object() && count(&choice["index"]).unwrap_or(0) == 0)
}

/// What is counted in one way or the other; `None` if nothing is.
fn usage(value: &Value) -> Option<Usage> {
    let tokens = |names: [&str; 2]| names.iter().find_map(|name| count(&value[name]));
    let (input, output) = (tokens(["prompt_tokens", "input_tokens"]), tokens(["completion_tokens", "output_tokens"]));
    let of = |details: [&str; 2], name: &str| details.iter().find_map(|details| count(&value[details][name]));
    let usage = Usage {
        input_tokens: input.unwrap_or_default(),
        output_tokens: output.unwrap_or_default(),
        cached_tokens: of(["prompt_tokens_details", "input_tokens_details"], "cached_tokens").unwrap_or_default(),
        reasoning_tokens: of(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens")
            .unwrap_or_default(),
        cost: None,
    };
    input.or(output).map(|_| usage)
}

/// 12, also as 12.0 or "12"; less than nothing is nothing known.
fn count(value: &Value) -> Option<u64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    // What does not fit becomes the most that does.
    (number >= 0.0).then_some(number as u64)
}

/// Some servers have an empty call in every reply.
fn names_tool(calls: &Value) -> bool {
    match calls {
        Value::Array(calls) => calls.iter().any(names_tool),
        call => has_some(&call["name"]) || has_some(&call["function"]["name"]) || has_some(&call["id"]),
    }
}

fn has_some(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
