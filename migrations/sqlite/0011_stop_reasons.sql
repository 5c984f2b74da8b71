-- Why the provider ended a reply, if not because all was said: 'length', 'content_filter' or 'refusal'.
ALTER TABLE messages ADD COLUMN stop_reason TEXT;
