/*
 * Every REVOKE and GRANT, in one place, last. What is not granted here is for
 * the extension's owner alone.
 */
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dbinsight FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dbinsight FROM PUBLIC;
GRANT USAGE ON SCHEMA dbinsight TO dbinsight_reader;
