-- Photos of events: the keys come in the entries of their events, the chunks on
-- their own, and a photo is there when all its chunks are.
CREATE TABLE attachments (
    number INTEGER PRIMARY KEY,              -- in the order in which HQ heard of them
    event BLOB NOT NULL REFERENCES events (id), -- the event
    digest BLOB NOT NULL,                    -- as the event names it
    key BLOB NOT NULL,                       -- the AttachmentKey, in CBOR
    UNIQUE (event, digest)
) STRICT;

CREATE TABLE attachment_chunks (
    attachment INTEGER NOT NULL REFERENCES attachments, -- of which photo
    place INTEGER NOT NULL,                  -- its number, from 0; none is left out
    sealed BLOB NOT NULL,                    -- as it came; it was opened once
    PRIMARY KEY (attachment, place)
) STRICT;

CREATE TABLE attachment_receipts (
    attachment INTEGER PRIMARY KEY REFERENCES attachments, -- the photo, of which all is here
    bytes BLOB NOT NULL                      -- signed
) STRICT;

CREATE TRIGGER attachment_chunks_stay BEFORE DELETE ON attachment_chunks
BEGIN SELECT RAISE(ABORT, 'photos are evidence and stay'); END;
CREATE TRIGGER attachment_chunks_do_not_change BEFORE UPDATE ON attachment_chunks
BEGIN SELECT RAISE(ABORT, 'photos are evidence and do not change'); END;
CREATE TRIGGER attachment_receipts_stay BEFORE DELETE ON attachment_receipts
BEGIN SELECT RAISE(ABORT, 'receipts are evidence and stay'); END;
CREATE TRIGGER attachment_receipts_do_not_change BEFORE UPDATE ON attachment_receipts
BEGIN SELECT RAISE(ABORT, 'receipts are evidence and do not change'); END;

-- Rights to deliver, for phones whose keys are gone.
CREATE TABLE delivery_rights (
    token BLOB PRIMARY KEY,                  -- SHA-256 of the token
    device BLOB NOT NULL REFERENCES devices, -- to whose phone it was given
    ends_at INTEGER NOT NULL                 -- time
) STRICT, WITHOUT ROWID;
