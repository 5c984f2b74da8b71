-- What a person removed from the queue is its own tombstone there: an id and a rev, so that the same row, coming late a
-- second time, is not queued again.
ALTER TABLE queue ADD COLUMN removed_at INTEGER;
CREATE INDEX queue_by_order ON queue (conversation_id, seq) WHERE removed_at IS NULL;
-- What is sent as soon as its reply has completed.
CREATE INDEX queue_not_held ON queue (after_id, seq) WHERE held = 0 AND removed_at IS NULL;
