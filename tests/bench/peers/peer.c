/* SPDX-License-Identifier: MIT */
#include "tests/bench/peers/peer.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT_MOST = 1000000, ENVELOPE = 64 };

/* ---- two processes ------------------------------------------------------- */

static int play(const struct peer *peer, int side,
		int (*part)(const struct peer *peer))
{
	int r;

	bench_side(side);
	r = peer->enter(side);
	if (r < 0)
		return r;
	r = part(peer);
	peer->leave();
	return r;
}

/* Side 1 is a child, which does not outlive us. */
static int play_both(const struct peer *peer,
		     int (*first)(const struct peer *peer),
		     int (*second)(const struct peer *peer))
{
	int r = peer->prepare ? peer->prepare() : 0, status;
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(play(peer, 1, second) < 0);
	}
	r = play(peer, 0, first);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return r == 0 && status ? -ECHILD : r;
}

/* ---- messages ------------------------------------------------------------ */

static int send_number(const struct peer *peer, int64_t number)
{
	unsigned char bytes[ENVELOPE];
	Bench__Ping ping = BENCH__PING__INIT;

	ping.number = number;
	return peer->send(bytes, bench__ping__pack(&ping, bytes));
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

/* ---- asking -------------------------------------------------------------- */

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
			bench_start();
		r = send_number(peer, i);
		if (r == 0)
			r = receive_number(peer, &answer);
		bench_expect("answer", answer, i);
		if (i >= warm_up())
			bench_latency(troupe_now().ns - begin.ns);
	}
	bench_stop();
	bench_items(bench_get(PEER_ASKS));
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
	return play_both(peer, ask, answer);
}

/* ---- one way ------------------------------------------------------------- */

static long message_count(void)
{
	long count = bench_get(PEER_TOTAL) / bench_get(PEER_BYTES);

	if (count > COUNT_MOST)
		count = COUNT_MOST;
	return count ? count : 1;
}

/* The clock stops when the last was read, of which the receiver tells. */
static int send_all(const struct peer *peer)
{
	size_t size = (size_t)bench_get(PEER_BYTES);
	unsigned char *payload = malloc(size);
	unsigned char *packed = malloc(size + ENVELOPE);
	Bench__Text text = BENCH__TEXT__INIT;
	int64_t received;
	int r = payload && packed ? 0 : -ENOMEM;

	text.bytes = (ProtobufCBinaryData) { size, payload };
	if (r == 0) /* the two have met */
		r = receive_number(peer, &received);
	bench_start();
	for (long i = 1; i <= message_count() && r == 0; i++) {
		bench_fill(payload, size, i);
		r = peer->send(packed, bench__text__pack(&text, packed));
	}
	if (r == 0)
		r = receive_number(peer, &received);
	bench_stop();
	if (r == 0)
		bench_expect("received", received, message_count());
	bench_items(message_count());
	bench_bytes((double)message_count() * (double)size);
	free(payload);
	free(packed);
	return r;
}

static int receive_all(const struct peer *peer)
{
	Bench__Text *text;
	const void *bytes;

	int r = send_number(peer, 0);

	for (long i = 1; i <= message_count() && r == 0; i++) {
		ssize_t size = peer->receive(&bytes);

		if (size < 0)
			return (int)size;
		text = bench__text__unpack(NULL, (size_t)size, bytes);
		if (!text)
			return -EBADMSG;
		bench_expect("size", (long long)text->bytes.len,
			     bench_get(PEER_BYTES));
		bench_check(text->bytes.data, text->bytes.len, i);
		bench__text__free_unpacked(text, NULL);
	}
	return r < 0 ? r : send_number(peer, message_count());
}

int peer_oneway(const struct peer *peer)
{
	return play_both(peer, send_all, receive_all);
}
