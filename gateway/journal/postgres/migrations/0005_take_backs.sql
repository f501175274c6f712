-- Few deliveries take something back, and whatever settles asks whether one waits in its lane

CREATE INDEX delivery_take_back ON delivery (alert, channel, target, id) WHERE state = 'waiting' AND role <> 'tell';
