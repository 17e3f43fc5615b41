/*
 * outbox_store.c: rows of dbinsight.outbox, written and read as their owner.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "alerts/outbox.h"
#include "base/owner.h"
#include "base/spi.h"

/* What is sent in one request is held in memory, here and there. */
#define MAX_PAYLOAD_BYTES (16 * 1024 * 1024)

static SPIPlanPtr put_plan;
static SPIPlanPtr claim_plan;
static SPIPlanPtr sent_plan;
static SPIPlanPtr failed_plan;
static SPIPlanPtr left_plan;

static void
run(SPIPlanPtr *plan, const char *sql, int n, Oid *types, Datum *values, const char *nulls)
{
	DbiOwner caller;
	int code;

	dbi_become_owner(&caller);
	dbi_spi_prepare(plan, sql, n, types);
	code = dbi_spi_execute_plan(*plan, values, nulls, false, 0);
	dbi_become_caller(&caller);
	if (code < 0)
		elog(ERROR, "could not use dbinsight.outbox: %s", SPI_result_code_string(code));
}

static Datum
value_at(int row, int column)
{
	bool isnull;

	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
}

static char *
text_at(int row, int column)
{
	char *text = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);

	return pstrdup(text);
}

/* ---- attempts ---- */

static DbiAttempt *
read_attempt(int row, MemoryContext parent)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "dbinsight delivery", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DbiAttempt *attempt = palloc0(sizeof(DbiAttempt));

	attempt->context = context;
	attempt->id = *DatumGetUUIDP(value_at(row, 1));
	attempt->number = DatumGetInt32(value_at(row, 2));
	attempt->kind = text_at(row, 3);
	attempt->destination = text_at(row, 4);
	attempt->owner = text_at(row, 5);
	attempt->delivery.key = text_at(row, 6);
	attempt->delivery.payload = DatumGetJsonbPCopy(value_at(row, 7));
	MemoryContextSwitchTo(old);
	return attempt;
}

List *
dbi_outbox_claim(int slots, MemoryContext parent)
{
	Oid types[] = {INT4OID};
	Datum values[] = {Int32GetDatum(slots)};
	List *attempts = NIL;

	run(&claim_plan,
		"SELECT c.id, c.attempts, c.kind, c.destination, c.owner, c.idempotency_key, c.payload"
		" FROM dbinsight._outbox_claim($1) c",
		1, types, values, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		DbiAttempt *attempt = read_attempt((int) i, parent);
		MemoryContext old = MemoryContextSwitchTo(parent);

		attempts = lappend(attempts, attempt);
		MemoryContextSwitchTo(old);
	}
	SPI_freetuptable(SPI_tuptable);
	return attempts;
}

void
dbi_outbox_sent(const DbiAttempt *attempt)
{
	Oid types[] = {UUIDOID, TEXTOID};
	Datum values[] = {UUIDPGetDatum(&attempt->id), CStringGetTextDatum(attempt->delivery.response)};

	run(&sent_plan, "SELECT dbinsight._outbox_sent($1, $2::pg_catalog.jsonb)", 2, types, values,
		NULL);
}

void
dbi_outbox_failed(const DbiAttempt *attempt, const ErrorData *error, bool for_good, bool wide)
{
	Oid types[] = {UUIDOID, INT4OID, TEXTOID, TEXTOID, BOOLOID, INT4OID, BOOLOID};
	Datum values[] = {UUIDPGetDatum(&attempt->id),
					  Int32GetDatum(attempt->number),
					  CStringGetTextDatum(unpack_sql_state(error->sqlerrcode)),
					  CStringGetTextDatum(error->message ? error->message : ""),
					  BoolGetDatum(for_good),
					  Int32GetDatum(attempt->delivery.retry_after),
					  BoolGetDatum(wide)};

	if (error->detail)
		values[3] = CStringGetTextDatum(psprintf("%s (%s)", error->message, error->detail));
	run(&failed_plan, "SELECT dbinsight._outbox_failed($1, $2, $3, $4, $5, $6, $7)", 7, types,
		values, NULL);
}

int64
dbi_outbox_left(void)
{
	run(&left_plan, "SELECT dbinsight._outbox_left()", 0, NULL, NULL, NULL);
	return DatumGetInt64(value_at(0, 0 + 1));
}

/* ---- writing ---- */

static Datum
person(void)
{
	if (dbi_spi_execute("SELECT dbinsight.person()", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not tell who the person is");
	return PointerGetDatum(cstring_to_text(text_at(0, 1)));
}

static const DbiSender *
sender_of(const char *kind)
{
	const DbiSender *sender = dbi_find_sender(kind);

	if (sender == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there is no kind of delivery \"%s\"", kind),
				errhint("Kinds are webhook, mlflow_run and mlflow_trace."));
	return sender;
}

PG_FUNCTION_INFO_V1(dbi_outbox_put);
Datum
dbi_outbox_put(PG_FUNCTION_ARGS)
{
	Oid types[] = {TEXTOID, NAMEOID, JSONBOID, TEXTOID, TEXTOID, NAMEOID, TEXTOID};
	Datum values[7];
	char nulls[8] = "       ";
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	const DbiSender *sender;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("a delivery needs a kind, a destination and a payload"));
	sender = sender_of(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	(void) dbi_sender_server(sender, NameStr(*PG_GETARG_NAME(1)), GetUserId());
	if (VARSIZE_ANY_EXHDR(PG_GETARG_JSONB_P(2)) > MAX_PAYLOAD_BYTES)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("a delivery is larger than %d MB", MAX_PAYLOAD_BYTES / (1024 * 1024)));
	for (int i = 0; i < 5; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	values[5] = DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(GetUserId(), false)));
	SPI_connect();
	values[6] = person();
	run(&put_plan,
		"WITH known AS (INSERT INTO dbinsight.outbox_destinations (destination) VALUES ($2) ON CONFLICT DO NOTHING)"
		" INSERT INTO dbinsight.outbox (id, kind, destination, payload, idempotency_key, ordering, owner, person)"
		" SELECT g.id, $1, $2, $3, coalesce($4, g.id::pg_catalog.text), $5, $6, $7 FROM pg_catalog.gen_random_uuid() g(id)"
		" ON CONFLICT (owner, destination, kind, idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key"
		" RETURNING id",
		7, types, values, nulls);
	*id = *DatumGetUUIDP(value_at(0, 1));
	SPI_finish();
	PG_RETURN_UUID_P(id);
}
