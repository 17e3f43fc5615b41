/*
 * statement_chunk.c: the chunks of a result, several on their way, read in order.
 *
 * A chunk comes as rows within an answer (INLINE) or as a link to a file
 * (EXTERNAL_LINKS). A link is a secret of a quarter of an hour: it is fetched
 * without our token, and asked for anew when it has expired. A download that
 * breaks off is begun again, and the rows that were read already are passed
 * over: a chunk does not change.
 *
 * That a result is whole is counted, not believed: rows of each chunk, chunks,
 * and rows altogether.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/statement_parts.h"

/* What waits to be read, of all chunks together; the rest waits at the sender. */
#define WINDOW_BYTES (8 * 1024 * 1024)
#define MIN_WINDOW (1024 * 1024)

/* A link is not used any more when it has less left. */
#define LINK_MARGIN_S 30

/* Losses of one chunk without a row between them. */
#define MAX_LOSSES 5
#define LOSS_WAIT_MS 200

/* So many at most, whatever the option says: each is a connection. */
#define MAX_PARALLEL 32

/* So many bytes are read between two looks at the interrupts. */
#define READ_AT_ONCE (256 * 1024)

void
dbi_chunks_init(DbiStatement *s)
{
	s->nchunks = Min(s->workspace->max_parallel_chunks, MAX_PARALLEL);
	s->chunks = palloc0(sizeof(DbiChunk) * s->nchunks);
	s->rows = dbi_rows_create(s->ncolumns);
	s->current = 0;
}

static bool
exists(DbiStatement *s, int64 index)
{
	return index < (s->total_chunks >= 0 ? s->total_chunks : s->known);
}

static DbiChunk *
chunk_at(DbiStatement *s, int64 index)
{
	return &s->chunks[index % s->nchunks];
}

/* What is under way for a chunk goes; also when its context goes. */
static void
stop_chunk(void *arg)
{
	DbiChunk *c = arg;
	DbiStatement *s = c->statement;
	DbiCall *call = c->call;
	DbiRequest *request = c->request;

	c->call = NULL;
	c->request = NULL;
	if (call)
	{
		dbi_statement_count(s, dbi_call_requests(call), dbi_call_bytes(call));
		dbi_call_end(call);
	}
	if (request)
	{
		dbi_statement_count(s, dbi_request_tries(request), dbi_request_bytes(request));
		dbi_request_end(request);
	}
}

static void
open_chunk(DbiStatement *s, int64 index)
{
	DbiChunk *c = chunk_at(s, index);

	memset(c, 0, sizeof *c);
	c->context = AllocSetContextCreate(s->context, "dbinsight chunk", ALLOCSET_SMALL_SIZES);
	c->statement = s;
	c->index = index;
	c->row_count = c->row_offset = c->next = c->told = -1;
	c->callback.func = stop_chunk;
	c->callback.arg = c;
	MemoryContextRegisterResetCallback(c->context, &c->callback);
}

static void
close_chunk(DbiChunk *c)
{
	MemoryContextDelete(c->context);
	c->statement = NULL;
}

/* ---- what an answer says of a chunk */

static void
take_numbers(DbiStatement *s, DbiChunk *c, JsonbContainer *json)
{
	int64 index = c->index;

	(void) dbi_jsonb_int(json, "chunk_index", &index);
	if (index != c->index)
		dbi_statement_bad_answer(s, "another chunk than the one that was asked for");
	(void) dbi_jsonb_int(json, "row_count", &c->row_count);
	(void) dbi_jsonb_int(json, "row_offset", &c->row_offset);
	if (dbi_jsonb_int(json, "next_chunk_index", &c->next))
	{
		if (c->next != c->index + 1 || (s->total_chunks >= 0 && !exists(s, c->next)))
			dbi_statement_bad_answer(s, "more chunks than were announced");
		s->known = Max(s->known, c->next + 1);
	}
}

static List *
take_headers(JsonbContainer *object)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue v;
	List *headers = NIL;
	DbiHeader *header = NULL;

	if (object == NULL)
		return NIL;
	it = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			header = palloc0(sizeof(DbiHeader));
			header->name = pnstrdup(v.val.string.val, v.val.string.len);
		}
		else if (token == WJB_VALUE && header && v.type == jbvString)
		{
			header->value = pnstrdup(v.val.string.val, v.val.string.len);
			headers = lappend(headers, header);
		}
	}
	return headers;
}

static void
take_link(DbiStatement *s, DbiChunk *c, JsonbContainer *link)
{
	char *expires = dbi_jsonb_text(link, "expiration");

	take_numbers(s, c, link);
	c->url = dbi_jsonb_text(link, "external_link");
	if (c->url == NULL)
		dbi_statement_bad_answer(s, "a link without a URL");
	c->headers = take_headers(dbi_jsonb_object(link, "http_headers"));
	if (expires == NULL || !dbi_parse_timestamp(expires, strlen(expires), &c->expires))
		c->expires = 0;
}

/* One of the links is the chunk's; today it is the only one. */
static void
take_links(DbiStatement *s, DbiChunk *c, JsonbContainer *links)
{
	for (int i = 0; i < JsonContainerSize(links); i++)
	{
		JsonbContainer *link = dbi_jsonb_element(links, i);
		int64 index = c->index;

		if (link == NULL || !JsonContainerIsObject(link))
			continue;
		(void) dbi_jsonb_int(link, "chunk_index", &index);
		if (index == c->index)
		{
			take_link(s, c, link);
			return;
		}
	}
	dbi_statement_bad_answer(s, "the link of a chunk is missing");
}

void
dbi_chunk_take(DbiStatement *s, JsonbContainer *result, const char *rows, size_t rows_len,
			   int64 index)
{
	DbiChunk *c = chunk_at(s, index);
	JsonbContainer *links;
	MemoryContext old;

	if (c->statement == NULL)
		open_chunk(s, index);
	old = MemoryContextSwitchTo(c->context);
	links = dbi_jsonb_array(result, "external_links");
	if (links)
		take_links(s, c, links);
	else if (rows)
	{
		take_numbers(s, c, result);
		c->kept = memcpy(MemoryContextAllocHuge(c->context, rows_len), rows, rows_len);
		c->data = c->kept;
		c->left = rows_len;
	}
	else
		dbi_statement_bad_answer(s, "a chunk without rows and without a link");
	MemoryContextSwitchTo(old);
}

/* ---- on the way */

static void
ask_for_chunk(DbiStatement *s, DbiChunk *c)
{
	MemoryContext old = MemoryContextSwitchTo(c->context);
	DbiCallSpec spec = {.path = psprintf("/api/2.0/sql/statements/%s/result/chunks/" INT64_FORMAT,
										 s->id, c->index),
						.idempotent = true,
						.max_bytes = DBI_MAX_ANSWER,
						.deadline = s->deadline,
						.notify = &s->timer};

	c->call = dbi_call_begin(s->workspace, &spec);
	MemoryContextSwitchTo(old);
}

static void
take_chunk_answer(DbiStatement *s, DbiChunk *c)
{
	MemoryContext old = MemoryContextSwitchTo(c->context);
	size_t len;
	const char *body = dbi_call_body(c->call, &len);
	const char *rows;
	size_t rows_len;
	Jsonb *answer;
	JsonbContainer *result;

	dbi_call_check(c->call);
	answer = dbi_statement_parse(body, len, &rows, &rows_len);
	if (answer == NULL || !JB_ROOT_IS_OBJECT(answer))
		dbi_statement_bad_answer(s, "a chunk is not a JSON object");
	result = dbi_jsonb_object(&answer->root, "result");
	dbi_chunk_take(s, result ? result : &answer->root, rows, rows_len, c->index);
	c->asked = true;
	pfree(answer);
	MemoryContextSwitchTo(old);
	stop_chunk(c);
}

static void
download(DbiStatement *s, DbiChunk *c)
{
	int n = list_length(c->headers);
	DbiHeader *headers = palloc(sizeof(DbiHeader) * Max(n, 1));
	DbiHttp http = {.what = psprintf("%s: chunk " INT64_FORMAT " of statement %s",
									 s->workspace->what, c->index, s->id),
					.url = c->url,
					.secret_url = true,
					.headers = headers,
					.nheaders = n,
					.idempotent = true,
					.stream = true,
					.max_bytes = Max(WINDOW_BYTES / s->nchunks, MIN_WINDOW),
					.deadline = s->deadline,
					.notify = &s->timer};

	for (int i = 0; i < n; i++)
		headers[i] = *(DbiHeader *) list_nth(c->headers, i);
	c->request = dbi_request_prepare(&http);
	dbi_request_launch(c->request);
}

/*
 * A link that has just been asked for is used whatever the clock says: this
 * machine's may be wrong, and the storage tells what it thinks.
 */
static bool
link_serves(const DbiChunk *c)
{
	return c->url != NULL && (c->asked || c->expires == 0 ||
							  c->expires - LINK_MARGIN_S * USECS_PER_SEC > GetCurrentTimestamp());
}

/* The link or the connection is gone: once more from the beginning, with a new link. */
static void
begin_again(DbiStatement *s, DbiChunk *c)
{
	int64 read = c->index == s->current ? s->chunk_rows : 0;

	stop_chunk(c);
	c->url = NULL;
	c->asked = false;
	c->losses = read > c->told ? 1 : c->losses + 1;
	c->told = read;
	c->again = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
										   (int64) (pg_prng_double(&pg_global_prng_state) *
													LOSS_WAIT_MS * c->losses));
	if (c->index == s->current)
	{
		dbi_rows_reset(s->rows);
		s->skip = s->chunk_rows;
	}
}

static void
raise_storage(DbiStatement *s, DbiChunk *c, int status)
{
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("%s: the storage did not give out a part of the result", s->workspace->what),
			 errdetail("HTTP %d for chunk " INT64_FORMAT " of statement %s.", status, c->index,
					   s->id)));
}

/* True when the download has to begin again. */
static bool
is_lost(DbiStatement *s, DbiChunk *c)
{
	int status = dbi_request_status(c->request);

	if (dbi_request_failed(c->request))
	{
		if (!dbi_request_failed_passing(c->request) || c->losses >= MAX_LOSSES)
			dbi_request_raise(c->request);
		return true;
	}
	if (!dbi_request_done(c->request) || (status >= 200 && status < 300))
		return false;
	/* What an expired link gets; the storages differ. */
	if ((status != 401 && status != 403 && status != 404 && status != 410) ||
		c->losses >= MAX_LOSSES)
		raise_storage(s, c, status);
	return true;
}

/* Whether anything changed. */
static bool
advance_chunk(DbiStatement *s, DbiChunk *c)
{
	if (c->data || c->request)
		return false;
	if (c->call)
	{
		if (!dbi_call_advance(c->call))
			return false;
		take_chunk_answer(s, c);
		return true;
	}
	if (c->again != 0 && GetCurrentTimestamp() < c->again)
		return false;
	if (link_serves(c))
		download(s, c);
	else
		ask_for_chunk(s, c);
	return true;
}

bool
dbi_chunks_advance(DbiStatement *s)
{
	bool changed = false;

	for (int64 i = s->current; i < s->current + s->nchunks && exists(s, i); i++)
	{
		DbiChunk *c = chunk_at(s, i);

		if (c->statement == NULL)
			open_chunk(s, i);
		if (c->request && is_lost(s, c))
		{
			begin_again(s, c);
			changed = true;
		}
		changed |= advance_chunk(s, c);
	}
	return changed;
}

TimestampTz
dbi_chunks_wake(DbiStatement *s)
{
	TimestampTz wake = 0;
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < s->nchunks; i++)
		if (s->chunks[i].statement && s->chunks[i].again > now && !s->chunks[i].call &&
			!s->chunks[i].request && (wake == 0 || s->chunks[i].again < wake))
			wake = s->chunks[i].again;
	return wake;
}

/* ---- reading */

/* The current chunk was read to its end. */
static void
finish_chunk(DbiStatement *s, DbiChunk *c)
{
	if (c->row_count >= 0 && c->row_count != s->chunk_rows)
		dbi_statement_bad_answer(s, psprintf("chunk " INT64_FORMAT " has " INT64_FORMAT
											 " rows of " INT64_FORMAT,
											 c->index, s->chunk_rows, c->row_count));
	close_chunk(c);
	dbi_statement_check_bytes(s, s->ended_bytes); /* what was announced may have been less */
	s->counters.chunks++;
	s->current++;
	s->chunk_rows = s->skip = 0;
	dbi_rows_reset(s->rows);
}

static void
check_whole(DbiStatement *s)
{
	if (s->total_rows >= 0 && s->counters.rows != s->total_rows)
		dbi_statement_bad_answer(s, psprintf("the result has " INT64_FORMAT " rows of " INT64_FORMAT,
											 s->counters.rows, s->total_rows));
}

/* Feeds the rows' reader; true at a row or at the end of the chunk. */
static DbiRowsState
feed(DbiStatement *s, const char *bytes, size_t len, size_t *taken)
{
	DbiRowsState state = dbi_rows_next(s->rows, bytes, Min(len, READ_AT_ONCE), taken);

	if (state == DBI_ROWS_ROW && s->skip > 0)
	{
		s->skip--;
		return DBI_ROWS_MORE;
	}
	return state;
}

static DbiRowsState
read_data(DbiStatement *s, DbiChunk *c)
{
	DbiRowsState state = DBI_ROWS_MORE;

	while (c->left > 0 && state == DBI_ROWS_MORE)
	{
		size_t taken;

		state = feed(s, c->data, c->left, &taken);
		c->data += taken;
		c->left -= taken;
	}
	if (state == DBI_ROWS_MORE)
		dbi_statement_bad_answer(s, "the rows of a chunk do not end");
	return state;
}

/* MORE: nothing more is here now. */
static DbiRowsState
read_download(DbiStatement *s, DbiChunk *c)
{
	DbiRowsState state = DBI_ROWS_MORE;
	int status = dbi_request_status(c->request);
	size_t len = 0;
	size_t used = 0;
	const char *bytes;

	if (!dbi_request_answered(c->request) || status < 200 || status >= 300)
		return DBI_ROWS_MORE;
	bytes = dbi_request_body(c->request, &len);
	while (used < len && state == DBI_ROWS_MORE)
	{
		size_t taken;

		state = feed(s, bytes + used, len - used, &taken);
		used += taken;
	}
	dbi_request_consume(c->request, used);
	if (state != DBI_ROWS_MORE || !dbi_request_done(c->request) || dbi_request_failed(c->request))
		return state;
	/* All is read, and it was no whole array: as good as a connection lost. */
	if (c->losses >= MAX_LOSSES)
		dbi_statement_bad_answer(s, "the rows of a chunk do not end");
	begin_again(s, c);
	return DBI_ROWS_MORE;
}

bool
dbi_chunks_read_row(DbiStatement *s)
{
	while (exists(s, s->current))
	{
		DbiChunk *c = chunk_at(s, s->current);
		DbiRowsState state = DBI_ROWS_MORE;

		if (c->statement && c->data)
			state = read_data(s, c);
		else if (c->statement && c->request)
			state = read_download(s, c);
		if (state == DBI_ROWS_MORE)
			return false;
		if (state == DBI_ROWS_ROW)
		{
			s->chunk_rows++;
			s->counters.rows++;
			return true;
		}
		finish_chunk(s, c);
		(void) dbi_chunks_advance(s); /* the next one in line starts at once */
	}
	check_whole(s);
	s->state = STATEMENT_FINISHED;
	return false;
}
