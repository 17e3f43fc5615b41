/*
 * ingest/ingest.h: the one way into the gold tables. See README.md.
 */
#ifndef DBI_INGEST_H
#define DBI_INGEST_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"

/* ---- value.c: one JSON value to one Datum ---- */

typedef enum
{
	DBI_AS_IS,
	DBI_AS_STATE, /* result states, one spelling */
	DBI_AS_UPPER,
	DBI_AS_PRIVILEGE, /* upper case, underscores for spaces */
	DBI_AS_TODAY      /* dbinsight.today() when absent */
} DbiNormal;

/*
 * Convert a value to a column's type. Returns NULL when it worked (with
 * *isnull), else the reason in words, palloc'd; never throws for bad data.
 */
const char *dbi_value_to_datum(const JsonbValue *value, Oid type, DbiNormal normal, Datum *result,
							   bool *isnull);

/* ---- source.c: the registry ---- */

/*
 * A tree of the fields that columns take, to find their values in one walk
 * over a row and to tell what is left over. The members are in the order in
 * which jsonb keeps keys.
 */
typedef struct DbiField
{
	char *name;
	int len;
	bool taken;    /* whole, by a column or because it is excluded */
	List *members; /* of DbiField, while the tree is made */
	int nmembers;
	struct DbiField **sorted;
	/* What the present row holds. */
	bool present; /* not missing and not null */
	JsonbValue value;
	const char *why; /* why it is no object although members are taken */
} DbiField;

typedef struct DbiPath
{
	int n;
	char **parts;
	int *lens;
	DbiField **fields; /* along the path */
} DbiPath;

typedef struct DbiSourceColumn
{
	AttrNumber attnum;
	char *name;
	Oid type;
	List *paths;    /* of DbiPath: the first that is not null */
	List *concat;   /* of DbiPath: joined with dots */
	char *fallback; /* const; NULL: none */
	DbiNormal normal;
	bool required;
	int most_bytes; /* of a text; 0: any length */
} DbiSourceColumn;

/*
 * Names stand in the indexes of gold and derived tables, where a row holds at
 * most some 2700 bytes. Unity Catalog's longest, catalog.schema.table of 255
 * characters each, fits.
 */
#define DBI_MOST_NAME_BYTES 1000
#define DBI_MOST_KEY_BYTES 2500 /* of all texts of a key */

typedef struct DbiSource
{
	char *name;
	char *gold_table;
	Oid gold_oid;
	List *key; /* of char * */
	char *version_column;
	char *time_column;
	char *watermark_column;
	char write_mode; /* a, u, v as in sources.write_mode */
	char *computed_from;
	char *after_load;
	char *mode;           /* where its rows are: local, foreign, rollup */
	List *computed_names; /* of char *, with computed_exprs beside it */
	List *computed_exprs;
	List *columns;  /* of DbiSourceColumn */
	List *excluded; /* of char * */
	DbiField root;
	AttrNumber extra_attnum; /* 0: the table has none */
	AttrNumber time_attnum;
	AttrNumber watermark_attnum;
	bool partitioned;
	uint64 registered; /* hash of its row of the registry */
} DbiSource;

/* Whether a load gives the column a value, from a field or computed. */
bool dbi_source_has_column(DbiSource *source, const char *name);

/* Puts the members of a tree in the order of jsonb. */
void dbi_sort_fields(DbiField *field);

/* A member of a tree whose members are in order, or NULL. */
DbiField *dbi_member_named(DbiField *field, const char *name, int len);

/* Opens a source by name; an unknown one is an error that names the nearest. In CurrentMemoryContext. */
DbiSource *dbi_source_open(const char *name);

/* ---- row.c: one JSON object to one row ---- */

/*
 * Fills values/nulls (by attribute number - 1). Returns NULL, or the reason
 * the row is bad with the column it is about.
 */
const char *dbi_row_to_values(DbiSource *source, TupleDesc desc, JsonbContainer *row, Datum *values,
							  bool *nulls, const char **column);

/*
 * The same of a row as JSON text. False when the row has to be taken as jsonb:
 * it is bad, or it is written in a way that is rare.
 */
bool dbi_text_to_values(DbiSource *source, TupleDesc desc, const char *text, int len, Datum *values,
						bool *nulls);

/*
 * Note the values of the taken members of an object. Returns whether something
 * that is not null is left over.
 */
bool dbi_note_values(DbiField *field, JsonbContainer *c);

/* The row without the fields that must never be kept. */
Jsonb *dbi_row_without_excluded(DbiSource *source, JsonbContainer *row);

/* ---- text.c: the fields of a row out of its text ---- */

/*
 * Note the values of the taken members of an object that is JSON text; what is
 * left over is appended to rest, as JSON. Values point into the text, or are
 * palloc'd. False when it gives up: what was noted by then means nothing.
 */
bool dbi_note_text(DbiField *root, const char *text, int len, StringInfo rest);

/* ---- load.c: a load from begin to end ---- */

typedef struct DbiLoad DbiLoad;

DbiLoad *dbi_load_begin(const char *source);
void dbi_load_element(DbiLoad *load, JsonbValue *element);
/* A row as JSON text; what jsonb can't hold is set aside. */
void dbi_load_text(DbiLoad *load, const char *text, int len);
/* A row of the gold table's columns, in a slot of minimal tuples. */
void dbi_load_typed(DbiLoad *load, TupleTableSlot *row);
/* Raises 40001 when source and table are not what rows were typed by. */
void dbi_load_check(const DbiLoad *load, const DbiSource *source, TupleDesc desc);
/* Writes what is left, refreshes what depends on it; rows written. */
int64 dbi_load_end(DbiLoad *load);

/* ---- stage.c: rows typed while more of them come ---- */

typedef struct DbiStage DbiStage;

/* In CurrentMemoryContext; may outlive the transaction as long as it has no rows. */
DbiStage *dbi_stage_open(const char *source);
/* A row as JSON text. */
void dbi_stage_text(DbiStage *stage, const char *text, int len);
int64 dbi_stage_count(const DbiStage *stage);
/* All rows, in the order they came, into a load of the source. */
void dbi_stage_load(DbiStage *stage, DbiLoad *load);
/* Frees the rows. */
void dbi_stage_end(DbiStage *stage);

/* Raises 22004 when argument n of a load function is null. */
void dbi_not_null(FunctionCallInfo fcinfo, int n, const char *name);

/* ---- insert.c: new rows into the partitions of a fact ---- */

typedef struct DbiInsert DbiInsert;

/* NULL when the gold table asks for more than this does: INSERT then. */
DbiInsert *dbi_insert_begin(DbiSource *source);
/* Writes the rows of a query that has the gold table's columns; how many. SPI is connected. */
int64 dbi_insert_query(DbiInsert *insert, const char *query, int64 count);
/* Whether a partition's indexes are still to be built. */
bool dbi_insert_pending(DbiInsert *insert, Oid part);
/* Builds them; before any other look at the rows, and at the end. NULL is allowed. */
void dbi_insert_settle(DbiInsert *insert);

/* ---- known.c: which keys the gold table already holds ---- */

int64 dbi_known_rows(DbiSource *source, DbiInsert *insert, TupleDesc desc, Tuplestorestate *rows,
					 int64 count, bool *known);

/* ---- store.c: typed rows into the gold table ---- */

typedef struct DbiStored
{
	int64 written;  /* rows inserted, new or in place of older ones */
	int64 replaced; /* rows deleted for newer ones */
	TimestampTz oldest_replaced;
	TimestampTz newest_replaced;
} DbiStored;

/* Rows of which the table holds no key, each key once. */
int64 dbi_store_new(DbiSource *source, DbiInsert *insert, TupleDesc desc, Tuplestorestate *rows,
					int64 count);
/* Any rows. */
void dbi_store(DbiSource *source, Tuplestorestate *rows, int64 count, bool has_duplicates,
			   DbiStored *stored);

#endif
