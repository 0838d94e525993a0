-- Format 2. The storage key wraps keys and nothing else, so that it can be
-- exchanged in one short transaction.

-- Sealed under the storage key; seals what lies in no compartment. Null in a store of
-- format 1 until its values are sealed anew, and while a store is being emptied.
ALTER TABLE vault ADD COLUMN common_key BLOB;
-- Sealed under the storage key; what "hashed" columns are hashed with.
ALTER TABLE vault ADD COLUMN lookup_key BLOB;
