-- Photos of events: the keys come in the entries of their events, the chunks on
-- their own, and a photo is there when all its chunks are.
CREATE TABLE attachments (
    digest BLOB PRIMARY KEY,                 -- as the event names it
    event BLOB NOT NULL REFERENCES events (id), -- the event
    key BLOB NOT NULL                        -- the AttachmentKey, in CBOR
) STRICT;
