/* SPDX-License-Identifier: MIT */
/* The machine and the settings of the figures. */
#include "tests/bench/harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Facts from the Makefile. */
#ifndef BENCH_REVISION
#define BENCH_REVISION "unknown"
#endif
#ifndef BENCH_FLAGS
#define BENCH_FLAGS "unknown"
#endif

const char *const pinning_name[] = { "free", "one", "two" };
static const char *const order_name[] = { "interleaved", "random",
					  "sequential" };
static const char *const preset_name[] = { "smoke", "std", "large" };

/* The first line of a file, or "unknown". */
static void first_line(const char *path, char *buffer, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(buffer, (int)size, file))
		snprintf(buffer, size, "unknown");
	if (file)
		fclose(file);
	buffer[strcspn(buffer, "\n")] = 0;
}

static void processor(char *buffer, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(buffer, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "model name", 10) != 0)
			continue;
		line[strcspn(line, "\n")] = 0;
		snprintf(buffer, size, "%s", strchr(line, ':') + 2);
		break;
	}
	if (file)
		fclose(file);
}

#define PLAIN                        \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789-+_=./:,@%"

struct fact {
	const char *name;
	char text[512];
};

enum { FACTS = 18 };

/* As typed into a shell; getopt_long() may have moved names to the end. */
static void command_of(const struct settings *settings, char *buffer,
		       size_t size)
{
	size_t used = 0;

	for (int i = 0; i < settings->argc && used < size; i++) {
		const char *word = settings->argv[i];
		bool is_plain = *word && !word[strspn(word, PLAIN)];

		used += (size_t)snprintf(buffer + used, size - used,
					 is_plain ? "%s%s" : "%s'%s'",
					 i ? " " : "", word);
	}
}

static void gather(const struct settings *s, struct fact fact[FACTS])
{
	struct utsname system;
	double load[3] = { 0 };
	time_t now = time(NULL);
	char cpu[200], governor[32], pid_max[32], host[64] = "unknown";
	char date[64], command[500];
	int i = 0;

	uname(&system);
	command_of(s, command, sizeof(command));
	processor(cpu, sizeof(cpu));
	gethostname(host, sizeof(host) - 1);
	getloadavg(load, 3);
	strftime(date, sizeof(date), "%FT%T%z", localtime(&now));
	first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
		   governor, sizeof(governor));
	first_line("/proc/sys/kernel/pid_max", pid_max, sizeof(pid_max));
#define FACT(key, ...)         \
	(fact[i].name = (key), \
	 snprintf(fact[i].text, sizeof(fact->text), __VA_ARGS__), i++)
	FACT("date", "%s", date);
	FACT("host_name", "%s", host);
	FACT("kernel", "%s %s %s", system.sysname, system.release,
	     system.machine);
	FACT("cpu", "%s", cpu);
	FACT("governor", "%s", governor);
	FACT("pid_max", "%s", pid_max);
	FACT("load_average", "%.2f %.2f %.2f", load[0], load[1], load[2]);
	FACT("revision", "%s", BENCH_REVISION);
	FACT("compiler_flags", "%s", BENCH_FLAGS);
	FACT("preset", "%s", preset_name[s->preset]);
	FACT("order", "%s", order_name[s->order]);
	FACT("pinning", "%s", pinning_name[s->pinning]);
	FACT("wait", "%s", s->wait ? s->wait : getenv("TROUPE_WAIT") ?: "best");
	FACT("spin", "%s", s->spin ? s->spin : getenv("TROUPE_SPIN") ?: "auto");
	FACT("mailbox_limit", s->mailbox ? "%ld" : "as the program says",
	     s->mailbox);
	FACT("seed", "%u", s->seed);
	FACT("repetitions", "%d", s->repetitions);
	FACT("command", "%s", command);
#undef FACT
}

void context_print(FILE *file, const struct settings *settings)
{
	struct fact fact[FACTS];

	gather(settings, fact);
	for (int i = 0; i < FACTS; i++)
		fprintf(file, "# %-15s %s\n", fact[i].name, fact[i].text);
	fprintf(file, "# %-15s %ld\n", "processors",
		sysconf(_SC_NPROCESSORS_ONLN));
	for (int i = 0; settings->context[i]; i++)
		fprintf(file, "# %s\n", settings->context[i]);
}

static void print_string(FILE *file, const char *text, size_t length)
{
	fputc('"', file);
	for (; length-- && *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, file);
	}
	fputc('"', file);
}

static void pair(FILE *file, const char *key, size_t key_length,
		 const char *text)
{
	fputs("    ", file);
	print_string(file, key, key_length);
	fputs(": ", file);
	print_string(file, text, strlen(text));
	fputs(",\n", file);
}

void context_json(FILE *file, const struct settings *settings)
{
	struct fact fact[FACTS];

	gather(settings, fact);
	for (int i = 0; i < FACTS; i++)
		pair(file, fact[i].name, strlen(fact[i].name), fact[i].text);
	for (int i = 0; settings->context[i]; i++) {
		const char *text = settings->context[i];
		size_t length = strcspn(text, "=");

		pair(file, text, length, text + length + 1);
	}
	fprintf(file, "    \"executable\": \"%s\",\n", settings->argv[0]);
	fprintf(file, "    \"num_cpus\": %ld,\n",
		sysconf(_SC_NPROCESSORS_ONLN));
	fprintf(file, "    \"cpu_scaling_enabled\": %s,\n",
		strcmp(fact[4].text, "unknown") ? "true" : "false");
	fprintf(file, "    \"caches\": [],\n");
	fprintf(file, "    \"library_build_type\": \"release\",\n");
	fprintf(file, "    \"json_schema_version\": 1\n");
}
