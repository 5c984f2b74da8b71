-- What the replies of a conversation have cost is read from this index alone, not from their long rows.
CREATE INDEX usage_in_conversation ON messages (conversation_id, usage) WHERE usage IS NOT NULL;
