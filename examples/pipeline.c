/* SPDX-License-Identifier: MIT */
/*
 * pipeline: the words of a file are counted by three processes.
 *
 *	reader --blocks--> splitter --words--> counter
 *
 * Each waits for room in the mailbox of the next, so the file may be larger
 * than memory.  An End goes through last.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <troupe.h>
#include "pipeline.pb-c.h"

enum { BLOCK = 16 * 1024, WORD = 40 };

static int pass(troupe_ref next, const ProtobufCMessage *message)
{
	return troupe_send_wait(next, message, TROUPE_NEVER);
}

static int pass_end(troupe_ref next)
{
	Pipeline__End end = PIPELINE__END__INIT;

	return pass(next, &end.base);
}

/* ---- the reader ---------------------------------------------------------- */

static int reader(const void *arguments)
{
	const Pipeline__Stage *stage = arguments;
	static uint8_t bytes[BLOCK];
	Pipeline__Block block = PIPELINE__BLOCK__INIT;
	int fd = open(stage->path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int r;

	if (fd < 0) {
		r = -errno;
		fprintf(stderr, "pipeline: %s: %s\n", stage->path,
			strerror(-r));
		return r;
	}
	block.bytes.data = bytes;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		block.bytes.len = (size_t)n;
		r = pass(stage->next, &block.base);
		if (r < 0)
			return r;
	}
	return n < 0 ? -errno : pass_end(stage->next);
}

/* ---- the splitter -------------------------------------------------------- */

static troupe_ref counter_ref;

/* A word may continue in the next block; a long one is cut. */
static char text[BLOCK / 2 + 1][WORD + 1];
static char *words[BLOCK / 2 + 1];
static size_t word_length;

static int splitter_init(const void *arguments)
{
	counter_ref = ((const Pipeline__Stage *)arguments)->next;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		words[i] = text[i];
	return 0;
}

/* Sends the complete words; the start of the next one moves to the front. */
static int pass_words(size_t count)
{
	Pipeline__Words message = PIPELINE__WORDS__INIT;
	int r;

	if (count == 0)
		return 0;
	message.word = words;
	message.n_word = count;
	r = pass(counter_ref, &message.base);
	memcpy(text[0], text[count], sizeof(text[0]));
	return r;
}

static int split(const struct troupe_message *message)
{
	const Pipeline__Block *block = message->body;
	size_t count = 0;

	for (size_t i = 0; i < block->bytes.len; i++) {
		int c = block->bytes.data[i];

		if (!isspace(c)) {
			if (word_length < WORD)
				text[count][word_length++] = (char)tolower(c);
			continue;
		}
		text[count][word_length] = '\0';
		count += word_length > 0;
		word_length = 0;
	}
	return pass_words(count);
}

static int split_end(const struct troupe_message *message)
{
	int r;

	text[0][word_length] = '\0';
	r = pass_words(word_length > 0);
	if (r == 0)
		r = pass_end(counter_ref);
	return r < 0 ? r : TROUPE_STOP;
}

static const struct troupe_handler splitter_handlers[] = {
	{ &pipeline__block__descriptor, split },
	{ &pipeline__end__descriptor, split_end },
	{},
};

static const struct troupe_class splitter = {
	.name = "splitter",
	.init = splitter_init,
	.handlers = splitter_handlers,
};

/* ---- the counter --------------------------------------------------------- */

static unsigned long total, different;

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int count(const struct troupe_message *message)
{
	const Pipeline__Words *got = message->body;
	static void *tree;

	for (size_t i = 0; i < got->n_word; i++) {
		char *word;

		total++;
		if (tfind(got->word[i], &tree, compare))
			continue;
		word = strdup(got->word[i]);
		if (!word || !tsearch(word, &tree, compare))
			return -ENOMEM;
		different++;
	}
	return 0;
}

static int count_end(const struct troupe_message *message)
{
	printf("%lu words, %lu different\n", total, different);
	return TROUPE_STOP;
}

static const struct troupe_handler counter_handlers[] = {
	{ &pipeline__words__descriptor, count },
	{ &pipeline__end__descriptor, count_end },
	{},
};

static const struct troupe_class counter = {
	.name = "counter",
	.handlers = counter_handlers,
};

/* ---- the root ------------------------------------------------------------ */

int troupe_main(int argc, char **argv)
{
	Pipeline__Stage stage = PIPELINE__STAGE__INIT;
	troupe_ref refs[3];
	struct troupe_end end;
	int r;

	if (argc != 2) {
		fputs("pipeline: usage: pipeline.so FILE\n", stderr);
		return -EINVAL;
	}
	stage.path = argv[1];
	r = troupe_spawn(&counter, NULL, &refs[2]);
	stage.next = refs[2];
	if (r == 0)
		r = troupe_spawn(&splitter, &stage.base, &refs[1]);
	stage.next = refs[1];
	if (r == 0)
		r = troupe_spawn_function(reader, &stage.base, &refs[0]);
	/* A failed stage sends no End to those behind it. */
	for (int i = 0; i < 3 && r == 0; i++) {
		r = troupe_wait(refs[i], TROUPE_NEVER, &end);
		if (r == 0 && end.reason.cause != TROUPE_NORMAL)
			r = end.reason.code < 0 ? end.reason.code : -ECHILD;
	}
	return r;
}
