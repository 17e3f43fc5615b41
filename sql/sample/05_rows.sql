/* Tables a person keeps have no marker column: what the sample put there is written down here. */
CREATE TABLE dbinsight.sample_row (
	table_name text NOT NULL,
	key jsonb NOT NULL
);
COMMENT ON TABLE dbinsight.sample_row IS
'Rows load_sample() put into settings and product tables: the rows of table_name that contain key are the sample''s';
