/*
 * policy.c: which addresses may be spoken to.
 *
 * A name proves nothing: it may resolve to the metadata service of a cloud or
 * to this machine, and to something else a second later. So curl is given its
 * sockets by us, who look at the address that was resolved.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/fd.h"

#include "base/base.h"
#include "net/request.h"

typedef enum Reach
{
	REACH_PUBLIC,
	REACH_PRIVATE, /* this machine, private networks */
	REACH_NEVER    /* no address of a server: link-local, multicast, reserved */
} Reach;

typedef struct Range
{
	uint32 address;
	int bits;
	Reach reach;
} Range;

/* IANA's registry of special addresses, as far as it is not public. */
static const Range ranges[] = {
	{0x00000000, 8, REACH_NEVER},    /* 0.0.0.0/8 */
	{0x0A000000, 8, REACH_PRIVATE},  /* 10/8 */
	{0x64400000, 10, REACH_PRIVATE}, /* 100.64/10, carriers */
	{0x7F000000, 8, REACH_PRIVATE},  /* 127/8 */
	{0xA9FE0000, 16, REACH_NEVER},   /* 169.254/16: metadata of clouds */
	{0xAC100000, 12, REACH_PRIVATE}, /* 172.16/12 */
	{0xC0000000, 24, REACH_NEVER},   /* 192.0.0/24: metadata of a cloud too */
	{0xC0000200, 24, REACH_NEVER},   /* 192.0.2/24, examples */
	{0xC0A80000, 16, REACH_PRIVATE}, /* 192.168/16 */
	{0xC6120000, 15, REACH_PRIVATE}, /* 198.18/15, laboratories */
	{0xC6336400, 24, REACH_NEVER},   /* 198.51.100/24, examples */
	{0xCB007100, 24, REACH_NEVER},   /* 203.0.113/24, examples */
	{0xE0000000, 3, REACH_NEVER},    /* multicast, reserved, broadcast */
};

static Reach
reach_of_v4(uint32 address)
{
	for (int i = 0; i < lengthof(ranges); i++)
		if ((address ^ ranges[i].address) >> (32 - ranges[i].bits) == 0)
			return ranges[i].reach;
	/* Azure's metadata and DNS, in the midst of the public ones. */
	return address == 0xA83F8110 ? REACH_NEVER : REACH_PUBLIC;
}

static uint32
v4_at(const uint8 *bytes)
{
	return (uint32) bytes[0] << 24 | (uint32) bytes[1] << 16 | (uint32) bytes[2] << 8 | bytes[3];
}

/* Addresses that carry one of version 4 are judged by that one. */
static Reach
reach_of_v6(const uint8 *a)
{
	static const uint8 zero[12] = {0};
	static const uint8 mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8 nat64[12] = {0, 0x64, 0xff, 0x9b};

	if (memcmp(a, zero, 12) == 0 && v4_at(a + 12) == 1)
		return REACH_PRIVATE; /* ::1 */
	if (memcmp(a, zero, 12) == 0 || memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
		return reach_of_v4(v4_at(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02)
		return reach_of_v4(v4_at(a + 2)); /* 6to4 */
	if ((a[0] & 0xfe) == 0xfc)
		/* fd00:ec2::/32 is Amazon's metadata; fc00::/7 is private */
		return a[0] == 0xfd && a[1] == 0 && a[2] == 0x0e && a[3] == 0xc2 ? REACH_NEVER
																		 : REACH_PRIVATE;
	/* 2000::/3 is what is public, but for 2001::/32 (Teredo) and 2001:db8::/32 (examples). */
	if ((a[0] & 0xe0) != 0x20)
		return REACH_NEVER;
	if (a[0] == 0x20 && a[1] == 0x01 && ((a[2] == 0 && a[3] == 0) || (a[2] == 0x0d && a[3] == 0xb8)))
		return REACH_NEVER;
	return REACH_PUBLIC;
}

static Reach
reach_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return reach_of_v4(ntohl(((const struct sockaddr_in *) address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return reach_of_v6(((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr);
	return REACH_NEVER;
}

/* http is for the private ones alone, https for the public ones always. */
static bool
allowed(const DbiRequest *r, const struct sockaddr *address)
{
	switch (reach_of(address))
	{
		case REACH_PUBLIC:
			return !r->plain;
		case REACH_PRIVATE:
			return dbi_guc_allow_private_addresses;
		default:
			return false;
	}
}

static void
note_refused(DbiRequest *r, const struct sockaddr *address)
{
	const void *bytes = address->sa_family == AF_INET6
							? (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr
							: (const void *) &((const struct sockaddr_in *) address)->sin_addr;

	if (inet_ntop(address->sa_family, bytes, r->refused, sizeof r->refused) == NULL)
		strlcpy(r->refused, "an address of an unknown kind", sizeof r->refused);
}

/* curl's callback. Descriptors that fd.c does not know are counted there. */
curl_socket_t
dbi_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	DbiRequest *r = arg;
	int fd;

	if (!allowed(r, &address->addr))
	{
		note_refused(r, &address->addr);
		return CURL_SOCKET_BAD;
	}
	if (!AcquireExternalFD())
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
	{
		ReleaseExternalFD();
		return CURL_SOCKET_BAD;
	}
	r->refused[0] = '\0'; /* another address of the name may be spoken to */
	return fd;
}

int
dbi_close_socket(void *arg, curl_socket_t fd)
{
	ReleaseExternalFD();
	return close(fd);
}

static bool
parse_address(const char *text, struct sockaddr_storage *address)
{
	memset(address, 0, sizeof *address);
	address->ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (address->ss_family == AF_INET)
		return inet_pton(AF_INET, text, &((struct sockaddr_in *) address)->sin_addr) == 1;
	return inet_pton(AF_INET6, text, &((struct sockaddr_in6 *) address)->sin6_addr) == 1;
}

/*
 * curl's callback, before a request goes out on a connection, a kept one too:
 * the settings may have changed since it was made. And curl repeats a request
 * on its own when a kept connection turns out dead, whatever its method; what
 * was sent and must not be twice ends here.
 */
int
dbi_before_sending(void *arg, char *primary, char *local, int primary_port, int local_port)
{
	DbiRequest *r = arg;
	struct sockaddr_storage address;

	if (!parse_address(primary, &address) || !allowed(r, (struct sockaddr *) &address))
	{
		strlcpy(r->refused, primary, sizeof r->refused);
		return CURL_PREREQFUNC_ABORT;
	}
	if (r->sent && !r->idempotent)
		return CURL_PREREQFUNC_ABORT;
	r->sent = true;
	return CURL_PREREQFUNC_OK;
}
