-- A node of a release before 0003 says which version of an alert is the newest, or replaces its text, but not what was found in it.
-- When an alert expires is in the version, then; what a version is about and where has to be looked for again (NULL). Whoever names
-- the columns knows better: its trigger comes first, by name.

UPDATE alert SET expires = v.expires FROM version v
    WHERE v.alert = alert.id AND v.number = alert.newest_issued AND alert.expires IS DISTINCT FROM v.expires;

CREATE FUNCTION alert_expires_as_its_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.expires := (SELECT expires FROM version WHERE alert = NEW.id AND number = NEW.newest_issued);
    RETURN NEW;
END $$;
CREATE TRIGGER alert_has_a_newer_version BEFORE UPDATE OF newest_issued ON alert FOR EACH ROW
    WHEN (NEW.newest_issued <> OLD.newest_issued AND NEW.expires IS NOT DISTINCT FROM OLD.expires)
    EXECUTE FUNCTION alert_expires_as_its_version();

CREATE FUNCTION version_ground_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('bongsu.ground', 'told', true);
    RETURN NEW;
END $$;
CREATE FUNCTION version_ground_is_unknown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('bongsu.ground', true) IS DISTINCT FROM 'told' THEN
        NEW.hazard := NULL;
        NEW.west := NULL;
        NEW.south := NULL;
        NEW.east := NULL;
        NEW.north := NULL;
    END IF;
    PERFORM set_config('bongsu.ground', '', true);
    RETURN NEW;
END $$;
CREATE TRIGGER version_1_ground BEFORE UPDATE OF hazard ON version FOR EACH ROW EXECUTE FUNCTION version_ground_is_told();
CREATE TRIGGER version_2_body BEFORE UPDATE OF body ON version FOR EACH ROW EXECUTE FUNCTION version_ground_is_unknown();
