-- The persons who carry devices. Those of the devices of before are named after them.
CREATE TABLE carriers (
    id BLOB PRIMARY KEY,                     -- 16 bytes, of recovery key and first device
    recovery_key BLOB,                       -- Ed25519, 32 bytes; none if he has none
    first BLOB                               -- the device that drew it; none if he has none
) STRICT, WITHOUT ROWID;
INSERT INTO carriers (id) SELECT id FROM devices;

ALTER TABLE devices ADD COLUMN carrier BLOB REFERENCES carriers; -- whose device it is
UPDATE devices SET carrier = id;

-- All that HQ ever said of a device: the newest is the one with the highest serial.
CREATE TABLE credentials (
    device BLOB NOT NULL REFERENCES devices, -- the device
    serial INTEGER NOT NULL,                 -- from 1; 0 in the first format
    bytes BLOB NOT NULL,                     -- signed
    PRIMARY KEY (device, serial)
) STRICT;
INSERT INTO credentials (device, serial, bytes) SELECT id, 0, credential FROM devices;
DROP TRIGGER credentials_are_news;
ALTER TABLE devices DROP COLUMN credential;
-- The roster of a job has the newest of its crew's.
CREATE TRIGGER credentials_are_news AFTER INSERT ON credentials BEGIN
    DELETE FROM job_changes
    WHERE job IN (SELECT job FROM assignments WHERE device = NEW.device);
    INSERT INTO job_changes (job)
    SELECT job FROM assignments WHERE device = NEW.device ORDER BY job;
END;

-- Whose further device an invitation is for; none if it is a carrier's first.
ALTER TABLE invitations ADD COLUMN carrier BLOB REFERENCES carriers;

CREATE TRIGGER credentials_stay BEFORE DELETE ON credentials
BEGIN SELECT RAISE(ABORT, 'credentials are evidence and stay'); END;
CREATE TRIGGER credentials_do_not_change BEFORE UPDATE ON credentials
BEGIN SELECT RAISE(ABORT, 'credentials are evidence and do not change'); END;
CREATE TRIGGER credentials_are_not_replaced BEFORE INSERT ON credentials
WHEN EXISTS (SELECT 1 FROM credentials WHERE device = NEW.device AND serial = NEW.serial)
BEGIN SELECT RAISE(ABORT, 'credentials are evidence and are not replaced'); END;

CREATE TRIGGER carriers_stay BEFORE DELETE ON carriers
BEGIN SELECT RAISE(ABORT, 'carriers stay'); END;
CREATE TRIGGER carriers_do_not_change BEFORE UPDATE ON carriers
BEGIN SELECT RAISE(ABORT, 'carriers do not change'); END;
CREATE TRIGGER devices_keep_their_carriers BEFORE UPDATE OF carrier ON devices
BEGIN SELECT RAISE(ABORT, 'a device keeps its carrier'); END;
