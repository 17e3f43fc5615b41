-- Questions in slang, shorthand and mixed languages, lists and comparisons of several tools: figures may rise, not fall under these floors.
\getenv abs_srcdir PG_ABS_SRCDIR
\set questions :abs_srcdir '/gate/slang.tsv'
\set dialogues :abs_srcdir '/gate/slang_dialogues.tsv'
\set quiet 1
\set measure :abs_srcdir '/gate/measure.sql'
\set ECHO none
\i :measure
\set ECHO all
SELECT f.name, f.floor, CASE WHEN 100.0 * f.good / f.total >= f.floor THEN 'met' ELSE format('%s of %s', f.good, f.total) END AS result
FROM (SELECT m.*, x.floor FROM figure m JOIN (VALUES ('single-domain routing', 93), ('several-domain routing', 90), ('right tool', 93), ('right tools, several domains', 88),
	('right arguments given the tool', 95), ('out of scope refused', 100), ('orders refused', 100), ('follow-ups end to end', 88)) x(name, floor) USING (name)) f
ORDER BY f.name COLLATE "C";
