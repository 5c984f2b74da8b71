-- The newest summary of a branch is found without reading what was written since.
CREATE INDEX summaries ON messages (conversation_id, lane, seq) WHERE role = 'summary' AND deleted_at IS NULL;
