/* SPDX-License-Identifier: EUPL-1.2 */
/* A walk over the markup before libxml2 sees it. libxml2's cost grows with the square of the
 * attributes of one element and with every namespace declaration in scope, before any callback
 * could stop it; so those are counted here, together with depth, nodes, comments, and what is
 * refused at sight: DOCTYPE and processing instructions. Linear, no memory.
 *
 * The walk does not decide what is well-formed: where it meets something that no well-formed
 * document has, it stops, and the parser is given no more than a little beyond that place
 * (SCAN_SLACK). So the parser never works on markup that was not counted.
 * Owns nothing; any thread. Test: tests/unit/test_reader_scan.c */
#ifndef CORV_SCHEMAS_XML_SCAN_H
#define CORV_SCHEMAS_XML_SCAN_H

#include "daemon/base/finding.h"
#include "daemon/base/view.h"
#include "schemas/verdict.h"

#define CORV_SCAN_DEPTH_MAX 256  /* what limits.depth can be at most */
#define CORV_SCAN_NAME_MAX  512  /* bytes of an element or attribute name */
#define CORV_SCAN_NS_MAX    256  /* namespace declarations in scope at one place */
#define CORV_SCAN_SLACK     2048 /* bytes the parser may see beyond the counted part */

/* text passed corv_bytes_check. CORV_OK: *approved is how far the parser may read.
 * CORV_E_INVALID: one finding of layer security was added. */
CORV_MUST_CHECK corv_rc corv_xml_scan(struct corv_view text, const struct corv_read_limits *limits,
    size_t *approved, struct corv_findings *findings);

#endif
