-- A supervisor's codes for sign-offs on somebody else's phone. HQ keeps hashes.
CREATE TABLE one_time_codes (
    hash BLOB PRIMARY KEY,                   -- of the code
    supervisor BLOB NOT NULL REFERENCES devices, -- to whom it was given
    made_at INTEGER NOT NULL,                -- time
    event BLOB                               -- what it was used for; none if unused
) STRICT, WITHOUT ROWID;

-- What HQ said of sign-offs that were claimed with a code.
CREATE TABLE confirmations (
    event BLOB PRIMARY KEY REFERENCES events (id), -- the sign-off
    bytes BLOB NOT NULL                      -- signed
) STRICT;

CREATE TRIGGER confirmations_stay BEFORE DELETE ON confirmations
BEGIN SELECT RAISE(ABORT, 'confirmations are evidence and stay'); END;
CREATE TRIGGER confirmations_do_not_change BEFORE UPDATE ON confirmations
BEGIN SELECT RAISE(ABORT, 'confirmations are evidence and do not change'); END;
CREATE TRIGGER confirmations_are_not_replaced BEFORE INSERT ON confirmations
WHEN EXISTS (SELECT 1 FROM confirmations WHERE event = NEW.event)
BEGIN SELECT RAISE(ABORT, 'confirmations are evidence and are not replaced'); END;

-- A code is used once.
CREATE TRIGGER one_time_codes_are_used_once BEFORE UPDATE ON one_time_codes
WHEN OLD.event IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a one-time code is used once'); END;
