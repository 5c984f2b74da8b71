//! What becomes of a request to a provider.

use crate::language::providers::{ProviderAdvice, ProviderTrouble, Providers};

/// The setting that names a server's address.
macro_rules! address {
    () => {
        "OPENAI_BASE_URL, or base-url in Leptos.toml"
    };
}

pub(super) const PROVIDERS: Providers = Providers {
    what: WHAT,
    advice: ADVICE,
    status: |status| format!("status {status}"),
    no_list_at: |provider, url, end| {
        let address = address!();
        format!("{provider} lists no models at {url}{end} Name them in Leptos.toml (models), or check {address}.")
    },
    list_asked_again: |what| format!("{what} It is asked again for its models."),
    list_empty: |provider| format!("{provider} has no models to choose from."),
    list_awaited: |provider| format!("{provider} is being asked for its models."),
};

const WHAT: ProviderTrouble = ProviderTrouble {
    key: |provider| format!("{provider} refused the key."),
    denied: |provider, end| format!("{provider} denied access{end}"),
    credit: |provider| format!("{provider} says that the account has no credit left."),
    model: |provider, model| format!("The model {model} is not known to {provider}."),
    address: |provider, url, end| format!("{provider} offers no chat at {url}{end}"),
    moved: |provider, url| format!("{provider} has moved to {url}."),
    unreachable: |provider, url, cause| format!("{provider} could not be reached at {url} ({cause})."),
    needs_tls: |provider, url| format!("{provider} answers only over TLS at {url}."),
    busy: |provider, end| format!("{provider} is too busy{end}"),
    failing: |provider, end| format!("{provider} failed{end}"),
    refused: |provider, end| format!("{provider} refused the request{end}"),
    reported: |provider, end| format!("{provider} reported an error{end}"),
    no_answer: |provider| format!("{provider} closed the connection before it answered."),
    empty: |provider| format!("{provider} sent an empty reply."),
    broke_off: |provider| format!("{provider} stopped in the middle of the reply."),
    silent: |provider, seconds| format!("{provider} sent nothing for {seconds} s."),
    length: |provider| format!("{provider} reached the longest reply that it allows."),
    length_set: |tokens| format!("The reply reached the {tokens} tokens that are set as its maximum."),
    context: |provider, end| format!("The conversation is longer than what this model of {provider} reads{end}"),
    filtered: |provider| format!("{provider} held back the rest of the reply (its content filter)."),
    declined: |provider| format!("{provider} declined to answer this."),
    tool_call: |provider| format!("{provider} asked for a tool to be run, and none is offered here."),
    not_shown: |provider| format!("{provider} sent something that cannot be shown here, such as an image."),
    endless: |provider, minutes| format!("{provider} did not come to an end in {minutes} min."),
    too_long: |provider, mib| format!("{provider} sent more than {mib} MiB at once."),
    nonsense: |provider| format!("{provider} answered with something that is not a chat reply."),
    no_list: |provider| format!("{provider} answered with something that is not a list of models."),
};

const ADVICE: ProviderAdvice = ProviderAdvice {
    key: "Check OPENAI_API_KEY, or api-key in Leptos.toml.",
    denied: |provider| {
        format!("Check that the key may use this model, and that {provider} may be used where this server is.")
    },
    credit: "Top it up, or choose another model.",
    other_model: "Choose another model.",
    address_path: concat!("Check ", address!(), ": it usually ends in /v1."),
    moved: concat!("Set ", address!(), ", to the new address."),
    certificate: "Check its certificate. If an authority of your own signed it, start Rivulet with SSL_CERT_FILE naming a \
                  file with the certificate of that one.",
    unreachable: concat!("Check that it is running, and ", address!(), "."),
    needs_tls: concat!("Check ", address!(), ": it should begin with https."),
    try_later: "Try again in a while.",
    try_in_seconds: |seconds| format!("Try again in {seconds} s."),
    try_in_minutes: |minutes| format!("Try again in {minutes} min."),
    try_in_hours: |hours| format!("Try again in {hours} h."),
    try_another_day: "Try again another day.",
    refused: "Change the message, or choose another model.",
    retry: "Press Retry.",
    retry_or_resume: "Press Retry, or Continue to go on from here.",
    retry_or_other_model: "Press Retry, or choose another model.",
    resume: "Press Continue to go on.",
    shorter: "Ask for a shorter one, or choose another model.",
    higher_maximum: "Raise the maximum, and press Retry.",
    context: "Summarise it, or choose a model that reads more.",
    filtered: "Change the message, and send it again.",
    text_is_whole: "The text is all here.",
    address: concat!("Check ", address!(), "."),
};
