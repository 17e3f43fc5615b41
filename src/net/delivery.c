/*
 * delivery.c: an answer that is a refusal, told.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/base.h"
#include "net/delivery.h"

/* Of the answer's words. */
#define MAX_WORDS 300

/* One line of an answer's body, without secrets, in the database's encoding. */
static char *
words_of(DbiRequest *answer, const char *const *secrets, int nsecrets)
{
	size_t len;
	const char *body = dbi_request_body(answer, &len);
	char *text = pnstrdup(body, Min(len, 4 * MAX_WORDS));

	if (GetDatabaseEncoding() != PG_UTF8 ||
		pg_encoding_verifymbstr(PG_UTF8, text, (int) strlen(text)) != (int) strlen(text))
		for (char *c = text; *c; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
	for (char *c = text; *c; c++)
		if ((unsigned char) *c < ' ')
			*c = ' ';
	text = dbi_redact(text, secrets, nsecrets);
	text[pg_mbcliplen(text, strlen(text), MAX_WORDS)] = '\0';
	return text;
}

void
dbi_delivery_refused(DbiDelivery *d, DbiRequest *answer, const char *const *secrets, int nsecrets)
{
	char *words = words_of(answer, secrets, nsecrets);

	d->status = dbi_request_status(answer);
	d->retry_after = dbi_request_retry_after(answer);
	ereport(ERROR,
			(errcode(d->status == 401   ? ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION
					 : d->status == 403 ? ERRCODE_INSUFFICIENT_PRIVILEGE
										: ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("%s answered HTTP %d%s%s", d->what, d->status, words[0] ? ": " : "", words)));
}
