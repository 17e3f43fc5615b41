/*
 * webhook.c: events to a URL, signed as Standard Webhooks has it: HMAC-SHA256
 * over id, time and body, so that a receiver knows who sent them, and when.
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "alerts/channel.h"
#include "alerts/outbox.h"
#include "net/server_option.h"

/* Of an answer nothing is needed but its status. */
#define MAX_ANSWER_BYTES (64 * 1024)

static pg_time_t
unix_seconds(void)
{
	return timestamptz_to_time_t(GetCurrentTimestamp());
}

static char *
hmac(const char *key, int key_len, const char *text)
{
	pg_hmac_ctx *ctx = pg_hmac_create(PG_SHA256);
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	char *encoded = palloc0(pg_b64_enc_len(sizeof(digest)) + 1);

	if (ctx == NULL || pg_hmac_init(ctx, (const uint8 *) key, key_len) < 0 ||
		pg_hmac_update(ctx, (const uint8 *) text, strlen(text)) < 0 ||
		pg_hmac_final(ctx, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not sign a webhook");
	pg_hmac_free(ctx);
	if (pg_b64_encode((void *) digest, sizeof(digest), encoded, pg_b64_enc_len(sizeof(digest))) < 0)
		elog(ERROR, "could not encode the signature of a webhook");
	return encoded;
}

/* "whsec_" and base64 of the key, or the key itself. */
static char *
signature(const char *secret, const char *text)
{
	char *key;
	int len;

	if (strncmp(secret, DBI_WEBHOOK_SECRET, strlen(DBI_WEBHOOK_SECRET)) == 0)
	{
		const char *encoded = secret + strlen(DBI_WEBHOOK_SECRET);
		int room = pg_b64_dec_len(strlen(encoded));

		key = palloc(room + 1);
		len = pg_b64_decode(encoded, strlen(encoded), (void *) key, room);
		if (len < 0)
			elog(ERROR, "the secret of a webhook is no base64");
	}
	else
	{
		key = pstrdup(secret);
		len = strlen(key);
	}
	text = hmac(key, len, text);
	explicit_bzero(key, len);
	return psprintf("v1,%s", text);
}

/* One for each secret: while one takes the place of another there are two, with a blank between. */
static char *
signatures(const char *secrets, const char *text)
{
	char *copy = pstrdup(secrets);
	char *rest = NULL;
	StringInfoData out;

	initStringInfo(&out);
	for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
		appendStringInfo(&out, "%s%s", out.len > 0 ? " " : "", signature(one, text));
	return out.data;
}

static char *
body_of(const DbiDelivery *d)
{
	char *text = JsonbToCString(NULL, &d->payload->root, VARSIZE(d->payload));

	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static DbiRequest *
post(const DbiDelivery *d, const DbiChannel *channel)
{
	char *body = body_of(d);
	char *seconds = psprintf(INT64_FORMAT, (int64) unix_seconds());
	DbiHeader headers[3] = {{"webhook-id", d->key}, {"webhook-timestamp", seconds}};
	DbiHttp http = {.what = d->what,
					.url = channel->url,
					.secret_url = channel->secret_url,
					.headers = headers,
					.nheaders = 2,
					.user = channel->username,
					.password = channel->password,
					.body = body,
					.body_len = strlen(body),
					.content_type = "application/json",
					.once = true,
					.max_bytes = MAX_ANSWER_BYTES,
					.deadline = d->deadline};

	if (channel->secret)
	{
		headers[2].name = "webhook-signature";
		headers[2].value = signatures(channel->secret, psprintf("%s.%s.%s", d->key, seconds, body));
		http.nheaders++;
	}
	return dbi_request_start(&http);
}

static bool
advance(DbiDelivery *d)
{
	DbiChannel *channel;
	DbiRequest *request = d->state;
	int status;

	if (request == NULL)
	{
		channel = dbi_channel_open(d->server, d->user);
		d->state = request = post(d, channel);
	}
	if (!dbi_request_done(request))
		return false;
	if (dbi_request_failed(request))
		dbi_request_raise(request);
	status = dbi_request_status(request);
	if (status < 200 || status >= 300)
	{
		const char *secrets[3];

		channel = dbi_channel_open(d->server, d->user);
		secrets[0] = channel->secret;
		secrets[1] = channel->password;
		secrets[2] = channel->secret_url ? channel->url : NULL;
		dbi_delivery_refused(d, request, secrets, lengthof(secrets));
	}
	d->response = psprintf("{\"status\": %d}", status);
	return true;
}

const DbiSender dbi_webhook_sender = {"webhook", "dbinsight_channel", advance};
