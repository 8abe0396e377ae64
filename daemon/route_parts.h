/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside the routing decision: what its parts share while one message is judged.
 * route.c the order of things, route_who.c who may send this, route_where.c who gets it,
 * route_explain.c the words. Test: tests/unit/test_route.c */
#ifndef CORV_DAEMON_ROUTE_PARTS_H
#define CORV_DAEMON_ROUTE_PARTS_H

#include "daemon/base/answer.h"
#include "daemon/route.h"

/* Why the gemeente of the child is not known. */
enum corv_doubt {
    CORV_DOUBT_NONE,
    CORV_DOUBT_NO_CHILD,
    CORV_DOUBT_NO_PLACE,
    CORV_DOUBT_UNKNOWN_CODE,
    CORV_DOUBT_UNKNOWN_PLACE,
    CORV_DOUBT_SHARED_PLACE,
    CORV_DOUBT_SEVERAL,
    CORV_DOUBT_COUNT,
};

struct corv_routing {
    const struct corv_config *c;
    const struct corv_reference *reference; /* NULL: no list of instances */
    const struct corv_envelope *e;
    const char *kind; /* name */
    int day;
    struct corv_plan *plan;
    struct corv_findings *findings;
    bool explain;                        /* somebody will read text */
    struct corv_buf text;                /* the explanation as it grows */
    const struct corv_party *recipient;  /* of ontvanger, valid that day; or NULL */
    bool recipient_in_doubt;             /* a Bv01 or Fo01 for nobody we know */
    const struct corv_party *child_home; /* gemeente of the child, or NULL: see doubt */
    enum corv_doubt doubt;
    char refused[48]; /* code of the first refusal; "" while there is none */
    bool full;        /* more deliveries than a plan holds: our bug, config_check sees to it */
};

/* Who must act and where, for the findings about one party in the message. */
struct corv_refusal {
    const char *code;
    const char *element; /* "zender", "ontvanger", or NULL for the message as a whole */
    int line;
    enum corv_actor actor;
};

/* ---- route_explain.c ---- */
/* "Label      text", wrapped at 80 columns. */
void corv_route_say(struct corv_routing *r, const char *label, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* An error finding, and the same in the explanation. */
void corv_route_refuse(struct corv_routing *r, struct corv_refusal why, const char *text);
void corv_route_warn(struct corv_routing *r, const char *code, const char *text);
const char *corv_doubt_text(enum corv_doubt doubt); /* Dutch, a sentence */
/* Moves the explanation and the decision into the plan. */
CORV_MUST_CHECK corv_rc corv_route_conclude(struct corv_routing *r, corv_rc rc, int status);

/* ---- route_who.c ---- */
void corv_route_find_filer(struct corv_routing *r);
void corv_route_find_recipient(struct corv_routing *r);
void corv_route_find_home(struct corv_routing *r);
void corv_route_check_right(struct corv_routing *r); /* VTO: own right or mandate */

/* ---- route_where.c ---- */
/* Does the route concern this kind, on this day? */
bool corv_route_concerns(const struct corv_routing *r, const struct corv_route *route);
bool corv_route_from_filer(const struct corv_routing *r, const struct corv_route *route);
/* Every route of the kind, in the order of the file, into deliveries. */
void corv_route_deliveries(struct corv_routing *r);

#endif
