/* SPDX-License-Identifier: MIT */
#include "tests/bench/report/report.h"

#include <stdarg.h>

void html_text(FILE *page, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", page);
			break;
		case '>':
			fputs("&gt;", page);
			break;
		case '&':
			fputs("&amp;", page);
			break;
		case '"':
			fputs("&quot;", page);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? ' ' : *text, page);
		}
	}
}

static const char style[] =
	"body{font:15px/1.45 sans-serif;margin:2em auto;max-width:76em;"
	"padding:0 1em;color:#222}\n"
	"table{border-collapse:collapse;margin:1em 0;font-size:13px}\n"
	"td,th{border-bottom:1px solid #ddd;padding:.2em .7em;text-align:left;"
	"vertical-align:top}\n"
	"th{border-bottom:2px solid #888}\n"
	"td.n{text-align:right;white-space:nowrap;"
	"font-variant-numeric:tabular-nums}\n"
	".ours td{background:#eef5ff}\n"
	"code{background:#f3f3f3;padding:.1em .3em}\n"
	"svg{max-width:100%;height:auto}\n";

void html_head(FILE *page, const char *title)
{
	fputs("<!DOCTYPE html>\n"
	      "<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
	      "<head>\n<meta charset=\"utf-8\"/>\n<title>",
	      page);
	html_text(page, title);
	fprintf(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>",
		style);
	html_text(page, title);
	fputs("</h1>\n", page);
}

void html_foot(FILE *page)
{
	fputs("</body>\n</html>\n", page);
}

void html_row(FILE *page)
{
	fputs("<tr>", page);
}

void html_title(FILE *page, const char *text)
{
	fputs("<th>", page);
	html_text(page, text);
	fputs("</th>", page);
}

void html_cell(FILE *page, const char *text)
{
	fputs("<td>", page);
	html_text(page, text);
	fputs("</td>", page);
}

void html_number(FILE *page, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fputs("<td class=\"n\">", page);
	html_text(page, text);
	fputs("</td>", page);
}

void html_end_row(FILE *page)
{
	fputs("</tr>\n", page);
}

static const char *shown(double value, double factor, const char *const *unit,
			 int units, char buffer[24])
{
	int i = 0;

	for (; value >= factor && i < units - 1; i++)
		value /= factor;
	snprintf(buffer, 24, "%.*f %s", value < 10 ? 2 : value < 100, value,
		 unit[i]);
	return buffer;
}

const char *html_duration(double seconds, char buffer[24])
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };

	return shown(seconds * 1e9, 1000, unit, 4, buffer);
}

const char *html_scaled(double value, char buffer[24])
{
	static const char *const unit[] = { "", "k", "M", "G", "T" };

	return shown(value, 1000, unit, 5, buffer);
}
