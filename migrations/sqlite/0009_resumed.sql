-- Continue costs a reader nothing that it has: the new epoch keeps where the one before ended, as a position in JSON.
-- Continued replies of before have none, and come as a snapshot.
ALTER TABLE messages ADD COLUMN resumed_from TEXT;
