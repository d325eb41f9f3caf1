/* SPDX-License-Identifier: MIT */
#include "serialize/printable.h"

#include <string.h>
#include "serialize/json.h"

size_t trp_printable_character(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (*at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0))
		return 0;
	return trp_json_character(at);
}

bool trp_printable_is(const char *text)
{
	size_t size;

	while ((size = trp_printable_character(text)))
		text += size;
	return !*text;
}

/* Writes what is shown of the character there; its bytes, shown and taken. */
static size_t show(const char *text, char ret[8], size_t *ret_taken)
{
	size_t size = *text == '\t' ? 1 : trp_printable_character(text);

	*ret_taken = size ? size : 1;
	if (size) {
		memcpy(ret, text, size);
		return size;
	}
	return (size_t)snprintf(ret, 8, "\\x%02x", (unsigned char)*text);
}

const char *trp_printable(const char *text, char *ret_text, size_t size)
{
	size_t used = 0, shown, taken;
	char character[8];

	for (; *text; text += taken, used += shown) {
		shown = show(text, character, &taken);
		if (used + shown >= size)
			break;
		memcpy(ret_text + used, character, shown);
	}
	ret_text[used] = '\0';
	return ret_text;
}

void trp_printable_write(FILE *out, const char *text)
{
	char character[8];
	size_t taken;

	for (; *text; text += taken)
		fwrite(character, 1, show(text, character, &taken), out);
}
