/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_memory.h"

#include <libxml/xmlmemory.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/xml_pool.h"

static _Thread_local bool failed;

static void *note(void *p)
{
    if (!p)
        failed = true;
    return p;
}

static void *noting_malloc(size_t n)
{
    void *p = corv_xml_pool_take(n);

    return p ? p : note(malloc(n ? n : 1)); /* no NULL that is not a failure */
}

static void give_back(void *p)
{
    if (corv_xml_pool_has(p))
        corv_xml_pool_give(p);
    else
        free(p);
}

static void *noting_realloc(void *p, size_t n)
{
    size_t old = 0;
    void *more;

    if (!p)
        return noting_malloc(n);
    if (!corv_xml_pool_has(p))
        return note(realloc(p, n ? n : 1));
    if (corv_xml_pool_resize(p, n))
        return p;
    old = corv_xml_pool_size(p);
    more = noting_malloc(n);
    if (!more)
        return NULL;
    memcpy(more, p, old); /* it grows: n did not fit where it was */
    give_back(p);
    return more;
}

static char *noting_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = noting_malloc(n);

    return copy ? memcpy(copy, s, n) : NULL;
}

void corv_xml_memory_init(void)
{
    corv_xml_pool_init();
    (void)xmlMemSetup(give_back, noting_malloc, noting_realloc, noting_strdup);
}

void corv_xml_memory_clear(void)
{
    failed = false;
}

bool corv_xml_memory_failed(void)
{
    return failed;
}
