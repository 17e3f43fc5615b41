/*
 * address.c: network addresses and principals as the system tables write them.
 */
#include "postgres.h"

#include <arpa/inet.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inet.h"

#include "base/base.h"

/* The longest text an address with a port can have: [v6]:65535. */
#define MAX_ADDRESS 64

/*
 * Take the port off: 1.2.3.4:80 and [2001:db8::1]:443. A bare v6 address has
 * more than one colon and keeps them all.
 */
static void
strip_port(char *s)
{
	char *close = strchr(s, ']');
	char *colon = strchr(s, ':');

	if (s[0] == '[' && close != NULL)
	{
		*close = '\0';
		memmove(s, s + 1, strlen(s + 1) + 1);
	}
	else if (colon != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
}

static inet *
make_inet(int family, const unsigned char *bytes)
{
	inet *result = palloc0(sizeof(inet));

	ip_family(result) = family == AF_INET ? PGSQL_AF_INET : PGSQL_AF_INET6;
	ip_bits(result) = ip_maxbits(result);
	memcpy(ip_addr(result), bytes, ip_addrsize(result));
	SET_INET_VARSIZE(result);
	return result;
}

PG_FUNCTION_INFO_V1(dbi_clean_ip);
Datum
dbi_clean_ip(PG_FUNCTION_ARGS)
{
	text *arg = PG_GETARG_TEXT_PP(0);
	unsigned char bytes[16];
	char s[MAX_ADDRESS];

	if (VARSIZE_ANY_EXHDR(arg) == 0 || VARSIZE_ANY_EXHDR(arg) >= MAX_ADDRESS)
		PG_RETURN_NULL();
	text_to_cstring_buffer(arg, s, sizeof(s));
	strip_port(s);
	if (strcmp(s, "0.0.0.0") == 0 || strcmp(s, "127.0.0.1") == 0)
		PG_RETURN_NULL();
	if (inet_pton(AF_INET, s, bytes) == 1)
		PG_RETURN_INET_P(make_inet(AF_INET, bytes));
	if (inet_pton(AF_INET6, s, bytes) == 1)
		PG_RETURN_INET_P(make_inet(AF_INET6, bytes));
	PG_RETURN_NULL();
}

typedef struct AddressBlock
{
	unsigned char prefix[2];
	unsigned char third;
	int bits;
	const char *class;
} AddressBlock;

/* IANA special-purpose blocks as the catalogue groups them (tool-catalogue 4.8). */
static const AddressBlock v4_blocks[] = {
	{{10, 0}, 0, 8, "private"},      {{172, 16}, 0, 12, "private"},
	{{192, 168}, 0, 16, "private"},  {{100, 64}, 0, 10, "cgnat"},
	{{127, 0}, 0, 8, "loopback"},    {{169, 254}, 0, 16, "link_local"},
	{{0, 0}, 0, 8, "reserved"},      {{192, 0}, 2, 24, "reserved"},
	{{198, 18}, 0, 15, "reserved"},  {{198, 51}, 100, 24, "reserved"},
	{{203, 0}, 113, 24, "reserved"}, {{224, 0}, 0, 4, "reserved"},
	{{240, 0}, 0, 4, "reserved"},
};

static const char *
v4_class(const unsigned char *a)
{
	uint32 addr = (uint32) a[0] << 24 | (uint32) a[1] << 16 | (uint32) a[2] << 8 | a[3];

	for (int i = 0; i < lengthof(v4_blocks); i++)
	{
		const AddressBlock *b = &v4_blocks[i];
		uint32 net =
			(uint32) b->prefix[0] << 24 | (uint32) b->prefix[1] << 16 | (uint32) b->third << 8;
		uint32 mask = 0xFFFFFFFFu << (32 - b->bits);

		if ((addr & mask) == net)
			return b->class;
	}
	return "public";
}

static const char *
v6_class(const unsigned char *a)
{
	static const unsigned char zero[15] = {0};
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (memcmp(a, mapped, 12) == 0)
		return v4_class(a + 12);
	if (memcmp(a, zero, 15) == 0)
		return a[15] == 1 ? "loopback" : "reserved";
	if ((a[0] & 0xfe) == 0xfc)
		return "private";
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return "link_local";
	if (a[0] == 0xff || (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8))
		return "reserved";
	return "public";
}

PG_FUNCTION_INFO_V1(dbi_ip_class);
Datum
dbi_ip_class(PG_FUNCTION_ARGS)
{
	inet *address = PG_GETARG_INET_PP(0);
	const char *class = ip_family(address) == PGSQL_AF_INET ? v4_class(ip_addr(address))
															: v6_class(ip_addr(address));

	PG_RETURN_TEXT_P(cstring_to_text(class));
}

static bool
has_prefix(const char *s, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len >= n && pg_strncasecmp(s, prefix, n) == 0;
}

static bool
has_suffix(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && pg_strncasecmp(s + len - n, suffix, n) == 0;
}

/* tool-catalogue 3.3. A UUID has no @, so it needs no test of its own. */
const char *
dbi_user_type(const char *s, size_t len)
{
	if (has_prefix(s, len, "system-") || has_prefix(s, len, "unity catalog") ||
		has_prefix(s, len, "delta sharing") || has_prefix(s, len, "databricks"))
		return "SYSTEM";
	if (memchr(s, '@', len) == NULL || has_suffix(s, len, ".iam.gserviceaccount.com"))
		return "SERVICE_PRINCIPAL";
	return "HUMAN";
}

PG_FUNCTION_INFO_V1(dbi_user_type_sql);
Datum
dbi_user_type_sql(PG_FUNCTION_ARGS)
{
	text *arg;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text("SYSTEM"));
	arg = PG_GETARG_TEXT_PP(0);
	PG_RETURN_TEXT_P(cstring_to_text(dbi_user_type(VARDATA_ANY(arg), VARSIZE_ANY_EXHDR(arg))));
}

/*
 * dbi_one_of: an enumerated argument. Returns the allowed spelling that equals
 * the value, case aside; NULL stays NULL.
 */
PG_FUNCTION_INFO_V1(dbi_one_of);
Datum
dbi_one_of(PG_FUNCTION_ARGS)
{
	Datum *words;
	int n;
	const char *name;
	char *value;
	StringInfoData list;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the list of allowed words must not be null")));
	name = PG_ARGISNULL(0) ? "value" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	value = text_to_cstring(PG_GETARG_TEXT_PP(1));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &words, NULL, &n);
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		char *word = TextDatumGetCString(words[i]);

		if (pg_strcasecmp(word, value) == 0)
			PG_RETURN_TEXT_P(cstring_to_text(word));
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", word);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s \"%s\" is not known", name, value), errhint("Use one of: %s.", list.data)));
}
