/* SPDX-License-Identifier: EUPL-1.2 */
/* So many flights of TLS handshakes per turn of the loop, and no more: a new handshake costs more
 * than a millisecond of it (docs/decisions/0003), and hundreds of clients may come back at once
 * when a network is mended. Those over the number wait - who has begun before who has not, then
 * first come first served - while everybody who is in already gets a turn in between. When the line
 * is long nobody new is accepted: who waits in the kernel costs us no memory. A list of the server,
 * in the connections; loop thread only. Test: tests/unit/test_http_server_tls.c */
#ifndef CORV_LOOP_HTTP_TURN_H
#define CORV_LOOP_HTTP_TURN_H

#include "daemon/loop/http_conn.h"

#define CORV_HTTP_FLIGHTS 4  /* per turn */
#define CORV_HTTP_LINE    64 /* so many are a long line */

/* False: this turn is full; the connection is in the line. */
bool corv__http_turn_take(struct corv_http_conn *c);
/* Out of the line, when it was in. */
void corv__http_turn_leave(struct corv_http_conn *c);
bool corv__http_turn_is_long(const struct corv_http_server *s);
struct corv_http_conn *corv__http_turn_first(const struct corv_http_server *s); /* NULL: nobody */
/* All of its answer went out inside the call that gave it: it goes on at the end of this turn. */
void corv__http_turn_written(struct corv_http_conn *c);
/* The next turn: whoever has its answer out, and whoever is first in the line goes on. */
void corv__http_turn_next(struct corv_http_server *s);

#endif
