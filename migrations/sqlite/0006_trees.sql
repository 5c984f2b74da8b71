-- Conversations become trees, and people become members of accounts. Foreign keys are off while this runs, and are
-- checked before it commits.
--
-- A list's `rev` counts its changes: the counter stands on the row that owns the list, and each row of the list has the
-- count of its own last change. The rows are counted anew here, as earlier versions let some of them share one.

-- A running process. Whoever recovers its replies fences it first, so that it can write no more.
CREATE TABLE nodes (
    id      TEXT PRIMARY KEY NOT NULL,
    seen_at INTEGER NOT NULL,
    fenced  INTEGER NOT NULL DEFAULT 0
);
INSERT INTO nodes SELECT 'node_' || substr(id, 5), seen_at, fenced FROM owners;
DROP TABLE owners;

CREATE TABLE new_journal (
    -- The process that wrote it, and its count of rows.
    node_id    TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    -- -1 where a part begins, else the byte at which `body` continues it.
    at         INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (node_id, seq)
) WITHOUT ROWID;
-- Rows that recovery set aside have no process.
INSERT INTO new_journal
SELECT CASE substr(owner, 1, 4) WHEN 'own_' THEN 'node_' || substr(owner, 5) ELSE owner END,
       seq, message_id, epoch, part, at, body
FROM journal;
DROP TABLE journal;
ALTER TABLE new_journal RENAME TO journal;

CREATE TABLE memberships (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    user_id    TEXT NOT NULL REFERENCES users (id),
    -- 'owner', 'admin' or 'member'.
    role       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The list of the conversations that are this person's own in this account.
    mine_rev   INTEGER NOT NULL DEFAULT 0,
    mine_floor INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, user_id)
) WITHOUT ROWID;
CREATE INDEX memberships_by_user ON memberships (user_id, created_at);
INSERT INTO memberships (account_id, user_id, role, created_at, mine_rev)
SELECT u.account_id, u.id, 'owner', unixepoch() * 1000,
       (SELECT COUNT(*) FROM conversations c WHERE c.account_id = u.account_id)
FROM users u;

CREATE TABLE new_conversations (
    id             TEXT PRIMARY KEY NOT NULL,
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    created_by     TEXT NOT NULL REFERENCES users (id),
    created_at     INTEGER NOT NULL,
    -- 'private': for `created_by` alone; 'account': for all members of the account.
    visibility     TEXT NOT NULL,
    title          TEXT NOT NULL,
    -- 1 once the model or a person gave it; until then it is the first words.
    titled         INTEGER NOT NULL DEFAULT 0,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    -- Its last change in the list of `created_by`, and in the account's. One that is not in a list, but was, is a
    -- tombstone there; 0: it never was in it.
    mine_rev       INTEGER NOT NULL DEFAULT 0,
    shared_rev     INTEGER NOT NULL DEFAULT 0,
    -- The list of its messages.
    messages_rev   INTEGER NOT NULL DEFAULT 0,
    messages_floor INTEGER NOT NULL DEFAULT 0,
    newest_seq     INTEGER NOT NULL DEFAULT 0,
    newest_lane    INTEGER NOT NULL DEFAULT 0
);
INSERT INTO new_conversations (id, account_id, created_by, created_at, visibility, title, titled, updated_at, deleted_at,
    mine_rev, messages_rev, newest_seq, newest_lane)
SELECT c.id, c.account_id, (SELECT u.id FROM users u WHERE u.account_id = c.account_id),
       COALESCE((SELECT json_extract(m.parts, '$[0].started_at') FROM messages m WHERE m.conversation_id = c.id
                 ORDER BY m.place, m.attempt LIMIT 1), c.updated_at),
       'private', c.title, c.titled, c.updated_at,
       CASE c.deleted WHEN 1 THEN unixepoch() * 1000 END,
       ROW_NUMBER() OVER (PARTITION BY c.account_id ORDER BY c.rev, c.id),
       (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id),
       (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id),
       (SELECT COUNT(*) - COUNT(DISTINCT m.place) + 1 FROM messages m WHERE m.conversation_id = c.id)
FROM conversations c;

CREATE TABLE new_messages (
    id              TEXT PRIMARY KEY NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    -- What it answers or follows; none: the conversation begins with it.
    parent_id       TEXT REFERENCES messages (id),
    -- The order in which the conversation's messages were written.
    seq             INTEGER NOT NULL,
    -- The run of a branch in which it stands: a parent's first child stays in its lane, every other child opens one.
    lane            INTEGER NOT NULL,
    rev             INTEGER NOT NULL,
    -- Who wrote it, or asked for the reply.
    author_id       TEXT NOT NULL REFERENCES users (id),
    role            TEXT NOT NULL,
    model           TEXT,
    epoch           INTEGER NOT NULL,
    nonce           INTEGER NOT NULL,
    status          TEXT NOT NULL,
    parts           TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    error           TEXT,
    usage           TEXT,
    -- The process that writes it, or wrote it last.
    node_id         TEXT REFERENCES nodes (id),
    deleted_at      INTEGER,
    UNIQUE (conversation_id, seq)
);
-- The attempts at a reply become siblings, children of what was shown before them. The one that was shown is the newest.
CREATE TEMP TABLE tree AS
SELECT m.id, m.conversation_id, m.place,
       ROW_NUMBER() OVER (PARTITION BY m.conversation_id ORDER BY m.place, m.shown, m.attempt) AS seq,
       ROW_NUMBER() OVER (PARTITION BY m.conversation_id ORDER BY m.rev, m.place, m.attempt) AS rev,
       ROW_NUMBER() OVER (PARTITION BY m.conversation_id, m.place ORDER BY m.shown, m.attempt) AS sibling,
       1 AS lane
FROM messages m;
CREATE UNIQUE INDEX tree_by_id ON tree (id);
CREATE INDEX tree_by_seq ON tree (conversation_id, seq);
WITH counted AS (
    SELECT id, 1 + SUM(sibling > 1) OVER (PARTITION BY conversation_id ORDER BY seq) AS lane FROM tree
)
UPDATE tree SET lane = counted.lane FROM counted WHERE counted.id = tree.id;

INSERT INTO new_messages (id, conversation_id, parent_id, seq, lane, rev, author_id, role, model, epoch, nonce, status, parts,
    created_at, ended_at, error, usage, node_id)
SELECT m.id, m.conversation_id,
       -- The newest of the place before: its siblings stand between.
       (SELECT p.id FROM tree p WHERE p.conversation_id = t.conversation_id AND p.seq = t.seq - t.sibling),
       t.seq, t.lane, t.rev, c.created_by, m.role, m.model, m.epoch, m.nonce, m.status, m.parts,
       COALESCE(json_extract(m.parts, '$[0].started_at'), m.ended_at, c.updated_at),
       m.ended_at, m.error, m.usage, 'node_' || substr(m.owner, 5)
FROM messages m JOIN tree t ON t.id = m.id JOIN new_conversations c ON c.id = m.conversation_id;

-- Where a branch leaves another one: after the message `from_seq` of the lane `from_lane` (0: at the beginning).
CREATE TABLE lanes (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    lane            INTEGER NOT NULL,
    from_lane       INTEGER NOT NULL,
    from_seq        INTEGER NOT NULL,
    -- The newest message in it that is not deleted; 0: there is none.
    newest_seq      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, lane)
) WITHOUT ROWID;
INSERT INTO lanes (conversation_id, lane, from_lane, from_seq, newest_seq)
SELECT t.conversation_id, t.lane, COALESCE(p.lane, 0), COALESCE(p.seq, 0),
       (SELECT MAX(l.seq) FROM new_messages l WHERE l.conversation_id = t.conversation_id AND l.lane = t.lane)
FROM tree t LEFT JOIN tree p ON p.conversation_id = t.conversation_id AND p.seq = t.seq - t.sibling
WHERE t.sibling > 1 OR p.id IS NULL;
DROP TABLE tree;

DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;
CREATE INDEX messages_by_rev ON messages (conversation_id, rev);
CREATE INDEX messages_by_lane ON messages (conversation_id, lane, seq);
CREATE INDEX messages_by_parent ON messages (parent_id, seq);
CREATE INDEX first_messages ON messages (conversation_id, seq) WHERE parent_id IS NULL;
CREATE INDEX messages_by_author ON messages (author_id, conversation_id, seq);
CREATE INDEX messages_by_node ON messages (node_id) WHERE node_id IS NOT NULL;
CREATE INDEX deleted_messages ON messages (deleted_at) WHERE deleted_at IS NOT NULL;
-- A model answers a message once at a time.
CREATE UNIQUE INDEX running_replies ON messages (parent_id, model) WHERE status IN ('pending', 'streaming');
CREATE INDEX running_in_conversation ON messages (conversation_id) WHERE status IN ('pending', 'streaming');

DROP TABLE conversations;
ALTER TABLE new_conversations RENAME TO conversations;
CREATE INDEX mine_by_rev ON conversations (account_id, created_by, mine_rev);
CREATE INDEX mine_by_time ON conversations (account_id, created_by, updated_at, id)
    WHERE visibility = 'private' AND deleted_at IS NULL;
CREATE INDEX shared_by_rev ON conversations (account_id, shared_rev);
CREATE INDEX shared_by_time ON conversations (account_id, updated_at, id)
    WHERE visibility = 'account' AND deleted_at IS NULL;
CREATE INDEX conversations_by_maker ON conversations (created_by);
CREATE INDEX deleted_conversations ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE new_accounts (
    id           TEXT PRIMARY KEY NOT NULL,
    -- 'personal' or 'team'.
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    -- The list of the conversations that are open to all members.
    shared_rev   INTEGER NOT NULL DEFAULT 0,
    shared_floor INTEGER NOT NULL DEFAULT 0
);
INSERT INTO new_accounts (id, kind, name, created_at)
SELECT a.id, 'personal', '', unixepoch() * 1000 FROM accounts a;
DROP TABLE accounts;
ALTER TABLE new_accounts RENAME TO accounts;

CREATE TABLE new_users (
    id                    TEXT PRIMARY KEY NOT NULL,
    name                  TEXT NOT NULL,
    email                 TEXT NOT NULL UNIQUE,
    password_hash         TEXT NOT NULL,
    is_site_administrator INTEGER NOT NULL DEFAULT 0,
    created_at            INTEGER NOT NULL
);
-- Until now there was one person, who set the server up.
INSERT INTO new_users SELECT id, name, email, password_hash, 1, unixepoch() * 1000 FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;

-- What a person sends while a reply runs, until that ends: no message yet. `id` becomes the message's.
CREATE TABLE queue (
    id              TEXT PRIMARY KEY NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    -- The reply that it waits for.
    after_id        TEXT NOT NULL REFERENCES messages (id),
    seq             INTEGER NOT NULL,
    user_id         TEXT NOT NULL REFERENCES users (id),
    parts           TEXT NOT NULL,
    model           TEXT NOT NULL,
    -- Its last change in the list of the conversation's messages.
    rev             INTEGER NOT NULL,
    -- 1: it waits for a person, as the reply failed or was stopped.
    held            INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX queue_by_reply ON queue (after_id, seq);
CREATE INDEX queue_by_rev ON queue (conversation_id, rev);
CREATE INDEX queue_by_user ON queue (user_id);

-- Who may see less than before: what is open is checked again.
CREATE TABLE access_changes (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    -- Whom or what it concerns; what is not named concerns all.
    user_id         TEXT,
    account_id      TEXT,
    conversation_id TEXT
);
CREATE INDEX access_changes_by_time ON access_changes (at);

-- What a person, and who runs the server, have chosen. `value` is JSON; the names and types are the program's.
CREATE TABLE user_settings (
    user_id TEXT NOT NULL REFERENCES users (id),
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
) WITHOUT ROWID;
CREATE TABLE server_settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;
