/*
 * error.c: errors of Databricks in all their shapes, as SQLSTATEs with hints.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/base.h"
#include "base/json.h"
#include "databricks/error.h"

/* Of a message: what goes beyond is no explanation any more. */
#define MAX_MESSAGE 2000

/* What of an HTML page or another text without a shape is shown. */
#define MAX_RAW 200

typedef struct Known
{
	const char *word;
	int sqlstate;
} Known;

/* Classes of SQL errors, in brackets at the head of a message; prefixes of families. */
static const Known classes[] = {
	{"TABLE_OR_VIEW_NOT_FOUND", ERRCODE_UNDEFINED_TABLE},
	{"SCHEMA_NOT_FOUND", ERRCODE_UNDEFINED_SCHEMA},
	{"CATALOG_NOT_FOUND", ERRCODE_UNDEFINED_SCHEMA},
	{"NO_SUCH_CATALOG_EXCEPTION", ERRCODE_UNDEFINED_SCHEMA},
	{"UNRESOLVED_COLUMN", ERRCODE_UNDEFINED_COLUMN},
	{"FIELD_NOT_FOUND", ERRCODE_UNDEFINED_COLUMN},
	{"UNRESOLVED_ROUTINE", ERRCODE_UNDEFINED_FUNCTION},
	{"PARSE_SYNTAX_ERROR", ERRCODE_SYNTAX_ERROR},
	{"DATATYPE_MISMATCH", ERRCODE_DATATYPE_MISMATCH},
	{"DIVIDE_BY_ZERO", ERRCODE_DIVISION_BY_ZERO},
	{"ARITHMETIC_OVERFLOW", ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE},
	{"NUMERIC_VALUE_OUT_OF_RANGE", ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE},
	{"CAST_OVERFLOW", ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE},
	{"CAST_INVALID_INPUT", ERRCODE_INVALID_TEXT_REPRESENTATION},
	{"CANNOT_PARSE_TIMESTAMP", ERRCODE_INVALID_DATETIME_FORMAT},
	{"INSUFFICIENT_PERMISSIONS", ERRCODE_INSUFFICIENT_PRIVILEGE},
	{"PERMISSION_DENIED", ERRCODE_INSUFFICIENT_PRIVILEGE},
	{"UNSUPPORTED", ERRCODE_FEATURE_NOT_SUPPORTED},
};

static const Known codes[] = {
	{"UNAUTHENTICATED", ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION},
	{"PERMISSION_DENIED", ERRCODE_INSUFFICIENT_PRIVILEGE},
	{"RESOURCE_DOES_NOT_EXIST", ERRCODE_UNDEFINED_OBJECT},
	{"NOT_FOUND", ERRCODE_UNDEFINED_OBJECT},
	{"ENDPOINT_NOT_FOUND", ERRCODE_UNDEFINED_OBJECT},
	{"FEATURE_DISABLED", ERRCODE_FEATURE_NOT_SUPPORTED},
	{"NOT_IMPLEMENTED", ERRCODE_FEATURE_NOT_SUPPORTED},
	{"ALREADY_EXISTS", ERRCODE_DUPLICATE_OBJECT},
	{"RESOURCE_ALREADY_EXISTS", ERRCODE_DUPLICATE_OBJECT},
	{"RESOURCE_CONFLICT", ERRCODE_OBJECT_IN_USE},
	{"ABORTED", ERRCODE_OBJECT_IN_USE},
	{"REQUEST_LIMIT_EXCEEDED", ERRCODE_CONFIGURATION_LIMIT_EXCEEDED},
	{"RESOURCE_EXHAUSTED", ERRCODE_CONFIGURATION_LIMIT_EXCEEDED},
	{"QUOTA_EXCEEDED", ERRCODE_CONFIGURATION_LIMIT_EXCEEDED},
	{"INVALID_PARAMETER_VALUE", ERRCODE_INVALID_PARAMETER_VALUE},
	{"CANCELLED", ERRCODE_QUERY_CANCELED},
};

static int
lookup(const Known *known, int n, const char *word, size_t len, bool family)
{
	for (int i = 0; i < n; i++)
	{
		size_t length = strlen(known[i].word);

		if (strncmp(known[i].word, word, length) == 0 && (len == length || (family && len > length)))
			return known[i].sqlstate;
	}
	return 0;
}

/* ---- reading */

/*
 * Bytes of somebody else's as text of the database. In another encoding than
 * UTF-8 what is not ASCII becomes a question mark: an error must not fail for
 * the words of an error.
 */
static char *
as_text(const char *bytes, size_t len)
{
	char *text = pnstrdup(bytes, len);

	if (GetDatabaseEncoding() != PG_UTF8 ||
		pg_encoding_verifymbstr(PG_UTF8, text, (int) strlen(text)) != (int) strlen(text))
		for (char *c = text; *c; c++)
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
	return text;
}

static char *
first_of(JsonbContainer *object, const char *const *keys, int n)
{
	for (int i = 0; i < n; i++)
	{
		char *text = dbi_jsonb_text(object, keys[i]);

		if (text != NULL)
			return text;
	}
	return pstrdup("");
}

/* RequestInfo among the typed details. */
static char *
request_id_in(JsonbContainer *object)
{
	JsonbContainer *details = dbi_jsonb_array(object, "details");

	for (int i = 0; details && i < JsonContainerSize(details); i++)
	{
		JsonbContainer *member = dbi_jsonb_element(details, i);
		char *id = member ? dbi_jsonb_text(member, "request_id") : NULL;

		if (id)
			return id;
	}
	return NULL;
}

static void
read_object(DbiRemoteError *e, JsonbContainer *object)
{
	static const char *const code_keys[] = {"error_code", "errorCode", "code"};
	static const char *const message_keys[] = {"message", "error_description", "errorSummary",
											   "detail"};
	JsonbContainer *inner = dbi_jsonb_object(object, "error");
	char *error = dbi_jsonb_text(object, "error");

	if (inner) /* as OpenAI has it */
		object = inner;
	e->code = first_of(object, code_keys, lengthof(code_keys));
	e->message = first_of(object, message_keys, lengthof(message_keys));
	if (e->code[0] == '\0' && dbi_jsonb_text(object, "scimType"))
		e->code = psprintf("SCIM_%s", dbi_jsonb_text(object, "scimType"));
	/* {"error": "Invalid token"} is a message, with a description it is a code. */
	if (error && e->message[0] == '\0')
		e->message = error;
	else if (error && e->code[0] == '\0')
		e->code = error;
	e->request_id = request_id_in(object);
}

/* The text of <pre>, or the page's beginning. */
static char *
read_html(const char *text)
{
	const char *pre = strstr(text, "<pre");
	const char *start = pre ? strchr(pre, '>') : NULL;
	const char *end = start ? strstr(start, "</pre>") : NULL;

	if (end)
		return pnstrdup(start + 1, end - start - 1);
	return pnstrdup(text, pg_mbcliplen(text, strlen(text), MAX_RAW));
}

static bool
is_code(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(text[i] >= 'A' && text[i] <= 'Z') && text[i] != '_' &&
			!isdigit((unsigned char) text[i]))
			return false;
	return len > 2;
}

static void
read_text(DbiRemoteError *e, const char *text)
{
	const char *colon = strstr(text, ": ");

	while (isspace((unsigned char) *text))
		text++;
	if (*text == '<')
		e->message = read_html(text);
	else if (colon && colon > text && is_code(text, colon - text))
	{
		e->code = pnstrdup(text, colon - text);
		e->message = pstrdup(colon + 2);
	}
	else
		e->message = pnstrdup(text, pg_mbcliplen(text, strlen(text), MAX_RAW));
}

static char *
host_of(const char *location)
{
	DbiUrl url;

	if (location == NULL)
		return NULL;
	if (strstr(location, "private-link-validation-error"))
		return pstrdup("private-link-validation-error");
	return dbi_url_parse(location, &url) ? url.host : pstrdup("");
}

DbiRemoteError
dbi_remote_error(DbiRequest *request)
{
	DbiRemoteError e = {.status = dbi_request_status(request), .code = "", .message = ""};
	size_t len;
	const char *body = dbi_request_body(request, &len);
	Jsonb *json = len > 0 && GetDatabaseEncoding() == PG_UTF8
					  ? dbi_try_jsonb_utf8(body, len)
					  : dbi_try_jsonb(as_text(body, len), (int) len);
	const char *id = dbi_request_header(request, "x-request-id");

	if (json && JB_ROOT_IS_OBJECT(json))
		read_object(&e, &json->root);
	else if (len > 0)
		read_text(&e, as_text(body, len));
	if (e.request_id == NULL && id)
		e.request_id = as_text(id, strlen(id));
	e.location = host_of(dbi_request_header(request, "location"));
	return e;
}

bool
dbi_passing_error(int status, const char *body, size_t len)
{
	static const char *const words[] = {
		"com.databricks.backend.manager.util.UnknownWorkerEnvironmentException",
		"does not have any associated worker environments",
		"There is no worker environment with id",
		"Unknown worker environment",
		"ClusterNotReadyException",
	};

	if (status == 400 && strstr(body, "\"REQUEST_LIMIT_EXCEEDED\""))
		return true;
	if (status != 400 && status != 500)
		return false;
	for (int i = 0; i < lengthof(words); i++)
		if (strstr(body, words[i]))
			return true;
	return false;
}

/* ---- judging */

static bool
is_sqlstate(const char *s)
{
	return strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
}

/*
 * A state of the warehouse's as ours: not one that says that all went well, or
 * that this server goes down or is broken.
 */
static int
foreign_sqlstate(const char *s)
{
	static const char *const ours[] = {"00", "01", "02", "08", "53", "57", "58", "F0", "XX"};

	if (s == NULL || !is_sqlstate(s))
		return 0;
	if (strncmp(s, "57014", 5) == 0)
		return ERRCODE_QUERY_CANCELED;
	for (int i = 0; i < lengthof(ours); i++)
		if (strncmp(s, ours[i], 2) == 0)
			return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	return MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]);
}

/* By what the statement's failure says of itself; 0 when nothing does. */
static int
sqlstate_of_message(const DbiRemoteError *e)
{
	const char *text = e->message + strspn(e->message, " \t\r\n");
	const char *told = strstr(text, "SQLSTATE: ");
	const char *end = *text == '[' ? strchr(text, ']') : NULL;
	int state = foreign_sqlstate(e->sql_state);

	if (state == 0 && told)
		state = foreign_sqlstate(told + strlen("SQLSTATE: "));
	if (state == 0 && end)
		state = lookup(classes, lengthof(classes), text + 1, end - text - 1, true);
	return state;
}

static int
sqlstate_of_status(const DbiRemoteError *e)
{
	switch (e->status)
	{
		case 401:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case 403: /* a token that is not known is told with this one too */
			return strstr(e->message, "access token") ? ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION
													  : ERRCODE_INSUFFICIENT_PRIVILEGE;
		case 404:
			return ERRCODE_UNDEFINED_OBJECT;
		case 409:
			return ERRCODE_OBJECT_IN_USE;
		case 429:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case 499:
			return ERRCODE_QUERY_CANCELED;
		case 501:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		default:
			return ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	}
}

static int
sqlstate_of(const DbiRemoteError *e)
{
	int state = sqlstate_of_message(e);

	if (e->status / 100 == 3)
		return ERRCODE_INSUFFICIENT_PRIVILEGE;
	if (state == 0 && e->status != 401 && e->status != 403)
		state = lookup(codes, lengthof(codes), e->code, strlen(e->code), false);
	/* A thing that is missing is told as a bad parameter now and then. */
	if (state == ERRCODE_INVALID_PARAMETER_VALUE && strstr(e->message, "does not exist"))
		state = ERRCODE_UNDEFINED_OBJECT;
	return state != 0 ? state : sqlstate_of_status(e);
}

static const char *
hint_for(const DbiRemoteError *e, int state)
{
	if (e->location && strstr(e->location, "private-link"))
		return "The workspace is reached by a private link only, and not from here.";
	if (e->status / 100 == 3)
		return "Redirects are not followed. Is the option host that of a workspace?";
	if (strstr(e->message, "INLINE") && strstr(e->message, "EXTERNAL_LINKS"))
		return "The result is too large for the disposition inline; set the server's option "
			   "disposition to external_links.";
	switch (state)
	{
		case ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION:
			return "Is the secret of the user mapping still valid?";
		case ERRCODE_INSUFFICIENT_PRIVILEGE:
			return "The principal of the user mapping lacks a privilege in Databricks.";
		case ERRCODE_UNDEFINED_OBJECT:
			return "Look at the server's options host and warehouse_id.";
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_SCHEMA:
			return "It may not exist, or the principal may lack USE or SELECT on it.";
		case ERRCODE_CONFIGURATION_LIMIT_EXCEEDED:
			return "The workspace limits the rate of requests; try again later, or lower "
				   "dbinsight.max_parallel_requests.";
		default:
			return NULL;
	}
}

static char *
cleaned(DbiWorkspace *w, const char *message)
{
	const char *secrets[] = {w->token, w->client_secret};
	char *text = dbi_redact(message + strspn(message, " \t\r\n"), secrets, lengthof(secrets));

	text[pg_mbcliplen(text, strlen(text), MAX_MESSAGE)] = '\0';
	for (char *end = text + strlen(text); end > text && isspace((unsigned char) end[-1]);)
		*--end = '\0';
	return text;
}

/* The words for one that had none. */
static char *
synthesised(const DbiRemoteError *e)
{
	if (e->status / 100 == 3)
		return psprintf("it sent us elsewhere (HTTP %d)%s%s", e->status, e->location ? ": " : "",
						e->location ? e->location : "");
	if (e->status != 0)
		return psprintf("HTTP %d without a reason", e->status);
	return pstrdup("the statement failed without a reason");
}

void
dbi_raise_remote(DbiWorkspace *w, const DbiRemoteError *e, const char *what)
{
	int state = sqlstate_of(e);
	const char *hint = hint_for(e, state);
	char *message = cleaned(w, e->message);
	char *rest = strchr(message, '\n');
	StringInfoData detail;

	initStringInfo(&detail);
	if (message[0] == '\0' || e->status / 100 == 3)
	{
		message = synthesised(e);
		rest = NULL;
	}
	if (rest)
	{
		*rest++ = '\0';
		appendStringInfo(&detail, "%s\n", rest);
	}
	if (e->status != 0)
		appendStringInfo(&detail, "HTTP %d%s%s. ", e->status, e->code[0] ? ", " : "",
						 cleaned(w, e->code));
	else if (e->code[0])
		appendStringInfo(&detail, "%s. ", cleaned(w, e->code));
	if (what)
		appendStringInfo(&detail, "Of %s. ", what);
	if (e->request_id)
		appendStringInfo(&detail, "Request id %s. ", cleaned(w, e->request_id));
	while (detail.len > 0 && detail.data[detail.len - 1] == ' ')
		detail.data[--detail.len] = '\0';
	ereport(ERROR,
			(errcode(state), errmsg("%s: %s", w->what, message),
			 detail.len > 0 ? errdetail("%s", detail.data) : 0, hint ? errhint("%s", hint) : 0));
}
