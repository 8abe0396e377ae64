/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of daemon/runner share: one bridge. Main thread. */
#ifndef CORV_RUNNER_INTERNAL_H
#define CORV_RUNNER_INTERNAL_H

#include "adapters/process/wire.h"
#include "daemon/base/list.h"
#include "daemon/host/host.h"

struct carried {           /* a message on its way out */
    struct corv_list node; /* in bridge.carried, until the adapter has given it back */
    struct bridge *bridge;
    uint64_t op;
    bool told;
    char *body; /* owned: the frame, where all of spec points into */
    struct corv_outgoing_spec spec;
};

struct bridge {
    uv_loop_t loop;
    uv_poll_t poll;
    int fd;
    struct corv_hosts *hosts;
    struct wire_reader in;
    char *hello; /* owned: the first frame, where the texts below point into */
    const char *name;
    const char *library;
    const char *own_oin; /* who corvd is */
    const char *own_application;
    struct corv_list carried;
    uint64_t offers[WIRE_OFFERS_MAX]; /* without an answer; 0: free */
    bool room;
    bool leaving;
    bool gone; /* corvd is */
    uint64_t counted[CORV_HOST_COUNTS_MAX];
};

/* settings.c: borrows from the frame; false: the frame is bad */
struct bridge_settings {
    struct corv_host_setting list[WIRE_SETTINGS_MAX];
    struct corv_host_entry entry;
};
bool bridge_settings_get(const struct bridge *b, struct wire_in *in, struct bridge_settings *out);

/* outgoing.c: what corvd gives; false: the frame is bad */
bool bridge_deliver(struct bridge *b, struct wire_in *in);
bool bridge_cancel(struct bridge *b, struct wire_in *in);
void bridge_cancel_all(struct bridge *b);

/* incoming.c: what the adapter brings in */
void bridge_incoming_start(struct bridge *b);
bool bridge_answer(struct bridge *b, struct wire_in *in);
void bridge_answer_all(struct bridge *b); /* nobody will, any more */

#endif
