/* SPDX-License-Identifier: MIT */
/* Descriptors handed over; connections over the loopback. */
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "runtime/actor/self.h"
#include "runtime/actor/tcp_address.h"
#include "runtime/troupe_io.h"
#include "tests/support/stage.h"

TestSuite(streams, .timeout = 600);

static void run_until(long count)
{
	struct troupe_time deadline = troupe_in_ms(20000);

	while (board->count < count && troupe_now().ns < deadline.ns)
		stage_receive(5);
	CHECK(board->count == count);
}

/* ---- handing over -------------------------------------------------------- */

static int give(int fd, troupe_ref to)
{
	Play__Ticket ticket = PLAY__TICKET__INIT;
	struct troupe_handover handover;
	int r = troupe_handover_give(fd, to, &handover);

	if (r < 0)
		return r;
	ticket.ticket.data = (uint8_t *)&handover;
	ticket.ticket.len = sizeof(handover);
	return troupe_send(to, &ticket.base);
}

static int take(const struct troupe_message *message, int *ret_fd)
{
	const Play__Ticket *ticket = message->body;

	return troupe_handover_take(ticket->ticket.data, ticket->ticket.len,
				    troupe_in_ms(10000), ret_fd);
}

static int wait_for_ticket(struct troupe_message *ret_message)
{
	const struct troupe_pattern ticket = {
		.type = &play__ticket__descriptor
	};

	return troupe_receive(&ticket, 1, TROUPE_NEVER, ret_message);
}

/* Writes hello to the descriptor that it gets. */
static int taker(const void *arguments)
{
	struct troupe_message message;
	int fd = -1, again = -1;

	CHECK(wait_for_ticket(&message) == 0);
	CHECK(take(&message, &fd) == 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(write(fd, "hello", 5) == 5);
	CHECK(take(&message, &again) == -ENOENT && again == -1);
	CHECK(troupe_handover_take("nonsense", 8, TROUPE_NEVER, &again) ==
	      -EBADMSG);
	board->count++;
	return 0;
}

static int handover_root(int argc, char **argv)
{
	struct troupe_handover handover;
	char text[8] = "";
	troupe_ref ref;
	int ends[2];

	for (int i = 1; i <= 3; i++) {
		CHECK(pipe2(ends, O_CLOEXEC) == 0);
		CHECK(troupe_spawn_function(taker, NULL, &ref) == 0);
		CHECK(give(ends[1], ref) == 0);
		CHECK(troupe_wait(ref, troupe_in_ms(10000), NULL) == 0);
		/* Closed at both: the text, and then the end. */
		CHECK(read(ends[0], text, sizeof(text)) == 5);
		CHECK(read(ends[0], text, sizeof(text)) == 0);
		CHECK(fcntl(ends[1], F_GETFD) < 0);
		CHECK(board->count == i);
		close(ends[0]);
	}
	CHECK(troupe_handover_give(-1, ref, &handover) == -EBADF);
	CHECK(troupe_handover_give(0, 0, &handover) == -EINVAL);
	return 0;
}

Test(streams, a_descriptor_is_handed_over_once_to_a_giver_that_only_waits)
{
	stage_pass(handover_root);
}

/* Passes on the bytes of a handover, which are useless to others. */
static int wrong_taker(const void *arguments)
{
	struct troupe_message message;
	int fd;

	CHECK(wait_for_ticket(&message) == 0);
	CHECK(take(&message, &fd) == -ENOENT);
	board->count++;
	return 0;
}

static int wrong_root(int argc, char **argv)
{
	Play__Ticket ticket = PLAY__TICKET__INIT;
	struct troupe_handover handover;
	troupe_ref right, wrong;
	struct pollfd end = { .events = 0 };
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(troupe_spawn_function(stage_idle, NULL, &right) == 0);
	CHECK(troupe_spawn_function(wrong_taker, NULL, &wrong) == 0);
	CHECK(troupe_handover_give(ends[1], right, &handover) == 0);
	ticket.ticket.data = (uint8_t *)&handover;
	ticket.ticket.len = sizeof(handover);
	CHECK(troupe_send(wrong, &ticket.base) == 0);
	run_until(1);
	/* Still open, until its addressee has ended. */
	end.fd = ends[0];
	CHECK(poll(&end, 1, 0) == 0);
	CHECK(troupe_kill(right) == 0);
	for (int i = 0; i < 2000 && poll(&end, 1, 0) == 0; i++)
		stage_receive(5);
	CHECK(poll(&end, 1, 0) == 1 && end.revents == POLLHUP);
	close(ends[0]);
	return 0;
}

Test(streams, what_is_not_taken_is_closed_when_the_taker_has_ended)
{
	stage_pass(wrong_root);
}

/* Gives to its sibling, whose reference it has, and ends at once. */
static int short_giver(const void *arguments)
{
	const struct troupe_pattern who = { .type = &play__who__descriptor };
	struct troupe_message message;
	int ends[2];

	CHECK(troupe_receive(&who, 1, TROUPE_NEVER, &message) == 0);
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(give(ends[1], ((const Play__Who *)message.body)->ref) == 0);
	return 0;
}

static int late_taker(const void *arguments)
{
	struct troupe_message message;
	int fd;

	CHECK(stage_receive(10000) == 1);
	CHECK(wait_for_ticket(&message) == 0);
	CHECK(take(&message, &fd) == -ENOENT);
	board->count++;
	return 0;
}

static int short_root(int argc, char **argv)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref giver, late;

	CHECK(troupe_spawn_function(short_giver, NULL, &giver) == 0);
	CHECK(troupe_spawn_function(late_taker, NULL, &late) == 0);
	who.ref = late;
	CHECK(troupe_send(giver, &who.base) == 0);
	CHECK(troupe_wait(giver, troupe_in_ms(10000), NULL) == 0);
	CHECK(stage_send(late, 1) == 0);
	run_until(1);
	return 0;
}

Test(streams, what_a_giver_did_not_live_to_hand_over_is_not_there)
{
	stage_pass(short_root);
}

/* ---- addresses ----------------------------------------------------------- */

Test(streams, addresses_are_numbers)
{
	static const char *const good[] = { "127.0.0.1:80", "[::1]:65535",
					    "*:0", ":1", "[::]:1" };
	static const char *const bad[] = {
		"",	   "80",    "127.0.0.1",    "127.0.0.1:", "::1:80",
		"[::1:80", "[]:80", "localhost:80", "1.2.3:80",	  "*:65536",
		"*:-1",	   "*:1x",  "*:123456",	    "[1.2.3.4]:1"
	};
	struct sockaddr_storage address;
	socklen_t size;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect_eq(trp_tcp_address_parse(good[i], &address, &size), 0,
			     "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(trp_tcp_address_parse(bad[i], &address, &size),
			     -EINVAL, "%s", bad[i]);
	trp_tcp_address_parse("[::1]:80", &address, &size);
	cr_expect_eq(((struct sockaddr_in6 *)&address)->sin6_port, htons(80));
}

/* ---- connections --------------------------------------------------------- */

enum { BYTES = 3 << 20 };

static struct troupe_listener listener;
static struct troupe_stream server, client;
static size_t client_wrote, client_read;
static long refused, ends_told;

static const char *loopback(void)
{
	static char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", listener.port);
	return address;
}

static int serve(struct troupe_listener *from, int fd)
{
	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(troupe_stream_open(&server, -1) == -EBADF);
	CHECK(troupe_stream_open(&server, STDERR_FILENO) == -ENOTSOCK);
	CHECK(troupe_stream_open(&server, fd) == 0);
	CHECK(troupe_stream_open(&server, fd) == -EALREADY);
	return 0;
}

static int echo(struct troupe_stream *stream, const void *bytes, size_t size)
{
	if (size == 0)
		troupe_stream_finish(stream);
	else
		CHECK(troupe_stream_write(stream, bytes, size) == 0);
	return 0;
}

static int end_well(struct troupe_stream *stream, int error)
{
	CHECK(error == 0);
	CHECK(troupe_stream_write(stream, "x", 1) == -EPIPE);
	ends_told++;
	board->count++;
	return 0;
}

static void begin(void)
{
	listener = (struct troupe_listener) { .accepted = serve };
	CHECK(troupe_listener_open(&listener, "127.0.0.1:0") == 0);
	CHECK(troupe_listener_open(&listener, "127.0.0.1:0") == -EALREADY);
	CHECK(listener.port > 0);
	CHECK(troupe_stream_connect(&client, loopback()) == 0);
}

static char pattern(size_t i)
{
	return (char)(i * 7 + i / 251);
}

static int write_on(struct troupe_stream *stream)
{
	char chunk[3000];
	size_t size, i;

	while (client_wrote < BYTES) {
		size = BYTES - client_wrote;
		if (size > sizeof(chunk))
			size = sizeof(chunk);
		for (i = 0; i < size; i++)
			chunk[i] = pattern(client_wrote + i);
		if (troupe_stream_write(stream, chunk, size) == -EAGAIN) {
			refused++;
			return 0;
		}
		client_wrote += size;
	}
	troupe_stream_finish(stream);
	return 0;
}

static int compare(struct troupe_stream *stream, const void *bytes, size_t size)
{
	const char *got = bytes;

	for (size_t i = 0; i < size; i++)
		if (got[i] != pattern(client_read + i)) {
			CHECK(got[i] == pattern(client_read + i));
			return -EBADMSG;
		}
	client_read += size;
	return 0;
}

static int echo_root(int argc, char **argv)
{
	const int small = 8192;

	server = (struct troupe_stream) { .received = echo,
					  .ended = end_well,
					  .limit = 10000 };
	client = (struct troupe_stream) { .connected = write_on,
					  .received = compare,
					  .has_room = write_on,
					  .ended = end_well,
					  .limit = 50000 };
	begin();
	/* A small one in the kernel, so that ours is filled. */
	CHECK(setsockopt(client.private_input.fd, SOL_SOCKET, SO_SNDBUF, &small,
			 sizeof(small)) == 0);
	CHECK(troupe_stream_write(&client, listener.data, 50001) == -EMSGSIZE);
	run_until(2);
	CHECK(client_wrote == BYTES && client_read == BYTES);
	CHECK(refused > 0 && ends_told == 2);
	troupe_listener_close(&listener);
	troupe_listener_close(&listener);
	return 0;
}

Test(streams, what_goes_out_comes_back_whole_with_bounded_buffers)
{
	stage_pass(echo_root);
}

/* ---- operations on a connection ------------------------------------------ */

static void prepare_send(struct troupe_operation *operation,
			 struct io_uring_sqe *entry)
{
	io_uring_prep_send_zc(entry, client.private_input.fd, "goodbye", 7, 0,
			      0);
}

/* The kernel completes it twice: with the result, and when the memory is
 * free. */
static int sent(struct troupe_operation *operation, int result)
{
	CHECK(result == 7 || result == -EINVAL); /* before Linux 6.0 */
	board->value[0] = result;
	board->count++;
	return 0;
}

static int begin_to_send(struct troupe_stream *stream)
{
	static struct troupe_operation operation = { .prepare = prepare_send,
						     .done = sent,
						     .count = 1 };

	CHECK(troupe_operation_start(&operation) == 0);
	return 0;
}

static int count_bytes(struct troupe_stream *stream, const void *bytes,
		       size_t size)
{
	client_read += size;
	return 0;
}

static int zero_copy_root(int argc, char **argv)
{
	if (trp_self.wait.kind == TRP_WAIT_EPOLL)
		return 0; /* has no operations: see sources.c */
	server = (struct troupe_stream) { .received = count_bytes };
	client = (struct troupe_stream) { .connected = begin_to_send,
					  .received = count_bytes };
	begin();
	run_until(1);
	for (int i = 0; board->value[0] == 7 && client_read < 7 && i < 2000;
	     i++)
		stage_receive(5);
	CHECK(board->count == 1);
	CHECK(client_read == (board->value[0] == 7 ? 7 : 0));
	return 0;
}

Test(streams, a_send_without_copy_is_done_once)
{
	stage_pass(zero_copy_root);
}

/* ---- ends ---------------------------------------------------------------- */

static int say_goodbye(struct troupe_stream *stream, const void *bytes,
		       size_t size)
{
	if (size == 0) {
		CHECK(troupe_stream_write(stream, "goodbye", 7) == 0);
		troupe_stream_finish(stream);
		CHECK(troupe_stream_write(stream, "x", 1) == -EPIPE);
	}
	return 0;
}

static int hear(struct troupe_stream *stream, const void *bytes, size_t size)
{
	client_read += size;
	CHECK(size == 0 || memcmp(bytes, "goodbye", size) == 0);
	return 0;
}

static int half_root(int argc, char **argv)
{
	server = (struct troupe_stream) { .received = say_goodbye,
					  .ended = end_well };
	client = (struct troupe_stream) { .received = hear, .ended = end_well };
	begin();
	CHECK(troupe_stream_write(&client, "hello", 5) == 0);
	troupe_stream_finish(&client); /* before it is connected */
	run_until(2);
	CHECK(client_read == 7);
	return 0;
}

Test(streams, who_has_finished_still_hears_the_other)
{
	stage_pass(half_root);
}

static int reset_it(struct troupe_stream *stream, const void *bytes,
		    size_t size)
{
	troupe_stream_reset(stream);
	troupe_stream_reset(stream);
	return 0;
}

static int never_ended(struct troupe_stream *stream, int error)
{
	CHECK(false);
	return 0;
}

static int end_reset(struct troupe_stream *stream, int error)
{
	CHECK(error == -ECONNRESET);
	board->count++;
	return 0;
}

static int reset_root(int argc, char **argv)
{
	server = (struct troupe_stream) { .received = reset_it,
					  .ended = never_ended };
	client =
		(struct troupe_stream) { .received = hear, .ended = end_reset };
	begin();
	CHECK(troupe_stream_write(&client, "hello", 5) == 0);
	run_until(1);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 1 && client_read == 0);
	return 0;
}

Test(streams, a_reset_is_told_once_to_the_other_side_alone)
{
	stage_pass(reset_root);
}

static int end_refused(struct troupe_stream *stream, int error)
{
	CHECK(error == -ECONNREFUSED);
	board->count++;
	return 0;
}

static int refused_root(int argc, char **argv)
{
	server = (struct troupe_stream) { .received = echo };
	client = (struct troupe_stream) { .received = hear };
	begin();
	troupe_stream_close(&client);
	troupe_listener_close(&listener);
	client = (struct troupe_stream) { .connected = write_on,
					  .received = hear,
					  .ended = end_refused };
	CHECK(troupe_stream_connect(&client, loopback()) == 0);
	CHECK(troupe_stream_write(&client, "hello", 5) == 0);
	run_until(1);
	CHECK(client_wrote == 0);
	CHECK(troupe_stream_connect(&client, "nowhere") == -EINVAL);
	return 0;
}

Test(streams, a_refused_connection_is_its_end)
{
	stage_pass(refused_root);
}

/* ---- no descriptors left ------------------------------------------------- */

static struct rlimit limit_before;

static int serve_late(struct troupe_listener *from, int fd)
{
	if (fd < 0) {
		CHECK(fd == -EMFILE);
		CHECK(setrlimit(RLIMIT_NOFILE, &limit_before) == 0);
		board->value[0]++;
		return 0;
	}
	CHECK(board->value[0] == 1);
	close(fd);
	board->count++;
	return 0;
}

static int full_root(int argc, char **argv)
{
	struct rlimit none;

	server = (struct troupe_stream) { .received = echo };
	client = (struct troupe_stream) { .received = hear };
	begin();
	listener.accepted = serve_late;
	CHECK(getrlimit(RLIMIT_NOFILE, &limit_before) == 0);
	none = limit_before;
	none.rlim_cur = 3;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	run_until(1);
	return 0;
}

Test(streams, a_listener_without_descriptors_says_so_and_goes_on_later)
{
	stage_pass(full_root);
}

static int taker_of_all(const void *arguments)
{
	struct troupe_message message;
	int fd;

	while (wait_for_ticket(&message) == 0) {
		CHECK(take(&message, &fd) == 0);
		close(fd);
		board->count++;
	}
	return 0;
}

/* The first handover opens the giver's own descriptors. */
static int crowded_root(int argc, char **argv)
{
	struct rlimit few;
	troupe_ref ref;
	int ends[2], fd;
	long count = 0;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(troupe_spawn_function(taker_of_all, NULL, &ref) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &few) == 0);
	few.rlim_cur = 64;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (; (fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 0)) >= 0; count++)
		CHECK(give(fd, ref) == 0);
	CHECK(errno == EMFILE && count > 10);
	run_until(count);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

Test(streams, a_giver_whose_gifts_are_all_its_descriptors_gets_rid_of_them)
{
	stage_pass(crowded_root);
}
