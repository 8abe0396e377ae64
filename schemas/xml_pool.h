/* SPDX-License-Identifier: EUPL-1.2 */
/* Small pieces of memory for libxml2 while it judges a message: each thread has its own, by size,
 * and what is given back is taken again first. A verdict asks for some 3,000 pieces; malloc()
 * keeps seven of a size near at hand.
 *
 * Only between _open and _close, on the thread that opened; what is taken then may be given back at
 * any time, also by another thread (it is lost then, which libxml2 does not do). At most 1 MiB per
 * thread and 64 threads: beyond that there is none, and malloc() does it. A sanitizer sees every
 * piece: what is free is poisoned. Test: tests/unit/test_xml_pool.c */
#ifndef CORV_SCHEMAS_XML_POOL_H
#define CORV_SCHEMAS_XML_POOL_H

#include <stdbool.h>
#include <stddef.h>

void corv_xml_pool_init(void); /* once, before any thread */
void corv_xml_pool_open(void);
void corv_xml_pool_close(void);

void *corv_xml_pool_take(size_t n); /* NULL: not from here */
bool corv_xml_pool_has(const void *p);
void corv_xml_pool_give(void *p);             /* one that it has, like those below */
size_t corv_xml_pool_size(const void *p);     /* what was asked for */
bool corv_xml_pool_resize(void *p, size_t n); /* in its place; false: it does not fit */
size_t corv_xml_pool_used(void); /* bytes this thread ever carved out: flat, unless some are kept */

#endif
