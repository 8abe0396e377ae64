/* SPDX-License-Identifier: EUPL-1.2 */
/* The YAML file as a tree that remembers where everything stands. libcyaml reads the values and
 * stops at the first thing it does not like; this tree lets us name everything that is wrong at
 * once, with the line, also for what can only be judged later.
 * Owner: the arena. Thread: one at a time. Fails: findings. Test: tests/unit/test_config_parts.c */
#ifndef CORV_CONFIG_TREE_H
#define CORV_CONFIG_TREE_H

#include "config/arena.h"
#include "daemon/base/finding.h"

#define CORV_TREE_NODES 200000 /* in one file; the whole country is some 20,000 */
#define CORV_TREE_KEYS  64     /* in one map */
#define CORV_TREE_DEPTH 16

enum corv_tree_kind { CORV_TREE_SCALAR, CORV_TREE_LIST, CORV_TREE_MAP };

struct corv_tree {
    enum corv_tree_kind kind;
    int line; /* 1.. */
    int column;
    unsigned index;   /* among its brothers, 0.. */
    const char *key;  /* when the parent is a map */
    const char *text; /* of a scalar */
    const struct corv_tree *parent;
    struct corv_tree *first; /* child */
    struct corv_tree *last;
    struct corv_tree *next; /* brother */
};

/* *root is NULL for an empty file. CORV_E_INVALID: not one plain YAML document, see findings. */
CORV_MUST_CHECK corv_rc corv_tree_read(struct corv_arena *a, struct corv_view bytes,
    const struct corv_tree **root, struct corv_findings *findings);
/* The child of a map, or NULL; node NULL is allowed. */
const struct corv_tree *corv_tree_get(const struct corv_tree *node, const char *key);
/* "parties[2].oin", counted from 0; "" for the root. Returns out. */
char *corv_tree_path(const struct corv_tree *node, char *out, size_t size);
/* A finding about this place (error). node NULL: no line. */
void corv_tree_error(struct corv_findings *f, const struct corv_tree *node, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void corv_tree_warning(struct corv_findings *f, const struct corv_tree *node, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
