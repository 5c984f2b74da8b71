-- How the replies of a conversation are asked for, if anything is set. Beside the conversation's row, as that is written
-- with every message and this may be long.
CREATE TABLE conversation_options (
    conversation_id TEXT PRIMARY KEY NOT NULL REFERENCES conversations (id),
    -- As JSON.
    options         TEXT NOT NULL,
    -- Its last change in the list of the conversation's messages.
    rev             INTEGER NOT NULL
) WITHOUT ROWID;

-- What people keep to ask with: options by name, and texts to begin a message with.
CREATE TABLE presets (
    id      TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    name    TEXT NOT NULL,
    options TEXT NOT NULL,
    model   TEXT,
    UNIQUE (user_id, name)
);
CREATE TABLE prompts (
    id      TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    title   TEXT NOT NULL,
    text    TEXT NOT NULL,
    UNIQUE (user_id, title)
);
