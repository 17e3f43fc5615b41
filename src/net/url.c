/*
 * url.c: URLs taken apart by curl's own parser, so that what is checked is
 * what will be asked.
 */
#include "postgres.h"

#include <curl/curl.h>

#include "net/net.h"

static char *
part(CURLU *url, CURLUPart which)
{
	char *text = NULL;
	char *copy;

	if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == NULL)
		return pstrdup("");
	copy = pstrdup(text);
	curl_free(text);
	return copy;
}

bool
dbi_url_parse(const char *text, DbiUrl *parts)
{
	CURLU *url = curl_url();
	char *secret;

	if (url == NULL)
		return false;
	if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
	{
		curl_url_cleanup(url);
		return false;
	}
	parts->scheme = part(url, CURLUPART_SCHEME);
	parts->host = part(url, CURLUPART_HOST);
	parts->port = part(url, CURLUPART_PORT);
	parts->path = part(url, CURLUPART_PATH);
	parts->query = part(url, CURLUPART_QUERY);
	parts->user = *part(url, CURLUPART_USER) != '\0';
	secret = part(url, CURLUPART_PASSWORD);
	parts->user |= *secret != '\0';
	explicit_bzero(secret, strlen(secret));
	curl_url_cleanup(url);
	return true;
}
