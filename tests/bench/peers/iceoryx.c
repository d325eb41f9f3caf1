/* SPDX-License-Identifier: MIT */
/*
 * iceoryx: messages are packed into chunks that its daemon has mapped for all,
 * and read in place.  Nothing is lost: the queues of 256, or of 4 or 2 for
 * scarce chunks, block the publisher.  The reader sleeps in a wait set.  Chunks
 * do not say how much of them is used, so 4 bytes do.
 *
 * The daemon is started for each run, with its own settings, and asked to end
 * after it; there can be only one on a machine, so if it runs already the run
 * fails.  A process leaves it at exit(), and not before, as after
 * iox_runtime_shutdown() its watchdog may get no answer.
 */
#include "tests/bench/peers/peer.h"

#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/wait_set.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USUAL_MOST = 4000000 };
enum { QUEUE = 256, QUEUE_LARGE = 4, LARGE = 16 << 10, SECONDS = 10 };

static uint64_t queue_capacity;
static pid_t daemon_pid;
static int daemon_output;
static iox_pub_storage_t publisher_memory;
static iox_sub_storage_t subscriber_memory;
static iox_ws_storage_t wait_set_memory;
static iox_pub_t publisher;
static iox_sub_t subscriber;
static iox_ws_t wait_set;
static const void *chunk;

/* ---- the daemon ---------------------------------------------------------- */

/*
 * Until it reports that, has ended, or has taken too long: it fills half a GiB
 * first, which is slow on a busy machine.
 */
static int wait_until_ready(int fd)
{
	enum { PATIENCE_MS = 60000 };

	static const char ready[] = "RouDi is ready for clients";
	struct pollfd input = { .fd = fd, .events = POLLIN };
	char text[4096];
	size_t size = 0;
	int r = 0;

	while (size < sizeof(text) - 1) {
		ssize_t n;

		r = poll(&input, 1, PATIENCE_MS);
		if (r <= 0)
			break;
		n = read(fd, text + size, sizeof(text) - 1 - size);
		if (n <= 0)
			break;
		size += (size_t)n;
		text[size] = 0;
		if (strstr(text, ready))
			return 0;
	}
	text[size] = 0;
	fputs(text, stderr);
	return r == 0 ? -ETIMEDOUT : -EIO;
}

/* Chunks of the usual settings go up to 4 MiB; its path. */
static const char *settings_of_large(void)
{
	static const char settings[] = "[general]\nversion = 1\n"
				       "[[segment]]\n"
				       "[[segment.mempool]]\n"
				       "size = 128\ncount = 4096\n"
				       "[[segment.mempool]]\n"
				       "size = 67110912\ncount = 8\n";
	static char path[32];
	int fd = memfd_create("roudi.toml", 0);

	if (write(fd, settings, sizeof(settings) - 1) < 0)
		return "/nowhere";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static int prepare(size_t largest)
{
	const char *settings = NULL;
	int output[2], r;

	queue_capacity = largest > LARGE ? QUEUE_LARGE : QUEUE;
	if (largest > USUAL_MOST) {
		settings = settings_of_large();
		queue_capacity = 2;
	}
	if (pipe(output) < 0)
		return -errno;
	daemon_pid = fork();
	if (daemon_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		/* It prints and cleans up after our exit. */
		signal(SIGPIPE, SIG_IGN);
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execlp("iox-roudi", "iox-roudi", "--monitoring-mode", "off",
		       settings ? "--config-file" : NULL, settings, NULL);
		_exit(127);
	}
	close(output[1]);
	daemon_output = output[0];
	r = daemon_pid < 0 ? -errno : wait_until_ready(output[0]);
	if (r == -ETIMEDOUT)
		bench_fail("iox-roudi is not ready in time");
	else if (r < 0)
		bench_fail("iox-roudi is not there, or another one runs");
	return r;
}

static void finish(void)
{
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	close(daemon_output);
}

/* ---- a process ----------------------------------------------------------- */

/* Messages published before a subscription are lost. */
static bool has_met_reader(void)
{
	static bool has_met;

	for (int i = 0; i < SECONDS * 1000 && !has_met; i++) {
		has_met = iox_pub_has_subscribers(publisher);
		if (!has_met)
			usleep(1000);
	}
	return has_met;
}

static int enter(int side)
{
	static const char *const reader[] = { "0", "1" };
	iox_pub_options_t sending;
	iox_sub_options_t receiving;
	int self = side == 1;
	char name[64];

	/* Of the file in /tmp as well, see watch_remove_files(). */
	snprintf(name, sizeof(name), "troupe-bench-%d-%d", (int)getppid(),
		 side);
	iox_set_loglevel(Iceoryx_LogLevel_Off);
	iox_runtime_init(name);
	iox_sub_options_init(&receiving);
	receiving.queueCapacity = queue_capacity;
	receiving.queueFullPolicy = QueueFullPolicy_BLOCK_PRODUCER;
	wait_set = iox_ws_init(&wait_set_memory);
	if (side < 2) {
		subscriber = iox_sub_init(&subscriber_memory, "troupe", "bench",
					  reader[self], &receiving);
		iox_ws_attach_subscriber_state(wait_set, subscriber,
					       SubscriberState_HAS_DATA, 0,
					       NULL);
	}
	iox_pub_options_init(&sending);
	sending.subscriberTooSlowPolicy =
		ConsumerTooSlowPolicy_WAIT_FOR_CONSUMER;
	publisher = iox_pub_init(&publisher_memory, "troupe", "bench",
				 reader[!self], &sending);
	return 0;
}

static void *space(size_t size)
{
	uint32_t length = (uint32_t)size;
	void *bytes;

	if (!has_met_reader() ||
	    iox_pub_loan_chunk(publisher, &bytes,
			       length + (uint32_t)sizeof(length)) !=
		    AllocationResult_SUCCESS)
		return NULL;
	memcpy(bytes, &length, sizeof(length));
	return (char *)bytes + sizeof(length);
}

static int send_chunk(const void *bytes, size_t size)
{
	iox_pub_publish_chunk(publisher, (char *)bytes - sizeof(uint32_t));
	return 0;
}

static ssize_t receive(const void **ret_bytes)
{
	iox_notification_info_t unused;
	uint32_t length;
	uint64_t missed;

	if (chunk)
		iox_sub_release_chunk(subscriber, chunk);
	chunk = NULL;
	while (iox_sub_take_chunk(subscriber, &chunk) !=
	       ChunkReceiveResult_SUCCESS)
		iox_ws_wait(wait_set, &unused, 1, &missed);
	memcpy(&length, chunk, sizeof(length));
	*ret_bytes = (const char *)chunk + sizeof(length);
	return length;
}

static void leave(void)
{
	if (chunk)
		iox_sub_release_chunk(subscriber, chunk);
	iox_ws_deinit(wait_set);
	if (subscriber)
		iox_sub_deinit(subscriber);
	iox_pub_deinit(publisher);
}

const struct peer peer = {
	.prepare = prepare,
	.enter = enter,
	.send = send_chunk,
	.receive = receive,
	.leave = leave,
	.space = space,
	.finish = finish,
};
