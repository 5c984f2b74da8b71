-- A conversation whose visibility is 'temporary' is for `created_by` alone, is in no list, and is removed when it expires.
-- NULL: it stays.
ALTER TABLE conversations ADD COLUMN expires_at INTEGER;
CREATE INDEX temporary_conversations ON conversations (expires_at) WHERE expires_at IS NOT NULL;
