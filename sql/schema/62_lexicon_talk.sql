-- Forms that people say in the middle of a conversation rather than in a question by itself.
INSERT INTO dbinsight.concept_forms (concept, form, builtin)
SELECT f.concept, form, true
FROM (VALUES
	('forecast', 'where do we end up|where will we end up|where will we be|where does that leave us by|where are we heading|where do we land|where will we land'),
	('egress', 'denied going out|blocked going out|stopped going out|blocked on the way out|denied on the way out|got denied|got blocked'),
	('connection_pattern', 'people connect|users connect|they connect|who connects|connecting how'),
	('bottleneck', 'spend its time|spends its time|spend the time|spend their time|loses its time|time goes|where the time goes')) f(concept, forms),
	regexp_split_to_table(f.forms, '\|') form
ON CONFLICT DO NOTHING;
