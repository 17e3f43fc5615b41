/*
 * team_scan.c: words of a model that are not to be shown, whatever made it
 * write them: links and images, markup, and what looks like a secret.
 *
 * An answer's links would be a way out for data (a picture's address is
 * fetched by whoever shows it), and no tool returns one. An address that is in
 * the data is shown as text.
 */
#include "postgres.h"

#include <ctype.h>

#include "agents/team_parts.h"
#include "base/base.h"

/* Whether a cell of the turn, or the question, has it. */
static bool
in_data(DbiTeam *team, const char *text)
{
	ListCell *lc;

	if (strstr(team->chat->question, text))
		return true;
	foreach(lc, team->turn->results)
	{
		const DbiResult *r = lfirst(lc);

		for (int i = 0; i < r->nrows; i++)
			for (int c = 0; c < r->ncolumns; c++)
				if (!r->rows[i][c].isnull && strstr(r->rows[i][c].text, text))
					return true;
	}
	return false;
}

/*
 * [text](target) and ![text](target): the text, of an image nothing. The end
 * of it, or NULL. A target without an end here has a cell in it.
 */
static const char *
take_link(StringInfo out, const char *s)
{
	bool image = *s == '!';
	const char *open = image ? s + 1 : s;
	const char *close;
	const char *end;

	if (*open != '[' || (close = strstr(open, "](")) == NULL ||
		memchr(open, '\n', close - open) != NULL)
		return NULL;
	if (!image)
		appendBinaryStringInfo(out, open + 1, close - open - 1);
	end = strchr(close, ')');
	return end ? end + 1 : close + strlen(close);
}

/* <…> is markup when a letter, a slash or an exclamation mark follows. */
static const char *
take_markup(const char *s)
{
	const char *end;

	if (*s != '<' || !(isalpha((unsigned char) s[1]) || s[1] == '/' || s[1] == '!'))
		return NULL;
	end = strchr(s, '>');
	return end ? end + 1 : s + strlen(s);
}

/* Letters before :// belong to an address, and what follows up to a space. */
static bool
is_address(const char *word)
{
	return strstr(word, "://") != NULL || pg_strncasecmp(word, "www.", 4) == 0 ||
		   pg_strncasecmp(word, "javascript:", 11) == 0 || pg_strncasecmp(word, "data:", 5) == 0;
}

static void
put_word(DbiTeam *team, StringInfo out, const char *word)
{
	char *plain;

	if (is_address(word))
	{
		appendStringInfoString(out, in_data(team, word) ? dbi_markdown(word, strlen(word))
														: "(address removed)");
		return;
	}
	plain = dbi_redact(word, NULL, 0);
	appendStringInfoString(out, strcmp(plain, word) == 0 || in_data(team, word) ? word : plain);
}

char *
dbi_scan_words(DbiTeam *team, const char *words)
{
	StringInfoData linked;
	StringInfoData out;

	initStringInfo(&linked);
	for (const char *s = words; *s;)
	{
		const char *end = take_link(&linked, s);

		if (end == NULL)
			end = take_markup(s);
		if (end != NULL)
			s = end;
		else if (s[0] == ']' && s[1] == '(') /* the target may be a cell */
		{
			appendStringInfoString(&linked, "] ");
			s++;
		}
		else
			appendStringInfoChar(&linked, *s++);
	}
	initStringInfo(&out);
	for (const char *s = linked.data; *s;)
	{
		int space = strspn(s, " \t\r\n");
		int len;

		appendBinaryStringInfo(&out, s, space);
		s += space;
		len = strcspn(s, " \t\r\n");
		if (len > 0)
			put_word(team, &out, pnstrdup(s, len));
		s += len;
	}
	return out.data;
}
