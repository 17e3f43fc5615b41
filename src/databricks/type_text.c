/*
 * databricks/type_text.c: reading types as Databricks prints them.
 *
 *   DECIMAL(38,18)   STRUCT<street: STRING NOT NULL COMMENT 'x', zip: INT>
 *   MAP<STRING, ARRAY<BIGINT>>   INTERVAL DAY TO SECOND   STRING COLLATE UTF8_LCASE
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"

#include "databricks/types.h"

static DbiRemoteType *read_type(const char **at);

static void
skip_blanks(const char **at)
{
	while (isspace((unsigned char) **at))
		(*at)++;
}

static bool
skip_char(const char **at, char c)
{
	skip_blanks(at);
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static char *
read_word(const char **at)
{
	const char *start;
	char *word;

	skip_blanks(at);
	start = *at;
	while (isalnum((unsigned char) **at) || **at == '_')
		(*at)++;
	word = pnstrdup(start, *at - start);
	for (char *c = word; *c; c++)
		*c = pg_toupper((unsigned char) *c);
	return word;
}

/* A field's name: bare up to the colon or blank, or between backticks, where two stand for one. */
static char *
read_name(const char **at)
{
	StringInfoData name;

	initStringInfo(&name);
	skip_blanks(at);
	if (**at != '`')
	{
		while (**at && **at != ':' && **at != '>' && **at != ',' && !isspace((unsigned char) **at))
			appendStringInfoChar(&name, *(*at)++);
		return name.data;
	}
	for ((*at)++; **at; (*at)++)
	{
		if (**at == '`' && *++(*at) != '`')
			break;
		appendStringInfoChar(&name, **at);
	}
	return name.data;
}

/* NOT NULL, COLLATE c, COMMENT '…', and the rest of INTERVAL DAY TO SECOND. */
static void
skip_modifiers(const char **at)
{
	for (;;)
	{
		skip_blanks(at);
		if (**at == '\'')
		{
			for ((*at)++; **at && **at != '\''; (*at)++)
				if (**at == '\\' && (*at)[1])
					(*at)++;
			if (**at)
				(*at)++;
		}
		else if (isalnum((unsigned char) **at) || **at == '_')
			read_word(at);
		else
			return;
	}
}

static bool
read_fields(const char **at, DbiRemoteType *type)
{
	if (skip_char(at, '>'))
		return true;
	do
	{
		DbiRemoteType *field;
		char *name = read_name(at);

		if (!skip_char(at, ':') || (field = read_type(at)) == NULL)
			return false;
		type->names = lappend(type->names, name);
		type->types = lappend(type->types, field);
	} while (skip_char(at, ','));
	return skip_char(at, '>');
}

static bool
read_elements(const char **at, DbiRemoteType *type, int n)
{
	for (int i = 0; i < n; i++)
	{
		DbiRemoteType *element;

		if ((i > 0 && !skip_char(at, ',')) || (element = read_type(at)) == NULL)
			return false;
		type->types = lappend(type->types, element);
	}
	return skip_char(at, '>');
}

static bool
read_arguments(const char **at, DbiRemoteType *type)
{
	if (!skip_char(at, '('))
		return true;
	type->precision = atoi(read_word(at));
	if (skip_char(at, ','))
		type->scale = atoi(read_word(at));
	return skip_char(at, ')');
}

static void
take_name(DbiRemoteType *type)
{
	static const char *const other[][2] =
		{{"INTEGER", "INT"},     {"LONG", "BIGINT"}, {"SHORT", "SMALLINT"},
		 {"BYTE", "TINYINT"},    {"REAL", "FLOAT"},  {"DEC", "DECIMAL"},
		 {"NUMERIC", "DECIMAL"}, {"NULL", "VOID"},   {"TIMESTAMP_LTZ", "TIMESTAMP"}};

	for (int i = 0; i < lengthof(other); i++)
		if (strcmp(type->name, other[i][0]) == 0)
			type->name = pstrdup(other[i][1]);
	if (strcmp(type->name, "DECIMAL") == 0 && type->precision == 0)
		type->precision = 10; /* what DECIMAL alone means there */
}

static DbiRemoteType *
read_type(const char **at)
{
	DbiRemoteType *type = palloc0(sizeof(DbiRemoteType));
	const char *start;
	bool good = true;

	check_stack_depth();
	skip_blanks(at);
	start = *at;
	type->name = read_word(at);
	if (*type->name == '\0' || !read_arguments(at, type))
		return NULL;
	if (skip_char(at, '<'))
	{
		if (strcmp(type->name, "STRUCT") == 0)
			good = read_fields(at, type);
		else if (strcmp(type->name, "MAP") == 0)
			good = read_elements(at, type, 2);
		else if (strcmp(type->name, "ARRAY") == 0)
			good = read_elements(at, type, 1);
		else
			good = false;
	}
	else if (strcmp(type->name, "MAP") == 0 || strcmp(type->name, "ARRAY") == 0)
		good = false;
	type->text = pnstrdup(start, *at - start);
	skip_modifiers(at);
	take_name(type);
	return good ? type : NULL;
}

DbiRemoteType *
dbi_parse_remote_type(const char *text)
{
	const char *at = text;
	DbiRemoteType *type = read_type(&at);

	skip_blanks(&at);
	return type && *at == '\0' ? type : NULL;
}
