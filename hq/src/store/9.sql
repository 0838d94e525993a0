-- HQ's key lists, as their list keys signed them. The first founds this HQ; what signs and
-- opens by them lies in hq.keys.
CREATE TABLE key_lists (
    number INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

CREATE TRIGGER key_lists_stay BEFORE DELETE ON key_lists
BEGIN SELECT RAISE(ABORT, 'key lists are evidence and stay'); END;
CREATE TRIGGER key_lists_do_not_change BEFORE UPDATE ON key_lists
BEGIN SELECT RAISE(ABORT, 'key lists are evidence and do not change'); END;
CREATE TRIGGER key_lists_are_not_replaced BEFORE INSERT ON key_lists
WHEN EXISTS (SELECT 1 FROM key_lists WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'key lists are evidence and are not replaced'); END;
