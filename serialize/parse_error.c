/* SPDX-License-Identifier: MIT */
#include "serialize/parse_error.h"

#include <stdarg.h>
#include <stdio.h>

void trp_parse_error_at(struct trp_parse_error *mistake, size_t offset,
			const char *format, ...)
{
	va_list arguments;

	if (!mistake)
		return;
	mistake->offset = offset;
	va_start(arguments, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, arguments);
	va_end(arguments);
}
