-- A list's `rev` counts its changes: the counter stands on the row that owns the list (an account its conversations,
-- a conversation its messages), and each row of the list carries the count of its own last change.

CREATE TABLE accounts (
    id                TEXT PRIMARY KEY NOT NULL,
    conversations_rev INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE users (
    id            TEXT PRIMARY KEY NOT NULL,
    account_id    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE conversations (
    id           TEXT PRIMARY KEY NOT NULL,
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    rev          INTEGER NOT NULL,
    title        TEXT NOT NULL,
    -- 1 once the model or a person gave it; until then it is the first words.
    titled       INTEGER NOT NULL DEFAULT 0,
    updated_at   INTEGER NOT NULL,
    -- A deleted conversation stays as its own tombstone, with nothing in it.
    deleted      INTEGER NOT NULL DEFAULT 0,
    messages_rev INTEGER NOT NULL DEFAULT 0,
    next_place   INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX conversations_by_rev ON conversations (account_id, rev);
CREATE INDEX conversations_by_time ON conversations (account_id, updated_at) WHERE deleted = 0;

-- A running process. Whoever recovers its replies fences it first, so that it can write no more.
CREATE TABLE owners (
    id      TEXT PRIMARY KEY NOT NULL,
    seen_at INTEGER NOT NULL,
    fenced  INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE messages (
    id              TEXT PRIMARY KEY NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    rev             INTEGER NOT NULL,
    place           INTEGER NOT NULL,
    attempt         INTEGER NOT NULL,
    shown           INTEGER NOT NULL,
    role            TEXT NOT NULL,
    model           TEXT,
    epoch           INTEGER NOT NULL,
    nonce           INTEGER NOT NULL,
    status          TEXT NOT NULL,
    parts           TEXT NOT NULL,
    ended_at        INTEGER,
    error           TEXT,
    usage           TEXT,
    owner           TEXT REFERENCES owners (id),
    UNIQUE (conversation_id, place, attempt)
);
CREATE INDEX messages_by_rev ON messages (conversation_id, rev);
-- One reply runs in a conversation at a time.
CREATE UNIQUE INDEX one_running_reply ON messages (conversation_id) WHERE status IN ('pending', 'streaming');

-- What a running reply has said since its row was written. `at` is -1 for a part's birth, else the byte where `body` goes on.
CREATE TABLE journal (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    epoch      INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (message_id, epoch, part, at)
);
