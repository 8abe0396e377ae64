/* SPDX-License-Identifier: EUPL-1.2 */
/* Finding values in a document tree by the short paths of MESSAGES.md §3, in the standard's own
 * prefixes: "ZKN:heeft/ZKN:gerelateerde/ZKN:omschrijving". Nodes are borrowed from the tree,
 * texts belong to the caller. Pure; any thread. Test: tests/unit/test_envelope.c */
#ifndef CORV_SCHEMAS_XML_FIND_H
#define CORV_SCHEMAS_XML_FIND_H

#include <libxml/tree.h>

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

/* The first element below node that the path leads to, in document order, or NULL. */
const xmlNode *corv_find(const xmlNode *node, const char *path);
/* The next one after found, for the same node and path; NULL when there is none. */
const xmlNode *corv_find_next(const xmlNode *node, const char *path, const xmlNode *found);
/* The first StUF:extraElementen/StUF:extraElement of node with that naam, or NULL. */
const xmlNode *corv_find_extra(const xmlNode *node, const char *naam);
/* The next with the same naam among the extraElementen of the same node. */
const xmlNode *corv_find_extra_next(const xmlNode *node, const char *naam, const xmlNode *found);

bool corv_node_nil(const xmlNode *node); /* xsi:nil is true */
/* The text of an element: *out stays NULL when node is NULL or nil, "" when it is empty. */
CORV_MUST_CHECK corv_rc corv_node_text(const xmlNode *node, char **out);
/* The same without a copy: the tree holds one text per value. Empty for NULL and nil. */
struct corv_view corv_node_view(const xmlNode *node);

#endif
