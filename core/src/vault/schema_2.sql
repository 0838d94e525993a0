-- Format 2.

-- Sealed: the digest of which rows there are, and how many entries the queue has.
-- Null until it is first written, as in a store of format 1.
ALTER TABLE vault ADD COLUMN contents BLOB;
