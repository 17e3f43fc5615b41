/*
 * team_fit.c: what is said to a model, cut until it fits.
 *
 * dbinsight.context_tokens is for everything: rules, tools, conversation,
 * results and the answer. What is least missed goes first: results of earlier
 * rounds but for their headline, the oldest exchanges of the conversation
 * (question and answer together, each leaving one line), worked examples, rows
 * of results. Then texts are clipped, the longest first, so that no single
 * message can break the limit; it is checked after each cut, not before.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "agents/team_parts.h"
#include "base/base.h"

/* Of the limit, for what an estimate can be wrong by. */
#define MARGIN 0.10

/* The longest message is clipped to this share of its length at a time. */
#define CLIP_SHARE 0.6
#define MIN_CLIPPED_BYTES 200

/* Bytes of all digests together. */
#define MAX_DIGEST_BYTES 3000

typedef struct Fitting
{
	DbiTeam *team;
	List *parts;
	DbiModelRequest *request;
	int round;
	int limit; /* tokens */
	/* what is cut so far */
	bool headlines;
	int folded; /* exchanges up to this one are digests */
	bool no_demos;
	bool no_digest;
	int rows;     /* of current results; 0: as many as are shown at first */
	int *clipped; /* of each message: bytes, or 0 */
	int nclipped;
} Fitting;

DbiPart *
dbi_part(DbiPartKind kind, DbiSpeaker speaker, const char *text)
{
	DbiPart *part = palloc0(sizeof(DbiPart));

	part->kind = kind;
	part->says.speaker = speaker;
	part->says.text = text;
	return part;
}

static char *
clip(const char *text, int bytes)
{
	int len = strlen(text);

	return psprintf("%s … (cut)", pnstrdup(text, pg_mbcliplen(text, len, bytes)));
}

/* One line for each exchange that is left out, the newest of them as far as they fit. */
static char *
digest(const Fitting *f)
{
	char *lines = "";
	ListCell *lc;

	foreach(lc, f->parts)
	{
		const DbiPart *part = lfirst(lc);

		if (part->kind != DBI_PART_HISTORY || part->digest == NULL || part->exchange > f->folded)
			continue;
		lines = psprintf("%s\n%s", lines, part->digest);
		while (strlen(lines) > MAX_DIGEST_BYTES)
			lines = strchr(lines + 1, '\n') ? strchr(lines + 1, '\n') : "";
	}
	return psprintf("Earlier in this conversation:%s", lines);
}

static const char *
result_text(const Fitting *f, const DbiPart *part)
{
	int rows = dbi_rows_shown(part->result);

	if (f->headlines && part->round < f->round)
		rows = Min(rows, 1);
	if (f->rows > 0)
		rows = Min(rows, f->rows);
	return dbi_result_message(f->team, part->result, part->number, rows);
}

static List *
messages(Fitting *f)
{
	List *list = NIL;
	bool folded = f->folded > 0 && !f->no_digest;
	ListCell *lc;

	foreach(lc, f->parts)
	{
		const DbiPart *part = lfirst(lc);
		DbiModelMessage *message;
		int n = list_length(list);

		if (part->kind == DBI_PART_DEMO && f->no_demos)
			continue;
		if (part->kind == DBI_PART_HISTORY && part->exchange <= f->folded)
			continue;
		message = palloc(sizeof(DbiModelMessage));
		*message = part->says;
		if (part->result)
			message->text = result_text(f, part);
		if (part->kind == DBI_PART_RULES && folded)
			message->text = psprintf("%s\n\n%s", message->text, digest(f));
		if (n < f->nclipped && f->clipped[n] > 0 && message->text &&
			strlen(message->text) > f->clipped[n])
			message->text = clip(message->text, f->clipped[n]);
		list = lappend(list, message);
	}
	return list;
}

static bool
fits(Fitting *f)
{
	f->request->messages = messages(f);
	return dbi_model_request_estimate(f->team->model, f->request) <= f->limit;
}

static int
exchanges(const Fitting *f)
{
	int most = 0;
	ListCell *lc;

	foreach(lc, f->parts)
		most = Max(most, ((DbiPart *) lfirst(lc))->exchange);
	return most;
}

static int
most_rows(const Fitting *f)
{
	int most = 0;
	ListCell *lc;

	foreach(lc, f->parts)
	{
		const DbiPart *part = lfirst(lc);

		if (part->result)
			most = Max(most, dbi_rows_shown(part->result));
	}
	return most;
}

/* Clips the longest text; false when all are short. */
static bool
clip_longest(Fitting *f)
{
	int longest = -1;
	int most = MIN_CLIPPED_BYTES;
	ListCell *lc;

	if (f->clipped == NULL)
	{
		f->nclipped = list_length(f->request->messages);
		f->clipped = palloc0(sizeof(int) * Max(f->nclipped, 1));
	}
	foreach(lc, f->request->messages)
	{
		const DbiModelMessage *message = lfirst(lc);
		int len = message->text ? strlen(message->text) : 0;

		if (len > most)
		{
			most = len;
			longest = foreach_current_index(lc);
		}
	}
	if (longest < 0)
		return false;
	f->clipped[longest] = Max(most * CLIP_SHARE, MIN_CLIPPED_BYTES - 20);
	return true;
}

/* The next cut; false when nothing is left to cut. */
static bool
cut(Fitting *f)
{
	if (!f->headlines)
		f->headlines = true;
	else if (f->folded < exchanges(f))
		f->folded++;
	else if (!f->no_demos)
		f->no_demos = true;
	else if (f->rows != 1 && most_rows(f) > 1)
		f->rows = f->rows == 0 ? (most_rows(f) + 1) / 2 : f->rows / 2;
	else if (!f->no_digest)
		f->no_digest = true;
	else if (list_length(f->request->tools) > 1 &&
			 list_length(f->request->tools) > list_length(f->request->messages))
		f->request->tools =
			list_truncate(list_copy(f->request->tools), list_length(f->request->tools) / 2);
	else
		return clip_longest(f);
	return true;
}

List *
dbi_fit_parts(DbiTeam *team, List *parts, DbiModelRequest *request, int round)
{
	Fitting f = {.team = team, .parts = parts, .request = request, .round = round};

	f.limit = dbi_guc_context_tokens * (1 - MARGIN) - request->max_tokens;
	f.limit = Max(f.limit, dbi_guc_context_tokens / 4);
	while (!fits(&f) && cut(&f))
		CHECK_FOR_INTERRUPTS();
	return request->messages;
}
