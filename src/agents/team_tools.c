/*
 * team_tools.c: the tools of an agent that a model is offered for a question:
 * those of the plan first, then by the words that question and examples share.
 *
 * Which there are, how they are described and what they take is read once a
 * backend: triggers on the registry's tables and changes of pg_proc make it
 * read anew, a comment is compared each time, because nothing tells that it
 * has changed. Rights are those of whoever asks, at that time.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tsearch/ts_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "agents/registry.h"
#include "agents/team_parts.h"
#include "base/compat.h"
#include "base/spi.h"

typedef struct Offer
{
	char *agent;
	char *name;
	Oid function;
	Oid schema;
	Datum words; /* a tsvector of its name and examples */
	bool made;   /* the rest is there */
	bool fit;
	char *comment;     /* from which it was made */
	DbiModelTool tool; /* when fit */
} Offer;

static const char *const watched[] = {"agents", "agent_tools"};

static Offer *offers; /* by agent, and of an agent in their order */
static int noffers;
static MemoryContext offers_context;
static bool offers_valid;
static Oid watched_oids[lengthof(watched)];

/* ---- what there is ---- */

static void
on_relcache(Datum arg, Oid relid)
{
	for (int i = 0; i < lengthof(watched); i++)
		if (!OidIsValid(relid) || watched_oids[i] == relid)
			offers_valid = false;
}

/* A function may be a tool, an enum the type of its argument. */
static void
on_syscache(Datum arg, int cacheid, uint32 hashvalue)
{
	offers_valid = false;
}

static void
watch(void)
{
	static bool registered = false;
	Oid schema = get_namespace_oid("dbinsight", false);

	if (!registered)
	{
		CacheRegisterRelcacheCallback(on_relcache, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, on_syscache, (Datum) 0);
		CacheRegisterSyscacheCallback(ENUMOID, on_syscache, (Datum) 0);
		registered = true;
	}
	for (int i = 0; i < lengthof(watched); i++)
		watched_oids[i] = get_relname_relid(watched[i], schema);
}

static void
read_offer(Offer *offer, HeapTuple tuple)
{
	TupleDesc desc = SPI_tuptable->tupdesc;
	bool isnull;

	offer->agent = SPI_getvalue(tuple, desc, 1);
	offer->name = SPI_getvalue(tuple, desc, 2);
	offer->function = DatumGetObjectId(SPI_getbinval(tuple, desc, 3, &isnull));
	offer->schema = DatumGetObjectId(SPI_getbinval(tuple, desc, 4, &isnull));
	offer->words = PointerGetDatum(PG_DETOAST_DATUM_COPY(SPI_getbinval(tuple, desc, 5, &isnull)));
}

/* Names that no model may call a tool by are left out. */
static void
read_offers(MemoryContext context)
{
	MemoryContext old;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to the server programming interface");
	if (SPI_execute("SELECT t.agent, t.tool, f.oid, f.pronamespace, t.words"
					" FROM dbinsight.agents a JOIN dbinsight.agent_tools t ON t.agent OPERATOR(pg_catalog.=) a.name"
					" JOIN pg_catalog.pg_proc f ON f.proname OPERATOR(pg_catalog.=) t.tool::pg_catalog.name"
					" AND (dbinsight._signature(f.oid) OPERATOR(pg_catalog.=) t.function) IS TRUE"
					" WHERE a.enabled AND t.enabled AND t.tool OPERATOR(pg_catalog.~) '^[a-zA-Z0-9_-]{1,64}$'"
					" ORDER BY t.agent, t.position, t.tool COLLATE \"C\"",
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the tools of agents");
	old = MemoryContextSwitchTo(context);
	noffers = (int) SPI_processed;
	offers = palloc0(sizeof(Offer) * Max(noffers, 1));
	for (int i = 0; i < noffers; i++)
		read_offer(&offers[i], SPI_tuptable->vals[i]);
	MemoryContextSwitchTo(old);
	SPI_finish();
}

static void
load(void)
{
	if (offers_valid)
		return;
	watch();
	noffers = 0;
	if (offers_context)
		MemoryContextDelete(offers_context);
	offers_context = AllocSetContextCreate(TopMemoryContext, "dbinsight tools of models",
										   ALLOCSET_DEFAULT_SIZES);
	offers_valid = true;
	PG_TRY();
	{
		PushActiveSnapshot(GetLatestSnapshot());
		read_offers(offers_context);
		PopActiveSnapshot();
	}
	PG_CATCH();
	{
		offers_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Describes a tool, unless that was done; one that is none any more is not fit. */
static void
describe(Offer *offer)
{
	char *comment = GetComment(offer->function, ProcedureRelationId, 0);
	MemoryContext old;
	DbiTool *tool;

	if (offer->made && strcmp(offer->comment, comment ? comment : "") == 0)
		return;
	old = MemoryContextSwitchTo(offers_context);
	offer->made = false;
	offer->comment = pstrdup(comment ? comment : "");
	offer->fit = dbi_tool_unfit(offer->function) == NULL;
	if (offer->fit)
	{
		tool = dbi_tool(offer->function);
		offer->tool.name = offer->name;
		offer->tool.description = tool->description;
		offer->tool.schema = dbi_tool_schema(tool);
	}
	offer->made = true;
	MemoryContextSwitchTo(old);
}

/* ---- which of them ---- */

static bool
is_allowed(const Offer *offer)
{
	return dbi_tool_allowed(offer->function) &&
		   dbi_namespace_aclcheck(offer->schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
}

static bool
is_planned(List *planned, const char *name)
{
	ListCell *lc;

	foreach(lc, planned)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

static void
put_lexeme(StringInfo query, const char *lexeme, int len)
{
	appendStringInfoString(query, query->len > 0 ? " | '" : "'");
	for (int i = 0; i < len; i++)
	{
		if (lexeme[i] == '\\' || lexeme[i] == '\'')
			appendStringInfoChar(query, lexeme[i]);
		appendStringInfoChar(query, lexeme[i]);
	}
	appendStringInfoChar(query, '\'');
}

/* A search for any of the words of a question; 0 when it has none. The twin of _any_word(). */
static Datum
any_word(const char *question)
{
	Oid english =
		get_ts_config_oid(list_make2(makeString("pg_catalog"), makeString("english")), false);
	TSVector words =
		DatumGetTSVector(DirectFunctionCall2(to_tsvector_byid, ObjectIdGetDatum(english),
											 CStringGetTextDatum(question)));
	WordEntry *entries = ARRPTR(words);
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 0; i < words->size; i++)
		put_lexeme(&query, STRPTR(words) + entries[i].pos, entries[i].len);
	return query.len == 0 ? (Datum) 0 : DirectFunctionCall1(tsqueryin, CStringGetDatum(query.data));
}

typedef struct Ranked
{
	Offer *offer;
	bool planned;
	float4 rank;
} Ranked;

static int
by_rank(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	if (x->planned != y->planned)
		return x->planned ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->offer < y->offer ? -1 : x->offer > y->offer;
}

/* The tools of an agent that the caller may call, the best first. */
static List *
ranked(const char *agent, Datum query, List *planned, int most)
{
	Ranked *found = palloc(sizeof(Ranked) * Max(noffers, 1));
	List *best = NIL;
	int n = 0;

	for (int i = 0; i < noffers; i++)
	{
		Offer *offer = &offers[i];

		if (strcmp(offer->agent, agent) != 0 || !is_allowed(offer))
			continue;
		found[n].offer = offer;
		found[n].planned = is_planned(planned, offer->name);
		found[n].rank =
			query ? DatumGetFloat4(DirectFunctionCall2(ts_rank_tt, offer->words, query)) : 0;
		n++;
	}
	qsort(found, n, sizeof(Ranked), by_rank);
	for (int i = 0; i < Min(n, most); i++)
		best = lappend(best, found[i].offer);
	pfree(found);
	return best;
}

/* A copy, for what is known may be read anew while the turn goes on. */
static void
add_tool(DbiMember *member, Offer *offer)
{
	DbiModelTool *tool;

	describe(offer);
	if (!offer->fit)
		return;
	tool = palloc(sizeof(DbiModelTool));
	tool->name = pstrdup(offer->tool.name);
	tool->description = pstrdup(offer->tool.description);
	tool->schema = pstrdup(offer->tool.schema);
	member->tools = lappend(member->tools, tool);
	member->functions = lappend_oid(member->functions, offer->function);
}

void
dbi_offer_tools(DbiTeam *team, DbiMember *member)
{
	List *planned = NIL;
	ListCell *lc;

	load();
	if (!team->has_query)
		team->query = any_word(team->chat->question);
	team->has_query = true;
	foreach(lc, team->chat->plan->calls)
		if (strcmp(((DbiPlanCall *) lfirst(lc))->agent, member->agent) == 0)
			planned = lappend(planned, pstrdup(((DbiPlanCall *) lfirst(lc))->tool));
	foreach(lc, ranked(member->agent, team->query, planned, DBI_MAX_MODEL_TOOLS))
		add_tool(member, lfirst(lc));
}

/* ---- seen from SQL ---- */

static List *
text_list(ArrayType *array)
{
	List *list = NIL;
	Datum *items;
	bool *nulls;
	int n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			list = lappend(list, TextDatumGetCString(items[i]));
	return list;
}

PG_FUNCTION_INFO_V1(dbi_model_tools);
Datum
dbi_model_tools(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	load();
	foreach(lc, ranked(text_to_cstring(PG_GETARG_TEXT_PP(0)),
					   any_word(text_to_cstring(PG_GETARG_TEXT_PP(1))),
					   text_list(PG_GETARG_ARRAYTYPE_P(2)), PG_GETARG_INT32(3)))
	{
		const Offer *offer = lfirst(lc);
		Datum values[] = {CStringGetTextDatum(offer->name), ObjectIdGetDatum(offer->function)};
		bool nulls[] = {false, false};

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
