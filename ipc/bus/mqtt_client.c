/* SPDX-License-Identifier: MIT */
#include "ipc/bus/mqtt_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ipc/bus/bus.h"
#include "ipc/library.h"
#include "libraries.h"

#define KEEPALIVE_S  10
#define OF_MAIL_S    5 /* the least that the library takes */
#define READ_PACKETS 64

/* clang-format off */
#define FUNCTIONS(F) \
	F(mosquitto_, connect_async) F(mosquitto_, destroy) F(mosquitto_, disconnect) \
	F(mosquitto_, lib_init) F(mosquitto_, loop_misc) \
	F(mosquitto_, loop_read) F(mosquitto_, loop_write) \
	F(mosquitto_, new) F(mosquitto_, socket) \
	F(mosquitto_, tls_insecure_set) F(mosquitto_, tls_set) \
	F(mosquitto_, username_pw_set) F(mosquitto_, want_write)
/* clang-format on */
TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);

int trp_mqtt_client_error(int r)
{
	switch (r) {
	case MOSQ_ERR_SUCCESS:
		return 0;
	case MOSQ_ERR_NOMEM:
		return -ENOMEM;
	case MOSQ_ERR_NO_CONN:
	case MOSQ_ERR_CONN_LOST:
		return -ECONNRESET;
	case MOSQ_ERR_CONN_REFUSED:
		return -ECONNREFUSED;
	case MOSQ_ERR_AUTH:
	case MOSQ_ERR_ACL_DENIED:
		return -EACCES;
	case MOSQ_ERR_TLS:
		return -EPROTO;
	case MOSQ_ERR_EAI:
		return -EHOSTUNREACH;
	case MOSQ_ERR_PAYLOAD_SIZE:
	case MOSQ_ERR_OVERSIZE_PACKET:
		return -EMSGSIZE;
	case MOSQ_ERR_ERRNO:
		/* Of a connection that ended while the library was in it. */
		if (errno == EPIPE || errno == EBADF)
			return -ECONNRESET;
		return errno ? -errno : -EIO;
	default:
		return -EIO;
	}
}

/* For a missing file the library reports only a failure. */
static int look_at(const char *path)
{
	return *path && access(path, R_OK) < 0 ? -errno : 0;
}

static int look_at_files(const struct trp_bus_address *address)
{
	int r = look_at(address->ca);

	if (r == 0)
		r = look_at(address->cert);
	return r == 0 ? look_at(address->key) : r;
}

static int set_tls(struct mosquitto *client,
		   const struct trp_bus_address *address)
{
	const char *ca = *address->ca ? address->ca : NULL;
	const char *cert = *address->cert ? address->cert : NULL;
	const char *key = *address->key ? address->key : NULL;
	int r;

	if (!address->is_tls)
		return 0;
	r = look_at_files(address);
	if (r < 0)
		return r;
	r = mosquitto.tls_set(client, ca, ca ? NULL : "/etc/ssl/certs", cert,
			      key, NULL);
	if (r == 0 && address->is_insecure)
		r = mosquitto.tls_insecure_set(client, true);
	return trp_mqtt_client_error(r);
}

static void init_library(void)
{
	mosquitto.lib_init();
}

int trp_mqtt_client_new(struct trp_bus *bus, struct trp_mqtt_client *client)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct trp_bus_address *address = &bus->address;
	const char *password = *address->password ? address->password : NULL;
	int r = trp_library_load(&mosquitto_library);

	if (r < 0)
		return r;
	pthread_once(&once, init_library);
	client->handle = mosquitto.new(NULL, true, bus);
	if (!client->handle)
		return -ENOMEM;
	if (*address->user)
		r = trp_mqtt_client_error(mosquitto.username_pw_set(
			client->handle, address->user, password));
	if (r == 0)
		r = set_tls(client->handle, address);
	if (r < 0)
		mosquitto.destroy(client->handle);
	return r;
}

void trp_mqtt_client_drop(struct trp_mqtt_client *client)
{
	mosquitto.disconnect(client->handle);
	mosquitto.destroy(client->handle);
}

int trp_mqtt_client_watch(struct trp_bus *bus, struct trp_mqtt_client *client)
{
	uint32_t events = EPOLLIN;
	int r;

	client->socket = mosquitto.socket(client->handle);
	if (client->socket < 0)
		return -ECONNRESET;
	if (mosquitto.want_write(client->handle))
		events |= EPOLLOUT;
	if (events == client->events)
		return 0;
	r = trp_bus_watch(bus, client->socket, events);
	client->events = r < 0 ? 0 : events;
	return r;
}

static void set_tcp(const struct trp_mqtt_client *client, int option)
{
	const int on = 1;

	setsockopt(client->socket, IPPROTO_TCP, option, &on, sizeof(on));
}

int trp_mqtt_client_connect(struct trp_bus *bus, struct trp_mqtt_client *client)
{
	int r = trp_mqtt_client_error(mosquitto.connect_async(
		client->handle, bus->address.host, bus->address.port,
		bus->number ? OF_MAIL_S : KEEPALIVE_S));

	if (r == 0)
		r = trp_mqtt_client_watch(bus, client);
	if (r == 0)
		set_tcp(client, TCP_NODELAY); /* small frames go out at once */
	return r;
}

int trp_mqtt_client_read(struct trp_mqtt_client *client)
{
	int r = mosquitto.loop_read(client->handle, READ_PACKETS);

	return client->error ? client->error : trp_mqtt_client_error(r);
}

/*
 * A broker that delays small frames holds each back until the one before it is
 * acknowledged, which our kernel delays by 40 ms: unless it is told not to,
 * after each read.
 */
int trp_mqtt_client_write(struct trp_bus *bus, struct trp_mqtt_client *client)
{
	int r = mosquitto.loop_write(client->handle, 1);

	set_tcp(client, TCP_QUICKACK);
	if (r == 0)
		r = mosquitto.loop_misc(client->handle);
	if (client->error)
		return client->error;
	return r ? trp_mqtt_client_error(r)
		 : trp_mqtt_client_watch(bus, client);
}

bool trp_mqtt_client_is_full(const struct trp_mqtt_client *client)
{
	return mosquitto.want_write(client->handle);
}
