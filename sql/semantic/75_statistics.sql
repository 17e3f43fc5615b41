/*
 * What the planner cannot guess: without these the condition that an address
 * is public counts as one row in two hundred, and what follows is planned for
 * a handful of rows.
 */
CREATE STATISTICS dbinsight.rollup_address_daily_class ON (dbinsight.ip_class(source_ip)) FROM dbinsight.rollup_address_daily;
COMMENT ON STATISTICS dbinsight.rollup_address_daily_class IS 'Shares of the classes of addresses';
