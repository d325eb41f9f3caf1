/* SPDX-License-Identifier: MIT */
#include "runtime/cli/web_server.h"

#include <errno.h>

#ifdef HAVE_LIBMICROHTTPD
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"
#include "runtime/cli/metrics.h"
#include "runtime/cli/web_page.h"

#define FUNCTIONS(F)                           \
	F(MHD_, start_daemon)                  \
	F(MHD_, stop_daemon)                   \
	F(MHD_, get_daemon_info)               \
	F(MHD_, get_timeout)                   \
	F(MHD_, run)                           \
	F(MHD_, lookup_connection_value)       \
	F(MHD_, create_response_from_buffer)   \
	F(MHD_, create_response_from_callback) \
	F(MHD_, add_response_header)           \
	F(MHD_, queue_response)                \
	F(MHD_, destroy_response)              \
	F(MHD_, suspend_connection)            \
	F(MHD_, resume_connection)
TRP_LIBRARY(mhd, LIBRARY_LIBMICROHTTPD, FUNCTIONS);

/* Reads events: a frame for each new state, then it is suspended. */
struct watcher {
	struct watcher *next, **link;
	struct trp_web_server *server;
	struct MHD_Connection *connection;
	uint64_t number; /* of the state that it has */
	char *frame;	 /* owned */
	size_t size, sent;
	bool is_suspended;
};

struct trp_web_server {
	struct trp_web_state *state;
	struct MHD_Daemon *daemon;
	struct watcher *watchers;
	int fd;
	uint16_t port;
	char token[TRP_WEB_TOKEN + 1];
};

/* ---- answers ------------------------------------------------------------- */

static void be_private(struct MHD_Response *response)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; script-src 'self'; style-src 'self'; "
		  "connect-src 'self'; base-uri 'none'; form-action 'none'; "
		  "frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cache-Control", "no-store" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		mhd.add_response_header(response, headers[i][0], headers[i][1]);
}

/* Consumes the response; NULL: no memory, and the connection is closed. */
static enum MHD_Result send_it(struct MHD_Connection *connection,
			       unsigned status, const char *type,
			       struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	be_private(response);
	mhd.add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.add_response_header(response, "Allow", "GET, HEAD, POST");
	result = mhd.queue_response(connection, status, response);
	mhd.destroy_response(response);
	return result;
}

static enum MHD_Result answer_bytes(struct MHD_Connection *connection,
				    const char *type, const char *bytes,
				    size_t size)
{
	return send_it(connection, MHD_HTTP_OK, type,
		       mhd.create_response_from_buffer(size, (void *)bytes,
						       MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result answer_text(struct MHD_Connection *connection,
				   unsigned status, const char *text)
{
	return send_it(connection, status, "text/plain; charset=utf-8",
		       mhd.create_response_from_buffer(strlen(text),
						       (void *)text,
						       MHD_RESPMEM_MUST_COPY));
}

/* ---- events -------------------------------------------------------------- */

static ssize_t next_part(void *cls, uint64_t position, char *buffer,
			 size_t most)
{
	struct watcher *watcher = cls;
	const struct trp_web_state *state = watcher->server->state;
	size_t size;

	if (watcher->sent == watcher->size) {
		if (watcher->number == state->number) {
			watcher->is_suspended = true;
			mhd.suspend_connection(watcher->connection);
			return 0;
		}
		free(watcher->frame);
		watcher->sent = watcher->size = 0;
		if (asprintf(&watcher->frame, "data: %s\n\n", state->text) <
		    0) {
			watcher->frame = NULL;
			return MHD_CONTENT_READER_END_WITH_ERROR;
		}
		watcher->size = strlen(watcher->frame);
		watcher->number = state->number;
	}
	size = watcher->size - watcher->sent;
	if (size > most)
		size = most;
	memcpy(buffer, watcher->frame + watcher->sent, size);
	watcher->sent += size;
	return (ssize_t)size;
}

static void is_gone(void *cls)
{
	struct watcher *watcher = cls;

	*watcher->link = watcher->next;
	if (watcher->next)
		watcher->next->link = watcher->link;
	free(watcher->frame);
	free(watcher);
}

static enum MHD_Result watch(struct trp_web_server *server,
			     struct MHD_Connection *connection)
{
	enum { PART = 32 * 1024 };
	struct watcher *watcher = calloc(1, sizeof(*watcher));
	struct MHD_Response *response;

	if (!watcher)
		return MHD_NO;
	*watcher = (struct watcher) { .next = server->watchers,
				      .link = &server->watchers,
				      .server = server,
				      .connection = connection };
	response = mhd.create_response_from_callback(
		MHD_SIZE_UNKNOWN, PART, next_part, watcher, is_gone);
	if (!response) {
		free(watcher);
		return MHD_NO;
	}
	if (watcher->next)
		watcher->next->link = &watcher->next;
	server->watchers = watcher;
	return send_it(connection, MHD_HTTP_OK, "text/event-stream", response);
}

void trp_web_server_tell(struct trp_web_server *server)
{
	for (struct watcher *watcher = server->watchers; watcher;
	     watcher = watcher->next) {
		if (!watcher->is_suspended)
			continue;
		watcher->is_suspended = false;
		mhd.resume_connection(watcher->connection);
	}
}

/* ---- what is there ------------------------------------------------------- */

static const char *argument(struct MHD_Connection *connection, const char *key)
{
	const char *value = mhd.lookup_connection_value(
		connection, MHD_GET_ARGUMENT_KIND, key);

	return value ? value : "";
}

static enum MHD_Result metrics(struct trp_web_server *server,
			       struct MHD_Connection *connection)
{
	struct trp_web_state *state = server->state;
	char *text = NULL;
	size_t size = 0;
	FILE *out = state->is_open ? open_memstream(&text, &size) : NULL;
	int r = out ? trp_metrics_write(&state->look, out) : -ENOTCONN;
	enum MHD_Result result;

	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r == 0)
		result = answer_bytes(connection,
				      "text/plain; version=0.0.4; "
				      "charset=utf-8",
				      text, size);
	else
		result = answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				     "the node does not answer\n");
	free(text);
	return result;
}

static enum MHD_Result actor(struct trp_web_server *server,
			     struct MHD_Connection *connection)
{
	char *text = trp_web_state_actor(server->state,
					 argument(connection, "whom"));
	enum MHD_Result result =
		text ? answer_bytes(connection, "application/json", text,
				    strlen(text))
		     : answer_text(connection, MHD_HTTP_NOT_FOUND,
				   "there is no such actor\n");

	free(text);
	return result;
}

static enum MHD_Result order(struct trp_web_server *server,
			     struct MHD_Connection *connection)
{
	const char *why;
	int r;

	if (!server->state->may_control)
		return answer_text(connection, MHD_HTTP_FORBIDDEN,
				   "it only shows: `troupe web` was started "
				   "without --control\n");
	r = trp_web_state_order(server->state, argument(connection, "what"),
				argument(connection, "whom"), &why);
	return answer_text(connection,
			   r == 0 ? MHD_HTTP_OK : MHD_HTTP_BAD_REQUEST,
			   r == 0 ? "done" : why);
}

static enum MHD_Result page(struct trp_web_server *server,
			    struct MHD_Connection *connection)
{
	return answer_bytes(connection, "text/html; charset=utf-8",
			    trp_web_page_html, trp_web_page_html_size());
}

static enum MHD_Result style(struct trp_web_server *server,
			     struct MHD_Connection *connection)
{
	return answer_bytes(connection, "text/css; charset=utf-8",
			    trp_web_page_css, trp_web_page_css_size());
}

static enum MHD_Result script(struct trp_web_server *server,
			      struct MHD_Connection *connection)
{
	return answer_bytes(connection, "text/javascript; charset=utf-8",
			    trp_web_page_js, trp_web_page_js_size());
}

/* The state as it is now, so that the page is drawn at once. */
static enum MHD_Result first(struct trp_web_server *server,
			     struct MHD_Connection *connection)
{
	char *text;
	int size = asprintf(&text, "const first = %s;\n", server->state->text);
	enum MHD_Result result;

	if (size < 0)
		return MHD_NO;
	result = answer_bytes(connection, "text/javascript; charset=utf-8",
			      text, (size_t)size);
	free(text);
	return result;
}

static const struct path {
	const char *path; /* behind the token */
	bool is_order;	  /* changes something, so it takes POST alone */
	enum MHD_Result (*answer)(struct trp_web_server *server,
				  struct MHD_Connection *connection);
} paths[] = {
	{ "/", false, page },		{ "/web.css", false, style },
	{ "/web.js", false, script },	{ "/first.js", false, first },
	{ "/events", false, watch },	{ "/actor", false, actor },
	{ "/metrics", false, metrics }, { "/order", true, order },
};

/* ---- who may ------------------------------------------------------------- */

static const char *header(struct MHD_Connection *connection, const char *key)
{
	return mhd.lookup_connection_value(connection, MHD_HEADER_KIND, key);
}

/* "127.0.0.1:8080", "localhost:8080", behind that prefix. */
static bool is_our_name(const struct trp_web_server *server, const char *text,
			const char *prefix)
{
	static const char *const names[] = { "127.0.0.1", "localhost" };
	char ours[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(ours, sizeof(ours), "%s%s:%u", prefix, names[i],
			 server->port);
		if (strcasecmp(text, ours) == 0)
			return true;
	}
	return false;
}

/* A browser sends Origin with each POST, and pages cannot set it. */
static bool is_of_ours(const struct trp_web_server *server,
		       struct MHD_Connection *connection)
{
	const char *origin = header(connection, "Origin");
	const char *site = header(connection, "Sec-Fetch-Site");

	return (!origin || is_our_name(server, origin, "http://")) &&
	       (!site || strcmp(site, "same-origin") == 0 ||
		strcmp(site, "none") == 0);
}

/* In a time that does not tell where they differ. */
static bool is_token(const struct trp_web_server *server, const char *text)
{
	unsigned char differs = 0;

	if (strnlen(text, TRP_WEB_TOKEN) < TRP_WEB_TOKEN)
		return false;
	for (int i = 0; i < TRP_WEB_TOKEN; i++)
		differs |= (unsigned char)(text[i] ^ server->token[i]);
	return !differs;
}

/* The path behind the token, or /metrics for one that has it in a header, as
 * Prometheus sends it.  NULL: it has none. */
static const char *path_of(const struct trp_web_server *server,
			   struct MHD_Connection *connection, const char *url)
{
	const char *bearer = header(connection, "Authorization");

	if (url[0] == '/' && is_token(server, url + 1) &&
	    url[1 + TRP_WEB_TOKEN] == '/')
		return url + 1 + TRP_WEB_TOKEN;
	if (bearer && strcmp(url, "/metrics") == 0 &&
	    strncasecmp(bearer, "Bearer ", 7) == 0 &&
	    is_token(server, bearer + 7) && !bearer[7 + TRP_WEB_TOKEN])
		return url;
	return NULL;
}

static enum MHD_Result answer(struct trp_web_server *server,
			      struct MHD_Connection *connection,
			      const char *url, const char *method)
{
	const char *host = header(connection, "Host");
	const char *path = path_of(server, connection, url);
	bool is_post = strcmp(method, "POST") == 0;

	if (!host || !is_our_name(server, host, ""))
		return answer_text(connection, 421 /* misdirected */,
				   "this is not the name of this page\n");
	if (!path)
		return answer_text(connection, MHD_HTTP_FORBIDDEN,
				   "wrong address: open the one that `troupe "
				   "web` has printed\n");
	if (!is_of_ours(server, connection))
		return answer_text(connection, MHD_HTTP_FORBIDDEN,
				   "another page may not ask\n");
	if (!is_post && strcmp(method, "GET") != 0 &&
	    strcmp(method, "HEAD") != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				   "GET, HEAD or POST\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i].path, path) == 0)
			return paths[i].is_order == is_post
				       ? paths[i].answer(server, connection)
				       : answer_text(
						 connection,
						 MHD_HTTP_METHOD_NOT_ALLOWED,
						 paths[i].is_order
							 ? "POST alone\n"
							 : "GET alone\n");
	return answer_text(connection, MHD_HTTP_NOT_FOUND, "not here\n");
}

/* A body is read and dropped: no request of ours has one. */
static enum MHD_Result is_asked(void *cls, struct MHD_Connection *connection,
				const char *url, const char *method,
				const char *version, const char *body,
				size_t *body_size, void **has_begun)
{
	if (!*has_begun) {
		*has_begun = cls;
		return MHD_YES;
	}
	if (*body_size) {
		*body_size = 0;
		return MHD_YES;
	}
	return answer(cls, connection, url, method);
}

/* ---- the server ---------------------------------------------------------- */

static int start(struct trp_web_server *server, uint16_t port)
{
	enum { CONNECTIONS = 64, MEMORY = 16 * 1024, SILENCE_S = 30 };
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const union MHD_DaemonInfo *info;

	errno = 0;
	server->daemon = mhd.start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL,
		is_asked, server, MHD_OPTION_SOCK_ADDR, &here,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
		MHD_OPTION_END);
	if (!server->daemon)
		return errno ? -errno : -EIO;
	info = mhd.get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->fd = info ? info->epoll_fd : -1;
	info = mhd.get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	server->port = info ? info->port : 0;
	return server->fd < 0 || !server->port ? -EIO : 0;
}

int trp_web_server_open(struct trp_web_state *state, const char *token,
			uint16_t port, struct trp_web_server **ret_server)
{
	int r = trp_library_load(&mhd_library);
	struct trp_web_server *server =
		r == 0 ? calloc(1, sizeof(*server)) : NULL;

	if (!server)
		return r < 0 ? r : -ENOMEM;
	server->state = state;
	memcpy(server->token, token, TRP_WEB_TOKEN);
	r = start(server, port);
	if (r < 0)
		trp_web_server_close(server);
	else
		*ret_server = server;
	return r;
}

void trp_web_server_close(struct trp_web_server *server)
{
	if (server->daemon) {
		trp_web_server_tell(server);
		mhd.stop_daemon(server->daemon);
	}
	free(server);
}

uint16_t trp_web_server_port(const struct trp_web_server *server)
{
	return server->port;
}

int trp_web_server_fd(const struct trp_web_server *server)
{
	return server->fd;
}

int trp_web_server_timeout(const struct trp_web_server *server)
{
	unsigned long long ms;

	if (mhd.get_timeout(server->daemon, &ms) != MHD_YES)
		return -1;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

void trp_web_server_run(struct trp_web_server *server)
{
	mhd.run(server->daemon);
}

#else

int trp_web_server_open(struct trp_web_state *state, const char *token,
			uint16_t port, struct trp_web_server **ret_server)
{
	return -ELIBACC;
}

void trp_web_server_close(struct trp_web_server *server)
{
}

uint16_t trp_web_server_port(const struct trp_web_server *server)
{
	return 0;
}

int trp_web_server_fd(const struct trp_web_server *server)
{
	return -1;
}

int trp_web_server_timeout(const struct trp_web_server *server)
{
	return -1;
}

void trp_web_server_run(struct trp_web_server *server)
{
}

void trp_web_server_tell(struct trp_web_server *server)
{
}
#endif
