/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One page of HTML, also well-formed XML, that needs nothing beside itself:
 * the tables and plots of one or more JSON files.
 *
 *	report.c	the command, and the order of the page
 *	tables.c	its tables
 *	plots.c		what is plotted
 *	gnuplot.c	a plot, as inline SVG
 *	html.c		text and figures in a page
 *
 * Rows of runs that spin, that sleep and that do either are kept apart from
 * the first line on: each page section is given the rows of one kind alone.
 */

#include <stdio.h>
#include "tests/bench/results.h"

/* Of the files in their order; `rows` never mixes kinds of waiting. */
struct row {
	const struct result *result;
	char label[160]; /* its name, with the number of its file */
	int file;
	double median, low, high, least, most; /* seconds an item */
};

struct rows {
	struct row *row;
	int count;
};

/* `troupe-bench report`; its exit status. */
int report_main(int argc, char **argv);

/* ---- tables.c: what is not there is left out ----------------------------- */

void tables_context(FILE *page, const struct results *files, int count);
void tables_all(FILE *page, const struct rows *rows);
void tables_peers(FILE *page, const struct rows *rows);
void tables_scale(FILE *page, const struct rows *rows);

/* ---- plots.c: 0, or -errno after having said what is wrong --------------- */

int plots_sizes(FILE *page, const struct rows *rows);
int plots_latencies(FILE *page, const struct rows *rows);
int plots_scaling(FILE *page, const struct rows *rows);

/* ---- gnuplot.c ----------------------------------------------------------- */

enum { PLOT_SERIES = 24 };

struct point {
	double x, y;
};

struct series {
	char title[160];
	struct point *point; /* in any order */
	int count;
};

struct plot {
	char title[128];
	const char *x_label, *y_label;
	const char *x_marks; /* as gnuplot's `set xtics`; NULL: its own */
	bool is_log_x, is_log_y, is_line; /* a line: no marks of points */
	bool is_cut;			  /* not all series had room */
	struct series series[PLOT_SERIES];
	int count;
};

/* A series of that title, made where there is none; NULL: there are too many.
 */
struct series *plot_series(struct plot *plot, const char *title);
/* 0 or -ENOMEM. */
int plot_point(struct series *series, double x, double y);
/* Draws it, unless all is at one place of its x axis, and empties it. */
int plot_draw(FILE *page, struct plot *plot);

/* ---- html.c -------------------------------------------------------------- */

void html_text(FILE *page, const char *text);
void html_head(FILE *page, const char *title);
void html_foot(FILE *page);

/* <tr>, its cells, </tr>; a cell of text, or of a formatted number. */
void html_row(FILE *page);
void html_title(FILE *page, const char *text);
void html_cell(FILE *page, const char *text);
void html_number(FILE *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void html_end_row(FILE *page);

/* "12.3 us", "4.56 M"; the buffer is returned. */
const char *html_duration(double seconds, char buffer[24]);
const char *html_scaled(double value, char buffer[24]);
