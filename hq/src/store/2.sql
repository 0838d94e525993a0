-- What the customer can release, by a code that HQ does not keep.
CREATE TABLE release_keys (
    job BLOB NOT NULL REFERENCES jobs (id),
    -- Counts from 1 within the job.
    number INTEGER NOT NULL,
    -- The ReleaseKey, in CBOR: number, kind of act, public key.
    bytes BLOB NOT NULL,
    PRIMARY KEY (job, number)
) STRICT;

CREATE TRIGGER release_keys_stay BEFORE DELETE ON release_keys
BEGIN SELECT RAISE(ABORT, 'release keys are evidence and stay'); END;
CREATE TRIGGER release_keys_do_not_change BEFORE UPDATE ON release_keys
BEGIN SELECT RAISE(ABORT, 'release keys are evidence and do not change'); END;
CREATE TRIGGER release_keys_are_not_replaced BEFORE INSERT ON release_keys
WHEN EXISTS (SELECT 1 FROM release_keys WHERE job = NEW.job AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'release keys are evidence and are not replaced'); END;
