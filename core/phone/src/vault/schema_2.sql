-- Format 2. The storage key wraps keys and nothing else, so that it can be
-- exchanged in one short transaction; and the store says which rows it has.

-- The vault's.

-- Sealed under the storage key; seals what lies in no compartment. Null in a store of
-- format 1 until its values are sealed anew, and while a store is being emptied.
ALTER TABLE vault ADD COLUMN common_key BLOB;
-- Sealed under the storage key; what "hashed" columns are hashed with.
ALTER TABLE vault ADD COLUMN lookup_key BLOB;
-- Sealed under the common key: the digest of which values there are, their number, the
-- outbox's number of its entries, and the head. Null until it is first written, as in a
-- store of format 1.
ALTER TABLE vault ADD COLUMN contents BLOB;

-- The outbox's.

-- The queue numbers its entries without a table of its own for that, which every
-- commit would have to write; parked entries are found without reading those that
-- wait.
ALTER TABLE outbox RENAME TO outbox_1;
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY, -- clear: order of the queue; a number can come again once its entry is gone
    envelope BLOB NOT NULL,       -- sealed to HQ; device, numbers and event id are clear
    parked   INTEGER              -- clear: null while it waits; 0 if damaged here, 255 if given up, else the
                                  -- number of HQ's refusal
) STRICT;
INSERT INTO outbox SELECT position, envelope, parked FROM outbox_1 ORDER BY position;
DROP TABLE outbox_1;
CREATE INDEX outbox_parked ON outbox (parked) WHERE parked IS NOT NULL;

-- Photos, under keys that only HQ has: they are in the entries of their events.
CREATE TABLE attachment (
    digest BLOB PRIMARY KEY, -- clear: salted digest of the photo, as in its event
    event  BLOB NOT NULL,    -- clear: id of the event
    size   INTEGER NOT NULL, -- clear: bytes of all its chunks
    damaged INTEGER NOT NULL DEFAULT 0 -- clear: 1 once HQ, or this phone, saw that it is not what was sealed
) STRICT;
CREATE TABLE chunk (
    id     INTEGER PRIMARY KEY, -- clear
    digest BLOB NOT NULL REFERENCES attachment ON DELETE CASCADE, -- clear: of which photo
    number INTEGER NOT NULL,    -- clear: the order of the chunks, from 0
    sealed BLOB NOT NULL,       -- sealed to HQ
    UNIQUE (digest, number)
) STRICT;

-- How to deliver the queue without any key of this phone: it outlasts a log-out.
CREATE TABLE delivery (
    one  INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    slip BLOB NOT NULL -- clear: HQ's address, authority and key, and a token that lets deliver and nothing else
) STRICT;
