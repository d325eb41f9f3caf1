/* SPDX-License-Identifier: MIT */
#include "runtime/cli/web_page.h"

/* Made of the files by the Makefile: a literal each. */
const char trp_web_page_html[] =
#include "runtime/cli/web.html.h"
	;
const char trp_web_page_css[] =
#include "runtime/cli/web.css.h"
	;
const char trp_web_page_js[] =
#include "runtime/cli/web.js.h"
	;

size_t trp_web_page_html_size(void)
{
	return sizeof(trp_web_page_html) - 1;
}

size_t trp_web_page_css_size(void)
{
	return sizeof(trp_web_page_css) - 1;
}

size_t trp_web_page_js_size(void)
{
	return sizeof(trp_web_page_js) - 1;
}
