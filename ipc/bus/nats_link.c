/* SPDX-License-Identifier: MIT */
/*
 * The library's threads may call back after their connection was destroyed, so
 * they know links by a number, and find them in a list under the mutex.  They
 * touch nothing else of this process.
 */
#include "ipc/bus/nats_link.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/library.h"
#include "libraries.h"

enum {
	PATIENCE_MS = 5000,
	PING_MS = 5000,
	PINGS_MOST = 2,
	KEPT_MOST = 4,	       /* subscriptions as long as the link */
	HEARD_MOST = 16 << 20, /* bytes; more is lost, and sent again */
};

/* clang-format off */
#define FUNCTIONS(F) \
	F(nats, Options_Create) F(nats, Options_Destroy) F(nats, Options_SetURL) \
	F(nats, Options_SetUserInfo) F(nats, Options_SetToken) \
	F(nats, Options_SetAllowReconnect) F(nats, Options_SetTimeout) \
	F(nats, Options_SetErrorHandler) F(nats, Options_SetClosedCB) \
	F(nats, Options_UseGlobalMessageDelivery) \
	F(nats, Options_SetWriteDeadline) F(nats, Options_SetPingInterval) \
	F(nats, Options_SetMaxPingsOut) F(nats, Options_SetSendAsap) \
	F(nats, Options_SetSecure) F(nats, Options_SkipServerVerification) \
	F(nats, Options_LoadCATrustedCertificates) \
	F(nats, Options_LoadCertificatesChain) \
	F(nats, Connection_Connect) F(nats, Connection_Destroy) \
	F(nats, Connection_FlushTimeout) F(nats, Connection_Subscribe) \
	F(nats, Connection_Publish) F(nats, Connection_PublishRequest) \
	F(nats, Subscription_Destroy) F(nats, Msg_Destroy) \
	F(nats, Msg_GetSubject) F(nats, Msg_GetReply) F(nats, Msg_GetData) \
	F(nats, Msg_GetDataLength) F(nats, Msg_IsNoResponders)
/* clang-format on */
TRP_LIBRARY(nats, LIBRARY_LIBNATS, FUNCTIONS);

struct trp_nats_link {
	struct trp_nats_link *next; /* by the mutex, down to is_refused */
	uintptr_t number;
	struct trp_nats_heard *first, **last;
	size_t bytes;
	uint64_t lost;
	int error;
	bool is_refused; /* something that this user may not do */

	struct trp_bus *bus;
	natsConnection *handle;
	natsSubscription *kept[KEPT_MOST];
	unsigned kept_count;
	int event;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct trp_nats_link *links;

static int error_of(natsStatus status)
{
	switch (status) {
	case NATS_OK:
		return 0;
	case NATS_NO_MEMORY:
		return -ENOMEM;
	case NATS_NO_SERVER:
		return -ECONNREFUSED;
	case NATS_CONNECTION_AUTH_FAILED:
	case NATS_NOT_PERMITTED:
		return -EACCES;
	case NATS_SSL_ERROR:
	case NATS_SECURE_CONNECTION_WANTED:
	case NATS_SECURE_CONNECTION_REQUIRED:
	case NATS_PROTOCOL_ERROR:
		return -EPROTO;
	case NATS_TIMEOUT:
		return -ETIMEDOUT;
	case NATS_MAX_PAYLOAD:
		return -EMSGSIZE;
	case NATS_INVALID_SUBJECT:
		return -EINVAL;
	case NATS_CONNECTION_CLOSED:
	case NATS_CONNECTION_DISCONNECTED:
	case NATS_STALE_CONNECTION:
	case NATS_IO_ERROR:
		return -ECONNRESET;
	default:
		return -EIO;
	}
}

/* ---- in threads of the library ------------------------------------------- */

/* With the mutex held; NULL: it was closed. */
static struct trp_nats_link *find(const void *number)
{
	struct trp_nats_link *link = links;

	while (link && link->number != (uintptr_t)number)
		link = link->next;
	return link;
}

static void ring(const struct trp_nats_link *link)
{
	eventfd_write(link->event, 1);
}

static struct trp_nats_heard *read_message(natsMsg *message)
{
	struct trp_nats_heard *heard = malloc(sizeof(*heard));

	if (!heard)
		return NULL;
	*heard = (struct trp_nats_heard) {
		.message = message,
		.subject = nats.Msg_GetSubject(message),
		.reply = nats.Msg_GetReply(message),
		.data = nats.Msg_GetData(message),
		.length = (size_t)nats.Msg_GetDataLength(message),
		.is_nobody = nats.Msg_IsNoResponders(message),
	};
	return heard;
}

/* False: there is no room. */
static bool append(struct trp_nats_link *link, struct trp_nats_heard *heard)
{
	if (!heard || link->bytes + heard->length > HEARD_MOST) {
		link->lost++;
		return false;
	}
	if (!link->first)
		ring(link);
	*link->last = heard;
	link->last = &heard->next;
	link->bytes += heard->length;
	return true;
}

static void on_message(natsConnection *connection,
		       natsSubscription *subscription, natsMsg *message,
		       void *number)
{
	struct trp_nats_heard *heard = read_message(message);
	struct trp_nats_link *link;
	bool is_taken;

	pthread_mutex_lock(&mutex);
	link = find(number);
	is_taken = link && append(link, heard);
	pthread_mutex_unlock(&mutex);
	if (is_taken)
		return;
	free(heard);
	nats.Msg_Destroy(message);
}

static void on_closed(natsConnection *connection, void *number)
{
	struct trp_nats_link *link;

	pthread_mutex_lock(&mutex);
	link = find(number);
	if (link) {
		link->error = -ECONNRESET;
		ring(link);
	}
	pthread_mutex_unlock(&mutex);
}

static void on_error(natsConnection *connection, natsSubscription *subscription,
		     natsStatus status, void *number)
{
	struct trp_nats_link *link;

	pthread_mutex_lock(&mutex);
	link = find(number);
	if (link) {
		link->lost++;
		link->is_refused |= status == NATS_NOT_PERMITTED;
		ring(link);
	}
	pthread_mutex_unlock(&mutex);
}

/* ---- the connection ------------------------------------------------------ */

static natsStatus set_user(natsOptions *options,
			   const struct trp_bus_address *address)
{
	if (!*address->user)
		return NATS_OK;
	return *address->password
		       ? nats.Options_SetUserInfo(options, address->user,
						  address->password)
		       : nats.Options_SetToken(options, address->user);
}

static natsStatus set_tls(natsOptions *options,
			  const struct trp_bus_address *address)
{
	natsStatus s;

	if (!address->is_tls)
		return NATS_OK;
	s = nats.Options_SetSecure(options, true);
	if (s == NATS_OK && *address->ca)
		s = nats.Options_LoadCATrustedCertificates(options,
							   address->ca);
	if (s == NATS_OK && *address->cert)
		s = nats.Options_LoadCertificatesChain(options, address->cert,
						       address->key);
	if (s == NATS_OK && address->is_insecure)
		s = nats.Options_SkipServerVerification(options, true);
	return s;
}

static natsStatus set(natsOptions *options, const struct trp_nats_link *link)
{
	const struct trp_bus_address *address = &link->bus->address;
	bool is_ipv6 = strchr(address->host, ':');
	void *number = (void *)link->number;
	char url[sizeof(address->host) + 32];
	natsStatus s;

	snprintf(url, sizeof(url), "nats://%s%s%s:%u", is_ipv6 ? "[" : "",
		 address->host, is_ipv6 ? "]" : "", address->port);
	s = nats.Options_SetURL(options, url);
	if (s == NATS_OK)
		s = set_user(options, address);
	if (s == NATS_OK)
		s = set_tls(options, address);
	if (s == NATS_OK)
		s = nats.Options_SetErrorHandler(options, on_error, number);
	if (s == NATS_OK)
		s = nats.Options_SetClosedCB(options, on_closed, number);
	/* The bus reconnects by itself, and says that it is down meanwhile. */
	nats.Options_SetAllowReconnect(options, false);
	nats.Options_UseGlobalMessageDelivery(options, true);
	nats.Options_SetTimeout(options, PATIENCE_MS);
	nats.Options_SetWriteDeadline(options, PATIENCE_MS);
	nats.Options_SetPingInterval(options, PING_MS);
	nats.Options_SetMaxPingsOut(options, PINGS_MOST);
	nats.Options_SetSendAsap(options, true);
	return s;
}

/* Signals are for our own thread. */
static natsStatus connect_quietly(natsConnection **handle, natsOptions *options)
{
	sigset_t all, before;
	natsStatus s;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s = nats.Connection_Connect(handle, options);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s;
}

static int link_up(struct trp_nats_link *link)
{
	natsOptions *options;
	natsStatus s = nats.Options_Create(&options);

	if (s != NATS_OK)
		return error_of(s);
	s = set(options, link);
	if (s == NATS_OK)
		s = connect_quietly(&link->handle, options);
	nats.Options_Destroy(options);
	return s == NATS_OK ? trp_bus_watch(link->bus, link->event, EPOLLIN)
			    : error_of(s);
}

static void enlist(struct trp_nats_link *link)
{
	static uintptr_t last;

	pthread_mutex_lock(&mutex);
	link->number = ++last;
	link->next = links;
	links = link;
	pthread_mutex_unlock(&mutex);
}

static void delist(struct trp_nats_link *link)
{
	struct trp_nats_link **at = &links;

	pthread_mutex_lock(&mutex);
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	pthread_mutex_unlock(&mutex);
}

int trp_nats_link_open(struct trp_bus *bus, struct trp_nats_link **ret_link)
{
	struct trp_nats_link *link;
	int r = trp_library_load(&nats_library);

	if (r < 0)
		return r;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->bus = bus;
	link->last = &link->first;
	link->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->event < 0) {
		r = -errno;
		free(link);
		return r;
	}
	enlist(link);
	r = link_up(link);
	if (r < 0)
		trp_nats_link_close(link);
	else
		*ret_link = link;
	return r;
}

void trp_nats_link_close(struct trp_nats_link *link)
{
	enum { PARTING_MS = 500 };
	struct trp_nats_heard *heard;

	delist(link);
	if (link->handle) {
		nats.Connection_FlushTimeout(link->handle, PARTING_MS);
		while (link->kept_count)
			trp_nats_link_unsubscribe(
				link->kept[--link->kept_count]);
		nats.Connection_Destroy(link->handle);
	}
	while ((heard = link->first)) {
		link->first = heard->next;
		trp_nats_link_forget(heard);
	}
	close(link->event);
	free(link);
}

/* ---- its use ------------------------------------------------------------- */

int trp_nats_link_subscribe(struct trp_nats_link *link, const char *subject,
			    natsSubscription **ret_subscription)
{
	natsSubscription *subscription;
	natsStatus s =
		nats.Connection_Subscribe(&subscription, link->handle, subject,
					  on_message, (void *)link->number);

	if (s != NATS_OK)
		return error_of(s);
	if (ret_subscription) {
		*ret_subscription = subscription;
		return 0;
	}
	assert(link->kept_count < KEPT_MOST);
	link->kept[link->kept_count++] = subscription;
	return 0;
}

void trp_nats_link_unsubscribe(natsSubscription *subscription)
{
	nats.Subscription_Destroy(subscription);
}

int trp_nats_link_settle(struct trp_nats_link *link)
{
	return error_of(
		nats.Connection_FlushTimeout(link->handle, PATIENCE_MS));
}

int trp_nats_link_publish(struct trp_nats_link *link, const char *subject,
			  const char *reply, const void *data, size_t length)
{
	return error_of(
		reply ? nats.Connection_PublishRequest(link->handle, subject,
						       reply, data, (int)length)
		      : nats.Connection_Publish(link->handle, subject, data,
						(int)length));
}

int trp_nats_link_take(struct trp_nats_link *link,
		       struct trp_nats_heard **ret_first)
{
	eventfd_t count;
	int r;

	eventfd_read(link->event, &count);
	pthread_mutex_lock(&mutex);
	*ret_first = link->first;
	link->first = NULL;
	link->last = &link->first;
	link->bytes = 0;
	link->bus->lost += link->lost;
	link->lost = 0;
	r = link->is_refused && !link->bus->is_up ? -EACCES : link->error;
	pthread_mutex_unlock(&mutex);
	return r;
}

void trp_nats_link_forget(struct trp_nats_heard *heard)
{
	nats.Msg_Destroy(heard->message);
	free(heard);
}
