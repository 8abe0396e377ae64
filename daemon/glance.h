/* SPDX-License-Identifier: EUPL-1.2 */
/* How corvd stands, for people who look: what the database and the memory say, as one JSON object
 * (docs/status-json.md) that /status.json gives as it is and the page is made of. Asked at most
 * once a second, however many look; who asks meanwhile waits for the same answer. No content, no
 * reference, no name of a person.
 * Owner: the app owns app->glance (made at the first look). Loop thread only.
 * Test: tests/path/test_a12_page.py */
#ifndef CORV_DAEMON_GLANCE_H
#define CORV_DAEMON_GLANCE_H

#include <jansson.h>

#include "daemon/app.h"
#include "daemon/base/buf.h"
#include "daemon/loop/http_server.h"

#define CORV_GLANCE_BYTES (4u << 20) /* of one form */

/* The forms in which the same answer is given, each made once a second at most. */
enum corv_glance_form { CORV_GLANCE_JSON, CORV_GLANCE_NL, CORV_GLANCE_EN, CORV_GLANCE_FORMS };

/* Answers r now or in a later turn, in that form. */
void corv_glance_reply(
    struct corv_app *app, struct corv_http_request *r, enum corv_glance_form form);
/* After the loop has ended. Accepts an app without one. */
void corv_glance_free(struct corv_app *app);

/* glance_model.c: the object. database: what corv_queue_glance gave, or NULL; taken. NULL: no
 * memory.
 */
json_t *corv_glance_model(struct corv_app *app, json_t *database);

#endif
