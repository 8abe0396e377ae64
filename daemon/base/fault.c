/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/fault.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

corv_rc corv_fault_set(struct corv_fault *f, corv_rc rc, enum corv_fault_class cls,
    const char *code, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    if (!f || f->cls != CORV_FAULT_NONE)
        return rc;
    f->cls = cls;
    f->file = file;
    f->line = line;
    (void)snprintf(f->code, sizeof f->code, "%s", code);
    va_start(ap, fmt);
    (void)vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    return rc;
}

const char *corv_fault_class_name(enum corv_fault_class cls)
{
    static const char *const names[] = {
        "none", "sender", "peer", "refused", "settings", "store", "bug"};

    return (size_t)cls < sizeof names / sizeof names[0] ? names[cls] : "unknown";
}
