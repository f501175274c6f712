-- What a version is about and where, in degrees, and until when an alert is on air: found without reading any text.
-- No box (from an earlier release, or of places without a surface) counts as everywhere; a node of an earlier release beside this
-- one writes none of these columns, so that NULL has to mean "look closer".

ALTER TABLE version ADD COLUMN hazard text;
ALTER TABLE version ADD COLUMN west double precision;
ALTER TABLE version ADD COLUMN south double precision;
ALTER TABLE version ADD COLUMN east double precision;
ALTER TABLE version ADD COLUMN north double precision;
UPDATE version SET hazard = body::json ->> 'hazard';
CREATE INDEX version_ground ON version (hazard, expires, west, south, east, north) WHERE state IN ('frozen', 'issued');

ALTER TABLE alert ADD COLUMN expires timestamptz;
UPDATE alert SET expires = v.expires FROM version v WHERE v.alert = alert.id AND v.number = alert.newest_issued;
CREATE INDEX alert_expires ON alert (expires) WHERE live;
