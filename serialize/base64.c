/* SPDX-License-Identifier: MIT */
#include "serialize/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

size_t trp_base64_size(size_t size)
{
	return (size + 2) / 3 * 4;
}

void trp_base64_encode(const void *bytes, size_t size, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *from = bytes;

	for (; size > 0; from += 3) {
		size_t n = size < 3 ? size : 3;
		uint32_t word = (uint32_t)from[0] << 16;

		word |= n > 1 ? (uint32_t)from[1] << 8 : 0;
		word |= n > 2 ? from[2] : 0;
		*text++ = digits[word >> 18];
		*text++ = digits[word >> 12 & 63];
		*text++ = n > 1 ? digits[word >> 6 & 63] : '=';
		*text++ = n > 2 ? digits[word & 63] : '=';
		size -= n;
	}
	*text = '\0';
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

int trp_base64_decode(const char *text, void *bytes, size_t *ret_size)
{
	unsigned char *to = bytes;
	size_t digits = 0, padding;
	uint32_t word = 0;

	for (; digit(*text) >= 0; text++) {
		word = word << 6 | (uint32_t)digit(*text);
		if (digits++ % 4 != 0)
			*to++ = (unsigned char)(word >>
						(8 - digits % 4 * 2) % 8);
	}
	padding = strspn(text, "=");
	if (text[padding] || digits % 4 == 1 ||
	    (padding && (digits % 4 == 0 || digits % 4 + padding != 4)))
		return -EINVAL;
	/* Bits left over are no part of the bytes, and must be 0. */
	if ((digits % 4 == 2 && word & 15) || (digits % 4 == 3 && word & 3))
		return -EINVAL;
	*ret_size = (size_t)(to - (unsigned char *)bytes);
	return 0;
}
