/*
 * flush.c: sends what the server's buffer holds for the client.
 *
 * libpq/libpq.h describes a connection down to its security layers, whose
 * headers need not be installed; nothing here looks into one.
 */
#include "postgres.h"

#undef ENABLE_GSS
#undef ENABLE_SSPI
#undef USE_OPENSSL

#include "libpq/libpq.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"

#include "base/base.h"

void
dbi_flush(void)
{
	if (whereToSendOutput == DestRemote && MyProcPort != NULL)
		pq_flush();
}
