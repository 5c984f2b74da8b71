-- What a person is shown of their sessions. `expires_at` slides with `seen_at`.
ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
UPDATE sessions SET seen_at = created_at;
CREATE INDEX sessions_by_user ON sessions (user_id, seen_at);

-- The browsers in which a person has signed in before: others' wrong guesses do not delay them.
CREATE TABLE devices (
    token_hash TEXT PRIMARY KEY NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seen_at    INTEGER NOT NULL
);
CREATE INDEX devices_by_user ON devices (user_id, seen_at);
