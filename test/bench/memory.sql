-- What a backend grows by that loads the library and does not use it: anonymous memory before and after.
\set QUIET on
SELECT regexp_replace(pg_read_file('/proc/self/status'), '.*RssAnon:\s+(\d+) kB.*', '\1')::int AS before \gset
LOAD 'dbinsight';
SELECT regexp_replace(pg_read_file('/proc/self/status'), '.*RssAnon:\s+(\d+) kB.*', '\1')::int AS after \gset
SELECT format('library loaded = %s kB more than the %s kB before', :after - :before, :before);
