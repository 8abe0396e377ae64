/* SPDX-License-Identifier: EUPL-1.2 */
/* Notes when libxml2 got no memory. libxml2 2.9.14 tells it only sometimes: an allocation that
 * failed while it made a namespace comes out as "namespace not declared", and that would be a no
 * to a good message. So its allocator is ours: malloc, and a mark per thread when it fails.
 * Test: tests/unit/test_verdict_memory.c */
#ifndef CORV_SCHEMAS_XML_MEMORY_H
#define CORV_SCHEMAS_XML_MEMORY_H

#include <stdbool.h>

void corv_xml_memory_init(void);   /* once, before any other use of libxml2 */
void corv_xml_memory_clear(void);  /* forget what happened on this thread */
bool corv_xml_memory_failed(void); /* since then, on this thread */

#endif
