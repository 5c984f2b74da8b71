-- The rows of a commit stand side by side, in the order in which they were written, so that a commit dirties a page or
-- two however many replies run. Keyed by message it dirtied one for each. There is no index by message: recovery makes
-- one for as long as it needs it.

CREATE TABLE journal_in_order (
    -- The process that wrote it, and its count of rows.
    owner      TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    -- -1 for a part's birth, else the byte where `body` goes on.
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (owner, seq)
) WITHOUT ROWID;

INSERT INTO journal_in_order
SELECT m.owner, ROW_NUMBER() OVER (ORDER BY j.message_id, j.epoch, j.part, j.at), j.message_id, j.epoch, j.part, j.at, j.body
FROM journal j JOIN messages m ON m.id = j.message_id
WHERE m.owner IS NOT NULL;

DROP TABLE journal;
ALTER TABLE journal_in_order RENAME TO journal;
