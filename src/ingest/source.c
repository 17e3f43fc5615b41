/*
 * source.c: a row of dbinsight.sources, ready for use.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/text.h"
#include "ingest/ingest.h"

/* Columns that follow from other rows, not from the source's own fields. */
static const char *const maintained[] = {"extra", "valid_to", "is_current"};

static void
unknown_source(const char *name)
{
	List *names = NIL;
	const char *nearest;

	SPI_execute("SELECT source FROM dbinsight.sources ORDER BY source", true, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	nearest = dbi_nearest(name, names);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("source \"%s\" does not exist", name),
			 nearest != NULL
				 ? errhint("Did you mean \"%s\"? SELECT source FROM dbinsight.sources lists them all.",
						   nearest)
				 : errhint("SELECT source FROM dbinsight.sources lists them all.")));
}

/* Everything read by SPI is copied to the context that is to own the source. */
static char *
field(MemoryContext owner, int n)
{
	char *v = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, n);

	return v == NULL ? NULL : MemoryContextStrdup(owner, v);
}

static List *
names_of(Datum array)
{
	Datum *values;
	int n;
	List *result = NIL;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL,
					  &n);
	for (int i = 0; i < n; i++)
		result = lappend(result, TextDatumGetCString(values[i]));
	return result;
}

static DbiPath *
make_path(const char *dotted, int len)
{
	DbiPath *p = palloc0(sizeof(DbiPath));
	char *s = pnstrdup(dotted, len);
	int n = 1;

	for (char *c = s; *c; c++)
		n += *c == '.';
	p->parts = palloc(sizeof(char *) * n);
	p->lens = palloc(sizeof(int) * n);
	for (char *c = s; c != NULL; p->n++)
	{
		char *dot = strchr(c, '.');

		p->parts[p->n] = c;
		if (dot != NULL)
			*dot++ = '\0';
		p->lens[p->n] = strlen(c);
		c = dot;
	}
	return p;
}

static List *
paths_of(JsonbValue *v)
{
	List *result = NIL;

	if (v->type == jbvString)
		return list_make1(make_path(v->val.string.val, v->val.string.len));
	if (v->type == jbvBinary && JsonContainerIsArray(v->val.binary.data))
		for (uint32 i = 0; i < JsonContainerSize(v->val.binary.data); i++)
			result =
				list_concat(result, paths_of(getIthJsonbValueFromContainer(v->val.binary.data, i)));
	return result;
}

static DbiNormal
normal_of(JsonbValue *v)
{
	static const struct
	{
		const char *name;
		DbiNormal normal;
	} words[] = {{"state", DBI_AS_STATE},
				 {"upper", DBI_AS_UPPER},
				 {"privilege", DBI_AS_PRIVILEGE},
				 {"today", DBI_AS_TODAY}};

	for (int i = 0; v != NULL && i < lengthof(words); i++)
		if (v->val.string.len == strlen(words[i].name) &&
			strncmp(v->val.string.val, words[i].name, v->val.string.len) == 0)
			return words[i].normal;
	return DBI_AS_IS;
}

/* One entry of sources.mapping; the grammar is explained beside the table. */
static void
map_column(DbiSourceColumn *column, JsonbContainer *mapping)
{
	JsonbValue *spec =
		getKeyJsonValueFromContainer(mapping, column->name, strlen(column->name), NULL);
	JsonbContainer *c;
	JsonbValue *v;

	column->paths = list_make1(make_path(column->name, strlen(column->name)));
	if (spec == NULL)
		return;
	if (spec->type == jbvString || JsonContainerIsArray(spec->val.binary.data))
	{
		column->paths = paths_of(spec);
		return;
	}
	c = spec->val.binary.data;
	if ((v = getKeyJsonValueFromContainer(c, "path", 4, NULL)) != NULL)
		column->paths = paths_of(v);
	if ((v = getKeyJsonValueFromContainer(c, "concat", 6, NULL)) != NULL)
		column->concat = paths_of(v);
	if ((v = getKeyJsonValueFromContainer(c, "const", 5, NULL)) != NULL)
		column->fallback = pnstrdup(v->val.string.val, v->val.string.len);
	column->normal = normal_of(getKeyJsonValueFromContainer(c, "as", 2, NULL));
}

/* Texts that people or programs write at length; they are in no index. */
static const char *const free_texts[] = {"actual_label",
										 "comment",
										 "data_type",
										 "description",
										 "error_message",
										 "full_data_type",
										 "notebook_path",
										 "prediction_label",
										 "request_path",
										 "response_result",
										 "rule_label",
										 "source_path",
										 "statement_text",
										 "storage_path",
										 "storage_rejection_reason",
										 "tag_value",
										 "target_columns",
										 "target_path",
										 "task",
										 "user_agent",
										 "using_columns"};

static bool
is_free_text(const char *name)
{
	for (int i = 0; i < lengthof(free_texts); i++)
		if (strcmp(free_texts[i], name) == 0)
			return true;
	return false;
}

static bool
in_list(List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

static bool
is_maintained(const char *name)
{
	for (int i = 0; i < lengthof(maintained); i++)
		if (strcmp(maintained[i], name) == 0)
			return true;
	return false;
}

bool
dbi_source_has_column(DbiSource *source, const char *name)
{
	ListCell *lc;

	foreach(lc, source->columns)
		if (strcmp(((DbiSourceColumn *) lfirst(lc))->name, name) == 0)
			return true;
	return strcmp(name, "extra") == 0;
}

static DbiField *
member_of(DbiField *field, char *name, int len)
{
	ListCell *lc;
	DbiField *member;

	foreach(lc, field->members)
	{
		member = lfirst(lc);
		if (strcmp(member->name, name) == 0)
			return member;
	}
	member = palloc0(sizeof(DbiField));
	member->name = name;
	member->len = len;
	field->members = lappend(field->members, member);
	return member;
}

/* Enter a path into the tree of taken fields. */
static void
take_path(DbiField *field, DbiPath *path)
{
	path->fields = palloc(sizeof(DbiField *) * path->n);
	for (int i = 0; i < path->n; i++)
	{
		field = member_of(field, path->parts[i], path->lens[i]);
		path->fields[i] = field;
	}
	field->taken = true;
}

/* jsonb's own order: the shorter first, then by bytes. */
static int
compare_fields(const void *a, const void *b)
{
	const DbiField *x = *(DbiField *const *) a;
	const DbiField *y = *(DbiField *const *) b;

	return x->len != y->len ? x->len - y->len : memcmp(x->name, y->name, x->len);
}

void
dbi_sort_fields(DbiField *field)
{
	ListCell *lc;

	field->nmembers = 0;
	field->sorted = palloc(sizeof(DbiField *) * Max(list_length(field->members), 1));
	foreach(lc, field->members)
	{
		field->sorted[field->nmembers++] = lfirst(lc);
		dbi_sort_fields(lfirst(lc));
	}
	qsort(field->sorted, field->nmembers, sizeof(DbiField *), compare_fields);
}

DbiField *
dbi_member_named(DbiField *field, const char *name, int len)
{
	DbiField wanted = {.name = unconstify(char *, name), .len = len};
	DbiField *key = &wanted;
	DbiField **found =
		bsearch(&key, field->sorted, field->nmembers, sizeof(DbiField *), compare_fields);

	return found != NULL ? *found : NULL;
}

static void
take_paths(DbiField *root, List *paths)
{
	ListCell *lc;

	foreach(lc, paths)
		take_path(root, lfirst(lc));
}

static void
note_attribute(DbiSource *source, Form_pg_attribute att)
{
	char *name = NameStr(att->attname);

	if (strcmp(name, "extra") == 0)
		source->extra_attnum = att->attnum;
	if (source->time_column != NULL && strcmp(name, source->time_column) == 0)
		source->time_attnum = att->attnum;
	if (source->watermark_column != NULL && strcmp(name, source->watermark_column) == 0)
		source->watermark_attnum = att->attnum;
}

static void
open_columns(DbiSource *source, Jsonb *mapping)
{
	Relation rel = table_open(source->gold_oid, AccessShareLock);
	TupleDesc desc = RelationGetDescr(rel);
	ListCell *lc;

	source->partitioned = rel->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DbiSourceColumn *column;

		if (att->attisdropped)
			continue;
		note_attribute(source, att);
		if (att->attgenerated != '\0' || is_maintained(NameStr(att->attname)))
			continue;
		column = palloc0(sizeof(DbiSourceColumn));
		column->attnum = att->attnum;
		column->name = pstrdup(NameStr(att->attname));
		column->type = att->atttypid;
		column->required =
			in_list(source->key, column->name) || att->attnum == source->time_attnum ||
			(att->attnotnull && !att->atthasdef && !in_list(source->computed_names, column->name));
		column->most_bytes =
			column->type == TEXTOID && !is_free_text(column->name) ? DBI_MOST_NAME_BYTES : 0;
		map_column(column, &mapping->root);
		/* A computed column may still have a field of its own (event_date). */
		source->columns = lappend(source->columns, column);
		take_paths(&source->root, column->paths);
		take_paths(&source->root, column->concat);
	}
	foreach(lc, source->excluded)
		take_path(&source->root, make_path(lfirst(lc), strlen(lfirst(lc))));
	dbi_sort_fields(&source->root);
	table_close(rel, AccessShareLock);
}

static void
open_computed(DbiSource *source, Jsonb *computed)
{
	JsonbIterator *it = JsonbIteratorInit(&computed->root);
	JsonbIteratorToken token;
	JsonbValue v;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			source->computed_names =
				lappend(source->computed_names, pnstrdup(v.val.string.val, v.val.string.len));
		else if (token == WJB_VALUE)
			source->computed_exprs =
				lappend(source->computed_exprs, pnstrdup(v.val.string.val, v.val.string.len));
	}
}

static Datum
spi_datum(int n)
{
	bool isnull;
	Datum d = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, n, &isnull);

	Assert(!isnull);
	return d;
}

/* Of all that was asked of the registry. */
static uint64
hash_row(void)
{
	uint64 hash = 0;

	for (int i = 1; i <= SPI_tuptable->tupdesc->natts; i++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i);

		hash =
			hash_combine64(hash,
						   text ? hash_bytes_extended((unsigned char *) text, strlen(text), 0) : 1);
	}
	return hash;
}

DbiSource *
dbi_source_open(const char *name)
{
	MemoryContext owner = CurrentMemoryContext;
	DbiSource *source = palloc0(sizeof(DbiSource));
	Oid argtypes[1] = {TEXTOID};
	Datum args[1] = {CStringGetTextDatum(name)};
	MemoryContext old;
	char *mode;

	SPI_connect();
	SPI_execute_with_args(
		"SELECT gold_table, version_column, time_column, watermark_column, write_mode, computed_from,"
		" after_load, key, mapping, excluded, computed, mode FROM dbinsight.sources WHERE source = $1",
		1, argtypes, args, NULL, true, 1);
	if (SPI_processed == 0)
		unknown_source(name);
	source->registered = hash_row();
	source->name = MemoryContextStrdup(owner, name);
	source->gold_table = field(owner, 1);
	source->version_column = field(owner, 2);
	source->time_column = field(owner, 3);
	source->watermark_column = field(owner, 4);
	mode = field(owner, 5);
	source->write_mode = mode[0];
	source->computed_from = field(owner, 6);
	source->after_load = field(owner, 7);
	source->mode = field(owner, 12);
	source->gold_oid = get_relname_relid(source->gold_table, get_namespace_oid("dbinsight", false));
	if (!OidIsValid(source->gold_oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("gold table \"%s\" of source \"%s\" does not exist",
							   source->gold_table, name)));

	old = MemoryContextSwitchTo(owner);
	source->key = names_of(spi_datum(8));
	source->excluded = names_of(spi_datum(10));
	open_computed(source, DatumGetJsonbP(spi_datum(11)));
	open_columns(source, DatumGetJsonbP(spi_datum(9)));
	MemoryContextSwitchTo(old);
	SPI_finish();
	return source;
}
