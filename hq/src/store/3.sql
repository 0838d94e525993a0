-- What the carrier of an invited device may do beyond his role: the
-- Qualifications of his credential, in CBOR; none if HQ says nothing of it.
ALTER TABLE invitations ADD COLUMN qualifications BLOB;

-- What is in a sensitive box: 1 papers, 2 devices, 3 valuables; none if nobody
-- said, or a row for each.
CREATE TABLE classes (
    job BLOB NOT NULL REFERENCES jobs,       -- the job
    token BLOB NOT NULL REFERENCES labels,   -- a sensitive box
    class INTEGER NOT NULL,                  -- as in job packs
    PRIMARY KEY (job, token, class)
) STRICT, WITHOUT ROWID;

-- The devices that HQ takes its word back from, and the list as phones get it.
CREATE TABLE revocations (
    epoch INTEGER PRIMARY KEY,               -- from 1
    device BLOB NOT NULL REFERENCES devices, -- the device
    since INTEGER NOT NULL,                  -- time
    bytes BLOB NOT NULL                      -- the list of this epoch, signed
) STRICT;

CREATE TRIGGER revocations_stay BEFORE DELETE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations are evidence and stay'); END;
CREATE TRIGGER revocations_do_not_change BEFORE UPDATE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations are evidence and do not change'); END;
CREATE TRIGGER revocations_are_not_replaced BEFORE INSERT ON revocations
WHEN EXISTS (SELECT 1 FROM revocations WHERE epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'revocations are evidence and are not replaced'); END;
