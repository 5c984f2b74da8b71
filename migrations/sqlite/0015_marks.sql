-- What a person has marked a conversation with, for themselves alone; no row: nothing yet.
--
-- These rows are a list of their own, as what is private moves no number that others can see. None leaves it: what is
-- marked no more is a row without marks, and what is left of a purged conversation is asked for by nobody.

ALTER TABLE memberships ADD COLUMN marks_rev INTEGER NOT NULL DEFAULT 0;
-- The change of a conversation's messages with which a reply ended last; 0: none has since there are marks.
ALTER TABLE conversations ADD COLUMN replied_rev INTEGER NOT NULL DEFAULT 0;

CREATE TABLE conversation_marks (
    user_id         TEXT NOT NULL REFERENCES users (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    -- Its last change in the list of the person's marks in the account.
    rev             INTEGER NOT NULL,
    pinned_at       INTEGER,
    archived_at     INTEGER,
    -- The `replied_rev` up to which they have seen the conversation.
    seen_rev        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, conversation_id)
) WITHOUT ROWID;
CREATE INDEX marks_by_rev ON conversation_marks (user_id, account_id, rev);
CREATE INDEX marks_by_conversation ON conversation_marks (conversation_id);
CREATE INDEX pinned_conversations ON conversation_marks (user_id, account_id, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX archived_conversations ON conversation_marks (user_id, account_id, archived_at, conversation_id)
    WHERE archived_at IS NOT NULL;

CREATE TRIGGER marks_start AFTER UPDATE OF marks_rev ON memberships BEGIN
    INSERT INTO list_starts (list, lineage, rev)
    SELECT OLD.account_id || ' ' || OLD.user_id || ' marks', MAX(number), OLD.marks_rev FROM lineages WHERE true
    ON CONFLICT DO NOTHING;
END;
