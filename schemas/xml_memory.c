/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_memory.h"

#include <libxml/xmlmemory.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool failed;

static void *note(void *p)
{
    if (!p)
        failed = true;
    return p;
}

static void *noting_malloc(size_t n)
{
    return note(malloc(n ? n : 1)); /* no NULL that is not a failure */
}

static void *noting_realloc(void *p, size_t n)
{
    return note(realloc(p, n ? n : 1));
}

static char *noting_strdup(const char *s)
{
    return note(strdup(s));
}

void corv_xml_memory_init(void)
{
    (void)xmlMemSetup(free, noting_malloc, noting_realloc, noting_strdup);
}

void corv_xml_memory_clear(void)
{
    failed = false;
}

bool corv_xml_memory_failed(void)
{
    return failed;
}
