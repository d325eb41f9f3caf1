/* SPDX-License-Identifier: MIT */
#pragma once

/* The files of the page of `troupe web`: web.html, web.css and web.js here. */

#include <stddef.h>

extern const char trp_web_page_html[], trp_web_page_css[], trp_web_page_js[];
size_t trp_web_page_html_size(void);
size_t trp_web_page_css_size(void);
size_t trp_web_page_js_size(void);
