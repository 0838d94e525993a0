-- What is news to whom. Whatever changes a job's pack gives the job a new number here,
-- higher than any before, also where rows are written by hand: the triggers see to it.
CREATE TABLE job_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- of the newest change; never given twice
    job BLOB NOT NULL UNIQUE REFERENCES jobs, -- the job
    stage INTEGER                            -- 0 before it opens, 1 while it is open, 2 once it
                                             -- ended, when HQ last looked; null: not looked yet
) STRICT;
INSERT INTO job_changes (job) SELECT id FROM jobs ORDER BY opens_at, id;

CREATE TRIGGER jobs_are_news AFTER INSERT ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.id);
END;
CREATE TRIGGER changed_jobs_are_news AFTER UPDATE ON jobs BEGIN
    DELETE FROM job_changes WHERE job = NEW.id;
    INSERT INTO job_changes (job) VALUES (NEW.id);
END;
CREATE TRIGGER manifests_are_news AFTER INSERT ON manifests BEGIN
    DELETE FROM job_changes WHERE job = NEW.job;
    INSERT INTO job_changes (job) VALUES (NEW.job);
END;
CREATE TRIGGER sensitive_boxes_are_news AFTER INSERT ON sensitive BEGIN
    DELETE FROM job_changes WHERE job = NEW.job;
    INSERT INTO job_changes (job) VALUES (NEW.job);
END;
CREATE TRIGGER classes_are_news AFTER INSERT ON classes BEGIN
    DELETE FROM job_changes WHERE job = NEW.job;
    INSERT INTO job_changes (job) VALUES (NEW.job);
END;
CREATE TRIGGER release_keys_are_news AFTER INSERT ON release_keys BEGIN
    DELETE FROM job_changes WHERE job = NEW.job;
    INSERT INTO job_changes (job) VALUES (NEW.job);
END;
CREATE TRIGGER assignments_are_news AFTER INSERT ON assignments BEGIN
    DELETE FROM job_changes WHERE job = NEW.job;
    INSERT INTO job_changes (job) VALUES (NEW.job);
END;
-- The roster of a job has its crew's credentials.
CREATE TRIGGER credentials_are_news AFTER UPDATE OF credential ON devices BEGIN
    DELETE FROM job_changes
    WHERE job IN (SELECT job FROM assignments WHERE device = NEW.id);
    INSERT INTO job_changes (job)
    SELECT job FROM assignments WHERE device = NEW.id ORDER BY job;
END;
