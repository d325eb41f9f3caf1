/* SPDX-License-Identifier: MIT */
#include "runtime/cli/looker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/far.h"
#include "runtime/cli/nearest.h"
#include "runtime/look/text.h"
#include "serialize/json.h"

enum { OPTIONS_MOST = 16 };

static int fail(const struct trp_looker *looker, const struct trp_look *look,
		int status, int r)
{
	return trp_arguments_fail(status, looker->command, "%s",
				  look->client.why[0] ? look->client.why
						      : strerror(-r));
}

/* 0, or the exit status. */
static int take_words(const struct trp_looker *looker, int argc, char **argv,
		      const char **ret_node, bool *ret_is_json,
		      const char **ret_word)
{
	struct trp_arguments_option options[OPTIONS_MOST] = {
		{ "--node", ret_node, NULL }, { "--json", NULL, ret_is_json }
	};
	size_t count = 2;
	int n;

	for (size_t i = 0; i < looker->count && count < OPTIONS_MOST; i++)
		options[count++] = looker->more[i];
	n = trp_arguments_words(looker->command, argc, argv, options, count);
	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n > (looker->takes ? 1 : 0))
		return trp_arguments_fail(
			TRP_ARGUMENTS_USAGE, looker->command,
			"what is \"%s\"? it takes %s", argv[n - 1],
			looker->takes ? looker->takes : "options alone");
	if (n > 0)
		*ret_word = argv[0];
	return looker->check ? looker->check() : 0;
}

int trp_looker_run(const struct trp_looker *looker, int argc, char **argv)
{
	static struct trp_look look;
	const char *node = NULL, *word = NULL;
	bool is_json = false;
	int r = take_words(looker, argc, argv, &node, &is_json, &word);

	if (r != 0)
		return r;
	r = trp_look_open(&look, node);
	if (r == -ENOENT && node && looker->may_be_far)
		r = trp_far_look(&look, node);
	if (r < 0)
		return fail(looker, &look, trp_arguments_status(r), r);
	if (!look.is_far)
		r = trp_look_take(&look);
	if (r == 0)
		r = looker->run(&look, word, is_json);
	trp_look_close(&look);
	return r < 0 ? fail(looker, &look, TRP_ARGUMENTS_FAILED, r)
		     : TRP_ARGUMENTS_OK;
}

const struct trp_look_actor *trp_looker_find(struct trp_look *look,
					     const char *whom)
{
	const struct trp_look_actor *actor = trp_look_by_name(look, whom);
	struct trp_nearest nearest = { .word = whom };

	if (actor)
		return actor;
	for (size_t i = 0; i < look->count; i++) {
		const Troupe__Guest__Actor *told = look->actor[i].told;

		trp_nearest_try(&nearest, told->address);
		for (size_t k = 0; k < told->n_names; k++)
			trp_nearest_try(&nearest, told->names[k]);
	}
	snprintf(look->client.why, sizeof(look->client.why),
		 "no actor is called %.100s; %s%s%s", whom,
		 nearest.best[0] ? "did you mean " : "`troupe ps` lists them",
		 nearest.best, nearest.best[0] ? "?" : "");
	return NULL;
}

const char *trp_looker_tell(const char *node, const char *whom, char *text,
			    size_t size)
{
	static struct trp_look look;
	const struct trp_look_actor *actor;
	char doing[1024];

	text[0] = '\0';
	if (trp_look_open(&look, node) < 0)
		return text;
	actor = trp_look_take(&look) < 0 ? NULL : trp_look_by_name(&look, whom);
	if (actor)
		trp_look_text_doing(&look, actor, doing, sizeof(doing));
	if (actor)
		snprintf(text, size, "it is %s%s%s",
			 trp_look_state_name(actor->state),
			 doing[0] ? ": " : "", doing);
	trp_look_close(&look);
	return text;
}

int trp_looker_print(struct troupe_value *value)
{
	char *text;
	int r = value ? trp_json_write(value, &text) : -ENOMEM;

	troupe_value_free(value);
	if (r < 0)
		return r;
	puts(text);
	free(text);
	return 0;
}
