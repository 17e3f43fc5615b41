/*
 * databricks/types.h: values of Databricks SQL and of Postgres.
 */
#ifndef DBI_DATABRICKS_TYPES_H
#define DBI_DATABRICKS_TYPES_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* How the two sides' types correspond; types.c has the table. */
typedef struct
{
	Oid type;
	const char *remote; /* the type of Databricks that means the same */
	const char *wire;   /* template of the expression that brings the value over exactly */
	bool computable;    /* expressions of this type mean the same on both sides */
	bool sendable;      /* a value can be bound to a parameter */
	const char *note;
} DbiTypeRule;

extern const DbiTypeRule *dbi_type_rule(Oid type);
extern const DbiTypeRule *dbi_type_rules(int *n);

/* A type as Databricks prints it: "DECIMAL(38,18)", "ARRAY<STRUCT<a: INT, b: STRING>>". */
typedef struct DbiRemoteType
{
	char *name; /* upper case, without arguments: DECIMAL */
	char *text; /* as it was */
	int precision;
	int scale;
	List *names; /* of char *: fields of a STRUCT */
	List *types; /* of DbiRemoteType *: fields; element; key and value */
} DbiRemoteType;

/* NULL when the text is no type. */
extern DbiRemoteType *dbi_parse_remote_type(const char *text);
/* The declaration of a local column that holds it: "numeric(38,18)". */
extern char *dbi_local_type(const DbiRemoteType *type);
/* A column of this type is read as that local type as it is, or by a cast to text; HV004 if not. */
typedef enum
{
	DBI_COLUMN_AS_IS,
	DBI_COLUMN_CAST,
	DBI_COLUMN_UNREADABLE
} DbiColumnFit;
extern DbiColumnFit dbi_column_fit(Oid local, const DbiRemoteType *type);

/* types_write.c: a value as text that Databricks reads, its type beside it. */
extern char *dbi_value_text(Oid type, Datum value, char **remote_type);
/* Appends a literal; false when the value has none that is safe. */
extern bool dbi_append_literal(StringInfo sql, Oid type, Datum value);

/* types_read.c: a value of a row. */
typedef struct
{
	Oid type;
	int32 typmod;
	FmgrInfo input;
	Oid ioparam;
	Oid element; /* of an array */
	FmgrInfo element_input;
	Oid element_ioparam;
} DbiReader;
extern void dbi_reader_init(DbiReader *reader, Oid type, int32 typmod);
extern Datum dbi_read_value(DbiReader *reader, char *text);

/*
 * The ends of the warehouse's own calendar stand for the infinite ones, which it has not; of a TIMESTAMP these are
 * the least and the greatest number of microseconds.
 */
#define DBI_EARLIEST_DATE "-5877641-06-23"
#define DBI_LATEST_DATE "+5881580-07-11"
#define DBI_EARLIEST_TIME "-290308-12-21T19:59:05.224192"
#define DBI_LATEST_TIME "+294247-01-10T04:00:54.775807"

#endif
