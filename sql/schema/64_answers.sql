/*
 * How answers are worded. A tool without a row here is answered from the names
 * and types of its columns; a row makes it better. A person may add rows for
 * their own tools, and change those that ship.
 *
 * The language of bodies and conditions is described in src/agents/answer_expr.h:
 * words, {references to results|formats}, [[parts left out when empty]]. Words
 * may hold no figure: every figure of an answer comes from a row.
 */
CREATE FUNCTION dbinsight._check_template(body text, is_condition boolean) RETURNS boolean
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_check_template';
COMMENT ON FUNCTION dbinsight._check_template(text, boolean) IS
'True when a template body or condition can be read; else 22023 with the place';

CREATE FUNCTION dbinsight._template_columns(body text, is_condition boolean) RETURNS text[]
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dbi_template_columns_sql';
COMMENT ON FUNCTION dbinsight._template_columns(text, boolean) IS
'The columns a template body or condition mentions, as tool.column where they are of another tool''s result';

CREATE TABLE dbinsight.answer_templates (
	tool text PRIMARY KEY CHECK (tool ~ '^[^.]+\.[^.]+$'),
	noun text NOT NULL CHECK (noun ~ '^[^/]+/[^/]+$'),
	subject text,
	measure text,
	columns text[],
	shown text CHECK (dbinsight._check_template(shown, true)),
	empty text CHECK (dbinsight._check_template(empty, false)),
	clean text CHECK (dbinsight._check_template(clean, false)),
	yes text CHECK (dbinsight._check_template(yes, true)),
	default_days int,
	builtin boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE dbinsight.answer_templates IS
'How the result of a tool (schema.function) is told: what its rows are called (one/many), the column that names a row, the column it is measured by, columns of the table as name|format=Label, which rows it shows (those for which shown holds), what to say without rows, and among things found clean; yes: the condition under which a question that starts with is, has, were … is answered with yes';

CREATE TABLE dbinsight.answer_rules (
	tool text NOT NULL,
	part text NOT NULL CHECK (part IN ('headline', 'finding', 'action', 'follow_up', 'mention')),
	position int NOT NULL DEFAULT 10,
	intent text,
	condition text CHECK (dbinsight._check_template(condition, true)),
	body text NOT NULL CHECK (dbinsight._check_template(body, false)),
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (tool, part, position)
);
COMMENT ON TABLE dbinsight.answer_rules IS
'Sentences about a tool''s result: the first headline whose condition holds opens the answer; findings, recommended actions and follow-up questions are all that hold; mention is a clause about one thing that two results share. intent: only for questions of that kind (why, whether, compare …)';

CREATE TABLE dbinsight.answer_links (
	kind text NOT NULL,
	agents text[] NOT NULL,
	position int NOT NULL DEFAULT 10,
	body text NOT NULL CHECK (dbinsight._check_template(body, false)),
	builtin boolean NOT NULL DEFAULT false,
	PRIMARY KEY (kind, agents, position)
);
COMMENT ON TABLE dbinsight.answer_links IS
'What to recommend when results of several agents are about the same thing: kind is job, table, cluster, warehouse, endpoint, model, user or ip; {entity} is its name';
