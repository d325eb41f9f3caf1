/* SPDX-License-Identifier: MIT */
#include "serialize/printable.h"

#include <string.h>

size_t trp_printable_decode(const char *text, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	size_t size = *at < 0x80   ? 1
		      : *at < 0xc0 ? 0
		      : *at < 0xe0 ? 2
		      : *at < 0xf0 ? 3
		      : *at < 0xf8 ? 4
				   : 0;
	uint32_t code = size > 1 ? *at & (0x7fU >> size) : *at;

	for (size_t i = 1; i < size; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[size] || code > 0x10ffff || code >> 11 == 0x1b)
		return 0; /* too long a form; a surrogate */
	*ret_code = code;
	return size;
}

bool trp_printable_may_show(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0, 0x1f },	    { 0x7f, 0x9f },	  { 0xad, 0xad },
		{ 0x61c, 0x61c },   { 0x180e, 0x180e },	  { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f },	  { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

size_t trp_printable_character(const char *text)
{
	uint32_t code;
	size_t size = trp_printable_decode(text, &code);

	return size && trp_printable_may_show(code) ? size : 0;
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
