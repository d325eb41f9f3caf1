/* SPDX-License-Identifier: MIT */
/*
 * Signals as sources of events: one signalfd with all wanted numbers, as an
 * input; each signal goes to the active ones of its number.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "runtime/troupe_io.h"

static struct troupe_signal *active; /* in the order of their start */
static struct sigaction before[NSIG];
static uint64_t told; /* signals so far */

static int tell(struct troupe_input *input, short events);
static struct troupe_input input = { .fd = -1,
				     .events = POLLIN,
				     .ready = tell };

static bool is_wanted(int number)
{
	const struct troupe_signal *signal = active;

	while (signal && signal->number != number)
		signal = signal->private_next;
	return signal != NULL;
}

/* The next that has not got this signal: a callback may stop others. */
static struct troupe_signal *next_to_tell(int number)
{
	struct troupe_signal *signal = active;

	while (signal &&
	       (signal->number != number || signal->private_told == told))
		signal = signal->private_next;
	return signal;
}

static int tell(struct troupe_input *unused_input, short events)
{
	struct signalfd_siginfo info;
	struct troupe_signal *signal;
	int r = 0;

	if (read(input.fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	told++;
	while (r == 0 && (signal = next_to_tell((int)info.ssi_signo))) {
		signal->private_told = told;
		if (signal->private_left > 0 && --signal->private_left == 0)
			troupe_signal_stop(signal);
		r = signal->received(signal, &info);
	}
	return r;
}

static bool can_be_waited_for(int number)
{
	switch (number) {
	case SIGTERM:
	case SIGKILL:
	case SIGSTOP:
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
		return false;
	default:
		return number > 0 && number < NSIG &&
		       (number < 32 || number >= SIGRTMIN);
	}
}

/* Renewed for the wanted numbers; closed if there are none. */
static int set_descriptor(void)
{
	const struct troupe_signal *signal = active;
	sigset_t wanted;
	int fd;

	sigemptyset(&wanted);
	for (; signal; signal = signal->private_next)
		sigaddset(&wanted, signal->number);
	if (!active) {
		troupe_input_remove(&input);
		close(input.fd);
		input.fd = -1;
		return 0;
	}
	fd = signalfd(input.fd, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (input.fd >= 0)
		return 0;
	input.fd = fd;
	return troupe_input_add(&input);
}

/* The number of each is blocked, and waited for. */
static void check(void)
{
	const struct troupe_signal *signal = active;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	assert((active != NULL) == (input.fd >= 0));
	for (; signal; signal = signal->private_next) {
		assert(signal->private_is_active);
		assert(sigismember(&blocked, signal->number));
	}
}

/* An ignored signal, as the terminal's are, would not be pending either. */
static void block(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(number, &action, &before[number]);
}

/* Drops a pending one, which might end the process. */
static void unblock(int number)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigaction(number, &action, NULL);
	sigaction(number, &before[number], NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int troupe_signal_start(struct troupe_signal *signal)
{
	struct troupe_signal **link = &active;
	int r;

	if (!signal->received || !can_be_waited_for(signal->number))
		return -EINVAL;
	if (signal->private_is_active)
		return -EALREADY;
	if (!is_wanted(signal->number))
		block(signal->number);
	while (*link)
		link = &(*link)->private_next;
	*link = signal;
	signal->private_next = NULL;
	signal->private_told = told;
	signal->private_left = signal->count;
	signal->private_is_active = true;
	r = set_descriptor();
	if (r < 0)
		troupe_signal_stop(signal);
	else
		TRP_CHECK(check());
	return r;
}

void troupe_signal_stop(struct troupe_signal *signal)
{
	struct troupe_signal **link = &active;

	if (!signal->private_is_active)
		return;
	while (*link != signal)
		link = &(*link)->private_next;
	*link = signal->private_next;
	signal->private_is_active = false;
	if (!is_wanted(signal->number))
		unblock(signal->number);
	set_descriptor();
}
