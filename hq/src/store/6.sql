-- What acts say of persons and contents, which events name by digests: apart from them, so
-- that it can be erased.
CREATE TABLE statements (
    event BLOB PRIMARY KEY REFERENCES events (id), -- the event
    bytes BLOB NOT NULL                      -- the Statement, in CBOR; personal
) STRICT;
