-- Days of brokers' integers, and the as-of day.
SET search_path = crm, public;
SET datestyle = ISO;

SELECT day(20260131), day(20240229), day(10101), day(0) AS none, day(99991231) AS open_end, day(19000101) AS unknown, day(NULL);
SELECT day(20260230);
SELECT day(20251301);
SELECT day(-20260131);
SELECT day(2026);
-- a digit too many
SELECT day(202601010);

-- usable in an index
CREATE TEMP TABLE counter_row (init_date int);
CREATE INDEX ON counter_row (crm.day(init_date));
INSERT INTO counter_row SELECT 20260100 + i FROM generate_series(1, 31) AS i;
SELECT count(*) FROM counter_row WHERE day(init_date) >= '2026-01-20';

-- as_of: the setting, or today
SELECT as_of() = current_date AS today;
SET crm.as_of = '2025-06-30';
SELECT as_of();
SET crm.as_of = '2025-6-30';
SET crm.as_of = '30.06.2025';
SET crm.as_of = '2025-02-29';
SET crm.as_of = 'today';
SELECT as_of() AS still;
SET crm.as_of = '';
SELECT as_of() = current_date AS today;
-- a misspelled setting is refused
SET crm.asof = '2025-06-30';
RESET crm.as_of;
