/* SPDX-License-Identifier: MIT */
/* `troupe web`: the page, and those who must not see it. */
#include "tests/runtime/control/node.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "tests/support/skip.h"

TestSuite(web, .init = node_begin, .fini = node_end, .timeout = 600);

static struct program node, web;
static char token[64], name[64]; /* of the page: its path, and host */
static uint16_t port;

/* All that one connection has said so far. */
static char said[4 << 20];
static size_t said_size;

static void start_node(void)
{
	const char *desk =
		program_built("tests/runtime/control/applications/desk.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", desk, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0,
		     "%s", node.err);
}

static void begin(const char *option)
{
	start_node();
	cr_assert_eq(program_troupe(&web, "web", "--node", "a", option, NULL),
		     0);
	if (program_await_output(&web, "\n", PATIENCE_MS) < 0) {
		node_stop(&node, "a");
		cr_assert(strstr(web.err, "libmicrohttpd"), "%s", web.err);
		program_fini(&web);
		SKIP("microhttpd", "built without libmicrohttpd");
	}
	cr_assert_eq(sscanf(web.out, "http://127.0.0.1:%hu/%63[0-9a-f]/", &port,
			    token),
		     2, "%s", web.out);
	cr_assert_eq(strlen(token), 32);
	snprintf(name, sizeof(name), "127.0.0.1:%u", port);
}

static void end(void)
{
	kill(web.pid, SIGTERM);
	cr_expect_eq(program_finish(&web, PATIENCE_MS), 128 + SIGTERM);
	program_fini(&web);
	node_stop(&node, "a");
}

static int connect_to_page(void)
{
	const struct timeval patience = { PATIENCE_MS / 1000, 0 };
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	cr_assert_eq(
		connect(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	said_size = 0;
	said[0] = '\0';
	return fd;
}

/* Reads on until `text` has come.  False: the connection has ended before. */
static bool await_text(int fd, const char *text)
{
	ssize_t size = 1;

	while (!strstr(said, text) && size > 0) {
		cr_assert_lt(said_size, sizeof(said) - 1);
		size = recv(fd, said + said_size, sizeof(said) - 1 - said_size,
			    0);
		if (size > 0)
			said_size += (size_t)size;
		said[said_size] = '\0';
	}
	return size > 0;
}

static void ask_page(int fd, const char *method, const char *path,
		     const char *host, const char *headers)
{
	char request[1024];
	int size = snprintf(request, sizeof(request),
			    "%s %s HTTP/1.1\r\nHost: %s\r\n%s"
			    "Connection: close\r\n\r\n",
			    method, path, host, headers);

	cr_assert_eq(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
}

/* Its status; the answer is in said[]. */
static int fetch(const char *method, const char *path, const char *host,
		 const char *headers)
{
	int fd = connect_to_page(), status = 0;

	ask_page(fd, method, path, host, headers);
	await_text(fd, "no page says this");
	close(fd);
	sscanf(said, "HTTP/1.1 %d", &status);
	return status;
}

/* Below the token, as the page itself asks. */
static int fetch_own(const char *method, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "/%s%s", token, path);
	return fetch(method, whole, name, "");
}

#define SAYS(text) cr_expect(strstr(said, text), "no %s in: %s", text, said)
#define SAYS_NOT(text) \
	cr_expect_not(strstr(said, text), "there is %s in: %s", text, said)

/* Of the clerk; 0: it has none. */
static long pid_of_clerk(void)
{
	const char *at;

	if (fetch_own("GET", "/actor?whom=/desk/clerk") != 200)
		return 0;
	at = strstr(said, "\"pid\": ");
	return at ? strtol(at + 7, NULL, 10) : 0;
}

Test(web, shows_the_actors_as_events_and_each_alone)
{
	char path[128];
	int fd;

	begin(NULL);
	cr_expect_eq(fetch_own("GET", "/"), 200);
	SAYS("web.js");
	SAYS("Content-Security-Policy: default-src 'none'");
	SAYS("Referrer-Policy: no-referrer");
	cr_expect_eq(fetch_own("GET", "/web.js"), 200);
	SAYS("EventSource");
	cr_expect_eq(fetch_own("GET", "/web.css"), 200);
	cr_expect_eq(fetch_own("GET", "/actor?whom=/desk/clerk"), 200);
	SAYS("\"activity\": \"idle\"");
	SAYS("\"senders\": []");
	cr_expect_eq(fetch_own("GET", "/actor?whom=nobody"), 404);
	fd = connect_to_page();
	snprintf(path, sizeof(path), "/%s/events", token);
	ask_page(fd, "GET", path, name, "");
	cr_expect(await_text(fd, "\"address\": \"/desk/clerk\""), "%s", said);
	SAYS("text/event-stream");
	/* And another one, a second later. */
	said_size = 0;
	said[0] = '\0';
	cr_expect(await_text(fd, "data: {\"node\": \"a\""), "%s", said);
	close(fd);
	end();
}

Test(web, has_the_metrics_for_one_with_the_token)
{
	char header[128];

	begin(NULL);
	cr_expect_eq(fetch_own("GET", "/metrics"), 200);
	SAYS("troupe_actors{class=\"clerk\",state=\"running\"} 1\n");
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", token);
	cr_expect_eq(fetch("GET", "/metrics", name, header), 200);
	SAYS("# TYPE troupe_actors gauge\n");
	header[strlen(header) - 3] ^= 1;
	cr_expect_eq(fetch("GET", "/metrics", name, header), 403);
	cr_expect_eq(fetch("GET", "/metrics", name, ""), 403);
	SAYS_NOT("troupe_");
	end();
}

Test(web, shows_nothing_to_one_without_the_token)
{
	static const char *const parts[] = { "/", "/events", "/actor?whom=/",
					     "/metrics", "/first.js" };
	char path[256];

	begin("--control");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		cr_expect_eq(fetch("GET", parts[i], name, ""), 403);
		SAYS_NOT("desk");
		snprintf(path, sizeof(path), "/%s%s", token, parts[i]);
		path[32] ^= 1;
		cr_expect_eq(fetch("GET", path, name, ""), 403, "%s", path);
		snprintf(path, sizeof(path), "/%.31s%s", token, parts[i]);
		cr_expect_eq(fetch("GET", path, name, ""), 403, "%s", path);
		snprintf(path, sizeof(path), "/%s0%s", token, parts[i]);
		cr_expect_eq(fetch("GET", path, name, ""), 403, "%s", path);
	}
	snprintf(path, sizeof(path), "/%s", token);
	cr_expect_eq(fetch("GET", path, name, ""), 403);
	cr_expect_eq(fetch("POST", "/order?what=stop&whom=clerk", name, ""),
		     403);
	cr_expect_eq(fetch_own("GET", "/../actor?whom=/"), 404);
	cr_expect_gt(pid_of_clerk(), 0);
	end();
}

/* A page whose name was rebound to 127.0.0.1 is of the same origin as we. */
Test(web, shows_nothing_under_the_name_of_another)
{
	char path[128], host[64];

	begin("--control");
	snprintf(path, sizeof(path), "/%s/", token);
	snprintf(host, sizeof(host), "evil.example:%u", port);
	cr_expect_eq(fetch("GET", path, host, ""), 421);
	SAYS_NOT("web.js");
	snprintf(host, sizeof(host), "127.0.0.1:%u.evil.example", port);
	cr_expect_eq(fetch("GET", path, host, ""), 421);
	cr_expect_eq(fetch("GET", path, "127.0.0.1", ""), 421);
	snprintf(host, sizeof(host), "localhost:%u", port);
	cr_expect_eq(fetch("GET", path, host, ""), 200);
	end();
}

Test(web, takes_no_order_from_another_page)
{
	static const char *const headers[] = {
		"Origin: http://evil.example\r\n",
		"Origin: null\r\n",
		"Sec-Fetch-Site: cross-site\r\n",
		"Origin: http://127.0.0.1:1\r\nSec-Fetch-Site: same-site\r\n",
	};
	char path[128];
	long pid;

	begin("--control");
	pid = pid_of_clerk();
	snprintf(path, sizeof(path), "/%s/order?what=restart&whom=clerk",
		 token);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		cr_expect_eq(fetch("POST", path, name, headers[i]), 403, "%s",
			     headers[i]);
	/* As a picture of another page would. */
	cr_expect_eq(fetch("GET", path, name, ""), 405);
	cr_expect_eq(pid_of_clerk(), pid);
	end();
}

Test(web, changes_nothing_unless_told_that_it_may)
{
	long pid;

	begin(NULL);
	pid = pid_of_clerk();
	cr_expect_eq(fetch_own("POST", "/order?what=restart&whom=clerk"), 403);
	SAYS("--control");
	cr_expect_eq(pid_of_clerk(), pid);
	end();
}

Test(web, stops_and_starts_an_actor_where_it_may)
{
	char header[256];
	char path[128];

	begin("--control");
	cr_expect_eq(fetch_own("POST", "/order?what=stop&whom=clerk"), 200,
		     "%s", said);
	cr_expect_eq(fetch_own("POST", "/order?what=dance&whom=clerk"), 400);
	SAYS("no such order");
	cr_expect_eq(fetch_own("POST", "/order?what=stop&whom=nobody"), 400);
	SAYS("no such actor");
	do {
		fetch_own("GET", "/actor?whom=/desk/clerk");
	} while (!strstr(said, "\"activity\": \"stopped\""));
	snprintf(header, sizeof(header),
		 "Origin: http://%s\r\nSec-Fetch-Site: same-origin\r\n", name);
	snprintf(path, sizeof(path), "/%s/order?what=start&whom=/desk/clerk",
		 token);
	cr_expect_eq(fetch("POST", path, name, header), 200, "%s", said);
	do {
		fetch_own("GET", "/actor?whom=/desk/clerk");
	} while (!strstr(said, "\"activity\": \"idle\""));
	end();
}

/* None of it disturbs those who ask as they should. */
Test(web, goes_on_after_requests_that_are_none)
{
	static char path[100000];
	const struct linger rudely = { 1, 0 };
	char request[256];
	int fd, status;

	begin(NULL);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	for (int i = 0; i < 20; i++) {
		fd = connect_to_page();
		if (i % 4 == 0)
			send(fd, path, sizeof(path) - 1, MSG_NOSIGNAL);
		else if (i % 4 == 1)
			send(fd, "\0\xff\r\n\r\n\x16\x03\x01", 9, MSG_NOSIGNAL);
		else if (i % 4 == 2)
			send(fd, "GET / HTTP/1.1\r\nHos", 19, MSG_NOSIGNAL);
		else
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &rudely,
				   sizeof(rudely));
		close(fd);
	}
	/* The longest paths are refused in order. */
	fd = connect_to_page();
	send(fd, "GET ", 4, MSG_NOSIGNAL);
	send(fd, path, sizeof(path) - 1, MSG_NOSIGNAL);
	send(fd, " HTTP/1.1\r\n\r\n", 13, MSG_NOSIGNAL);
	await_text(fd, "no page says this");
	close(fd);
	cr_expect(!said_size || (sscanf(said, "HTTP/1.1 %d", &status) == 1 &&
				 status >= 400),
		  "%s", said);
	/* A body that nobody asked for. */
	fd = connect_to_page();
	snprintf(request, sizeof(request),
		 "POST /%s/order HTTP/1.1\r\nHost: %s\r\nContent-Length: "
		 "99999\r\nConnection: close\r\n\r\n",
		 token, name);
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	send(fd, path, 99999, MSG_NOSIGNAL);
	await_text(fd, "no page says this");
	close(fd);
	SAYS("403");
	cr_expect_eq(fetch_own("PUT", "/"), 405);
	cr_expect_eq(fetch_own("GET", "/"), 200);
	end();
}

Test(web, says_that_the_node_has_ended_and_shows_the_next)
{
	char path[128];
	int fd;

	begin(NULL);
	fd = connect_to_page();
	snprintf(path, sizeof(path), "/%s/events", token);
	ask_page(fd, "GET", path, name, "");
	cr_expect(await_text(fd, "/desk/clerk"));
	node_stop(&node, "a");
	cr_expect(await_text(fd, "\"error\": "), "%s", said);
	said_size = 0;
	said[0] = '\0';
	start_node();
	cr_expect(await_text(fd, "/desk/clerk"), "%s", said);
	close(fd);
	end();
}

Test(web, wrong_use_is_told)
{
	struct program p;

	start_node();
	cr_expect_eq(troupe(&p, "web", "--port", "http", NULL), 2);
	cr_expect(strstr(p.err, "--port takes a number"), "%s", p.err);
	program_fini(&p);
	cr_expect_eq(troupe(&p, "web", "--node", "b", NULL), 1, "%s", p.err);
	program_fini(&p);
	setenv("TROUPE_WEB_TOKEN", "secret", 1);
	cr_expect_eq(troupe(&p, "web", NULL), 2);
	cr_expect(strstr(p.err, "TROUPE_WEB_TOKEN takes 32 digits"), "%s",
		  p.err);
	program_fini(&p);
	unsetenv("TROUPE_WEB_TOKEN");
	node_stop(&node, "a");
}

/* The browser writes down what it has drawn when the page is loaded. */
Test(web, is_drawn_by_a_browser)
{
	static const char *const parts[] = {
		"<h1 id=\"node\">a</h1>",
		"<h2>/desk/clerk</h2>",
		"nobody waits for another",
		">restart</button>",
	};
	char home[] = "/tmp/troupe-browser-XXXXXX", command[1024];
	const char *const browser[] = { "/bin/sh", "-c", command, NULL };
	const char *const removal[] = { "/bin/rm", "-r", home, NULL };
	struct program p;

	if (access("/usr/bin/chromium", X_OK) < 0)
		SKIP("chromium", "chromium is not installed");
	cr_assert(mkdtemp(home));
	begin("--control");
	snprintf(command, sizeof(command),
		 "HOME=%s XDG_RUNTIME_DIR=%s exec /usr/bin/chromium --headless "
		 "--no-sandbox --disable-gpu --user-data-dir=%s "
		 "--timeout=%d --dump-dom '%.*s#/desk/clerk'",
		 home, home, home, PATIENCE_MS, (int)strcspn(web.out, "\n"),
		 web.out);
	cr_assert_eq(program_start(&p, browser), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_expect(strstr(p.out, parts[i]), "no %s in: %s", parts[i],
			  p.out);
	program_leftovers(&p, PATIENCE_MS);
	program_fini(&p);
	cr_assert_eq(program_start(&p, removal), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.err);
	program_fini(&p);
	end();
}
