/* SPDX-License-Identifier: EUPL-1.2 */
/* Where something is, in the words of the standard: /JZ:vtoDi01/JZ:object/ZKN:heeftRelevant[2],
 * with the standard's own prefixes whatever prefixes the sender chose. Names come from the
 * message, so what is no name of the standard (vocabulary.h) is shown as "?": nobody can pass
 * a BSN through an element name. Pure; any thread. Test: tests/unit/test_reader_path.c */
#ifndef CORV_SCHEMAS_XML_PATH_H
#define CORV_SCHEMAS_XML_PATH_H

#include <libxml/tree.h>

#include "daemon/base/view.h"

#define CORV_NAME_TEXT 80

/* The namespace behind a prefix of the standard; NULL when it is none. */
const char *corv_prefix_ns(struct corv_view prefix);
/* Path from the message (or SOAP envelope's message) to the node, cut at the front when it does
 * not fit. attribute may be NULL. Empty for NULL. */
void corv_node_path(const xmlNode *node, const char *attribute, char *out, size_t size);
/* Prefix:name of the standard, "?:name" in another namespace. Returns out. */
char *corv_name_text(struct corv_view ns, struct corv_view name, char out[CORV_NAME_TEXT]);
char *corv_node_name(const xmlNode *node, char out[CORV_NAME_TEXT]);
/* The same from libxml2's {namespace}name or name. */
char *corv_clark_name(struct corv_view clark, char out[CORV_NAME_TEXT]);

#endif
