/* SPDX-License-Identifier: EUPL-1.2 */
/* The tree of one message, as libxml2's own callbacks would build it, so that its schema check and
 * the rules can walk it; but all of it lies in a room that is given back at once. libxml2 must
 * never free a piece of it: the root is hung under its document by corv_tree_hang when libxml2 is
 * done parsing, and taken off before the document is freed.
 * What it is given must be well-formed, with every prefix declared: the parser has seen to that.
 * One thread at a time. Test: tests/unit/test_reader.c; fuzzer: tests/fuzz/fuzz_xml.c */
#ifndef CORV_SCHEMAS_XML_TREE_H
#define CORV_SCHEMAS_XML_TREE_H

#include <libxml/parser.h>
#include <stdbool.h>

#include "daemon/base/view.h"
#include "schemas/room.h"

struct corv_tree {
    struct corv_room *room; /* borrowed, as the tree that lies in it is */
    xmlNodePtr root;
    xmlNodePtr node;  /* the open element, or NULL */
    xmlNsPtr scope;   /* the namespace declared last; its _private is the one before */
    size_t text_used; /* of the text at the end of node, which still grows */
    size_t text_room;
};

/* What startElementNs of the parser is told. */
struct corv_tag {
    const xmlChar *name, *prefix, *uri; /* words of its dictionary, as all names below */
    int declared_count;
    const xmlChar **declared; /* prefix and namespace */
    int attributes_count;
    const xmlChar **attributes; /* name, prefix, namespace, value, end of value */
};

/* The next two: false when there is no memory. */
bool corv_tree_open(struct corv_tree *t, xmlParserCtxtPtr ctxt, const struct corv_tag *tag);
bool corv_tree_text(struct corv_tree *t, struct corv_view text); /* in the open element */
void corv_tree_close(struct corv_tree *t);
/* The xml:id of the open element, when it has one. False: it is no name. One that was there before
 * is an error that libxml2 tells the parser's callback. */
bool corv_tree_enter_id(struct corv_tree *t, xmlParserCtxtPtr ctxt);

void corv_tree_hang(xmlDocPtr doc, xmlNodePtr root); /* NULL: takes it off; accepts no doc */

#endif
