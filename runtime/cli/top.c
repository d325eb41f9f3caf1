/* SPDX-License-Identifier: MIT */
/*
 * The library ncurses is loaded where it is used, so that no node has it, whose
 * actors would inherit it.
 */
#include "runtime/cli/top.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ipc/time.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/columns.h"
#include "runtime/cli/looker.h"
#include "runtime/cli/order.h"
#include "runtime/look/text.h"
#include "runtime/node/system.pb-c.h"

#ifdef HAVE_NCURSESW
#define NCURSES_NOMACROS
#include <locale.h>
#include <ncurses.h>
#include "ipc/library.h"
#include "libraries.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(, initscr) F(, endwin) F(, cbreak) F(, noecho) F(, keypad) \
	F(, wgetch) F(, wtimeout) F(, werase) F(, wmove) F(, waddstr) \
	F(, wattrset) F(, wrefresh) F(, curs_set) F(, redrawwin) F(, getmaxx) F(, getmaxy)
/* clang-format on */
TRP_LIBRARY(curses, LIBRARY_NCURSESW, FUNCTIONS);

enum { LINE = 2048, SHOWN = 10, DETAIL_LINES = 8, ROOM = 40 };
enum { TRACE_S = 5, TRACE_RATE = 10000, REDRAW = 'L' - '@' /* with Ctrl */ };

static const char *const shown[SHOWN] = {
	"pid",	  "state", "share", "memory",  "unread",
	"oldest", "in",	   "out",   "address", "doing",
};

/* Columns that give way where address and doing would have less than ROOM. */
static const size_t spare[] = { 7, 6, 5, 3, 0, 2 };

/* An order that waits for y. */
struct wish {
	int key; /* 0: none */
	troupe_ref ref;
	pid_t pid;
	char address[256];
};

static struct {
	struct trp_look *look;
	WINDOW *screen;
	const struct trp_column *column[SHOWN];
	const struct trp_look_actor **row; /* in the order of the screen */
	size_t count, first;		   /* the first that is seen */
	troupe_ref chosen;
	size_t by; /* the column of the order */
	bool is_hidden[SHOWN];
	bool is_reverse, has_detail, is_over;
	struct wish wish;
	struct trp_client tracer;
	bool is_tracing;
	int64_t interval_ms;
	char notice[512];
} top;

/* ---- rows ---------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct trp_look_actor *x =
		*(const struct trp_look_actor *const *)a;
	const struct trp_look_actor *y =
		*(const struct trp_look_actor *const *)b;
	int r = top.column[top.by]->compare(x, y);

	if (r == 0)
		r = (x->told->ref > y->told->ref) -
		    (x->told->ref < y->told->ref);
	return top.is_reverse ? -r : r;
}

static void sort_rows(void)
{
	if (top.count)
		qsort(top.row, top.count, sizeof(*top.row), compare);
}

static int look_again(void)
{
	const struct trp_look_actor **row;
	int r = trp_look_take(top.look);

	top.count = 0;
	if (r < 0)
		return r;
	row = reallocarray(top.row, top.look->count + 1, sizeof(*row));
	if (!row)
		return -ENOMEM;
	top.row = row;
	for (size_t i = 0; i < top.look->count; i++)
		row[top.count++] = &top.look->actor[i];
	sort_rows();
	return 0;
}

/* Of the chosen one, or of the first. */
static size_t place(void)
{
	for (size_t i = 0; i < top.count; i++)
		if (top.row[i]->told->ref == top.chosen)
			return i;
	return 0;
}

static const struct trp_look_actor *chosen(void)
{
	return top.count ? top.row[place()] : NULL;
}

/* ---- the screen ---------------------------------------------------------- */

/* The text is printable; it is cut at the right. */
static void put(int y, attr_t how, const char *text)
{
	char line[LINE];
	int width = curses.getmaxx(top.screen), wide = 0;
	size_t used = 0;

	for (; text[used] && wide < width; used++)
		wide += (text[used + 1] & 0xc0) != 0x80;
	snprintf(line, sizeof(line), "%.*s%*s", (int)used, text,
		 how != A_NORMAL && width > wide ? width - wide : 0, "");
	curses.wmove(top.screen, y, 0);
	curses.wattrset(top.screen, (int)how);
	curses.waddstr(top.screen, line);
	curses.wattrset(top.screen, (int)A_NORMAL);
}

static void draw_title(void)
{
	uint64_t unread = 0;
	char line[LINE], text[64];
	double cpu = 0;

	for (size_t i = 0; i < top.count; i++) {
		unread += top.row[i]->unread.messages + top.row[i]->put_aside;
		cpu += top.row[i]->cpu;
	}
	snprintf(line, sizeof(line),
		 "troupe top: node %s, %zu actors, %.1f %% CPU, %llu "
		 "unread, every %s, by %s%s",
		 top.look->node->name, top.count, cpu,
		 (unsigned long long)unread,
		 trp_look_text_span(top.interval_ms, text), shown[top.by],
		 top.is_reverse ? ", reversed" : "");
	put(0, A_BOLD, line);
}

/* Of the address, and of the rest of the line. */
static void fit(int *ret_address, int *ret_doing)
{
	int left = curses.getmaxx(top.screen), longest = 8;
	char text[TRP_COLUMN_TEXT];

	memset(top.is_hidden, 0, sizeof(top.is_hidden));
	for (size_t i = 0; i < SHOWN; i++)
		left -= abs(top.column[i]->width) + (i > 0);
	for (size_t i = 0; i < sizeof(spare) / sizeof(*spare) && left < ROOM;
	     i++) {
		if (spare[i] == top.by)
			continue;
		top.is_hidden[spare[i]] = true;
		left += abs(top.column[spare[i]]->width) + 1;
	}
	for (size_t i = 0; i < top.count; i++) {
		int length = (int)strlen(top.column[SHOWN - 2]->print(
			top.look, top.row[i], text));

		longest = length > longest ? length : longest;
	}
	left = left > ROOM / 2 ? left : ROOM / 2;
	*ret_address = longest < left / 2 ? longest : left / 2;
	*ret_doing = left - *ret_address;
}

/* actor: NULL: the headings. */
static void draw_row(int y, attr_t how, const struct trp_look_actor *actor,
		     int address, int doing)
{
	char line[LINE] = "", text[TRP_COLUMN_TEXT];

	for (size_t i = 0; i < SHOWN; i++) {
		const struct trp_column *column = top.column[i];

		if (!top.is_hidden[i])
			trp_columns_write(
				line, sizeof(line), column,
				actor ? column->print(top.look, actor, text)
				      : column->heading,
				i == SHOWN - 2 ? address : doing,
				i == SHOWN - 1);
	}
	put(y, how, line);
}

static int rows_seen(void)
{
	return curses.getmaxy(top.screen) - 3 -
	       (top.has_detail ? DETAIL_LINES : 0);
}

static void scroll_to(size_t at, int rows)
{
	if (at < top.first)
		top.first = at;
	if (rows > 0 && at >= top.first + (size_t)rows)
		top.first = at - (size_t)rows + 1;
}

static void draw_mail(int y, int lines)
{
	struct trp_look_mail *mail = NULL;
	char line[LINE], from[256], time[32];
	size_t count = 0;

	if (!top.look->has_memory ||
	    trp_look_mail_by_sender(&top.look->arena,
				    trp_ref_slot(chosen()->told->ref), &mail,
				    &count) < 0)
		return;
	for (size_t i = 0; i < count && lines-- > 0; i++) {
		snprintf(
			line, sizeof(line),
			"  %llu unread, %llu bytes, the oldest sent %s ago, "
			"from %s",
			(unsigned long long)mail[i].messages,
			(unsigned long long)mail[i].bytes,
			trp_look_text_span(
				trp_look_since(top.look, mail[i].oldest), time),
			trp_look_address(top.look, mail[i].sender, from,
					 sizeof(from)));
		put(y++, A_NORMAL, line);
	}
	free(mail);
}

static void draw_detail(int y)
{
	const struct trp_look_actor *actor = chosen();
	const Troupe__Guest__Actor *told = actor ? actor->told : NULL;
	char line[LINE], text[TRP_COLUMN_TEXT], ref[TRP_REF_TEXT_SIZE];

	if (!told)
		return;
	snprintf(line, sizeof(line), "%.500s, %s, class %.100s, process %d",
		 told->address, trp_ref_print(told->ref, ref), told->of_class,
		 told->pid);
	put(y++, A_REVERSE, line);
	snprintf(line, sizeof(line), "  %s: %s",
		 trp_look_state_name(actor->state),
		 trp_look_text_doing(top.look, actor, text, sizeof(text)));
	put(y++, A_NORMAL, line);
	snprintf(line, sizeof(line),
		 "  %llu received, %llu sent, %llu refused, %llu dropped, "
		 "room for %u unread bytes of each sender",
		 (unsigned long long)told->received,
		 (unsigned long long)told->sent,
		 (unsigned long long)told->refused,
		 (unsigned long long)told->dropped, actor->limit);
	put(y++, A_NORMAL, line);
	snprintf(line, sizeof(line), "  restarts: %u%s%s", told->restarts,
		 told->last_end[0] ? ", the last after: " : "", told->last_end);
	put(y++, A_NORMAL, line);
	draw_mail(y, DETAIL_LINES - 4);
}

static void draw(void)
{
	int rows = rows_seen(), address, doing;
	size_t at = place();

	curses.werase(top.screen);
	draw_title();
	fit(&address, &doing);
	draw_row(1, A_REVERSE, NULL, address, doing);
	scroll_to(at, rows);
	for (int i = 0; i < rows && top.first + (size_t)i < top.count; i++)
		draw_row(i + 2,
			 top.first + (size_t)i == at ? A_STANDOUT : A_NORMAL,
			 top.row[top.first + (size_t)i], address, doing);
	if (top.has_detail)
		draw_detail(rows + 2);
	put(curses.getmaxy(top.screen) - 1, A_NORMAL,
	    top.notice[0] ? top.notice
			  : "q quit  < > order  r reverse  Enter detail  "
			    "x stop  R restart  K kill  t trace");
	curses.wrefresh(top.screen);
}

/* ---- orders -------------------------------------------------------------- */

static const char *verb(int key)
{
	return key == 'x'   ? "stop"
	       : key == 'R' ? "restart"
	       : key == 'K' ? "kill"
			    : "trace";
}

static void ask_for(int key)
{
	const struct trp_look_actor *actor = chosen();

	if (!actor)
		return;
	top.wish = (struct wish) { .key = key,
				   .ref = actor->told->ref,
				   .pid = actor->told->pid };
	snprintf(top.wish.address, sizeof(top.wish.address), "%s",
		 actor->told->address);
	snprintf(top.notice, sizeof(top.notice), "%s %s? y or n", verb(key),
		 top.wish.address);
}

/* Over another connection, for this one goes on to be asked. */
static int write_trace(void)
{
	Troupe__Guest__Trace request = TROUPE__GUEST__TRACE__INIT;
	char folder[PATH_MAX], path[PATH_MAX + 64];
	const char *file = path;
	int r;

	if (top.is_tracing)
		return -EBUSY;
	if (!getcwd(folder, sizeof(folder)))
		return -errno;
	r = trp_client_open_any(&top.tracer, top.look->client.node);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/troupe-trace-%d-%lld.json", folder,
		 (int)getpid(), (long long)trp_time_now().ns / 1000000);
	request.path = path;
	request.ms = TRACE_S * 1000;
	request.ref = top.wish.ref;
	request.rate = TRACE_RATE;
	r = trp_client_ask(&top.tracer, &request.base);
	if (r < 0) {
		trp_client_close(&top.tracer);
		return r;
	}
	top.is_tracing = true;
	file += strlen(folder) + 1;
	snprintf(top.notice, sizeof(top.notice), "tracing %.200s for %d s: %s",
		 top.wish.address, TRACE_S, file);
	return 0;
}

static int obey(int key)
{
	char whom[TRP_REF_TEXT_SIZE];
	uint32_t what = key == 'R' ? TROUPE__CONTROL__CHILD_ORDER__RESTART_CHILD
				   : TROUPE__CONTROL__CHILD_ORDER__STOP_CHILD;

	trp_ref_print(top.wish.ref, whom);
	if (key == 't')
		return write_trace();
	if (key == 'K')
		return top.wish.pid <= 0		 ? -ESRCH
		       : kill(top.wish.pid, SIGKILL) < 0 ? -errno
							 : 0;
	return trp_cli_order_give(&top.look->client, whom, what);
}

static void answer(int key)
{
	int wish = top.wish.key, r;

	top.wish.key = 0;
	top.notice[0] = '\0';
	if (key != 'y')
		return;
	top.look->client.why[0] = '\0';
	r = obey(wish);
	if (r < 0)
		snprintf(top.notice, sizeof(top.notice), "%s %.200s: %.250s",
			 verb(wish), top.wish.address,
			 top.look->client.why[0] ? top.look->client.why
						 : strerror(-r));
	else if (wish != 't')
		snprintf(top.notice, sizeof(top.notice), "%s %.200s: told",
			 verb(wish), top.wish.address);
}

static void look_for_trace(void)
{
	struct pollfd answer = { .fd = top.tracer.fd, .events = POLLIN };
	const ProtobufCMessage *item;
	size_t used = strlen(top.notice);

	if (!top.is_tracing || poll(&answer, 1, 0) != 1)
		return;
	if (trp_client_next(&top.tracer, &troupe__guest__done__descriptor, 0,
			    &item) < 0)
		snprintf(top.notice, sizeof(top.notice), "trace: %.300s",
			 top.tracer.why);
	else
		snprintf(top.notice + used, sizeof(top.notice) - used,
			 ", written");
	trp_client_close(&top.tracer);
	top.is_tracing = false;
}

/* ---- keys ---------------------------------------------------------------- */

static void move_by(int rows)
{
	int at = (int)place() + rows, last = (int)top.count - 1;

	if (last >= 0)
		top.chosen = top.row[at < 0	 ? 0
				     : at > last ? last
						 : at]
				     ->told->ref;
}

static void order_by(size_t column)
{
	top.by = column % SHOWN;
	sort_rows();
}

static void take(int key)
{
	if (key == REDRAW || key == KEY_RESIZE) {
		curses.redrawwin(top.screen);
		return;
	}
	if (top.wish.key) {
		answer(key);
		return;
	}
	if (!top.is_tracing)
		top.notice[0] = '\0';
	switch (key) {
	case 'q':
		top.is_over = true;
		break;
	case KEY_UP:
	case 'k':
		move_by(-1);
		break;
	case KEY_DOWN:
	case 'j':
		move_by(1);
		break;
	case KEY_PPAGE:
		move_by(-rows_seen());
		break;
	case KEY_NPAGE:
		move_by(rows_seen());
		break;
	case '<':
	case '>':
		order_by(top.by + (key == '>' ? 1 : SHOWN - 1));
		break;
	case 'r':
		top.is_reverse = !top.is_reverse;
		sort_rows();
		break;
	case '\n':
	case KEY_ENTER:
		top.has_detail = !top.has_detail;
		break;
	case 'x':
	case 'R':
	case 'K':
	case 't':
		ask_for(key);
		break;
	default:
		break;
	}
}

/* ---- the command --------------------------------------------------------- */

static int run(void)
{
	int64_t next = 0, now;
	int key, r = 0;

	while (!top.is_over) {
		now = trp_time_now().ns / 1000000;
		if (now >= next) {
			r = look_again();
			if (r < 0)
				return r;
			next = now + top.interval_ms;
		}
		look_for_trace();
		draw();
		curses.wtimeout(top.screen, (int)(next > now ? next - now : 0));
		key = curses.wgetch(top.screen);
		if (key != ERR)
			take(key);
	}
	return 0;
}

static int show(struct trp_look *look, const char *word, bool is_json)
{
	int r = trp_library_load(&curses_library);

	if (is_json)
		snprintf(look->client.why, sizeof(look->client.why),
			 "`troupe ps --json` is for programs");
	else if (r < 0)
		snprintf(look->client.why, sizeof(look->client.why),
			 "%s cannot be loaded; install it", LIBRARY_NCURSESW);
	if (is_json || r < 0)
		return -EINVAL;
	top.look = look;
	setlocale(LC_ALL, "");
	top.screen = curses.initscr();
	curses.cbreak();
	curses.noecho();
	curses.keypad(top.screen, TRUE);
	curses.curs_set(0);
	r = run();
	curses.endwin();
	return r;
}

static const char *interval = "1", *sort = "share";

/* 0, or the exit status. */
static int check(void)
{
	char *end, near[32];
	double seconds = strtod(interval, &end);

	if (end == interval || *end || !(seconds >= 0.1 && seconds <= 3600))
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "top",
					  "--interval takes 0.1 to 3600 "
					  "seconds, not \"%s\"",
					  interval);
	top.interval_ms = (int64_t)(seconds * 1000);
	top.by = SHOWN;
	for (size_t i = 0; i < SHOWN; i++) {
		top.column[i] =
			trp_columns_find(shown[i], strlen(shown[i]), near);
		if (strcmp(shown[i], sort) == 0)
			top.by = i;
	}
	if (top.by == SHOWN)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "top",
					  "it has no column %s", sort);
	return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO)
		       ? 0
		       : trp_arguments_fail(TRP_ARGUMENTS_USAGE, "top",
					    "no terminal; `troupe ps "
					    "--interval 1` looks twice");
}

int trp_cli_top(int argc, char **argv)
{
	static const struct trp_arguments_option options[] = {
		{ "--interval", &interval, NULL },
		{ "--sort", &sort, NULL },
	};
	static const struct trp_looker looker = {
		.command = "top",
		.more = options,
		.count = 2,
		.check = check,
		.run = show,
	};

	return trp_looker_run(&looker, argc, argv);
}
#else
int trp_cli_top(int argc, char **argv)
{
	return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "top",
				  "built without ncurses; install "
				  "libncurses-dev and build again; `troupe ps "
				  "--interval 1` needs none");
}
#endif
