/* SPDX-License-Identifier: EUPL-1.2 */
/* The status page of the admin listener: /, page.css, page.js and /status.json. It only shows; all
 * of it is in the binary (daemon/page/), nothing comes from elsewhere, and the browser is told to
 * allow nothing else. Readable without script. Loop thread only. Tests:
 * tests/path/test_a12_page.py, tests/unit/test_page.c */
#ifndef CORV_DAEMON_PAGE_H
#define CORV_DAEMON_PAGE_H

#include <jansson.h>

#include "daemon/app.h"
#include "daemon/base/buf.h"
#include "daemon/loop/http_server.h"

/* A GET or HEAD. False: this path is not ours, and nothing was answered. */
bool corv_page_answer(struct corv_app *app, struct corv_http_request *r);
/* With the headers that keep a browser to what we send. */
void corv_page_send(struct corv_http_request *r, const char *type, struct corv_view body);
/* Whether a browser that asks under this name can only mean us: a name that an attacker's DNS lets
 * point here is answered by nobody (DNS rebinding). Loopback addresses and "localhost", any port.
 */
bool corv_page_host_good(struct corv_view host);

/* page_fill.c: page.html filled with what the model says (glance.h). */
void corv_page_write(struct corv_buf *b, const json_t *model, bool english);

/* page_rows.c: the parts that page.html asks for by {{!name}}. */
struct corv_page {
    struct corv_buf *b;
    const json_t *model;
    bool english;
};
typedef void (*corv_page_part)(const struct corv_page *p);
corv_page_part corv_page_part_of(struct corv_view name); /* NULL: no such part */
/* Text as text, whatever it is: also good within a quoted attribute. */
void corv_page_text(struct corv_buf *b, const char *text);

#endif
