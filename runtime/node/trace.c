/* SPDX-License-Identifier: MIT */
/*
 * Lines of JSON, gathered in pages.  A page in the file holds whole lines, and
 * blanks up to its end, and the file is a whole number of pages until the
 * supervisor ends it.  A process that is killed within write(2) may have
 * written some of the pages it meant to, but none in part: the kernel copies
 * each in one go, and looks for fatal signals in between.
 */
#include "runtime/node/trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "runtime/node/log.h"
#include "ipc/time.h"
#include "serialize/printable.h"

enum {
	PAGE = 4096,
	PAGES = 16,
	LINE = 640,
	SECOND_NS = 1000000000,
};
static_assert(LINE < PAGE, "a line fits into a page, with its end");

TRP_HOT bool trp_trace_is_on;

static struct {
	int fd;
	int error;	     /* why it is off; 0: it is on */
	pid_t pid;	     /* whose events these are */
	int64_t interval_ns; /* between two events; 0: any number of them */
	int64_t spent_until; /* when the share of events is used up until */
	uint64_t left_out;   /* since the last flush */
	int64_t flush_at;    /* 0: nothing to flush */
	int64_t until;	     /* it goes off then; 0: it stays on */
	bool is_alone;
	unsigned full; /* pages */
	size_t used;   /* of the next one */
	char page[PAGES][PAGE];
} trace = { .fd = -1 };

/* ---- a line -------------------------------------------------------------- */

struct line {
	size_t size;
	char text[LINE];
};

static void put_bytes(struct line *line, const char *bytes, size_t size)
{
	size_t room = sizeof(line->text) - line->size;

	size = size < room ? size : room;
	memcpy(line->text + line->size, bytes, size);
	line->size += size;
}

static void put(struct line *line, const char *text)
{
	put_bytes(line, text, strlen(text));
}

/* Of these `before` goes before what they put. */
static void put_number(struct line *line, const char *before, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	put(line, before);
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	put_bytes(line, digits + at, sizeof(digits) - at);
}

static void put_hex(struct line *line, const char *before, uint64_t number)
{
	char digits[18] = "0x";

	put(line, before);
	for (size_t at = sizeof(digits); at > 2; number >>= 4)
		digits[--at] = "0123456789abcdef"[number & 15];
	put_bytes(line, digits, sizeof(digits));
}

/* Nanoseconds as microseconds. */
static void put_time(struct line *line, const char *before, int64_t ns)
{
	uint64_t time = ns > 0 ? (uint64_t)ns : 0;
	char rest[4] = { '.', (char)('0' + time / 100 % 10),
			 (char)('0' + time / 10 % 10),
			 (char)('0' + time % 10) };

	put_number(line, before, time / 1000);
	put_bytes(line, rest, sizeof(rest));
}

/* Any bytes, leaving room for what must follow. */
static void put_quoted(struct line *line, const char *before, const char *text)
{
	enum { MOST = 200 };
	size_t end = line->size + strlen(before) + MOST;
	char escape[8];

	put(line, before);
	put(line, "\"");
	while (*text && line->size < end) {
		uint32_t code;
		size_t size = trp_printable_decode(text, &code);

		if (size && code != '"' && code != '\\' &&
		    trp_printable_may_show(code)) {
			put_bytes(line, text, size);
		} else {
			snprintf(escape, sizeof(escape), "\\u%04x",
				 size && code < 0xffff ? code : 0xfffd);
			put(line, escape);
		}
		text += size ? size : 1;
	}
	put(line, "\"");
}

/* The head of every event; its fields end with the comma. */
static struct line *begin(struct line *line, const char *phase,
			  const char *name, const char *category, pid_t pid,
			  int64_t ns)
{
	line->size = 0;
	put(line, "{\"ph\":\"");
	put(line, phase);
	put_quoted(line, "\",\"name\":", name);
	put(line, ",\"cat\":\"");
	put(line, category);
	put_number(line, "\",\"pid\":", (uint64_t)pid);
	put_number(line, ",\"tid\":", (uint64_t)pid);
	put_time(line, ",\"ts\":", ns);
	return line;
}

/* ---- pages --------------------------------------------------------------- */

static void end_page(void)
{
	char *page = trace.page[trace.full];

	if (!trace.used)
		return;
	assert(trace.full < PAGES && trace.used < PAGE);
	memset(page + trace.used, ' ', PAGE - trace.used);
	page[PAGE - 1] = '\n';
	trace.full++;
	trace.used = 0;
}

static void give_up(int error)
{
	trp_trace_is_on = false;
	trace.error = error;
}

/* The file may have been ended. */
static bool is_too_late(void)
{
	return trace.until &&
	       trp_time_now().ns > trace.until + TRP_TRACE_GRACE_NS / 2;
}

/* The disk may be full: the file still has whole pages. */
static void write_pages(void)
{
	const char *bytes = trace.page[0];
	size_t left = is_too_late() ? 0 : (size_t)trace.full * PAGE;
	ssize_t n = 0;

	if (trace.pid == getpid())
		for (; left > 0; bytes += n, left -= (size_t)n) {
			n = trp_log_write(trace.fd, bytes, left);
			if (n < 0 && errno == EINTR)
				n = 0;
			else if (n <= 0 || n % PAGE)
				break;
		}
	if (left > 0)
		give_up(n < 0 ? -errno : -ENOSPC);
	trace.full = 0;
	trace.flush_at = 0;
}

/* One byte stays for the end of the page. */
static bool fits(const struct line *line)
{
	return trace.used + line->size < PAGE;
}

static void end(struct line *line)
{
	put(line, "},\n");
	if (!fits(line))
		end_page();
	if (trace.full == PAGES)
		write_pages();
	assert(line->size < sizeof(line->text)); /* it was not cut */
	assert(trace.full < PAGES && fits(line));
	memcpy(trace.page[trace.full] + trace.used, line->text, line->size);
	trace.used += line->size;
	if (!trace.flush_at)
		trace.flush_at = trp_time_now().ns + SECOND_NS;
}

static void say_left_out(void)
{
	struct line line;

	if (!trace.left_out)
		return;
	begin(&line, "i", "left out", "trace", trace.pid, trp_time_now().ns);
	put_number(&line, ",\"s\":\"t\",\"args\":{\"events\":", trace.left_out);
	put(&line, "}");
	trace.left_out = 0;
	end(&line);
}

/* At its end it goes off, whatever it has written. */
static bool is_over(int64_t now)
{
	if (!trace.until || now < trace.until)
		return false;
	if (trp_trace_is_on) {
		say_left_out();
		end_page();
		write_pages();
		trp_trace_is_on = false;
		close(trace.fd);
		trace.fd = -1;
	}
	return true;
}

void trp_trace_flush(void)
{
	if (!trp_trace_is_on || is_over(trp_time_now().ns))
		return;
	say_left_out();
	end_page();
	write_pages();
}

struct troupe_time trp_trace_flush_at(void)
{
	int64_t at = trace.flush_at;

	if (trace.until && (!at || trace.until < at))
		at = trace.until;
	return trp_trace_is_on && at ? (struct troupe_time) { at }
				     : TROUPE_NEVER;
}

/* ---- beginning and end --------------------------------------------------- */

static void name_process(pid_t pid, const char *name)
{
	struct line line;

	begin(&line, "M", "process_name", "__metadata", pid, 0);
	put_quoted(&line, ",\"args\":{\"name\":", name);
	put(&line, "}");
	end(&line);
}

int trp_trace_open(const char *path, uint32_t rate)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		      0666);

	if (fd < 0)
		return -errno;
	memset(&trace, 0, sizeof(trace));
	trace.fd = fd;
	trace.interval_ns = rate ? SECOND_NS / rate : 0;
	trp_trace_is_on = true;
	trp_trace_enter();
	trace.page[0][0] = '[';
	trace.page[0][1] = '\n';
	trace.used = 2;
	name_process(trace.pid, "supervisor");
	/* The zygote must not inherit events. */
	trp_trace_flush();
	if (trp_trace_is_on)
		return 0;
	close(fd);
	return trace.error;
}

int trp_trace_join(const char *path, uint32_t rate, bool is_alone,
		   int64_t until)
{
	int fd;

	if (trp_trace_is_on)
		return -EBUSY;
	if (trp_time_now().ns >= until)
		return -ETIMEDOUT;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	trace.fd = fd;
	trace.error = 0;
	trace.interval_ns = rate ? SECOND_NS / rate : 0;
	trace.spent_until = 0;
	trace.left_out = 0;
	trace.until = until;
	trace.is_alone = is_alone;
	trp_trace_enter();
	trp_trace_is_on = true;
	return 0;
}

void trp_trace_enter(void)
{
	trace.pid = getpid();
	trace.full = 0;
	trace.used = 0;
	trace.flush_at = 0;
}

int trp_trace_close(void)
{
	struct line line;

	if (trace.fd < 0)
		return 0;
	trp_trace_flush();
	begin(&line, "i", "end", "trace", trace.pid, trp_time_now().ns);
	put(&line, ",\"s\":\"g\"}\n]\n");
	if (trp_trace_is_on &&
	    trp_log_write(trace.fd, line.text, line.size) < 0)
		give_up(-errno);
	trp_trace_is_on = false;
	close(trace.fd);
	trace.fd = -1;
	return trace.error;
}

/* ---- in an actor --------------------------------------------------------- */

/* A whole second's share of events may come at once. */
bool trp_trace_may(int64_t now)
{
	if (is_over(now))
		return false;
	if (trace.spent_until - now > SECOND_NS) {
		trace.left_out++;
		return false;
	}
	if (trace.spent_until < now)
		trace.spent_until = now;
	trace.spent_until += trace.interval_ns;
	return true;
}

int64_t trp_trace_start(void)
{
	int64_t now = trp_time_now().ns;

	return trp_trace_may(now) ? now : 0;
}

int64_t trp_trace_start_of(const struct trp_envelope *envelope)
{
	return envelope->flags & TRP_TRACED || trace.is_alone
		       ? trp_trace_start()
		       : 0;
}

static void begin_span(struct line *line, const char *category,
		       const char *name, int64_t from, int64_t until)
{
	if (!until)
		until = trp_time_now().ns;
	begin(line, "X", name, category, trace.pid, from);
	put_time(line, ",\"dur\":", until - from);
}

void trp_trace_span(const char *category, const char *name, int64_t from)
{
	trp_trace_span_until(category, name, from, 0);
}

void trp_trace_span_until(const char *category, const char *name, int64_t from,
			  int64_t until)
{
	struct line line;

	if (!from || !trp_trace_is_on)
		return;
	begin_span(&line, category, name, from, until);
	end(&line);
}

/* One send of one message; a forward is another send. */
static uint64_t arrow_of(const struct trp_envelope *envelope)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);

	return (((uint64_t)envelope->created * odd) ^ envelope->sender) * odd +
	       envelope->hop;
}

static void point(const char *phase, const char *more, int64_t ns,
		  const struct trp_envelope *envelope)
{
	struct line line;

	begin(&line, phase, "mail", "mail", trace.pid, ns);
	put_hex(&line, ",\"id\":\"", arrow_of(envelope));
	put(&line, "\"");
	put(&line, more);
	end(&line);
}

void trp_trace_sent(const struct trp_envelope *envelope)
{
	if (trp_trace_is_on)
		point("s", "", envelope->created, envelope);
}

void trp_trace_handled(const char *category, const char *name, int64_t from,
		       const struct trp_envelope *envelope, pid_t sender)
{
	struct line line;

	if (!from || !trp_trace_is_on)
		return;
	point("f", ",\"bp\":\"e\"", from, envelope);
	begin_span(&line, category, name, from, 0);
	put_number(&line, ",\"args\":{\"from\":", (uint64_t)sender);
	put_hex(&line, ",\"flow\":\"", envelope->flow);
	put_number(&line, "\",\"hop\":", envelope->hop);
	put_time(&line, ",\"sent\":", envelope->created);
	put(&line, "}");
	end(&line);
}

/* ---- in the supervisor --------------------------------------------------- */

void trp_trace_spawned(const char *title, const char *parent)
{
	struct line line;

	if (!trp_trace_is_on)
		return;
	begin(&line, "i", "spawn", "life", trace.pid, trp_time_now().ns);
	put_quoted(&line, ",\"s\":\"p\",\"args\":{\"actor\":", title);
	put_quoted(&line, ",\"parent\":", parent);
	put(&line, "}");
	end(&line);
}

void trp_trace_born(pid_t pid, const char *title)
{
	if (trp_trace_is_on)
		name_process(pid, title);
}

void trp_trace_ended(pid_t pid, const char *title, int64_t spawned_at,
		     const struct troupe_reason *reason)
{
	int64_t now = trp_time_now().ns;
	struct line line;
	char text[256];

	if (!trp_trace_is_on)
		return;
	troupe_reason_text(reason, text, sizeof(text));
	begin(&line, "i", "end", "life", trace.pid, now);
	put_quoted(&line, ",\"s\":\"p\",\"args\":{\"actor\":", title);
	put_quoted(&line, ",\"reason\":", text);
	put(&line, "}");
	end(&line);
	if (!pid)
		return;
	begin(&line, "X", title, "life", pid, spawned_at);
	put_time(&line, ",\"dur\":", now - spawned_at);
	put_quoted(&line, ",\"args\":{\"reason\":", text);
	put(&line, "}");
	end(&line);
}
