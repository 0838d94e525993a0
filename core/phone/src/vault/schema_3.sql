-- Format 3. HQ answers with places in its log: what an entry needs to be found there, and
-- where it stands once it is there, lie beside its envelope.

-- The outbox's.

-- clear: what the leaf of the entry's event in HQ's log is salted with. It does not tell the
-- event's own salt, and with it nothing can be tried but HQ's word: the outcome and the time.
-- Null in what an earlier version of the app queued, and after a salvage: then HQ is asked.
ALTER TABLE outbox ADD COLUMN leaf_salt BLOB;
-- hashed: job and event together, so no two entries have the same and none shows which others
-- are of its job. By it the entries of a job that is forgotten are found. Null as above.
ALTER TABLE outbox ADD COLUMN job BLOB;
-- clear: the place in HQ's log, which anybody may read: it is kept here until HQ says that it
-- has a copy. Null while it waits.
ALTER TABLE outbox ADD COLUMN generation INTEGER;
ALTER TABLE outbox ADD COLUMN place INTEGER;
-- clear: HQ's time when it was placed, in seconds since 1970-01-01 UTC.
ALTER TABLE outbox ADD COLUMN placed_at INTEGER;
-- An act changes nothing in it.
CREATE INDEX outbox_placed ON outbox (generation, place) WHERE place IS NOT NULL;

-- What HQ refused before, it refused in another form, of which a supervisor's decision could
-- not be checked any more. It is sent again, and what HQ still refuses is parked anew.
UPDATE outbox SET parked = NULL WHERE parked BETWEEN 1 AND 252 OR parked = 255;
