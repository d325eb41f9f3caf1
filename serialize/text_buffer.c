/* SPDX-License-Identifier: MIT */
#include "serialize/text_buffer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int trp_text_buffer_open(struct trp_text_buffer *text)
{
	*text = (struct trp_text_buffer) { 0 };
	text->out = open_memstream(&text->bytes, &text->size);
	return text->out ? 0 : -ENOMEM;
}

int trp_text_buffer_close(struct trp_text_buffer *text, int r, char **ret_bytes)
{
	bool is_broken = ferror(text->out);

	if ((fclose(text->out) != 0 || is_broken) && r == 0)
		r = -ENOMEM;
	if (r < 0)
		free(text->bytes);
	else
		*ret_bytes = text->bytes;
	return r;
}
