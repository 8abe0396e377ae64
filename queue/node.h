/* SPDX-License-Identifier: EUPL-1.2 */
/* Which daemons work on this database, and whether they can read each other's messages. Nodes have
 * no leader and do not talk to each other: each takes leases, and the table corv.node is for people
 * and for one check at the start. What one node takes in, another may have to deliver, so all of
 * them need the same folder with hour keys (keys_dir); a node with another one is refused while a
 * fellow is known, since the messages it took over would be unreadable for it.
 * Blocking; before the loop runs, on a worker, or in corvctl. Tests: tests/unit/test_node.c,
 * tests/path/test_f20_nodes.py */
#ifndef CORV_QUEUE_NODE_H
#define CORV_QUEUE_NODE_H

#include "queue/inspect.h"
#include "queue/keeper.h"

#define CORV_NODE_SILENT_S 60 /* not seen for so long, and not stopped: something is wrong */

/* apart: the folder is not in the state folder, so that nobody loses the one with the other: then
 * the keys of this node's own last time count too (a file system that was not mounted looks like an
 * empty folder). CORV_E_STATE: a fellow, or this node the last time, uses other keys. */
CORV_MUST_CHECK corv_rc corv_node_enter(
    struct corv_keeper *k, bool apart, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_node_leave(struct corv_keeper *k, struct corv_fault *fault);

struct corv_node_info {
    char name[48];
    char keys[40];
    char version[32];
    char started[32];
    char seen[32];
    char stopped[32]; /* "" when it runs, or died */
    double seen_seconds;
    uint64_t leased; /* deliveries it holds now */
};
struct corv_house_info {
    char moved[32]; /* "" never, as far as we know */
    int64_t timeline;
    bool synchronous; /* a COMMIT waits for a standby */
};
CORV_MUST_CHECK corv_rc corv_node_list(
    struct corv_inspect *i, struct corv_node_info **out, size_t *count, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_node_house(
    struct corv_inspect *i, struct corv_house_info *out, struct corv_fault *fault);
/* A node that never comes back; noted in the audit trail. CORV_E_NOTFOUND; CORV_E_STATE: it was
 * seen just now. */
CORV_MUST_CHECK corv_rc corv_node_forget(
    struct corv_inspect *i, const char *name, const char *actor, struct corv_fault *fault);

#endif
