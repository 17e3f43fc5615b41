/*
 * The jobs that come with the extension, as the one who installs it. Minutes
 * and hours are off the hour, where everybody else's are.
 */
INSERT INTO dbinsight.job_definitions (name, schedule, command, timeout, max_attempts, builtin) VALUES
	-- Sources have schedules of their own; this one looks which of them are due.
	('ingest', '5 min', 'CALL dbinsight.ingest_due()', '6 hours', 1, true),
	-- Each attempt is written down by itself; the next run takes up what is left.
	('delivery', '1 min', 'CALL dbinsight.deliver_due()', '30 minutes', 1, true),
	('retention', '17 3 * * *', 'SELECT * FROM dbinsight.apply_retention()', '2 hours', 3, true),
	-- Findings grow with what is seen again, so a window may overlap the last one; late rows come within a day.
	('detections', '7 * * * *', 'SELECT * FROM dbinsight.run_detections(dbinsight.now() - interval ''26 hours'')', '30 minutes', 3, true);

/* Where the library is preloaded the scheduler is there at once, not when the launcher comes by. */
SELECT dbinsight._start_scheduler() WHERE dbinsight._is_preloaded() AND dbinsight._is_wanted_here();
