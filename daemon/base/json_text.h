/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON written by hand, for what is written for every message: building a tree first costs ten
 * times as much. Adds to b, which fails as a whole (b->failed). Pure; any thread.
 * Test: tests/unit/test_answer.c */
#ifndef CORV_BASE_JSON_TEXT_H
#define CORV_BASE_JSON_TEXT_H

#include "daemon/base/buf.h"

/* ,"key":"value" - without the comma at the beginning of an object. What is no UTF-8 becomes the
 * replacement character. */
void corv_json_text(struct corv_buf *b, const char *key, const char *value);
void corv_json_text_or_null(struct corv_buf *b, const char *key, const char *value);
void corv_json_number(struct corv_buf *b, const char *key, size_t value);
/* ,"key": for any other value. */
void corv_json_key(struct corv_buf *b, const char *key);

#endif
