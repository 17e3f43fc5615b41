/*
 * file.c: load_file(), a file on the server: one JSON object a line, or one
 * array. Read in chunks; nothing is loaded unless all of it is JSON.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/json.h"
#include "ingest/ingest.h"

#define CHUNK (64 * 1024)

static void
check_may_read_files(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read files on the server"),
				 errhint(
					 "Only members of pg_read_server_files may; others send the rows to load_rows().")));
}

static FILE *
open_file(const char *path)
{
	FILE *file = AllocateFile(path, PG_BINARY_R);
	struct stat st;

	if (file == NULL)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not open file \"%s\" for reading: %m", path),
						errhint("The path is one of the server's, readable by the server's user.")));
	if (fstat(fileno(file), &st) == 0 && !S_ISREG(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is not a regular file", path)));
	return file;
}

static void
not_json(DbiSplitter *splitter, const char *path)
{
	int64 line;
	int64 column;
	const char *why = dbi_splitter_error(splitter, &line, &column);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("line %lld, character %lld of \"%s\" is not JSON: %s", (long long) line,
					(long long) column, path, why),
			 errhint(
				 "Nothing was loaded. The file must hold one JSON object a line, or one array of objects.")));
}

/* Take every value that is complete. */
static void
take_values(DbiLoad *load, DbiSplitter *splitter, const char *path)
{
	const char *value;
	int len;
	DbiSplit split;

	while ((split = dbi_splitter_next(splitter, &value, &len)) == DBI_SPLIT_VALUE)
	{
		char *text = pg_any_to_server(value, len, PG_UTF8);

		dbi_load_text(load, text, text == value ? len : (int) strlen(text));
	}
	if (split == DBI_SPLIT_ERROR)
		not_json(splitter, path);
}

PG_FUNCTION_INFO_V1(dbi_load_file);
Datum
dbi_load_file(PG_FUNCTION_ARGS)
{
	char *source;
	char *path;
	char *chunk = palloc(CHUNK);
	DbiSplitter *splitter;
	DbiLoad *load;
	FILE *file;
	size_t n;

	dbi_not_null(fcinfo, 0, "source");
	dbi_not_null(fcinfo, 1, "path");
	source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	path = text_to_cstring(PG_GETARG_TEXT_PP(1));
	check_may_read_files();
	file = open_file(path);
	load = dbi_load_begin(source);
	splitter = dbi_splitter_create(CurrentMemoryContext);
	while ((n = fread(chunk, 1, CHUNK, file)) > 0)
	{
		/* Here too: a chunk may hold no whole value. */
		CHECK_FOR_INTERRUPTS();
		dbi_splitter_feed(splitter, chunk, (int) n);
		take_values(load, splitter, path);
	}
	if (ferror(file))
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not read file \"%s\": %m", path)));
	dbi_splitter_finish(splitter);
	take_values(load, splitter, path);
	FreeFile(file);
	PG_RETURN_INT64(dbi_load_end(load));
}
