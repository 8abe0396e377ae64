/* SPDX-License-Identifier: EUPL-1.2 */
/* The few things corv-partner reads from XML that others sent: the text of an element. Memory only,
 * no entities, no network. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_XML_H
#define CORV_PARTNER_XML_H

#include <stdbool.h>

#include "daemon/base/view.h"

#define PARTNER_NS_WSA  "http://www.w3.org/2005/08/addressing"
#define PARTNER_XML_MAX ((size_t)1 << 20) /* larger is not looked at */

/* The text of the first element with this name; a NULL parent means anywhere. Without it, or when
 * it is no XML: "" and false. out is always ended. */
bool partner_xml_text(struct corv_view xml, const char *ns, const char *parent, const char *name,
    char *out, size_t size);
/* Name of the first StUF message in it, "Bv03Bericht", or "". */
bool partner_xml_stuf_root(struct corv_view xml, char *out, size_t size);

#endif
