//! Names of things: opaque, sortable by time of birth, each with the prefix of its kind (`msg_01j…`, the TypeID form).
//! Access never rests on an id being hard to guess.

use serde::{Deserialize, Serialize};
use type_safe_id::{StaticType, TypeSafeId};

macro_rules! id {
    ($name:ident, $kind:ident, $prefix:literal) => {
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind;

        impl StaticType for $kind {
            const TYPE: &'static str = $prefix;
        }

        pub type $name = TypeSafeId<$kind>;
    };
}

id!(AccountId, AccountKind, "acct");
id!(UserId, UserKind, "user");
id!(ConversationId, ConversationKind, "conv");
id!(MessageId, MessageKind, "msg");
id!(NodeId, NodeKind, "node");
id!(PresetId, PresetKind, "preset");
id!(PromptId, PromptKind, "prompt");

/// A new id, from the clock and the platform's random numbers; works in both halves.
pub fn mint<T: StaticType>() -> TypeSafeId<T> {
    TypeSafeId::from_uuid(uuid::Uuid::now_v7())
}

/// Milliseconds since 1970 (UTC).
pub type Millis = i64;

/// How often a list has changed.
pub type Rev = i64;

/// The order in which a conversation's messages were written, from 1.
pub type Seq = i64;

/// Which past of the database a list counts in: what one start of a server has begun, and who came after it may have
/// continued. A random number of 53 bits, which every reader of JSON has whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lineage(pub i64);

/// When an id was minted. `None` if it was not minted here.
pub fn minted_at<T: StaticType>(id: TypeSafeId<T>) -> Option<Millis> {
    let (seconds, nanoseconds) = id.uuid().get_timestamp()?.to_unix();
    Some(Millis::try_from(seconds).ok()? * 1000 + Millis::from(nanoseconds / 1_000_000))
}

/// The server's clock.
#[cfg(feature = "ssr")]
pub fn now() -> Millis {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}
