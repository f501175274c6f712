-- What a version is about and where, in degrees, and until when an alert is on air: found without reading any text.
-- No box (from an earlier release, or of places without a surface) counts as everywhere.

ALTER TABLE version ADD COLUMN hazard TEXT;
ALTER TABLE version ADD COLUMN west REAL;
ALTER TABLE version ADD COLUMN south REAL;
ALTER TABLE version ADD COLUMN east REAL;
ALTER TABLE version ADD COLUMN north REAL;
UPDATE version SET hazard = json_extract(body, '$.hazard');
CREATE INDEX version_ground ON version (hazard, expires, west, south, east, north) WHERE state IN ('frozen', 'issued');

ALTER TABLE alert ADD COLUMN expires TEXT;
UPDATE alert SET expires = (SELECT expires FROM version v WHERE v.alert = alert.id AND v.number = alert.newest_issued);
CREATE INDEX alert_expires ON alert (expires) WHERE live = 1;
