/*
 * llm/linger.c: requests whose answer is whole.
 *
 * A stream says that it is done before its last bytes have come. To break it
 * off there would close the connection, and the next round of the conversation
 * would pay for a new one.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "llm/answer.h"

#define MAX_LINGERING 16

/* The last bytes follow at once, or the server keeps the stream open for no reason. */
#define LINGER_MS 200

static struct
{
	DbiRequest *request;
	TimestampTz since;
} lingering[MAX_LINGERING];

void
dbi_linger(DbiRequest *request)
{
	for (int i = 0; i < MAX_LINGERING; i++)
	{
		if (lingering[i].request != NULL)
			continue;
		lingering[i].request = request;
		lingering[i].since = GetCurrentTimestamp();
		return;
	}
	dbi_request_end(request);
}

void
dbi_linger_end(void)
{
	TimestampTz now = GetCurrentTimestamp();

	dbi_net_drive();
	for (int i = 0; i < MAX_LINGERING; i++)
	{
		DbiRequest *request = lingering[i].request;

		if (request == NULL || (!dbi_request_done(request) &&
								!TimestampDifferenceExceeds(lingering[i].since, now, LINGER_MS)))
			continue;
		lingering[i].request = NULL;
		dbi_request_end(request);
	}
}
