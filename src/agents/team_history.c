/*
 * team_history.c: what was said before in the conversation, for a model.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "agents/team_parts.h"
#include "base/spi.h"

/* Exchanges that are looked at; older ones have long been folded. */
#define MAX_EXCHANGES 20
#define MAX_LINE_BYTES 160

static SPIPlanPtr history_plan;

/* Sources, periods and freshness are for people. */
static char *
without_closing(char *content)
{
	char *closing = strstr(content, "\n\n---\n*Sources:*");

	if (closing)
		*closing = '\0';
	return content;
}

/* "t3 cost: What did we spend? → Spend was $12,340." */
static char *
digest_line(int number, const char *agents, const char *question, const char *answer)
{
	int first = strcspn(answer, "\n");

	return psprintf("t%d %s: %s → %s", number, agents,
					pnstrdup(question, pg_mbcliplen(question, strlen(question), MAX_LINE_BYTES)),
					pnstrdup(answer, pg_mbcliplen(answer, first, MAX_LINE_BYTES)));
}

static char *
column(int row, int n)
{
	char *value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, n);

	return value ? value : "";
}

/* Questions and answers, the oldest first; NIL for a new conversation. */
List *
dbi_history_parts(DbiTeam *team)
{
	Oid types[] = {UUIDOID, INT4OID};
	Datum values[2];
	List *parts = NIL;

	if (!team->chat->has_conversation)
		return NIL;
	values[0] = UUIDPGetDatum(&team->chat->conversation);
	values[1] = Int32GetDatum(MAX_EXCHANGES);
	dbi_spi_prepare(&history_plan,
					"SELECT turn, agents, question, answer FROM dbinsight._exchanges($1, $2)", 2,
					types);
	if (dbi_spi_execute_plan(history_plan, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the conversation");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *answer = without_closing(column(i, 4));
		DbiPart *asked = dbi_part(DBI_PART_HISTORY, DBI_SAYS_USER, column(i, 3));
		DbiPart *said = dbi_part(DBI_PART_HISTORY, DBI_SAYS_MODEL, answer);

		asked->exchange = said->exchange = i + 1;
		said->digest = digest_line(atoi(column(i, 1)), column(i, 2), asked->says.text, answer);
		parts = lappend(lappend(parts, asked), said);
	}
	return parts;
}
