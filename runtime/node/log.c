/* SPDX-License-Identifier: MIT */
#include "runtime/node/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "runtime/node/options.h"
#include "runtime/troupe.h"
#include "serialize/printable.h"

static char own_title[TRP_TITLE_SIZE] = "troupe";
static char *title = own_title;
static TRP_HOT bool is_impatient;
static TRP_HOT enum trp_log_style style;
static TRP_HOT bool is_colored;
static TRP_HOT troupe_ref own_ref;
static TRP_HOT pid_t own_pid;
static TRP_HOT unsigned unread; /* lines since nobody reads */

/* Not by snprintf(): each page of code that a spawn touches is a fault. */
void trp_log_set_title(const char *text)
{
	size_t length = strnlen(text, TRP_TITLE_SIZE - 1);

	memcpy(title, text, length);
	title[length] = '\0';
}

const char *trp_log_title(void)
{
	return title;
}

void trp_log_title_after(char *text)
{
	const char *old = title;

	title = text + strlen(text);
	trp_log_set_title(old);
}

void trp_log_never_wait(void)
{
	is_impatient = true;
}

void trp_log_is_of(troupe_ref ref)
{
	own_ref = ref;
	own_pid = getpid();
}

/* JOURNAL_STREAM is the device and the inode of what systemd gave it. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat out;
	char own[64];

	if (!stream || fstat(STDERR_FILENO, &out) < 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)out.st_dev,
		 (uintmax_t)out.st_ino);
	return strcmp(stream, own) == 0;
}

/* See no-color.org. */
static bool is_for_colors(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && !(no && *no) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

void trp_log_begin(const struct trp_log_options *options)
{
	style = options->style;
	if (style == TRP_LOG_AUTO)
		style = is_journal() ? TRP_LOG_JOURNAL : TRP_LOG_SHORT;
	is_colored = is_for_colors();
	trp_log_ring_set_level(options->level);
}

bool troupe_log_allow(enum troupe_level level)
{
	return (uint32_t)level >= trp_log_ring_level();
}

/* A reader has a moment, once; not for each line. */
static bool is_read(void)
{
	enum { MOMENT_MS = 50 };
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	return !is_impatient || poll(&out, 1, unread ? 0 : MOMENT_MS) != 0;
}

ssize_t trp_log_write(int fd, const void *bytes, size_t size)
{
	static const int ends[] = { SIGPIPE, SIGXFSZ };
	const struct timespec now = { 0 };
	sigset_t unwanted, before;
	ssize_t n;
	int error;

	sigemptyset(&unwanted);
	for (size_t i = 0; i < 2; i++)
		sigaddset(&unwanted, ends[i]);
	pthread_sigmask(SIG_BLOCK, &unwanted, &before);
	n = write(fd, bytes, size);
	error = errno;
	/* A signal that was blocked before may have another sender. */
	for (size_t i = 0; i < 2; i++)
		if (sigismember(&before, ends[i]))
			sigdelset(&unwanted, ends[i]);
	if (n < 0 && (error == EPIPE || error == EFBIG))
		sigtimedwait(&unwanted, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

static void drop_ends_of_line(char *text)
{
	size_t size = strlen(text);

	while (size && text[size - 1] == '\n')
		text[--size] = '\0';
}

static void write_line(enum troupe_level level, const char *format,
		       va_list arguments)
{
	struct trp_log_line line = { .ref = own_ref,
				     .pid = getpid(),
				     .level = (uint32_t)level };
	char text[TRP_LOG_WIDTH];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	line.at_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
	strcpy(line.title, title);
	if (vsnprintf(line.text, sizeof(line.text), format, arguments) < 0)
		return;
	drop_ends_of_line(line.text);
	trp_log_ring_add(&line, line.pid == own_pid);
	/* There is no place to report a failure. */
	trp_log_write(STDERR_FILENO, text,
		      trp_log_format(&line, style, is_colored, text));
}

void trp_log_complain(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs("troupe", stderr);
	trp_printable_write(stderr, text);
	fputc('\n', stderr);
}

static void say(enum troupe_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(level, format, arguments);
	va_end(arguments);
}

void trp_log_catch_up(void)
{
	if (!unread || !is_read())
		return;
	say(TROUPE_WARNING, "%u lines are lost, as nobody read them", unread);
	unread = 0;
}

void troupe_log(enum troupe_level level, const char *format, ...)
{
	int error = errno;
	va_list arguments;

	if (!troupe_log_allow(level))
		return;
	trp_log_catch_up();
	if (unread || !is_read()) {
		unread++;
	} else {
		va_start(arguments, format);
		write_line(level, format, arguments);
		va_end(arguments);
	}
	errno = error;
}
