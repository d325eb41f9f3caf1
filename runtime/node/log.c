/* SPDX-License-Identifier: MIT */
#include "runtime/node/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "runtime/troupe.h"
#include "serialize/printable.h"

static const char *const level_name[] = {
	[TROUPE_DEBUG] = "debug",
	[TROUPE_INFO] = "info",
	[TROUPE_WARNING] = "warning",
	[TROUPE_FATAL] = "fatal",
};

static char own_title[TRP_TITLE_SIZE] = "troupe";
static char *title = own_title;
static TRP_HOT bool is_impatient;
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
	char line[1024], text[1024];
	struct timespec now;
	struct tm local;
	int size, n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	size = snprintf(line, sizeof(line), "%02d:%02d:%02d.%03ld %s %s[%d] ",
			local.tm_hour, local.tm_min, local.tm_sec,
			now.tv_nsec / 1000000, level_name[level], title,
			(int)getpid());
	n = vsnprintf(text, sizeof(text), format, arguments);
	if (n < 0)
		return;
	drop_ends_of_line(text);
	trp_printable(text, line + size, sizeof(line) - (size_t)size - 1);
	size += (int)strlen(line + size);
	line[size++] = '\n';
	/* There is no place to report a failure. */
	trp_log_write(STDERR_FILENO, line, (size_t)size);
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
