-- What expired is published as such for some time: found without looking at every alert there ever was

CREATE INDEX alert_expired ON alert (expires) WHERE live = 0 AND newest_issued > 0;
