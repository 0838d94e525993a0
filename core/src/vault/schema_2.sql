-- Format 2. The storage key wraps keys and nothing else, so that it can be
-- exchanged in one short transaction; and the store says which rows it has.

-- Sealed under the storage key; seals what lies in no compartment. Null in a store of
-- format 1 until its values are sealed anew, and while a store is being emptied.
ALTER TABLE vault ADD COLUMN common_key BLOB;
-- Sealed under the storage key; what "hashed" columns are hashed with.
ALTER TABLE vault ADD COLUMN lookup_key BLOB;
-- Sealed under the common key: the digest of which values there are, their number, and
-- the number of entries in the queue. Null until it is first written, as in a store of
-- format 1.
ALTER TABLE vault ADD COLUMN contents BLOB;
