/* SPDX-License-Identifier: MIT */
#include "tests/runtime/control/node.h"

#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include "runtime/control/control.pb-c.h"
#include "serialize/json.h"

static char home[] = "/tmp/troupe-guests-XX"
		     "XX"
		     "XX";
char folder[sizeof(home) + 8];

void node_begin(void)
{
	cr_assert(mkdtemp(home));
	snprintf(folder, sizeof(folder), "%s/troupe", home);
	setenv("XDG_RUNTIME_DIR", home, 1);
	unsetenv("TROUPE_NODE");
}

static unsigned count_files(void)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	unsigned count = 0;

	while (list && (entry = readdir(list)))
		count += entry->d_name[0] != '.';
	if (list)
		closedir(list);
	return count;
}

void node_end(void)
{
	cr_expect_eq(count_files(), 0, "files are left in %s", folder);
	rmdir(folder);
	cr_expect_eq(rmdir(home), 0);
}

void node_start(struct program *p, const char *name, const char *idlers)
{
	char host[4096];

	snprintf(host, sizeof(host), "%s",
		 program_built("tests/runtime/control/applications/host.so"));
	cr_assert_eq(
		program_troupe(p, "run", "--node", name, host, idlers, NULL),
		0);
	cr_assert_eq(program_await_output(p, "ready\n", PATIENCE_MS), 0, "%s%s",
		     p->out, p->err);
}

void node_stop(struct program *p, const char *name)
{
	struct program stop = { 0 };

	cr_expect_eq(troupe(&stop, "stop", "--node", name, NULL), 0, "%s",
		     stop.err);
	program_fini(&stop);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 0, "%s", p->err);
	cr_expect_eq(program_leftovers(p, 0), 0);
	program_fini(p);
}

void node_kill(struct program *p)
{
	kill(p->pid, SIGKILL);
	cr_expect_eq(program_finish(p, PATIENCE_MS), 128 + SIGKILL);
	/* Its actors die with it, and are ours to reap. */
	cr_expect_eq(program_leftovers(p, PATIENCE_MS), 0);
	program_fini(p);
}

int troupe(struct program *p, ...)
{
	char path[4096];
	const char *argv[16] = { path };
	size_t count = 1;
	va_list arguments;

	snprintf(path, sizeof(path), "%s", program_built("bin/troupe"));
	va_start(arguments, p);
	while ((argv[count] = va_arg(arguments, const char *)))
		cr_assert_lt(++count, 16);
	va_end(arguments);
	*p = (struct program) { 0 };
	cr_assert_eq(program_start(p, argv), 0);
	return program_finish(p, PATIENCE_MS);
}

struct troupe_value *node_ps(const char *name)
{
	struct program ps;
	struct trp_parse_error mistake = { 0 };
	struct troupe_value *value = NULL;

	cr_assert_eq(troupe(&ps, "ps", "--json", "--node", name, NULL), 0, "%s",
		     ps.err);
	cr_assert_eq(trp_json_read(ps.out, strlen(ps.out), &value, &mistake), 0,
		     "%s: %s", mistake.text, ps.out);
	program_fini(&ps);
	return value;
}

const struct troupe_value *node_find(const struct troupe_value *ps,
				     const char *label)
{
	const struct troupe_value *actors = troupe_value_get(ps, "actors");

	for (size_t i = 0; i < troupe_value_count(actors); i++) {
		const struct troupe_value *actor = troupe_value_at(actors, i);

		if (strcmp(troupe_value_to_text(
				   troupe_value_get(actor, "label"), ""),
			   label) == 0)
			return actor;
	}
	return NULL;
}

size_t node_count(const char *name)
{
	static struct trp_client visit;
	Troupe__Guest__Hello hello = TROUPE__GUEST__HELLO__INIT;
	const ProtobufCMessage *item;
	size_t count;

	cr_assert_eq(trp_client_open(&visit, name), 0, "%s", visit.why);
	cr_assert_eq(trp_client_get(&visit, &hello.base,
				    &troupe__guest__node__descriptor, &item),
		     0, "%s", visit.why);
	count = ((const Troupe__Guest__Node *)item)->actors;
	trp_client_close(&visit);
	return count;
}

/* The supervisor does not report when a slot is free again: so ask it. */
void node_await_count(const char *name, size_t count)
{
	const struct timespec moment = { 0, 2000000 };
	size_t have = 0;

	for (int left = PATIENCE_MS / 2; left; left--) {
		have = node_count(name);
		if (have == count)
			return;
		nanosleep(&moment, NULL);
	}
	cr_assert_fail("%zu actors, not %zu", have, count);
}
