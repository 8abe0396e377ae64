/* SPDX-License-Identifier: EUPL-1.2 */
/* Bytes to a document tree, under hard limits: corv_bytes_check, corv_xml_scan, then libxml2's
 * parser with callbacks that count, refuse, cut and build (xml_tree.h). The tree holds elements,
 * attributes and text only: comments are dropped, CDATA becomes text, so a value is always one
 * text node. White space before a start tag or between two elements is dropped too: it says
 * nothing, to the schema or to a rule, and it was half of the nodes. Attachments (ZKN:inhoud) never
 * reach the tree: their base64 is checked while it passes and a short stand-in takes its place,
 * valid or broken as the original was, so that the schema layer still has the last word and a 30 MB
 * attachment costs no memory. The tree belongs to one thread at a time. Test:
 * tests/unit/test_reader.c */
#ifndef CORV_SCHEMAS_READER_H
#define CORV_SCHEMAS_READER_H

#include <libxml/tree.h>

#include "daemon/base/finding.h"
#include "daemon/base/view.h"
#include "schemas/base64_check.h"
#include "schemas/kind.h"
#include "schemas/room.h"
#include "schemas/verdict.h"

struct corv_attachment {
    const xmlNode *node; /* borrowed: ZKN:inhoud in the tree */
    struct corv_base64 base64;
    int line; /* of the first thing wrong in it, or of the element */
};

/* A text that was longer than the limit; cut off in the tree, so the message is never valid. */
struct corv_overlong {
    const xmlNode *node; /* borrowed */
    int line;
};

#define CORV_OVERLONG_MAX 16 /* kept; one is enough to refuse */

struct corv_document {
    xmlDocPtr xml;                       /* owned; its tree lies in room */
    struct corv_room room;               /* owned */
    struct corv_attachment *attachments; /* owned */
    size_t attachments_count;
    struct corv_overlong overlong[CORV_OVERLONG_MAX];
    size_t overlong_count;
    enum corv_kind kind; /* of the root or, in a SOAP envelope, of the first child of a Body */
};

/* CORV_OK: d->xml is there. CORV_E_INVALID: refused, findings tell; CORV_E_NOMEM. Always free d
 * with corv_document_free. */
CORV_MUST_CHECK corv_rc corv_document_read(struct corv_view bytes,
    const struct corv_read_limits *limits, struct corv_document *d, struct corv_findings *findings);
void corv_document_free(struct corv_document *d);

/* The line where the start tag of the node's element ended; not capped at 65535. */
int corv_node_line(const xmlNode *node);
const struct corv_attachment *corv_document_attachment(
    const struct corv_document *d, const xmlNode *node); /* NULL when it is none */
bool corv_node_is(const xmlNode *node, const char *ns, const char *name);

#endif
