/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files that write the status page share: tables of which every cell knows its column (so
 * that a narrow screen can show cards), marks that do not depend on colour, times and spans. Loop
 * thread only. Test: tests/unit/test_page.c */
#ifndef CORV_DAEMON_PAGE_ROWS_H
#define CORV_DAEMON_PAGE_ROWS_H

#include "daemon/page.h"
#include "daemon/page_words.h"

/* ---- page_html.c ---------------------------------------------------------------------------- */
const char *corv_page_str(const json_t *object, const char *key); /* "" when it is no text */
json_int_t corv_page_int(const json_t *object, const char *key);
const char *corv_page_party(const struct corv_page *p, const json_t *delivery); /* or a word */
void corv_page_say(const struct corv_page *p, const char *word); /* a key of page_words.def */

/* False: there is nothing to show, and that was said. */
bool corv_page_any(const struct corv_page *p, const json_t *list);
/* columns: keys of words, "+" before those with numbers; ends with NULL. */
void corv_page_table(const struct corv_page *p, const char *caption, const char *const *columns);
void corv_page_table_end(const struct corv_page *p);
void corv_page_row(const struct corv_page *p);
void corv_page_row_end(const struct corv_page *p);
/* Begins a cell (and ends the one before it). */
void corv_page_cell(const struct corv_page *p, const char *column, bool number);
void corv_page_cell_text(const struct corv_page *p, const char *column, const char *text);
void corv_page_cell_int(const struct corv_page *p, const char *column, json_int_t n);

const char *corv_page_tone(const char *state); /* "good", "warn", "bad" or "plain" */
/* The state's sign and its word. */
void corv_page_mark(const struct corv_page *p, const char *state, const char *word);
void corv_page_number(const struct corv_page *p, const char *message); /* of a message */
/* An ISO time, for people and for programs; short_form: without the day. */
void corv_page_moment(const struct corv_page *p, const char *iso, bool short_form);
/* "12 s", "5 min", "3 u", "2 d". Returns out. */
char *corv_page_span(const struct corv_page *p, double seconds, char *out, size_t size);

/* ---- the parts ------------------------------------------------------------------------------ */
void corv_page_verdict(const struct corv_page *p);
void corv_page_queue(const struct corv_page *p);
void corv_page_lanes(const struct corv_page *p);
void corv_page_dead(const struct corv_page *p);
void corv_page_held(const struct corv_page *p);

#endif
