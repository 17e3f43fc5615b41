/*
 * databricks/shippable.h: the explicit list of what the warehouse may calculate.
 */
#ifndef DBI_DATABRICKS_SHIPPABLE_H
#define DBI_DATABRICKS_SHIPPABLE_H

#include "databricks/fdw.h"

/* A function whose shipping needs more than a template; false: not this time. */
typedef bool (*DbiSpecial)(DbiDeparse *cx, Oid function, List *args);

/* What must hold besides. */
#define DBI_RULE_BYTES 0x01   /* strings compared under a collation that compares bytes */
#define DBI_RULE_EQUAL 0x02   /* … under a deterministic one, where equal is equal bytes */
#define DBI_RULE_UTC 0x04     /* the session's TimeZone is UTC */
#define DBI_RULE_UTF8 0x08    /* the database counts the same characters */
#define DBI_RULE_DECIMAL 0x10 /* both sides' digits fit one DECIMAL */
#define DBI_RULE_SORT 0x20    /* an ordering comparison: ORDER BY with it means the same */
#define DBI_RULE_SPLIT 0x40   /* an average: sum and count travel, the division is made here */

typedef struct
{
	Oid function;       /* of pg_proc; operators by the function behind them */
	const char *remote; /* template, $1 is the first argument; what is written for a special one */
	int rules;
	DbiSpecial special;
	const char *note;
} DbiShippable;

extern const DbiShippable *dbi_shippable_call(Oid function);
extern const DbiShippable *dbi_shippable_aggregate(Oid function);
extern const DbiShippable *dbi_shippable_calls(int *n);
extern const DbiShippable *dbi_shippable_aggregates(int *n);

/* shippable_special.c, shippable_time.c */
extern bool dbi_ship_arithmetic(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_division(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_to_decimal(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_like(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_substring(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_round(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_field(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_date_trunc(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_extract(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_zone(DbiDeparse *cx, Oid function, List *args);
extern bool dbi_ship_date_of_timestamp(DbiDeparse *cx, Oid function, List *args);


/* The date in UTC of an instant, whatever the session's zone there. Rounded down, also before 1970. */
#define DBI_UTC_DATE(t)                                                                          \
	"date_from_unix_date(CAST((unix_micros(" t ") - pmod(unix_micros(" t "), 86400000000)) div " \
	"86400000000 AS INT))"
/* A constant argument, or NULL. */
extern Const *dbi_constant(Node *node);
extern char *dbi_constant_text(Node *node);
extern bool dbi_constant_int(Node *node, int64 *value);

#endif
