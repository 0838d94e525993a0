-- Depots: each device gets the rolls of its own. A depot has the name that HQ's people
-- chose; null is the common one, of all rolls and devices that nobody gave one.
ALTER TABLE rolls ADD COLUMN depot TEXT;       -- for which it was printed
ALTER TABLE devices ADD COLUMN depot TEXT;     -- to which it belongs
ALTER TABLE invitations ADD COLUMN depot TEXT; -- to which the device will belong
CREATE INDEX rolls_by_depot ON rolls (depot, number);
