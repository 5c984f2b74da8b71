-- When all of it was marked. Undo is offered from then on, so what can be undone no more is found by this; NULL: some is
-- not marked yet.
ALTER TABLE deletions ADD COLUMN finished_at INTEGER;
UPDATE deletions SET finished_at = deleted_at WHERE state IN ('deleted', 'purging');
DROP INDEX deletions_by_time;
CREATE INDEX finished_deletions ON deletions (finished_at, conversation_id, deleted_at) WHERE finished_at IS NOT NULL;
