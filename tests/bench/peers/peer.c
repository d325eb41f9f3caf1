/* SPDX-License-Identifier: MIT */
#include "tests/bench/peers/peer.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/harness.h"

enum { COUNT_LEAST = 8, COUNT_MOST = 1000000 };
enum { ENVELOPE = 64, SENDERS_MOST = 256 };

const struct peer *peer_load(const char *name, const char *symbol)
{
	const struct peer *peer = NULL;
	char path[600];
	void *object;

	snprintf(path, sizeof(path), "%s/%s.so", able_folder(), name);
	object = dlopen(path, RTLD_NOW);
	if (object)
		peer = dlsym(object, symbol);
	if (!peer)
		bench_fail("%s", dlerror());
	return peer;
}

/* ---- two processes, and more --------------------------------------------- */

static int play(const struct peer *peer, int side,
		int (*part)(const struct peer *peer))
{
	int r;

	bench_side(side);
	r = peer->enter(side);
	if (r == 0) {
		r = part(peer);
		peer->leave();
	}
	if (r < 0)
		bench_fail("side %d: %s", side, strerror(-r));
	return r;
}

/*
 * A child, which does not outlive us; its pid or a negative errno.  Libraries
 * may have something to do at exit.
 */
static pid_t start(const struct peer *peer, int side,
		   int (*part)(const struct peer *peer))
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(play(peer, side, part) < 0);
	}
	return pid < 0 ? -errno : pid;
}

/*
 * Until all have ended; when one has failed, or a daemon of the peer has ended
 * before them, the others are killed: they might wait for it for ever.
 */
static int wait_for(pid_t *pid, long count)
{
	int status, r = 0;

	for (long left = count; left > 0;) {
		pid_t ended = waitpid(-1, &status, 0);
		bool is_ours = false;

		if (ended < 0)
			return r < 0 ? r : -errno;
		for (long i = 0; i < count; i++)
			if (pid[i] == ended) {
				is_ours = true;
				pid[i] = 0;
			}
		left -= is_ours;
		if (is_ours && status == 0)
			continue;
		bench_fail("%s ended with status %#x",
			   is_ours ? "a side" : "its daemon", (unsigned)status);
		r = r < 0 ? r : -ECHILD;
		for (long i = 0; i < count; i++)
			if (pid[i] > 0)
				kill(pid[i], SIGKILL);
	}
	return r;
}

static int prepare(const struct peer *peer, size_t largest)
{
	return peer ? peer->prepare(largest) : -ENOENT;
}

static int finish(const struct peer *peer, int r)
{
	if (peer->finish)
		peer->finish();
	return r;
}

static int play_both(const struct peer *peer, size_t largest,
		     int (*first)(const struct peer *peer),
		     int (*second)(const struct peer *peer))
{
	int r = prepare(peer, largest), ended;
	pid_t pid[2];

	if (r < 0)
		return r;
	pid[0] = start(peer, 0, first);
	if (pid[0] < 0)
		return finish(peer, pid[0]);
	pid[1] = start(peer, 1, second);
	if (pid[1] < 0)
		kill(pid[0], SIGKILL);
	ended = wait_for(pid, pid[1] < 0 ? 1 : 2);
	return finish(peer, pid[1] < 0 ? pid[1] : ended);
}

/* ---- messages ------------------------------------------------------------ */

static void *space(const struct peer *peer, size_t size, void *otherwise)
{
	return peer->space ? peer->space(size) : otherwise;
}

static int send_number(const struct peer *peer, int64_t number)
{
	unsigned char bytes[ENVELOPE], *at;
	Bench__Ping ping = BENCH__PING__INIT;
	size_t size;

	ping.number = number;
	size = bench__ping__get_packed_size(&ping);
	at = space(peer, size, bytes);
	if (!at)
		return -ENOMEM;
	return peer->send(at, bench__ping__pack(&ping, at));
}

static int receive_number(const struct peer *peer, int64_t *ret_number)
{
	const void *bytes;
	ssize_t size = peer->receive(&bytes);
	Bench__Ping *ping;

	if (size < 0)
		return (int)size;
	ping = bench__ping__unpack(NULL, (size_t)size, bytes);
	if (!ping)
		return -EBADMSG;
	*ret_number = ping->number;
	bench__ping__free_unpacked(ping, NULL);
	return 0;
}

/* ---- requests ------------------------------------------------------------ */

static long warm_up(void)
{
	return bench_get(PEER_ASKS) / 20;
}

static int ask(const struct peer *peer)
{
	int64_t answer = 0;
	int r = 0;

	for (long i = 0; i < bench_get(PEER_ASKS) + warm_up() && r == 0; i++) {
		struct troupe_time begin = troupe_now();

		if (i == warm_up())
			bench_start_cpu();
		r = send_number(peer, i);
		if (r == 0)
			r = receive_number(peer, &answer);
		bench_expect("answer", answer, i);
		if (i >= warm_up())
			bench_latency(troupe_now().ns - begin.ns);
	}
	bench_stop_cpu(bench_get(PEER_ASKS));
	return r;
}

static int answer(const struct peer *peer)
{
	int64_t number;
	int r = 0;

	for (long i = 0; i < bench_get(PEER_ASKS) + warm_up() && r == 0; i++) {
		r = receive_number(peer, &number);
		if (r == 0)
			r = send_number(peer, number);
	}
	return r;
}

int peer_ask(const struct peer *peer)
{
	return play_both(peer, ENVELOPE, ask, answer);
}

/* ---- one way ------------------------------------------------------------- */

long peer_oneway_count(void)
{
	long count = bench_get(PEER_TOTAL) / bench_get(PEER_BYTES);
	long most = bench_get(PEER_MOST) ? bench_get(PEER_MOST) : COUNT_MOST;

	if (count < COUNT_LEAST && !bench_is_smoke())
		count = COUNT_LEAST;
	if (count > most)
		count = most;
	return count ? count : 1;
}

long peer_oneway_warm_up(void)
{
	return (peer_oneway_count() + 4) / 5;
}

/* The bytes alone, as our loans are, or within a message. */
static bool is_raw;

static int send_text(const struct peer *peer, const Bench__Text *text,
		     unsigned char *otherwise)
{
	size_t size = bench__text__get_packed_size(text);
	unsigned char *at = space(peer, size, otherwise);

	if (!at)
		return -ENOMEM;
	return peer->send(at, bench__text__pack(text, at));
}

static int send_raw(const struct peer *peer, size_t size, long number,
		    unsigned char *otherwise)
{
	unsigned char *at = space(peer, size, otherwise);

	if (!at)
		return -ENOMEM;
	bench_fill(at, size, number);
	return peer->send(at, size);
}

/* Messages 1 to `count`; the other side says when it has read the last. */
static int send_some(const struct peer *peer, long count, size_t size,
		     unsigned char *payload, unsigned char *packed)
{
	Bench__Text text = BENCH__TEXT__INIT;
	int64_t received;
	int r = 0;

	text.bytes = (ProtobufCBinaryData) { size, payload };
	for (long i = 1; i <= count && r == 0; i++) {
		if (is_raw) {
			r = send_raw(peer, size, i, packed);
			continue;
		}
		bench_fill(payload, size, i);
		r = send_text(peer, &text, packed);
	}
	if (r == 0)
		r = receive_number(peer, &received);
	if (r == 0)
		bench_expect("received", received, count);
	return r;
}

static int send_all(const struct peer *peer)
{
	size_t size = (size_t)bench_get(PEER_BYTES);
	unsigned char *payload = malloc(size);
	unsigned char *packed = malloc(size + ENVELOPE);
	long count = peer_oneway_count();
	int64_t received;
	int r = payload && packed ? 0 : -ENOMEM;

	if (r == 0) /* the two have met */
		r = receive_number(peer, &received);
	if (r == 0)
		r = send_some(peer, peer_oneway_warm_up(), size, payload,
			      packed);
	bench_start_cpu();
	if (r == 0)
		r = send_some(peer, count, size, payload, packed);
	bench_stop_cpu(count);
	bench_bytes((double)count * (double)size);
	free(payload);
	free(packed);
	return r;
}

static int check_text(const void *bytes, size_t size, long number)
{
	Bench__Text *text = bench__text__unpack(NULL, size, bytes);

	if (!text)
		return -EBADMSG;
	bench_expect("size", (long long)text->bytes.len, bench_get(PEER_BYTES));
	bench_check(text->bytes.data, text->bytes.len, number);
	bench__text__free_unpacked(text, NULL);
	return 0;
}

static int check_raw(const void *bytes, size_t size, long number)
{
	bench_expect("size", (long long)size, bench_get(PEER_BYTES));
	bench_check(bytes, size, number);
	return 0;
}

static int receive_some(const struct peer *peer, long count)
{
	const void *bytes;
	int r = 0;

	for (long i = 1; i <= count && r == 0; i++) {
		ssize_t size = peer->receive(&bytes);

		if (size < 0)
			return (int)size;
		r = is_raw ? check_raw(bytes, (size_t)size, i)
			   : check_text(bytes, (size_t)size, i);
	}
	return r < 0 ? r : send_number(peer, count);
}

static int receive_all(const struct peer *peer)
{
	int r = send_number(peer, 0);

	if (r == 0)
		r = receive_some(peer, peer_oneway_warm_up());
	return r < 0 ? r : receive_some(peer, peer_oneway_count());
}

int peer_oneway(const struct peer *peer)
{
	return play_both(peer, (size_t)bench_get(PEER_BYTES) + ENVELOPE,
			 send_all, receive_all);
}

int peer_raw(const struct peer *peer)
{
	is_raw = true;
	return peer_oneway(peer);
}

/* ---- many to one --------------------------------------------------------- */

/*
 * A byte in the first from each process that is ready; they go when the second
 * ends, and leave when the third does: libzmq may lose what is on its way from
 * one who has left.
 */
static int ready[2], gate[2], over[2];

long peer_fanin_each(void)
{
	return bench_get(PEER_ALL) / bench_get(PEER_SENDERS);
}

static int send_numbers(const struct peer *peer)
{
	char byte = 0;
	int r = 0;

	close(gate[1]);
	close(over[1]);
	if (write(ready[1], &byte, 1) != 1 || read(gate[0], &byte, 1) != 0)
		return -EIO;
	for (long i = 0; i < peer_fanin_each() && r == 0; i++)
		r = send_number(peer, i);
	if (r == 0 && read(over[0], &byte, 1) != 0)
		r = -EIO;
	return r;
}

static int receive_numbers(const struct peer *peer)
{
	int64_t each = peer_fanin_each(), senders = bench_get(PEER_SENDERS);
	int64_t number, sum = 0;
	char byte;
	int r = 0;

	for (int64_t i = 0; i < senders; i++)
		if (read(ready[0], &byte, 1) != 1)
			return -EIO;
	bench_start_cpu();
	close(gate[1]);
	for (int64_t i = 0; i < senders * each && r == 0; i++) {
		r = receive_number(peer, &number);
		sum += number;
	}
	bench_stop_cpu((long)(senders * each));
	bench_expect("sum", sum, senders * (each * (each - 1) / 2));
	close(over[1]);
	return r;
}

int peer_fanin(const struct peer *peer)
{
	long senders = bench_get(PEER_SENDERS), count = 0;
	int r = prepare(peer, ENVELOPE), ended;
	pid_t pid[SENDERS_MOST + 1] = { 0 };

	if (r < 0)
		return r;
	if (senders < 1 || senders > SENDERS_MOST)
		return finish(peer, -EINVAL);
	if (pipe(ready) < 0 || pipe(gate) < 0 || pipe(over) < 0)
		return finish(peer, -errno);
	for (; count <= senders && r == 0; count++) {
		pid[count] = count ? start(peer, (int)count + 1, send_numbers)
				   : start(peer, 1, receive_numbers);
		r = pid[count] < 0 ? pid[count] : 0;
	}
	count -= r < 0;
	close(gate[1]);
	close(over[1]);
	for (long i = 0; i < count && r < 0; i++)
		kill(pid[i], SIGKILL);
	ended = wait_for(pid, count);
	return finish(peer, r < 0 ? r : ended);
}
