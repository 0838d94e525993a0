-- HQ's log: all that it took in or said, in order. Each log is a tree over its leaves; when
-- HQ lost the end of one, the next one goes on from there.
CREATE TABLE logs (
    generation INTEGER PRIMARY KEY,          -- 1, and one more each time
    size INTEGER NOT NULL,                   -- how many leaves
    checkpoint TEXT NOT NULL,                -- the newest, signed
    replicated INTEGER,                      -- up to which size a backup has it; none: no backup
    restore BLOB                             -- how it began, signed by list keys; none: the first
) STRICT;

CREATE TABLE log_leaves (
    generation INTEGER NOT NULL REFERENCES logs, -- which log
    place INTEGER NOT NULL,                  -- from 0, none is left out
    bytes BLOB NOT NULL,                     -- a byte of its kind, and digests
    PRIMARY KEY (generation, place)
) STRICT, WITHOUT ROWID;

-- Where HQ's own acts stand, and what their leaves are salted with. One that still holds when
-- a log begins stands in that one, too.
CREATE TABLE log_acts (
    message BLOB NOT NULL,                   -- the id of what was signed
    generation INTEGER NOT NULL,             -- which log
    place INTEGER NOT NULL,                  -- in it
    salt BLOB NOT NULL,                      -- 16 random bytes
    PRIMARY KEY (message, generation)
) STRICT, WITHOUT ROWID;

-- Follows from the leaves; kept so that proofs are made without a search. A tile of level 0
-- has the hashes of 256 leaves, one of level n those of 256 full tiles below.
CREATE TABLE log_tiles (
    generation INTEGER NOT NULL REFERENCES logs, -- which log
    level INTEGER NOT NULL,                  -- from 0
    number INTEGER NOT NULL,                 -- in the level, from 0
    hashes BLOB NOT NULL,                    -- 1 to 256, 32 bytes each
    PRIMARY KEY (generation, level, number)
) STRICT;

-- Where an event stands in the log, and what HQ says of it: in place of a receipt. An event
-- that was receipted before there was a log got its place later, and keeps its receipt.
ALTER TABLE events ADD COLUMN log INTEGER;     -- which log
ALTER TABLE events ADD COLUMN place INTEGER;   -- in it
ALTER TABLE events ADD COLUMN outcome BLOB;    -- what became of it, in CBOR
ALTER TABLE events ADD COLUMN logged_at INTEGER; -- HQ's time
DROP TRIGGER events_do_not_change;
CREATE TRIGGER events_do_not_change
BEFORE UPDATE OF arrival, id, device, generation, sequence, job, bytes ON events
BEGIN SELECT RAISE(ABORT, 'events are evidence and do not change'); END;
CREATE TRIGGER events_keep_their_places BEFORE UPDATE ON events WHEN OLD.place IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'places of events are evidence and do not change'); END;

-- HQ's time: the newest that it wrote, and how often somebody corrected its clock.
CREATE TABLE hq_time (
    one INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    newest INTEGER NOT NULL,                 -- time
    corrections INTEGER NOT NULL             -- how many
) STRICT;
INSERT INTO hq_time (one, newest, corrections) VALUES (1, 0, 0);

CREATE TABLE clock_corrections (
    number INTEGER PRIMARY KEY,              -- in their order
    bytes BLOB NOT NULL                      -- signed
) STRICT;

CREATE TRIGGER log_leaves_stay BEFORE DELETE ON log_leaves
BEGIN SELECT RAISE(ABORT, 'leaves of the log are evidence and stay'); END;
CREATE TRIGGER log_leaves_do_not_change BEFORE UPDATE ON log_leaves
BEGIN SELECT RAISE(ABORT, 'leaves of the log are evidence and do not change'); END;
CREATE TRIGGER log_leaves_are_not_replaced BEFORE INSERT ON log_leaves
WHEN EXISTS (SELECT 1 FROM log_leaves WHERE generation = NEW.generation AND place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'leaves of the log are evidence and are not replaced'); END;

CREATE TRIGGER log_acts_stay BEFORE DELETE ON log_acts
BEGIN SELECT RAISE(ABORT, 'places of acts are evidence and stay'); END;
CREATE TRIGGER log_acts_do_not_change BEFORE UPDATE ON log_acts
BEGIN SELECT RAISE(ABORT, 'places of acts are evidence and do not change'); END;
CREATE TRIGGER log_acts_are_not_replaced BEFORE INSERT ON log_acts
WHEN EXISTS (SELECT 1 FROM log_acts
             WHERE message = NEW.message AND generation = NEW.generation)
BEGIN SELECT RAISE(ABORT, 'places of acts are evidence and are not replaced'); END;

CREATE TRIGGER clock_corrections_stay BEFORE DELETE ON clock_corrections
BEGIN SELECT RAISE(ABORT, 'corrections of the clock are evidence and stay'); END;
CREATE TRIGGER clock_corrections_do_not_change BEFORE UPDATE ON clock_corrections
BEGIN SELECT RAISE(ABORT, 'corrections of the clock are evidence and do not change'); END;
