/* SPDX-License-Identifier: MIT */
#include "runtime/cli/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "runtime/cli/nearest.h"
#include "runtime/node/log.h"

int trp_arguments_fail(int status, const char *command, const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	trp_log_complain(" %s: %s", command, text);
	return status;
}

/* Words taken; 0: no such option; -EINVAL: its value is missing. */
static int take(int argc, char **argv,
		const struct trp_arguments_option *option)
{
	size_t length = strlen(option->name);
	char end;

	if (strncmp(argv[0], option->name, length) != 0)
		return 0;
	end = argv[0][length];
	if (end && (end != '=' || option->flag))
		return 0;
	if (option->flag) {
		*option->flag = true;
		return 1;
	}
	if (!end && argc < 2)
		return -EINVAL;
	*option->value = end ? argv[0] + length + 1 : argv[1];
	return end ? 1 : 2;
}

int trp_arguments_options(const char *command, int argc, char **argv,
			  const struct trp_arguments_option *options,
			  size_t count)
{
	struct trp_nearest nearest;
	int i = 0;

	while (i < argc && argv[i][0] == '-' && argv[i][1]) {
		int n = 0;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		for (size_t k = 0; n == 0 && k < count; k++)
			n = take(argc - i, argv + i, &options[k]);
		if (n < 0)
			return trp_arguments_fail(n, command,
						  "%s wants a value", argv[i]);
		nearest = (struct trp_nearest) { .word = argv[i] };
		for (size_t k = 0; n == 0 && k < count; k++)
			trp_nearest_try(&nearest, options[k].name);
		if (n == 0 && nearest.best[0])
			return trp_arguments_fail(-EINVAL, command,
						  "no such option: %s; did you "
						  "mean %s?",
						  argv[i], nearest.best);
		if (n == 0)
			return trp_arguments_fail(-EINVAL, command,
						  "no such option: %s; try "
						  "`troupe help %s`",
						  argv[i], command);
		i += n;
	}
	return i;
}

int trp_arguments_words(const char *command, int argc, char **argv,
			const struct trp_arguments_option *options,
			size_t count)
{
	int words = 0, i = 0, n;

	while (i < argc) {
		n = trp_arguments_options(command, argc - i, argv + i, options,
					  count);
		if (n < 0)
			return n;
		i += n;
		if (n > 0 && strcmp(argv[i - 1], "--") == 0)
			while (i < argc)
				argv[words++] = argv[i++];
		else if (i < argc)
			argv[words++] = argv[i++];
	}
	return words;
}

int trp_arguments_status(int r)
{
	return r == -EUSERS || r == -EINVAL ? TRP_ARGUMENTS_USAGE
					    : TRP_ARGUMENTS_FAILED;
}
