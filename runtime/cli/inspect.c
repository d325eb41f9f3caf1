/* SPDX-License-Identifier: MIT */
#include "runtime/cli/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/class.h"
#include "runtime/cli/looker.h"
#include "runtime/look/text.h"
#include "serialize/printable.h"

static bool has_stack; /* --stack */

/* One actor, with what is shown of it beside the table. */
struct subject {
	struct trp_look *look;
	const struct trp_look_actor *actor;
	struct trp_look_mail *mail; /* by sender */
	size_t senders;
	const struct troupe_class *klass; /* NULL: see no_class */
	const char *no_class;
	char *stack; /* or NULL */
};

/* ---- what is found ------------------------------------------------------- */

/*
 * The debugger stops the process for a moment; a process of another user, or
 * where the kernel's policy forbids it, is told by what the debugger says.
 */
static char *read_stack(pid_t pid)
{
	static const char script[] =
		"pid=%d; if command -v eu-stack >/dev/null; then "
		"timeout 20 eu-stack -p $pid; elif command -v gdb >/dev/null; "
		"then timeout 60 gdb -nx -batch -p $pid -ex bt 2>&1 | "
		"grep -E '^#|ptrace'; else echo 'neither eu-stack (elfutils) "
		"nor gdb is installed'; fi 2>&1";
	char command[sizeof(script) + 16], *text = NULL;
	size_t size;
	FILE *from, *to = open_memstream(&text, &size);
	int c;

	snprintf(command, sizeof(command), script, (int)pid);
	from = to ? popen(command, "re") : NULL;
	while (from && (c = getc(from)) != EOF)
		putc(c, to);
	if (from)
		pclose(from);
	if (to)
		fclose(to);
	return text;
}

static void find_class(struct subject *subject)
{
	const Troupe__Guest__Actor *told = subject->actor->told;

	if (told->is_guest)
		subject->no_class = "a guest, another program";
	else if (!told->klass)
		subject->no_class = "a function";
	else if (!told->pid)
		subject->no_class = "not known while it has no process";
	else if (trp_class_load(subject->look) < 0)
		subject->no_class = subject->look->client.why;
	else
		subject->klass = trp_class_of(subject->actor);
	if (!subject->klass && !subject->no_class)
		subject->no_class = "not found: the application was replaced "
				    "since its start, or this user or group "
				    "may not look at its process";
}

static int find_all(struct subject *subject)
{
	const Troupe__Guest__Actor *told = subject->actor->told;
	int r = subject->look->has_memory
			? trp_look_mail_by_sender(&subject->look->arena,
						  trp_ref_slot(told->ref),
						  &subject->mail,
						  &subject->senders)
			: 0;

	if (r < 0)
		return r;
	find_class(subject);
	if (has_stack && told->pid)
		subject->stack = read_stack(told->pid);
	return 0;
}

/* ---- for people ---------------------------------------------------------- */

static void heading(const char *text)
{
	printf("  %-10s ", text);
}

static void print_line(const char *what, const char *text)
{
	heading(what);
	trp_printable_write(stdout, text);
	putchar('\n');
}

static void print_head(const struct subject *subject)
{
	const Troupe__Guest__Actor *told = subject->actor->told;
	char text[1024], ref[TRP_REF_TEXT_SIZE];

	trp_printable_write(stdout, told->address);
	for (size_t i = 0; i < told->n_names; i++) {
		fputs(i ? ", \"" : " \"", stdout);
		trp_printable_write(stdout, told->names[i]);
		putchar('"');
	}
	printf("%s\n", told->is_guest ? " (guest)" : "");
	print_line("state", trp_look_state_name(subject->actor->state));
	trp_look_text_doing(subject->look, subject->actor, text, sizeof(text));
	if (text[0])
		print_line("doing", text);
	heading("reference");
	printf("%s, class ", trp_ref_print(told->ref, ref));
	trp_printable_write(stdout, told->of_class);
	fputs(", child of ", stdout);
	trp_printable_write(stdout,
			    told->parent ? trp_look_address(subject->look,
							    told->parent, text,
							    sizeof(text))
					 : "the supervisor");
	putchar('\n');
}

static void print_process(const struct trp_look_actor *actor)
{
	char age[32], cpu[32];

	heading("process");
	if (!actor->has_process) {
		puts("none");
		return;
	}
	printf("%d, age %s, CPU %s (%.1f %%), memory %" PRId64 " KiB\n",
	       actor->told->pid, trp_look_text_span(actor->process.age_ms, age),
	       trp_look_text_span(actor->process.cpu_ms, cpu), actor->cpu,
	       actor->process.rss / 1024);
}

static void print_counters(const Troupe__Guest__Actor *told)
{
	heading("restarts");
	printf("%u", told->restarts);
	if (told->last_end[0]) {
		fputs(", its last end: ", stdout);
		trp_printable_write(stdout, told->last_end);
	}
	putchar('\n');
	heading("messages");
	printf("%" PRIu64 " received, %" PRIu64 " sent, %" PRIu64
	       " refused, %" PRIu64 " dropped\n",
	       told->received, told->sent, told->refused, told->dropped);
}

static void print_mail(const struct subject *subject)
{
	enum { MOST = 20 };
	const struct trp_look_actor *actor = subject->actor;
	char time[32], sender[1024];

	heading("unread");
	if (!subject->look->has_memory) {
		trp_look_say_why(subject->look);
		puts(subject->look->client.why);
		return;
	}
	printf("%" PRIu64 " messages, %" PRIu64 " bytes; put aside: %" PRIu64
	       "\n",
	       actor->unread.messages, actor->unread.bytes, actor->put_aside);
	for (size_t i = 0; i < subject->senders && i < MOST; i++) {
		const struct trp_look_mail *of = &subject->mail[i];

		printf("             %6" PRIu64 ", %8" PRIu64
		       " bytes, the oldest sent %s ago, from ",
		       of->messages, of->bytes,
		       trp_look_text_span(
			       trp_look_since(subject->look, of->oldest),
			       time));
		trp_printable_write(stdout,
				    trp_look_address(subject->look, of->sender,
						     sender, sizeof(sender)));
		putchar('\n');
	}
	if (subject->senders > MOST)
		printf("             and from %zu others\n",
		       subject->senders - MOST);
}

static const char *full_name(enum troupe_full full)
{
	static const char *const names[] = {
		[TROUPE_FULL_REFUSE] = "refuses",
		[TROUPE_FULL_DROP_NEW] = "drops the new",
		[TROUPE_FULL_DROP_OLD] = "drops the oldest",
	};

	return full <= TROUPE_FULL_DROP_OLD ? names[full] : "?";
}

static void print_limits(const struct subject *subject)
{
	const struct troupe_class *klass = subject->klass;

	heading("limits");
	printf("%u unread bytes of one sender", subject->actor->limit);
	if (klass)
		printf(" (then it %s)", full_name(klass->when_full));
	if (klass && klass->at_once)
		printf(", %u calls at once", klass->at_once);
	if (subject->actor->told->grace_ms >= 0)
		printf(", %d ms to stop", subject->actor->told->grace_ms);
	else
		printf(", any time to stop");
	if (klass && klass->hang_ms > 0)
		printf(", %d ms for a callback", klass->hang_ms);
	if (klass && klass->tries)
		printf(", %u tries of a message", klass->tries);
	putchar('\n');
}

static void print_class(const struct subject *subject)
{
	const struct troupe_class *klass = subject->klass;
	const struct troupe_handler *handler = klass ? klass->handlers : NULL;

	if (!klass) {
		print_line("handlers", subject->no_class);
		return;
	}
	for (; handler && handler->type; handler++)
		print_line("handles", handler->type->name);
	if (klass->unhandled)
		print_line("handles", "any other type");
	trp_class_print_methods(klass, "  answers    ");
	if (klass->run)
		print_line("handlers", "a function, which calls "
				       "troupe_receive()");
}

static void print_stack(const char *stack)
{
	const char *line = stack, *end;

	for (; line && *line; line = end + (*end != '\0')) {
		char text[1024];

		end = line + strcspn(line, "\n");
		snprintf(text, sizeof(text), "%.*s", (int)(end - line), line);
		print_line(line == stack ? "stack" : "", text);
	}
}

static void print_all(const struct subject *subject)
{
	print_head(subject);
	print_process(subject->actor);
	print_counters(subject->actor->told);
	print_mail(subject);
	if (subject->actor->limit)
		print_limits(subject);
	print_class(subject);
	print_stack(subject->stack);
}

/* ---- for programs -------------------------------------------------------- */

static struct troupe_value *senders_value(const struct subject *subject)
{
	struct troupe_value *list = troupe_value_list(), *map;
	char text[1024];

	for (size_t i = 0; i < subject->senders; i++) {
		const struct trp_look_mail *of = &subject->mail[i];

		map = troupe_value_map();
		trp_value_add(map, "sender", trp_look_text_ref(of->sender));
		trp_value_add_text(map, "address",
				   trp_look_address(subject->look, of->sender,
						    text, sizeof(text)));
		trp_value_add_int(map, "messages", (int64_t)of->messages);
		trp_value_add_int(map, "bytes", (int64_t)of->bytes);
		trp_value_add_int(map, "oldest_ms",
				  trp_look_since(subject->look, of->oldest));
		troupe_value_append(list, map);
	}
	return list;
}

static int print_json(const struct subject *subject)
{
	struct troupe_value *map =
		trp_look_text_value(subject->look, subject->actor);
	const struct troupe_class *klass = subject->klass;
	int r = map ? 0 : -ENOMEM;

	if (r == 0)
		r |= trp_value_add(map, "mail", senders_value(subject));
	if (r == 0)
		r |= trp_value_add_int(map, "grace_ms",
				       subject->actor->told->grace_ms);
	if (r == 0 && klass) {
		r |= trp_value_add(map, "handlers", trp_class_messages(klass));
		r |= trp_value_add(map, "methods", trp_class_methods(klass));
		r |= trp_value_add_text(map, "when_full",
					full_name(klass->when_full));
		r |= trp_value_add_int(map, "at_once", klass->at_once);
		r |= trp_value_add_int(map, "hang_ms", klass->hang_ms);
	}
	if (r == 0 && subject->stack)
		r |= trp_value_add_text(map, "stack", subject->stack);
	if (r == 0)
		return trp_looker_print(map);
	troupe_value_free(map);
	return -ENOMEM;
}

/* ---- the command --------------------------------------------------------- */

static int inspect(struct trp_look *look, const char *whom, bool is_json)
{
	struct subject subject = { .look = look };
	int r;

	subject.actor = trp_looker_find(look, whom ? whom : "/");
	if (!subject.actor)
		return -ENOENT;
	r = find_all(&subject);
	if (r == 0 && is_json)
		r = print_json(&subject);
	else if (r == 0)
		print_all(&subject);
	free(subject.mail);
	free(subject.stack);
	return r;
}

int trp_cli_inspect(int argc, char **argv)
{
	static const struct trp_arguments_option more[] = {
		{ "--stack", NULL, &has_stack },
	};
	static const struct trp_looker looker = {
		.command = "inspect",
		.takes = "one actor",
		.more = more,
		.count = 1,
		.run = inspect,
	};

	return trp_looker_run(&looker, argc, argv);
}
