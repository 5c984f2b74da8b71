-- Which past of the database a list counts in, so that a page is never taken for up to date by another past's count.
--
-- Each start of a server on this file begins a lineage of its own, before it changes or serves anything, and a page has
-- each list by (lineage, rev). Whatever was restored over this file, and however, it lacks the lineages that have begun
-- since, or ends those that it has earlier. How far a list had come at the end of a lineage is kept by its first change
-- in a later one.

CREATE TABLE lineages (
    number   INTEGER PRIMARY KEY NOT NULL,
    -- What pages are given: random, so that no other past has it.
    nonce    INTEGER NOT NULL UNIQUE,
    begun_at INTEGER NOT NULL
);

-- Where a list stood (`rev`) when it was first changed in a lineage. A list is named by the id of what owns it;
-- a person's own conversations in an account by both ids.
CREATE TABLE list_starts (
    list    TEXT NOT NULL,
    lineage INTEGER NOT NULL REFERENCES lineages (number),
    rev     INTEGER NOT NULL,
    PRIMARY KEY (list, lineage)
) WITHOUT ROWID;
CREATE INDEX list_starts_by_lineage ON list_starts (lineage);

-- By triggers, as no change may be missed, whoever makes it.
CREATE TRIGGER mine_start AFTER UPDATE OF mine_rev ON memberships BEGIN
    INSERT INTO list_starts (list, lineage, rev)
    SELECT OLD.account_id || ' ' || OLD.user_id, MAX(number), OLD.mine_rev FROM lineages WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shared_start AFTER UPDATE OF shared_rev ON accounts BEGIN
    INSERT INTO list_starts (list, lineage, rev)
    SELECT OLD.id, MAX(number), OLD.shared_rev FROM lineages WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER messages_start AFTER UPDATE OF messages_rev ON conversations BEGIN
    INSERT INTO list_starts (list, lineage, rev)
    SELECT OLD.id, MAX(number), OLD.messages_rev FROM lineages WHERE true ON CONFLICT DO NOTHING;
END;
