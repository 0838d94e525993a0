-- Format 1. Each column says how it lies on the disk:
--   sealed  AES-256-GCM; means nothing without the key
--   hashed  HMAC-SHA256 under a key derived from the storage key; finds, tells nothing
--   clear   readable by whoever has the file, with the reason why that is no harm
-- Each table is read and written by the room that owns it and by no other. The migrations
-- are one list all the same, as they are one file's history.

-- The vault's: keys, and the values that they seal.

CREATE TABLE vault (
    one         INTEGER PRIMARY KEY CHECK (one = 1), -- clear: always 1
    storage_key BLOB NOT NULL                        -- sealed by the platform's key hardware
) STRICT;

-- A key of its own for whatever must be forgettable on its own, such as a job.
-- The keys are random: a derived key could be derived again.
CREATE TABLE compartment (
    name BLOB PRIMARY KEY, -- hashed
    key  BLOB NOT NULL     -- sealed under the storage key
) STRICT;

CREATE TABLE value (
    id          INTEGER PRIMARY KEY,  -- clear: order of writing
    drawer      BLOB NOT NULL,        -- hashed: the kind of thing
    name        BLOB NOT NULL UNIQUE, -- hashed: drawer and name
    compartment BLOB,                 -- hashed: whose key seals it; null for the storage key
    sealed      BLOB NOT NULL         -- sealed, bound to drawer and name
) STRICT;
CREATE INDEX value_by_drawer ON value (drawer);

-- The outbox's: what is sealed to HQ, and what delivers it.

-- Headers of epochs, twice, in two trees and so on different pages:
-- without its header an epoch's entries are lost.
CREATE TABLE epoch (
    id     BLOB PRIMARY KEY, -- clear: digest of the header
    header BLOB NOT NULL     -- clear: an encapsulated key, which only HQ can use
) STRICT;
CREATE TABLE epoch_copy (
    id     BLOB PRIMARY KEY, -- clear: as above
    header BLOB NOT NULL     -- clear: as above
) STRICT;

CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT, -- clear: order of the queue
    envelope BLOB NOT NULL,                     -- sealed to HQ; device, numbers and event id are clear
    parked   INTEGER                            -- clear: null while it waits; 0 if damaged here, else the
                                                -- number of HQ's refusal
) STRICT;
