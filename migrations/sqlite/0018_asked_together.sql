-- Replies of several models to one message, asked for in one send: a page shows them beside each other.
ALTER TABLE messages ADD COLUMN together INTEGER NOT NULL DEFAULT 0;
