-- Conversations of four to twelve turns, in several voices: figures may rise, not fall under these floors.
\getenv abs_srcdir PG_ABS_SRCDIR
\set dialogues :abs_srcdir '/gate/talk_dialogues.tsv'
\set questions /dev/null
\set quiet 1
\set measure :abs_srcdir '/gate/measure.sql'
\set ECHO none
\i :measure
\set ECHO all
SELECT f.name, f.floor, CASE WHEN 100.0 * f.good / f.total >= f.floor THEN 'met' ELSE format('%s of %s', f.good, f.total) END AS result
FROM (SELECT m.*, 93 AS floor FROM figure m WHERE m.name = 'follow-ups end to end') f;
