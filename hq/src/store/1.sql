-- HQ's database, format 1. Times are seconds since 1970-01-01 UTC. "Signed"
-- columns hold a COSE_Sign1 as it was signed; other columns only find it.

CREATE TABLE hq (
    one INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    origin TEXT NOT NULL,                    -- the name of the log
    key BLOB NOT NULL                        -- the public signing key, 65 bytes
) STRICT;

CREATE TABLE rolls (
    number INTEGER PRIMARY KEY,              -- in the order of minting
    id BLOB NOT NULL UNIQUE,                 -- the digest of the head
    head BLOB NOT NULL,                      -- signed
    minted_at INTEGER NOT NULL               -- time
) STRICT;

CREATE TABLE labels (
    token BLOB PRIMARY KEY,                  -- 16 random bytes
    roll INTEGER NOT NULL REFERENCES rolls,  -- the roll that it is on
    place INTEGER NOT NULL,                  -- its index there, from 0
    UNIQUE (roll, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id BLOB PRIMARY KEY,                     -- 16 random bytes
    title TEXT NOT NULL,                     -- what the crew calls it; personal
    customer TEXT NOT NULL,                  -- whom to ask for; personal
    origin TEXT NOT NULL,                    -- where the boxes are; personal
    destination TEXT NOT NULL,               -- where they go; personal
    boxes INTEGER NOT NULL,                  -- how many were agreed
    opens_at INTEGER NOT NULL,               -- time from which crews see it
    closes_at INTEGER NOT NULL               -- time from which they do not
) STRICT, WITHOUT ROWID;

CREATE TABLE sensitive (
    job BLOB NOT NULL REFERENCES jobs,       -- the job
    token BLOB NOT NULL REFERENCES labels,   -- a box with papers or valuables
    PRIMARY KEY (job, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE manifests (
    job BLOB NOT NULL REFERENCES jobs,       -- the job
    number INTEGER NOT NULL,                 -- the version, from 1
    bytes BLOB NOT NULL,                     -- signed
    PRIMARY KEY (job, number)
) STRICT;

CREATE TABLE devices (
    id BLOB PRIMARY KEY,                     -- follows from the keys, 16 bytes
    credential BLOB NOT NULL                 -- signed
) STRICT;

CREATE TABLE invitations (
    code BLOB PRIMARY KEY,                   -- SHA-256 of the code
    role BLOB NOT NULL,                      -- as in credentials, CBOR
    pseudonym TEXT NOT NULL,                 -- what the crew calls the carrier
    expires_at INTEGER NOT NULL,             -- time
    device BLOB REFERENCES devices           -- whom it let in; none if unused
) STRICT, WITHOUT ROWID;

CREATE TABLE invited_jobs (
    code BLOB NOT NULL REFERENCES invitations, -- the invitation
    job BLOB NOT NULL REFERENCES jobs,       -- a job that it assigns
    PRIMARY KEY (code, job)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
    job BLOB NOT NULL REFERENCES jobs,       -- the job
    device BLOB NOT NULL REFERENCES devices, -- a device of its crew
    PRIMARY KEY (job, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE epochs (
    id BLOB PRIMARY KEY,                     -- 16 bytes
    header BLOB NOT NULL                     -- the encapsulated key, CBOR
) STRICT;

CREATE TABLE ticks (
    number INTEGER PRIMARY KEY,              -- from 1
    bytes BLOB NOT NULL                      -- signed
) STRICT;

CREATE TABLE events (
    arrival INTEGER PRIMARY KEY,             -- in the order of arrival
    id BLOB NOT NULL UNIQUE,                 -- the digest of the payload
    device BLOB NOT NULL REFERENCES devices, -- who signed
    generation INTEGER NOT NULL,             -- of the device
    sequence INTEGER NOT NULL,               -- in the generation, from 1
    job BLOB NOT NULL,                       -- as the event says, known or not
    bytes BLOB NOT NULL                      -- signed by the device
) STRICT;
CREATE INDEX events_by_number ON events (device, generation, sequence);
CREATE INDEX events_by_job ON events (job);

CREATE TABLE receipts (
    event BLOB PRIMARY KEY REFERENCES events (id), -- the event
    bytes BLOB NOT NULL                      -- signed
) STRICT;

-- Follows from the events; kept so that a gap is found without a search.
CREATE TABLE chains (
    device BLOB NOT NULL REFERENCES devices, -- the device
    generation INTEGER NOT NULL,             -- its generation
    complete_to INTEGER NOT NULL,            -- no number up to here is missing
    PRIMARY KEY (device, generation)
) STRICT, WITHOUT ROWID;

-- How many envelopes each device delivered, its own or another's.
CREATE TABLE deliveries (
    device BLOB PRIMARY KEY REFERENCES devices, -- who delivered
    stored INTEGER NOT NULL DEFAULT 0,       -- new events among them
    refused INTEGER NOT NULL DEFAULT 0,      -- not stored
    repeated INTEGER NOT NULL DEFAULT 0      -- here before
) STRICT, WITHOUT ROWID;

-- Evidence stays and does not change. REPLACE deletes without telling the
-- triggers on DELETE, so what would be replaced is refused on INSERT.

CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are evidence and stay'); END;
CREATE TRIGGER events_do_not_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are evidence and do not change'); END;
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id OR arrival = NEW.arrival)
BEGIN SELECT RAISE(ABORT, 'events are evidence and are not replaced'); END;

CREATE TRIGGER receipts_stay BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are evidence and stay'); END;
CREATE TRIGGER receipts_do_not_change BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are evidence and do not change'); END;
CREATE TRIGGER receipts_are_not_replaced BEFORE INSERT ON receipts
WHEN EXISTS (SELECT 1 FROM receipts WHERE event = NEW.event)
BEGIN SELECT RAISE(ABORT, 'receipts are evidence and are not replaced'); END;

CREATE TRIGGER ticks_stay BEFORE DELETE ON ticks
BEGIN SELECT RAISE(ABORT, 'ticks are evidence and stay'); END;
CREATE TRIGGER ticks_do_not_change BEFORE UPDATE ON ticks
BEGIN SELECT RAISE(ABORT, 'ticks are evidence and do not change'); END;
CREATE TRIGGER ticks_are_not_replaced BEFORE INSERT ON ticks
WHEN EXISTS (SELECT 1 FROM ticks WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'ticks are evidence and are not replaced'); END;

CREATE TRIGGER manifests_stay BEFORE DELETE ON manifests
BEGIN SELECT RAISE(ABORT, 'manifests are evidence and stay'); END;
CREATE TRIGGER manifests_do_not_change BEFORE UPDATE ON manifests
BEGIN SELECT RAISE(ABORT, 'manifests are evidence and do not change'); END;
CREATE TRIGGER manifests_are_not_replaced BEFORE INSERT ON manifests
WHEN EXISTS (SELECT 1 FROM manifests WHERE job = NEW.job AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'manifests are evidence and are not replaced'); END;

CREATE TRIGGER rolls_stay BEFORE DELETE ON rolls
BEGIN SELECT RAISE(ABORT, 'rolls are evidence and stay'); END;
CREATE TRIGGER rolls_do_not_change BEFORE UPDATE ON rolls
BEGIN SELECT RAISE(ABORT, 'rolls are evidence and do not change'); END;
CREATE TRIGGER rolls_are_not_replaced BEFORE INSERT ON rolls
WHEN EXISTS (SELECT 1 FROM rolls WHERE number = NEW.number OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'rolls are evidence and are not replaced'); END;
