-- What a person thinks of a reply, for themselves alone; no row: nothing yet. One that was taken back is a row without a
-- rating, so that a page learns of that, too.
CREATE TABLE ratings (
    user_id         TEXT NOT NULL REFERENCES users (id),
    message_id      TEXT NOT NULL REFERENCES messages (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    -- The change of the list of the person's marks in which it became what it is.
    rev             INTEGER NOT NULL,
    rating          TEXT CHECK (rating IN ('up', 'down')),
    word            TEXT NOT NULL DEFAULT '',
    rated_at        INTEGER NOT NULL,
    PRIMARY KEY (user_id, message_id)
) WITHOUT ROWID;
CREATE INDEX ratings_by_conversation ON ratings (conversation_id, user_id);
CREATE INDEX ratings_by_message ON ratings (message_id);

-- The newest `rev` of a rating in the conversation: whoever shows it and has less reads the ratings again.
ALTER TABLE conversation_marks ADD COLUMN rated_rev INTEGER NOT NULL DEFAULT 0;
