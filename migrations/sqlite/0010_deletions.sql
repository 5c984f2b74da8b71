-- What people have deleted and can bring back for a while: a message with all below it, or a conversation.
CREATE TABLE deletions (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    -- When, and the `deleted_at` of all that goes with it: no other deletion in the conversation has the same.
    deleted_at      INTEGER NOT NULL,
    -- The message, and its place in the tree; none: the conversation.
    message_id      TEXT REFERENCES messages (id),
    lane            INTEGER,
    seq             INTEGER,
    -- The message before it in its lane; 0: it is the first there.
    before_seq      INTEGER,
    -- 'deleting', 'deleted', 'restoring' or 'purging'. What is being deleted or restored is so in slices: a row that
    -- remains of a process is continued by the next one.
    state           TEXT NOT NULL,
    -- How many messages have gone with it.
    messages        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, deleted_at)
) WITHOUT ROWID;
CREATE INDEX deletions_by_message ON deletions (message_id);
CREATE INDEX deletions_by_time ON deletions (deleted_at);
CREATE UNIQUE INDEX unfinished_deletions ON deletions (conversation_id) WHERE state IN ('deleting', 'restoring');

-- Until now nothing could be brought back: what is left of deleted conversations is removed.
INSERT INTO deletions (conversation_id, deleted_at, state)
SELECT c.id, c.deleted_at, 'purging' FROM conversations c
WHERE c.deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id);

DROP INDEX deleted_messages;
CREATE INDEX deleted_messages ON messages (deleted_at, seq DESC) WHERE deleted_at IS NOT NULL;
CREATE INDEX deleted_in_conversation ON messages (conversation_id, deleted_at, seq) WHERE deleted_at IS NOT NULL;
-- One's own newest message is found without looking through deleted ones.
DROP INDEX messages_by_author;
CREATE INDEX messages_by_author ON messages (author_id, conversation_id, deleted_at, seq);
