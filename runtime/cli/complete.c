/* SPDX-License-Identifier: MIT */
#include "runtime/cli/complete.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/runtime_dir.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/columns.h"
#include "runtime/cli/command.h"
#include "runtime/cli/options.h"
#include "runtime/node/types.h"

enum { PATIENCE_MS = 2000 };

static struct {
	int argc;
	char **argv;	    /* from the command on; the last is completed */
	const char *before; /* of the last word: kept as it is */
	int kept;	    /* its length */
	const char *word;   /* the rest of it */
	const char *node;   /* by --node; NULL: none */
	bool is_file;	    /* files are meant */
} line;

static void offer(const char *text)
{
	if (strncmp(text, line.word, strlen(line.word)) == 0)
		printf("%.*s%s\n", line.kept, line.before, text);
}

/* ---- what there is ------------------------------------------------------- */

static void offer_commands(void)
{
	const struct trp_command *one = trp_command_all();

	for (; one->name; one++)
		if (one->help)
			offer(one->name);
}

static void offer_nodes(void)
{
	char path[4096];
	struct dirent *entry;
	int dir, r = trp_runtime_dir_find(path, sizeof(path));
	DIR *list;

	dir = r < 0 ? -1 : trp_runtime_dir_open(path);
	list = dir < 0 ? NULL : trp_runtime_dir_list(dir);
	while (list && (entry = readdir(list))) {
		char name[256];
		size_t length = trp_runtime_dir_stem(entry->d_name, ".sock");

		snprintf(name, sizeof(name), "%.*s", (int)length,
			 entry->d_name);
		if (length)
			offer(name);
	}
	if (list)
		closedir(list);
}

static void offer_parts(const struct trp_command_part *part, bool is_option)
{
	for (; part && part->name; part++)
		if ((part->name[0] == '-') == is_option &&
		    (is_option || islower((unsigned char)part->name[0])))
			offer(part->name);
}

static void offer_option(const char *name, const char *value, void *data)
{
	offer(name);
}

static void offer_words(const char *const *words)
{
	for (; *words; words++)
		offer(*words);
}

static void offer_states(void)
{
	for (int i = 0; i < TRP_LOOK_STATES; i++)
		offer(trp_look_state_name((enum trp_look_state)i));
}

/* Those behind the last comma of a list. */
static void offer_columns(void)
{
	const char *comma = strrchr(line.word, ',');

	if (comma) {
		line.kept += (int)(comma + 1 - line.word);
		line.word = comma + 1;
	}
	for (size_t i = 0; trp_columns[i].name; i++)
		offer(trp_columns[i].name);
}

/* ---- of the node --------------------------------------------------------- */

enum wish { ADDRESSES, WHOM, CLASSES, TYPES, METHODS };

static void offer_actor(const struct trp_look_actor *actor, enum wish wish)
{
	const Troupe__Guest__Actor *told = actor->told;

	if (wish == CLASSES)
		offer(told->of_class);
	else if (!told->is_guest)
		offer(told->address);
	for (size_t i = 0; wish == WHOM && i < told->n_names; i++)
		offer(told->names[i]);
}

/* "shop.Till.Sell" also by its end, which the commands take. */
static void offer_name(const char *name, bool is_method, void *data)
{
	enum wish wish = *(const enum wish *)data;
	const char *last = strrchr(name, '.');

	if (is_method != (wish == METHODS) || strncmp(name, "troupe.", 7) == 0)
		return;
	offer(name);
	if (last && line.word[0])
		offer(last + 1);
}

static void offer_of_node(enum wish wish)
{
	static struct trp_look look;

	if (trp_look_open(&look, line.node) < 0)
		return;
	trp_client_patience(&look.client, PATIENCE_MS);
	if (wish == TYPES || wish == METHODS)
		trp_types_each_name(offer_name, &wish);
	else if (trp_look_take(&look) == 0)
		for (size_t i = 0; i < look.count; i++)
			offer_actor(&look.actor[i], wish);
	trp_look_close(&look);
}

/* ---- what is wanted ------------------------------------------------------ */

/* By what the help calls a value or a word. */
static void offer_for(const struct trp_command *command, const char *name)
{
	static const char *const levels[] = { "debug", "info", "warning",
					      "fatal", NULL };
	static const char *const formats[] = { "short", "iso", "json",
					       "journal", NULL };

	if (strcmp(name, "NAME") == 0)
		offer_nodes();
	else if (strcmp(name, "COLUMN") == 0 || strcmp(name, "LIST") == 0)
		offer_columns();
	else if (strcmp(name, "STATE") == 0)
		offer_states();
	else if (strcmp(name, "CLASS") == 0)
		offer_of_node(CLASSES);
	else if (strcmp(name, "ADDRESS") == 0)
		offer_of_node(ADDRESSES);
	else if (strcmp(name, "WHOM") == 0)
		offer_of_node(WHOM);
	else if (strcmp(name, "TYPE") == 0)
		offer_of_node(TYPES);
	else if (strcmp(name, "METHOD") == 0)
		offer_of_node(METHODS);
	else if (strcmp(name, "COMMAND") == 0)
		offer_commands();
	else if (strcmp(name, "ORDER") == 0)
		offer_parts(command->parts, false);
	else if (strcmp(name, "LEVEL") == 0)
		offer_words(levels);
	else if (strcmp(name, "FORMAT") == 0)
		offer_words(formats);
	else
		line.is_file = strcmp(name, "FILE") == 0;
}

static const struct trp_command_part *find_option(
	const struct trp_command *command, const char *word, size_t length)
{
	const struct trp_command_part *part = command->parts;

	for (; part && part->name; part++)
		if (strlen(part->name) == length &&
		    memcmp(part->name, word, length) == 0)
			return part;
	return NULL;
}

/* "[SERVICE.]METHOD", "[watch | ORDER]": the last word in capitals. */
static void offer_for_word(const struct trp_command *command, int index)
{
	const char *at = command->words;
	char name[32] = "";
	size_t size = 0;

	for (; index > 0 && *at; index--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	/* A choice has blanks in it. */
	for (; *at && (*at != ' ' || strchr(at, '|') || size == 0); at++) {
		if (!isupper((unsigned char)*at))
			continue;
		if (size && !isupper((unsigned char)at[-1]))
			size = 0;
		if (size < sizeof(name) - 1)
			name[size++] = *at;
	}
	name[size] = '\0';
	offer_for(command, name);
}

/* How many words are no options, nor their values, before the last. */
static int count_words(const struct trp_command *command)
{
	int count = 0;

	for (int i = 1; i < line.argc - 1; i++) {
		const char *word = line.argv[i];
		const struct trp_command_part *part =
			find_option(command, word, strlen(word));

		if (part && strcmp(word, "--node") == 0)
			line.node = line.argv[i + 1];
		if (strncmp(word, "--node=", 7) == 0)
			line.node = word + 7;
		if (word[0] != '-')
			count++;
		else if (part && part->value)
			i++;
	}
	return count;
}

/* Of an option of run: what the word before is called there. */
static void find_value(const char *name, const char *value, void *data)
{
	const char **wanted = data;

	if (strcmp(name, wanted[0]) == 0)
		wanted[1] = value;
}

static void complete_run(const struct trp_command *command, const char *former)
{
	const char *wanted[2] = { former, NULL };

	trp_options_each(find_value, wanted);
	if (wanted[1])
		offer_for(command, wanted[1]);
	else if (line.word[0] == '-')
		trp_options_each(offer_option, NULL);
	else
		line.is_file = true;
}

static void complete(const struct trp_command *command)
{
	const char *last = line.argv[line.argc - 1], *is = strchr(last, '=');
	const char *former = line.argv[line.argc - 2];
	const struct trp_command_part *part;
	int count = count_words(command);

	part = find_option(command, former, strlen(former));
	if (part && part->value && part->name[0] == '-') {
		offer_for(command, part->value);
		return;
	}
	part = is ? find_option(command, last, (size_t)(is - last)) : NULL;
	if (part && part->value) {
		line.before = last;
		line.kept = (int)(is + 1 - last);
		line.word = is + 1;
		offer_for(command, part->value);
		return;
	}
	if (strcmp(command->name, "run") == 0)
		complete_run(command, former);
	else if (last[0] == '-' && command->parts)
		offer_parts(command->parts, true);
	else
		offer_for_word(command, count);
}

int trp_cli_complete(int argc, char **argv)
{
	const struct trp_command *command;

	if (argc > 0 && strcmp(argv[0], "--") == 0) {
		argc--;
		argv++;
	}
	if (argc < 1)
		return TRP_ARGUMENTS_OK;
	line.argc = argc;
	line.argv = argv;
	line.before = line.word = argv[argc - 1];
	command = trp_command_find(argv[0]);
	if (argc == 1)
		offer_commands();
	else if (command)
		complete(command);
	return line.is_file ? EXIT_FAILURE : EXIT_SUCCESS;
}
