/* SPDX-License-Identifier: MIT */
#ifdef HAVE_HIREDIS
#include "tests/runtime/redis/kit.h"

#include <dirent.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

void redis_init(struct redis *redis)
{
	size_t length;

	*redis = (struct redis) { .folder = "/tmp/troupe-redis-" };
	length = strlen(redis->folder);
	memset(redis->folder + length, 'X', 6);
	cr_assert(mkdtemp(redis->folder));
	snprintf(redis->socket, sizeof(redis->socket), "%s/socket",
		 redis->folder);
	snprintf(redis->url, sizeof(redis->url), "unix://%s", redis->socket);
}

void redis_start(struct redis *redis)
{
	char port[8];
	const char *argv[] = { "/usr/bin/redis-server",
			       "--port",
			       port,
			       "--bind",
			       "127.0.0.1",
			       "--unixsocket",
			       redis->socket,
			       "--dir",
			       redis->folder,
			       "--save",
			       "",
			       "--appendonly",
			       "yes",
			       "--appendfsync",
			       "always",
			       redis->password ? "--requirepass" : NULL,
			       redis->password,
			       NULL };

	snprintf(port, sizeof(port), "%d", redis->port);
	cr_assert_eq(program_start(&redis->program, argv), 0);
	cr_assert_eq(
		program_await_output(&redis->program,
				     "ready to accept connections at", 30000),
		0, "redis-server does not come up: %s", redis->program.out);
	redis->context = redisConnectUnix(redis->socket);
	cr_assert(redis->context && !redis->context->err);
	if (redis->password)
		redis_ask(redis, "AUTH %s", redis->password);
}

void redis_kill(struct redis *redis)
{
	if (!redis->context)
		return;
	redisFree(redis->context);
	redis->context = NULL;
	kill(redis->program.pid, SIGKILL);
	program_finish(&redis->program, 10000);
	program_fini(&redis->program);
}

static void remove_all(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR)
			remove_all(path);
		else
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

void redis_fini(struct redis *redis)
{
	redis_kill(redis);
	remove_all(redis->folder);
}

static long long size_of(const redisReply *reply)
{
	switch (reply->type) {
	case REDIS_REPLY_INTEGER:
		return reply->integer;
	case REDIS_REPLY_ARRAY:
		return (long long)reply->elements;
	case REDIS_REPLY_ERROR:
		fprintf(stderr, "redis: %s\n", reply->str);
		return -1;
	default:
		return (long long)reply->len;
	}
}

long long redis_ask(struct redis *redis, const char *format, ...)
{
	redisReply *reply;
	long long size;
	va_list rest;

	va_start(rest, format);
	reply = redisvCommand(redis->context, format, rest);
	va_end(rest);
	cr_assert(reply, "no answer from redis: %s", redis->context->errstr);
	size = size_of(reply);
	freeReplyObject(reply);
	return size;
}

void redis_field(struct redis *redis, const char *key, unsigned at,
		 const char *name, char text[160])
{
	redisReply *reply = redisCommand(redis->context, "XRANGE %s - +", key);
	const redisReply *fields;
	size_t i;

	text[0] = '\0';
	cr_assert(reply && reply->type == REDIS_REPLY_ARRAY);
	cr_assert_lt(at, reply->elements);
	fields = reply->element[at]->element[1];
	for (i = 0; i + 1 < fields->elements; i += 2)
		if (strcmp(fields->element[i]->str, name) == 0)
			snprintf(text, 160, "%s", fields->element[i + 1]->str);
	freeReplyObject(reply);
}

/* ---- nodes --------------------------------------------------------------- */

pid_t node_start(int (*root)(int argc, char **argv))
{
	pid_t node;

	if (!board)
		board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(board, MAP_FAILED);
	/* Processes that escape from a killed node come here. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(NULL);
	node = fork();
	cr_assert_geq(node, 0);
	if (node == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(stage_run_on(board, root));
	}
	setpgid(node, node);
	return node;
}

/* Reaps the whole group; -1: the node's own status was not among them. */
static int reap(pid_t node)
{
	int status, its = -1;
	pid_t pid;

	while ((pid = waitpid(-node, &status, 0)) > 0)
		if (pid == node)
			its = status;
	cr_assert_eq(errno, ECHILD);
	return its;
}

void node_kill(pid_t node)
{
	int status;

	kill(node, SIGKILL);
	status = reap(node);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		  "the node ended before it was killed");
	cr_assert_eq(board->failures, 0);
}

void node_pass(pid_t node)
{
	int status = reap(node);

	cr_assert_eq(board->failures, 0, "%ld claims did not hold",
		     board->failures);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "the node ended with status %#x", status);
}

/* ---- events -------------------------------------------------------------- */

void event_add(_Atomic long *event)
{
	atomic_fetch_add(event, 1);
	syscall(SYS_futex, event, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool event_await(_Atomic long *event, long least, int ms)
{
	int64_t end = troupe_in_ms(ms).ns;
	long now;

	while ((now = *event) < least) {
		int64_t left = end - troupe_now().ns;
		struct timespec time = { left / 1000000000, left % 1000000000 };

		if (left <= 0)
			return false;
		syscall(SYS_futex, event, FUTEX_WAIT, (uint32_t)now, &time,
			NULL, 0);
	}
	return true;
}

/* ---- mail ---------------------------------------------------------------- */

struct redis mail_redis;
static char url[96];
struct troupe_redis_mailbox mail_mailbox = {
	.base = { &troupe_redis_kind },
	.url = url,
	.stream = "numbers",
	.retry_ms = 10,
	.tries = 4,
};

void mail_begin(void)
{
	redis_init(&mail_redis);
	strcpy(url, mail_redis.url);
}

void mail_end(void)
{
	redis_fini(&mail_redis);
}

void mail_expect_empty(void)
{
	cr_assert_eq(redis_ask(&mail_redis, "XLEN numbers"), 0);
	cr_assert_eq(redis_ask(&mail_redis, "XPENDING numbers troupe - + 10"),
		     0);
}

int64_t mail_number(const struct troupe_message *message)
{
	return ((const Play__Number *)message->body)->value;
}

void mail_note(int64_t value)
{
	CHECK(value >= 0 && value < VALUES);
	board->value[HANDLED + value]++;
	event_add(&board->value[ALL]);
}

void mail_send(troupe_ref to, int first, int count)
{
	Play__Number number = PLAY__NUMBER__INIT;
	int i;

	for (i = first; i < first + count; i++) {
		number.value = i;
		CHECK(troupe_send_wait(to, &number.base, troupe_in_ms(60000)) ==
		      0);
	}
}

static void take(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

/* The mailbox of that one is full: another attempt a little later. */
static bool is_full(int r)
{
	return r == -EAGAIN && stage_receive(2) < 0;
}

int mail_flush(troupe_ref to)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int64_t answer = 0;
	int r;

	troupe_proxy_init(&proxy, to, &play__clerk__descriptor);
	proxy.timeout_ms = 60000;
	do {
		play__clerk__twice(&proxy.base, &number, take, &answer);
		r = troupe_await(&proxy);
	} while (is_full(r));
	return r;
}

static void answer_same(ProtobufCService *service, unsigned method,
			const ProtobufCMessage *input, ProtobufCClosure closure,
			void *data)
{
	closure(input, data);
}

ProtobufCService mail_service = { &play__clerk__descriptor, answer_same, NULL };

void mail_close(troupe_ref ref)
{
	int r;

	do
		r = troupe_close(ref);
	while (is_full(r));
	CHECK(r == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
}
#endif
